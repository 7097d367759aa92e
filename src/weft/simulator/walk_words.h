// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "weft/dataflow/conventions.h"
#include "weft/placement/counts.h"
#include "weft/placement/placement.h"
#include "weft/simulator/execute.h"

namespace weft {

/// Runs the nest step by step: every store instance keeps its real set of words, every transfer is made word by word.
/// Slow and plain, it is the meaning of a mapping (design section 5); model/counts.h must give the same integers
/// without walking. Shares nothing with the model but the values that go in and come out. Cost: about (steps of the
/// temporal loops) x (words of the tiles that change), so for small problems.
Counts walk_words(const LoopProblem& problem, const Placement& placement, const Hardware& hardware,
                  const Conventions& conventions);

/// What this walk makes of values, by the rules of execute.h and gating.h: every MAC in its PE, every word in its
/// stores.
struct WordValues {
  Sums sums;
  Int128 zero_macs = 0, zero_firsts = 0, gated_filter_reads = 0;
  std::int64_t steps_without_zeros = 0;  ///< skipping.h
};
/// `ifmap` and `weight` are dense over the axes of the problem's tensors (with the padding that it has as words).
WordValues walk_values(const LoopProblem& problem, const Placement& placement, const Hardware& hardware,
                       const Conventions& conventions, const Accumulation& how, std::span<const std::int16_t> ifmap,
                       std::span<const std::int16_t> weight);

}  // namespace weft
