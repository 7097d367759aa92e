// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "weft/dataflow/conventions.h"
#include "weft/placement/placement.h"
#include "weft/tensor/conv_shape.h"
#include "weft/tensor/fixed_point.h"

namespace weft {

/// How a machine adds products up: each is cut by `product_shift` bits, then added to an accumulator of `bits`.
struct Accumulation {
  int product_shift = 0;
  Rounding product_rounding = Rounding::truncate;
  int bits = 32;  ///< of partial sums, wherever they are: 2 to 32
  Excess excess = Excess::saturate;
};

/// Partial sums at the end, psum[n][g][m][e][f], and how many additions did not fit the accumulator.
struct Sums {
  std::vector<std::int32_t> values;
  std::int64_t overflows = 0;
  bool operator==(const Sums&) const = default;
};

/// The layer's sums by the plain loops n, g, m, e, f, c, r, s. Codes are of at most 16 bits,
///   ifmap[n][g][c][y][x] (without padding) and weight[g][m][c][r][s], last letter fastest.
/// The specification: without overflow, or where sums wrap, no order of adding gives anything else.
Sums plain_sums(const ConvShape& shape, const Accumulation& how, std::span<const std::int16_t> ifmap,
                std::span<const std::int16_t> weight);

/// The same in the order of a mapping: every MAC at the step and on the PE where the nest has it. A store of partial
/// sums begins a tile with what the store outside has (of several children that hold the same word the first one does;
/// the others begin at 0), and gives it back when it gives the tile up, where the parts of the children are added one
/// after another in the order of their indices. With a narrow saturating accumulator that order is the answer.
/// Runs the loops inside the innermost store as one kernel a visit; walk_words.h does the same a word at a time.
/// Memory: the tensors, and a tile of partial sums for each child on a way in.
Sums execute(const ConvShape& shape, const LoopProblem& problem, const Placement& placement, Hold hold,
             const Accumulation& how, std::span<const std::int16_t> ifmap, std::span<const std::int16_t> weight);

}  // namespace weft
