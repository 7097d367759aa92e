// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <span>

#include "weft/placement/placement.h"
#include "weft/tensor/conv_shape.h"

namespace weft {

/// Steps that a machine takes which skips zeros: a MAC whose ifmap value is zero takes none. In a pass (one setting of
/// the temporal loops outside the array, occupancy.h) each PE goes through its other MACs by itself; the pass takes as
/// long as the busiest PE, and at least one step. `ifmap` as in execute.h.
std::int64_t steps_without_zeros(const ConvShape& shape, const LoopProblem& problem, const Placement& placement,
                                 std::span<const std::int16_t> ifmap);

}  // namespace weft
