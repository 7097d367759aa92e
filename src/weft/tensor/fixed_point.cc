// SPDX-License-Identifier: Apache-2.0
#include "weft/tensor/fixed_point.h"

#include <algorithm>
#include <cmath>

namespace weft {

FixedPoint fixed_point_for(double largest, int bits) {
  FixedPoint format{bits, 0};
  largest = std::fabs(largest);
  if (!(largest > 0) || !std::isfinite(largest)) return format;
  int exponent = 0;
  std::frexp(largest, &exponent);  // largest < 2^exponent
  format.fraction = std::clamp(bits - 1 - exponent, -60, 60);
  if (std::nearbyint(std::ldexp(largest, format.fraction)) > double(most_code(bits))) --format.fraction;
  return format;
}

std::int64_t encode(double value, FixedPoint format) {
  if (std::isnan(value)) return 0;
  const double scaled = std::nearbyint(std::ldexp(value, format.fraction));
  return static_cast<std::int64_t>(std::clamp(scaled, double(least_code(format.bits)), double(most_code(format.bits))));
}

double decode(std::int64_t code, FixedPoint format) { return std::ldexp(double(code), -format.fraction); }

}  // namespace weft
