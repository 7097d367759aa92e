// SPDX-License-Identifier: Apache-2.0
#include "weft/base/text_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <utility>

#include "weft/base/error.h"
#include "weft/base/text.h"

namespace weft {
namespace {

constexpr std::string_view kGap = "  ";

std::string heading(const Column& column) {
  return column.unit.empty() ? column.name : fmt::format("{} [{}]", column.name, column.unit);
}

std::string pad(const std::string& cell, std::size_t width, Align align) {
  const std::size_t length = count_characters(cell);
  const std::string spaces(width > length ? width - length : 0, ' ');
  return align == Align::left ? cell + spaces : spaces + cell;
}

std::string without_trailing_spaces(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

}  // namespace

TextTable::TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {}

void TextTable::add_row(std::vector<std::string> cells) {
  WEFT_ASSERT(cells.size() == columns_.size() && !cells.empty(), "a row has a cell for each column");
  rows_.push_back(std::move(cells));
}

void TextTable::add_rule() { rows_.emplace_back(); }

std::string TextTable::render(const TextStyle& style) const {
  std::vector<std::string> headings;
  std::transform(columns_.begin(), columns_.end(), std::back_inserter(headings), heading);

  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    std::size_t width = count_characters(headings[i]);
    for (const auto& row : rows_) width = std::max(width, row.empty() ? 0 : count_characters(row[i]));
    widths.push_back(width);
  }

  std::size_t total = kGap.size() * (columns_.empty() ? 0 : columns_.size() - 1);
  for (const std::size_t width : widths) total += width;

  const auto line = [&](const std::vector<std::string>& cells) {
    std::string text;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (i > 0) text += kGap;
      text += pad(cells[i], widths[i], columns_[i].align);
    }
    return without_trailing_spaces(text);
  };
  const std::string first = line(headings);
  std::string text = (style.colour ? fmt::format("\x1b[1m{}\x1b[0m", first) : first) + "\n";
  for (const auto& row : rows_) text += (row.empty() ? std::string(total, '-') : line(row)) + "\n";
  return text;
}

std::string bar(double fraction, int width, const TextStyle& style) {
  constexpr std::array<std::string_view, 8> kEighths{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const double filled = fraction > 0 ? std::min(fraction, 1.0) * width : 0;  // NaN compares false
  const long eighths = style.unicode ? std::lround(filled * 8) : 8 * std::lround(filled);
  std::string text;
  for (long i = 0; i < eighths / 8; ++i) text += style.unicode ? "█" : "#";
  text += kEighths[std::size_t(eighths % 8)];
  const long used = (eighths + 7) / 8;
  return text + std::string(std::size_t(std::max(0L, width - used)), ' ');
}

}  // namespace weft
