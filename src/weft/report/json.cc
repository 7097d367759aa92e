// SPDX-License-Identifier: Apache-2.0
#include "weft/report/json.h"

#include <fmt/format.h>

namespace weft {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t kLineWidth = 120;

/// A number literal travels through the document as bytes, which JSON has no other use for.
ordered_json literal(const std::string& digits) { return ordered_json::binary({digits.begin(), digits.end()}); }

std::string scalar_text(const ordered_json& value) {
  if (!value.is_binary()) return value.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
  return {value.get_binary().begin(), value.get_binary().end()};
}

std::string key_text(const std::string& key) { return scalar_text(ordered_json(key)) + ": "; }

/// On one line.
std::string flat(const ordered_json& value) {
  if (!value.is_structured()) return scalar_text(value);
  std::string text;
  for (const auto& [key, item] : value.items()) {
    text += (text.empty() ? "" : ", ") + (value.is_object() ? key_text(key) : "") + flat(item);
  }
  return value.is_object() ? "{" + text + "}" : "[" + text + "]";
}

/// A value that holds lists or maps of its own reads better unfolded, unless it is a list of numbers.
bool is_deep(const ordered_json& value) {
  for (const auto& [key, item] : value.items()) {
    if (item.is_object() || (item.is_array() && is_deep(item))) return true;
  }
  return false;
}

void write(const ordered_json& value, std::size_t indent, std::size_t column, std::string& out) {
  if (!value.is_structured() || !is_deep(value)) {
    const std::string line = flat(value);
    if (!value.is_structured() || column + line.size() < kLineWidth) {
      out += line;
      return;
    }
  }
  const std::string margin(indent + 2, ' ');
  out += value.is_object() ? '{' : '[';
  const char* separator = "\n";
  for (const auto& [name, item] : value.items()) {
    const std::string key = value.is_object() ? key_text(name) : "";
    out += separator + margin + key;
    write(item, indent + 2, margin.size() + key.size(), out);
    separator = ",\n";
  }
  out += "\n" + std::string(indent, ' ') + (value.is_object() ? '}' : ']');
}

}  // namespace

ordered_json exact_json(Int128 n) {
  if (n >= INT64_MIN && n <= INT64_MAX) return static_cast<std::int64_t>(n);
  return literal(to_string(n));
}

ordered_json exact_json_millionths(Int128 n) {
  constexpr int kDecimals = 6;
  constexpr Int128 kWhole = 1'000'000;
  const Int128 size = n < 0 ? -n : n;
  std::string fraction = fmt::format("{:0{}}", static_cast<std::int64_t>(size % kWhole), kDecimals);
  fraction.erase(fraction.find_last_not_of('0') + 1);
  return literal((n < 0 ? "-" : "") + to_string(size / kWhole) + (fraction.empty() ? "" : "." + fraction));
}

std::string json_number(const ordered_json& number) { return scalar_text(number); }

std::string json_text(const ordered_json& document) {
  std::string out;
  write(document, 0, 0, out);
  return out + "\n";
}

}  // namespace weft
