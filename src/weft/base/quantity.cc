// SPDX-License-Identifier: Apache-2.0
#include "weft/base/quantity.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace weft {
namespace {

constexpr int kMostDigits = 36;
constexpr int kMostExponent = 60;

constexpr std::int64_t kKibi = 1024, kMebi = kKibi * 1024, kGibi = kMebi * 1024, kTebi = kGibi * 1024;
constexpr std::int64_t kKilo = 1000, kMega = 1'000'000, kGiga = 1'000'000'000, kTera = 1'000'000'000'000;
constexpr std::int64_t kPeta = 1'000'000'000'000'000, kExa = 1'000'000'000'000'000'000;

// Within a dimension, smallest first.
constexpr std::array kUnits{
    Unit{"b", Dimension::data, 1},
    Unit{"B", Dimension::data, 8},
    Unit{"kb", Dimension::data, kKilo},
    Unit{"Kib", Dimension::data, kKibi},
    Unit{"kB", Dimension::data, 8 * kKilo},
    Unit{"KB", Dimension::data, 8 * kKilo},
    Unit{"KiB", Dimension::data, 8 * kKibi},
    Unit{"Mb", Dimension::data, kMega},
    Unit{"MB", Dimension::data, 8 * kMega},
    Unit{"MiB", Dimension::data, 8 * kMebi},
    Unit{"GB", Dimension::data, 8 * kGiga},
    Unit{"GiB", Dimension::data, 8 * kGibi},
    Unit{"TB", Dimension::data, 8 * kTera},
    Unit{"TiB", Dimension::data, 8 * kTebi},
    Unit{"Hz", Dimension::frequency, 1},
    Unit{"kHz", Dimension::frequency, kKilo},
    Unit{"MHz", Dimension::frequency, kMega},
    Unit{"GHz", Dimension::frequency, kGiga},
    Unit{"aJ", Dimension::energy, 1},
    Unit{"fJ", Dimension::energy, kKilo},
    Unit{"pJ", Dimension::energy, kMega},
    Unit{"nJ", Dimension::energy, kGiga},
    Unit{"uJ", Dimension::energy, kTera},
    Unit{"mJ", Dimension::energy, kPeta},
    Unit{"J", Dimension::energy, kExa},
    Unit{"um2", Dimension::area, 1},
    Unit{"mm2", Dimension::area, kMega},
    Unit{"nW", Dimension::power, 1},
    Unit{"uW", Dimension::power, kKilo},
    Unit{"mW", Dimension::power, kMega},
    Unit{"W", Dimension::power, kGiga},
    Unit{"nm", Dimension::length, 1},
    Unit{"um", Dimension::length, kKilo},
    Unit{"mm", Dimension::length, kMega},
    Unit{"uV", Dimension::voltage, 1},
    Unit{"mV", Dimension::voltage, kKilo},
    Unit{"V", Dimension::voltage, kMega},
    Unit{"ps", Dimension::time, 1},
    Unit{"ns", Dimension::time, kKilo},
    Unit{"us", Dimension::time, kMega},
    Unit{"ms", Dimension::time, kGiga},
    Unit{"s", Dimension::time, kTera},
    Unit{"b/cycle", Dimension::data_per_cycle, 1},
    Unit{"B/cycle", Dimension::data_per_cycle, 8},
    Unit{"b/s", Dimension::data_per_second, 1},
    Unit{"B/s", Dimension::data_per_second, 8},
    Unit{"Mb/s", Dimension::data_per_second, kMega},
    Unit{"MB/s", Dimension::data_per_second, 8 * kMega},
    Unit{"MiB/s", Dimension::data_per_second, 8 * kMebi},
    Unit{"Gb/s", Dimension::data_per_second, kGiga},
    Unit{"GB/s", Dimension::data_per_second, 8 * kGiga},
    Unit{"GiB/s", Dimension::data_per_second, 8 * kGibi},
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Takes the digits at the front of `text` away from it and answers them.
std::string_view take_digits(std::string_view& text) {
  const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
  const std::string_view digits = text.substr(0, std::size_t(end - text.begin()));
  text.remove_prefix(digits.size());
  return digits;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

// The exponent at the front of `text` ("e-6"), 0 if there is none, nothing if it is malformed.
std::optional<int> take_exponent(std::string_view& text) {
  std::string_view rest = text;
  if (!take(rest, 'e') && !take(rest, 'E')) return 0;
  const bool negative = take(rest, '-');
  if (!negative) take(rest, '+');
  const std::string_view digits = take_digits(rest);
  int exponent = 0;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
  if (digits.empty() || failure != std::errc() || exponent > kMostExponent) return std::nullopt;
  text = rest;
  return negative ? -exponent : exponent;
}

// A number at the front of `text`, which is moved past it.
std::optional<Decimal> take_decimal(std::string_view& text) {
  const bool negative = take(text, '-');
  const std::string_view whole = take_digits(text);
  if (whole.empty() || (whole.size() > 1 && whole.front() == '0')) return std::nullopt;
  std::string digits(whole);
  int exponent = 0;
  if (take(text, '.')) {
    const std::string_view fraction = take_digits(text);
    if (fraction.empty()) return std::nullopt;
    digits += fraction;
    exponent = -int(std::min<std::size_t>(fraction.size(), 1 << 20));
  }
  const std::optional<int> written = take_exponent(text);
  if (!written) return std::nullopt;
  exponent += *written;
  while (!digits.empty() && digits.back() == '0') digits.pop_back(), ++exponent;
  digits.erase(0, digits.find_first_not_of('0'));
  if (digits.empty()) return Decimal{};
  if (digits.size() > kMostDigits || exponent < -2 * kMostExponent || exponent > 2 * kMostExponent) return std::nullopt;
  Int128 mantissa = 0;
  for (const char c : digits) mantissa = mantissa * 10 + (c - '0');
  return Decimal{negative ? -mantissa : mantissa, exponent};
}

}  // namespace

std::optional<Decimal> parse_decimal(std::string_view text) {
  const std::optional<Decimal> decimal = take_decimal(text);
  return text.empty() ? decimal : std::nullopt;
}

std::optional<Int128> exact_product(const Decimal& decimal, Int128 factor) {
  Int128 product = 0;
  if (__builtin_mul_overflow(decimal.mantissa, factor, &product)) return std::nullopt;
  if (product == 0) return 0;
  for (int i = 0; i < decimal.exponent; ++i) {
    if (__builtin_mul_overflow(product, Int128{10}, &product)) return std::nullopt;
  }
  for (int i = 0; i > decimal.exponent; --i) {
    if (product % 10 != 0) return std::nullopt;
    product /= 10;
  }
  return product;
}

std::optional<Int128> parse_decimal(std::string_view text, int scale) {
  std::optional<Decimal> decimal = parse_decimal(text);
  if (!decimal) return std::nullopt;
  decimal->exponent += scale;
  return exact_product(*decimal, 1);
}

double to_double(const Decimal& decimal) {
  const std::string text = to_string(decimal.mantissa) + "e" + std::to_string(decimal.exponent);
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  const std::string_view digits = text.substr(text.starts_with('-') ? 1 : 0);
  if (digits.empty() || !is_digit(digits.front()) || (digits.front() == '0' && text.size() > 1)) return std::nullopt;
  std::int64_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string_view name(Dimension dimension) {
  switch (dimension) {
    case Dimension::data:
      return "an amount of data";
    case Dimension::frequency:
      return "a frequency";
    case Dimension::energy:
      return "an energy";
    case Dimension::area:
      return "an area";
    case Dimension::power:
      return "a power";
    case Dimension::length:
      return "a length";
    case Dimension::voltage:
      return "a voltage";
    case Dimension::time:
      return "a time";
    case Dimension::data_per_cycle:
      return "an amount of data per cycle";
    case Dimension::data_per_second:
      return "an amount of data per second";
  }
  return "";
}

std::optional<Unit> find_unit(std::string_view symbol) {
  const auto* unit = std::find_if(kUnits.begin(), kUnits.end(), [&](const Unit& u) { return u.symbol == symbol; });
  if (unit == kUnits.end()) return std::nullopt;
  return *unit;
}

std::vector<std::string> unit_symbols(Dimension dimension) {
  std::vector<std::string> symbols;
  for (const Unit& unit : kUnits) {
    if (unit.dimension == dimension) symbols.emplace_back(unit.symbol);
  }
  return symbols;
}

std::optional<WrittenQuantity> parse_quantity(std::string_view text) {
  std::string_view unit = text;
  const std::optional<Decimal> decimal = take_decimal(unit);
  if (!decimal) return std::nullopt;
  const std::string_view number = text.substr(0, text.size() - unit.size());
  if (take(unit, ' ') && unit.empty()) return std::nullopt;
  const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '/'; };
  if (!std::all_of(unit.begin(), unit.end(), fits)) return std::nullopt;
  return WrittenQuantity{std::string(number), to_double(*decimal), std::string(unit)};
}

}  // namespace weft
