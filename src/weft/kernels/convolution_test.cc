// SPDX-License-Identifier: Apache-2.0
#include "weft/kernels/convolution.h"

#include <catch2/catch.hpp>
#include <vector>

#include "weft/base/random.h"

namespace weft {
namespace {

std::vector<float> small_integers(Random& random, std::int64_t n) {
  std::vector<float> values(static_cast<std::size_t>(n));
  for (float& value : values) value = float(random.between(-3, 3));
  return values;
}

ConvShape random_shape(Random& random) {
  ConvShape s;
  s.N = random.between(1, 2), s.G = random.between(1, 3), s.M = random.between(1, 9), s.C = random.between(1, 5);
  s.R = random.between(1, 4), s.S = random.between(1, 4), s.E = random.between(1, 7), s.F = random.between(1, 40);
  s.U_h = random.between(1, 3), s.U_w = random.between(1, 3), s.D_h = random.between(1, 2),
  s.D_w = random.between(1, 2);
  s.pad_top = random.between(0, 2), s.pad_left = random.between(0, 2);
  s.H = std::max<std::int64_t>(1, (s.E - 1) * s.U_h + (s.R - 1) * s.D_h + 1 - s.pad_top - random.between(0, 1));
  s.W = std::max<std::int64_t>(1, (s.F - 1) * s.U_w + (s.S - 1) * s.D_w + 1 - s.pad_left - random.between(0, 1));
  return s;
}

}  // namespace

TEST_CASE("a convolution of one window is the sum of products and the bias") {
  const ConvShape s{.M = 2, .H = 2, .W = 2, .R = 2, .S = 2};
  const std::vector<float> x{1, 2, 3, 4}, w{1, 10, 100, 1000, -1, 0, 0, 0}, bias{0.5F, 7};
  for (const ConvKernel& kernel : kConvKernels) {
    std::vector<float> y(2);
    kernel.run(s, x, w, bias, y);
    CHECK(y == std::vector<float>{4321.5F, 6});
  }
}

TEST_CASE("every convolution agrees with the direct one, groups, strides, dilation and padding included") {
  Random random(2017);
  for (int trial = 0; trial < 200; ++trial) {
    const ConvShape s = random_shape(random);
    // Whole numbers: any order of adding gives the same float.
    const auto x = small_integers(random, s.N * s.G * s.C * s.H * s.W), w = small_integers(random, s.weights());
    const auto bias = trial % 2 == 0 ? std::vector<float>() : small_integers(random, s.G * s.M);
    const auto size = static_cast<std::size_t>(s.N * s.G * s.M * s.E * s.F);
    std::vector<float> expected(size);
    kConvKernels.front().run(s, x, w, bias, expected);
    for (const ConvKernel& kernel : kConvKernels) {
      std::vector<float> y(size, -1);
      kernel.run(s, x, w, bias, y);
      INFO(kernel.name << " trial " << trial);
      CHECK(y == expected);
    }
  }
}

}  // namespace weft
