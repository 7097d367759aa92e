// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "weft/mapper/free_labels.h"

namespace weft::free_search {

/// The nest that `moves` build, innermost first, as a mapping: loops over what they leave, in the order of `outermost`
/// from the inside out, then those of other dimensions, and the outermost storage points around all.
Mapping mapping_of(const std::vector<Move>& moves, const std::vector<std::uint8_t>& outermost,
                   const LoopProblem& problem, const Hardware& hardware, const Machine& machine);

}  // namespace weft::free_search
