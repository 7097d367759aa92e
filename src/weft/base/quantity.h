// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "weft/base/units.h"

namespace weft {

/// A number as it is written in decimal: mantissa * 10^exponent, without trailing zeros in the mantissa, so that equal
/// numbers are equal values.
struct Decimal {
  Int128 mantissa = 0;
  int exponent = 0;
  bool operator==(const Decimal&) const = default;
};

/// Reads [-]digits[.digits][(e|E)[+|-]digits], without leading zeros, nothing around it. Nothing for anything else, for
/// more than 36 significant digits, and for an exponent past +-60.
std::optional<Decimal> parse_decimal(std::string_view text);

/// The value times `factor`, or nothing if that is not a whole number or passes Int128.
std::optional<Int128> exact_product(const Decimal& decimal, Int128 factor);

/// The written value times 10^scale, exact; nothing where `text` is no number or the product is not whole.
/// parse_decimal("0.95", 6) is 950000.
std::optional<Int128> parse_decimal(std::string_view text, int scale);

/// The nearest double.
double to_double(const Decimal& decimal);

/// The integer a scalar writes, decimal without leading zeros; nothing otherwise (overflow too).
std::optional<std::int64_t> parse_integer(std::string_view text);

/// What a unit measures. In brackets: the base unit that factors count in.
enum class Dimension {
  data,             ///< [b]
  frequency,        ///< [Hz]
  energy,           ///< [aJ]
  area,             ///< [um2]
  power,            ///< [nW]
  length,           ///< [nm]
  voltage,          ///< [uV]
  time,             ///< [ps]
  data_per_cycle,   ///< [b/cycle]
  data_per_second,  ///< [b/s]
};
std::string_view name(Dimension dimension);

/// A unit people may write, and how many base units it is. k, M, G are powers of 1000; Ki, Mi, Gi of 1024.
struct Unit {
  std::string_view symbol;
  Dimension dimension;
  std::int64_t factor;
};
/// Nothing for an unknown symbol. Symbols are case-sensitive: b is a bit, B a byte; m is 1/1000, M a million.
std::optional<Unit> find_unit(std::string_view symbol);
/// The symbols of one dimension, smallest first, for messages.
std::vector<std::string> unit_symbols(Dimension dimension);

/// A quantity as written, e.g. {"0.95", 0.95, "pJ"}. The unit is empty if only a number is written.
struct WrittenQuantity {
  std::string number;
  double value = 0;
  std::string unit;
};
/// A number (as parse_decimal reads them), at most one space, a unit of letters, digits and '/'. Nothing if it is not
/// that.
std::optional<WrittenQuantity> parse_quantity(std::string_view text);

}  // namespace weft
