// SPDX-License-Identifier: Apache-2.0
#include "weft/tensor/fixed_point.h"

#include <catch2/catch.hpp>
#include <cmath>

namespace weft {

TEST_CASE("the binary point is as far left as the largest value allows") {
  CHECK(fixed_point_for(1.0, 8) == FixedPoint{8, 6});          // 64; 1.0 is 128 / 128, one too many
  CHECK(fixed_point_for(127.0 / 128, 8) == FixedPoint{8, 7});  // exactly the most
  CHECK(fixed_point_for(127.4 / 128, 8) == FixedPoint{8, 7});  // rounds to it
  CHECK(fixed_point_for(127.6 / 128, 8) == FixedPoint{8, 6});  // would round past it
  CHECK(fixed_point_for(-1000, 8) == FixedPoint{8, -3});       // 125 steps of 8
  CHECK(fixed_point_for(1e-3, 8).fraction == 16);              // 65.5 / 2^16; at 2^17 it would pass 127
  CHECK(fixed_point_for(0, 16) == FixedPoint{16, 0});
  CHECK(fixed_point_for(NAN, 16) == FixedPoint{16, 0});
}

TEST_CASE("codes are the nearest, and saturate") {
  const FixedPoint format{8, 4};
  CHECK(encode(1.0, format) == 16);
  CHECK(encode(1.03125, format) == 16);  // half way to 17: to even
  CHECK(encode(1.09375, format) == 18);
  CHECK(encode(100, format) == 127);
  CHECK(encode(-100, format) == -128);
  CHECK(encode(NAN, format) == 0);
  CHECK(decode(-24, format) == -1.5);
}

TEST_CASE("cut bits are dropped or rounded, and sums saturate or wrap") {
  CHECK(shifted(-5, 1, Rounding::truncate) == -3);
  CHECK(shifted(-5, 1, Rounding::nearest) == -2);
  CHECK(shifted(5, 1, Rounding::nearest) == 3);
  CHECK(shifted(5, 0, Rounding::nearest) == 5);
  CHECK(shifted(-5, -2, Rounding::truncate) == -20);
  CHECK(fitted(127, 8, Excess::saturate) == 127);
  CHECK(fitted(128, 8, Excess::saturate) == 127);
  CHECK(fitted(-129, 8, Excess::saturate) == -128);
  CHECK(fitted(128, 8, Excess::wrap) == -128);
  CHECK(fitted(-129, 8, Excess::wrap) == 127);
  CHECK(fitted(300, 8, Excess::wrap) == 44);
}

}  // namespace weft
