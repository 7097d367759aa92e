// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

#include "weft/base/rounding.h"

namespace weft {

/// A two's complement number with a binary point: value = code / 2^fraction. One for each tensor is the survey's
/// dynamic fixed point (Section VII-A). `fraction` may be negative or more than `bits`. bits: 2 to 32.
struct FixedPoint {
  int bits = 16;
  int fraction = 0;
  bool operator==(const FixedPoint&) const = default;
};

/// Least and most code.
constexpr std::int64_t least_code(int bits) { return -(std::int64_t{1} << (bits - 1)); }
constexpr std::int64_t most_code(int bits) { return (std::int64_t{1} << (bits - 1)) - 1; }

/// The point with which `largest` (a magnitude) is represented without saturation as finely as `bits` allow. Nothing
/// but zeros (or not a number) gets fraction 0.
FixedPoint fixed_point_for(double largest, int bits);

/// The nearest code, ties to even; beyond the ends the end itself; 0 for not a number.
std::int64_t encode(double value, FixedPoint format);
double decode(std::int64_t code, FixedPoint format);

/// code / 2^shift, rounded; a negative shift multiplies. |shift| below 63.
constexpr std::int64_t shifted(std::int64_t code, int shift, Rounding rounding) {
  if (shift <= 0) return code * (std::int64_t{1} << -shift);
  const std::int64_t half = rounding == Rounding::nearest ? std::int64_t{1} << (shift - 1) : 0;
  return (code + half) >> shift;
}

/// A sum as it fits into `bits`.
constexpr std::int64_t fitted(std::int64_t sum, int bits, Excess excess) {
  const std::int64_t least = least_code(bits), most = most_code(bits);
  if (sum >= least && sum <= most) return sum;
  if (excess == Excess::saturate) return sum < least ? least : most;
  const auto low = static_cast<std::uint64_t>(sum) << (64 - bits);
  return static_cast<std::int64_t>(low) >> (64 - bits);
}

}  // namespace weft
