// SPDX-License-Identifier: Apache-2.0
// Three routes to every value: the plain loops, the mapping executed by whole tiles, and the mapping walked a word at a
// time, on random machines; and two to every statistic.
#include <catch2/catch.hpp>

#include "random_nest.h"
#include "weft/simulator/execute.h"
#include "weft/simulator/gating.h"
#include "weft/simulator/skipping.h"
#include "weft/simulator/walk_words.h"

namespace weft {
namespace {

std::vector<std::int16_t> random_codes(Random& random, std::int64_t n, std::int64_t most, int zeros_percent) {
  std::vector<std::int16_t> codes(static_cast<std::size_t>(n), 0);
  for (std::int16_t& code : codes) {
    if (random.between(1, 100) > zeros_percent) code = static_cast<std::int16_t>(random.between(-most, most));
  }
  return codes;
}

/// Zeros around each plane: the ifmap as it is when padding is stored.
std::vector<std::int16_t> padded(const ConvShape& s, const std::vector<std::int16_t>& ifmap) {
  const std::int64_t rows = s.H + s.pad_top + s.pad_bottom, columns = s.W + s.pad_left + s.pad_right;
  std::vector<std::int16_t> result(static_cast<std::size_t>(s.N * s.G * s.C * rows * columns), 0);
  for (std::int64_t i = 0; i < s.N * s.G * s.C * s.H * s.W; ++i) {
    const std::int64_t x = i % s.W, y = i / s.W % s.H, plane = i / s.W / s.H;
    result[static_cast<std::size_t>((plane * rows + y + s.pad_top) * columns + x + s.pad_left)] =
        ifmap[static_cast<std::size_t>(i)];
  }
  return result;
}

}  // namespace

TEST_CASE("a mapping executed by tiles gives the sums of a walk by words, and of plain loops where order is nothing") {
  const int kTrials = agree::trials(800);
  Random random(2018);
  int narrow = 0, ordered = 0;
  for (int trial = 0; trial < kTrials; ++trial) {
    const ConvShape shape = agree::random_shape(random);
    const Hardware hardware = agree::random_hardware(random);
    const Conventions how = agree::random_conventions(random);
    const LoopProblem problem = loop_problem(shape, "random", how.padding);
    const Mapping mapping = agree::random_mapping(random, problem, hardware);
    INFO("trial " << trial << "\n" << agree::describe(shape, hardware, mapping, how));
    const Placement placement = place(problem, mapping, hardware);
    const Accumulation accumulation{.product_shift = static_cast<int>(random.between(0, 3)),
                                    .product_rounding = static_cast<Rounding>(random.between(0, 1)),
                                    .bits = trial % 2 == 0 ? 32 : static_cast<int>(random.between(4, 8)),
                                    .excess = static_cast<Excess>(random.between(0, 1))};
    const auto ifmap = random_codes(random, shape.N * shape.G * shape.C * shape.H * shape.W, 9, 30);
    const auto weight = random_codes(random, shape.weights(), 9, 10);

    const Sums plain = plain_sums(shape, accumulation, ifmap, weight);
    const Sums tiles = execute(shape, problem, placement, how.hold, accumulation, ifmap, weight);
    const WordValues words = walk_values(problem, placement, hardware, how, accumulation,
                                         how.padding == Padding::stored ? padded(shape, ifmap) : ifmap, weight);
    REQUIRE(tiles == words.sums);
    CHECK(steps_without_zeros(shape, problem, placement, ifmap) == words.steps_without_zeros);
    CHECK(zero_macs(shape, ifmap) == words.zero_macs);
    CHECK(zero_firsts(shape, problem, placement, ifmap) == words.zero_firsts);
    CHECK(gated_filter_reads(shape, problem, placement, hardware, ifmap) == words.gated_filter_reads);
    const bool same = tiles.values == plain.values;
    if (accumulation.excess == Excess::wrap || (plain.overflows == 0 && tiles.overflows == 0)) REQUIRE(same);
    narrow += tiles.overflows > 0 ? 1 : 0;
    ordered += same ? 0 : 1;
  }
  CHECK(narrow > kTrials / 8);    // the trials do overflow ..
  CHECK(ordered > kTrials / 40);  // .. and the order of the mapping does matter then
}

}  // namespace weft
