// SPDX-License-Identifier: Apache-2.0
#include "weft/report/page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "weft/base/format.h"
#include "weft/base/text.h"

namespace weft {

std::string wrapped(const std::string& text, std::size_t indent, std::size_t column) {
  std::string out;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    const std::string word = text.substr(begin, end - begin);
    const std::size_t width = count_characters(word);
    if (!out.empty() && column + 1 + width > kPageWidth && word != "%") {
      out += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (!out.empty()) {
      out += ' ';
      ++column;
    }
    out += word;
    column += width;
    begin = end + 1;
  }
  return out;
}

std::string labelled(const std::string& label, const std::string& text) {
  constexpr std::size_t kColumn = 18;
  if (text.empty()) return label + "\n";
  return fmt::format("{:<{}}{}\n", label, kColumn, wrapped(text, kColumn, kColumn));
}

std::string three_digits(double value) {
  if (value == 0 || !std::isfinite(value)) return fmt::format("{}", value);
  const int whole_digits = static_cast<int>(std::floor(std::log10(std::fabs(value)))) + 1;
  return fmt::format("{:.{}f}", value, std::clamp(3 - whole_digits, 0, 12));
}

std::string energy_text(Int128 millionths, EnergyUnit unit) {
  const double value = static_cast<double>(millionths) / double(kEnergyScale);
  return unit == EnergyUnit::picojoule ? format_energy({value}) : format_short(value) + " MAC";
}

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

}  // namespace weft
