// SPDX-License-Identifier: Apache-2.0
#include "weft/metrics/layer_codes.h"

#include <catch2/catch.hpp>

#include "weft/network/one_node_testing.h"

namespace weft {
namespace {

using testing::constant;
using testing::tensor;

FixedLayer fixed(const testing::OneNode& node, const Hardware& hardware, FixedPoint ifmap, float largest) {
  Network network = testing::network_of(node);
  infer_shapes(network);
  const Program program = prepare(network);
  return fixed_layer(program, layers(program.network).front(), hardware, ifmap, largest);
}

Hardware of_bits(std::int64_t bits, std::int64_t psum) {
  Hardware hardware = load_hardware("eyeriss");
  hardware.bits = {bits, bits, psum};
  hardware.arithmetic = {};
  return hardware;
}

}  // namespace

TEST_CASE("a layer's points: filters by their own range, the accumulator as fine as its products or its range allow") {
  // Filters up to 1.5, so 6 bits behind the point of 8; ifmap with 4: products have 10. Sums up to 100 need 7 bits
  // before the point: 24 - 1 - 7 = 16 would be finer than the products.
  const testing::OneNode conv{
      .op = "Conv",
      .inputs = {tensor({1, 1, 1, 2}), constant(stored_floats({1, 1, 1, 2}, std::vector<float>{1.5F, -0.25F})),
                 constant(stored_floats({1}, std::vector<float>{0.75F}))}};
  const FixedLayer wide = fixed(conv, of_bits(8, 24), {8, 4}, 100);
  CHECK(wide.weight == FixedPoint{8, 6});
  CHECK(wide.weights == std::vector<std::int16_t>{96, -16});
  CHECK(wide.accumulator == FixedPoint{24, 10});
  CHECK(wide.accumulation.product_shift == 0);
  CHECK(wide.bias == std::vector<std::int64_t>{768});
  CHECK(wide.ofmap == FixedPoint{8, 0});
  CHECK(wide.ofmap_shift == 10);
  // With 12 bits the accumulator has 12 - 1 - 7 = 4: products lose 6.
  const FixedLayer narrow = fixed(conv, of_bits(8, 12), {8, 4}, 100);
  CHECK(narrow.accumulator == FixedPoint{12, 4});
  CHECK(narrow.accumulation.product_shift == 6);

  // (sum + bias) / 2^10, to nearest: 3 x 1024 + 255 + 768 is 3 and 1023/1024; beyond 127 it is clipped.
  std::int64_t clipped = 0;
  CHECK(finish(wide, {.F = 3}, {3 * 1024 + 255, 127 * 1024 - 768, 127 * 1024 - 256}, clipped) ==
        std::vector<std::int16_t>{4, 127, 127});
  CHECK(clipped == 1);
}

TEST_CASE("filters of Gemm and MatMul are in the survey's order, with alpha and beta in them") {
  const auto b = constant(stored_floats({3, 2}, std::vector<float>{1, 2, 3, 4, 5, 6}));
  const Hardware hardware = of_bits(8, 24);
  const std::vector<std::int16_t> by_filter{16, 48, 80, 32, 64, 96};  // 1 3 5, 2 4 6 at 4 bits behind the point
  CHECK(fixed({.op = "MatMul", .inputs = {tensor({1, 3}), b}}, hardware, {8, 0}, 10).weights == by_filter);
  const FixedLayer gemm =
      fixed({.op = "Gemm",
             .inputs = {tensor({1, 3}), constant(stored_floats({2, 3}, std::vector<float>{1, 3, 5, 2, 4, 6})),
                        constant(stored_floats({}, std::vector<float>{3}))},
             .attributes = {{"transB", std::int64_t{1}}, {"alpha", 0.5F}, {"beta", 2.0F}}},
            hardware, {8, 0}, 10);
  CHECK(gemm.weights == by_filter);  // halves at 5 bits behind the point
  CHECK(gemm.weight.fraction == 5);
  CHECK(gemm.bias == std::vector<std::int64_t>(2, 6 << 5));
}

}  // namespace weft
