// SPDX-License-Identifier: Apache-2.0
#include "weft/kernels/pooling.h"

#include <catch2/catch.hpp>
#include <vector>

#include "weft/kernels/normalization.h"

namespace weft {

TEST_CASE("the largest of a window leaves padding out; a mean counts it only when asked") {
  // One plane of 2 x 2 with a row of padding above, windows of 2 x 2, stride 2: the second row of windows stands over.
  const ConvShape s{.H = 2, .W = 2, .R = 2, .S = 2, .E = 2, .F = 1, .U_h = 2, .U_w = 2, .pad_top = 1};
  const std::vector<float> x{-1, -2, -3, -8};
  std::vector<float> y(2);
  max_pool(s, x, y);
  CHECK(y == std::vector<float>{-1, -3});
  average_pool(s, false, x, y);
  CHECK(y == std::vector<float>{-1.5F, -5.5F});
  average_pool(s, true, x, y);
  CHECK(y == std::vector<float>{-0.75F, -5.5F});  // what stands over at the end is no padding
}

TEST_CASE("a softmax is a share of exponentials, also of large values") {
  const std::vector<float> x{1000, 1000, 1000, 1000};
  std::vector<float> y(4);
  softmax({.outer = 2, .C = 2}, false, x, y);
  CHECK(y == std::vector<float>(4, 0.5F));
}

TEST_CASE("local response normalisation divides by the squares of the neighbouring channels") {
  const std::vector<float> x{1, 2, 3};
  std::vector<float> y(3);
  lrn({.C = 3}, {.size = 3, .alpha = 3, .beta = 1, .bias = 1}, x, y);
  CHECK(y == std::vector<float>{1.0F / 6, 2.0F / 15, 3.0F / 14});
}

}  // namespace weft
