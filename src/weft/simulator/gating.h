// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <span>

#include "weft/base/units.h"
#include "weft/placement/placement.h"
#include "weft/tensor/conv_shape.h"

namespace weft {

/// MACs whose ifmap value is zero, those in the padding included: what a machine that gates zeros saves. `ifmap` as in
/// execute.h.
Int128 zero_macs(const ConvShape& shape, std::span<const std::int16_t> ifmap);

/// Of those the first of each sum in its PE: what adds to a sum that has no value yet.
Int128 zero_firsts(const ConvShape& shape, const LoopProblem& problem, const Placement& placement,
                   std::span<const std::int16_t> ifmap);

/// Reads of the innermost store of filters that only such MACs want. Without a fanout inside that store each MAC has a
/// read of its own; a word that is multicast to several PEs is read unless all of them have a zero.
Int128 gated_filter_reads(const ConvShape& shape, const LoopProblem& problem, const Placement& placement,
                          const Hardware& hardware, std::span<const std::int16_t> ifmap);

}  // namespace weft
