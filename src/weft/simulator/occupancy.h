// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "weft/placement/placement.h"

namespace weft {

/// One setting of the temporal loops outside the array: what the PEs do until it changes.
struct Pass {
  std::int64_t start = 0, steps = 0;  ///< in steps of the temporal loops (cycles of work; stalls are not in them)
  std::vector<std::int64_t> at;       ///< indices of those loops, outermost first
  std::vector<std::int64_t> pes;      ///< that have work, by their number
};

/// The passes of a nest in order, at most `most` of them. PEs are numbered by their place in the array: along the axes
/// of each fanout, outermost first, the last one fastest.
struct Occupancy {
  std::vector<PlacedLoop> loops;  ///< those of Pass::at
  std::vector<Pass> passes;
  bool complete = true;  ///< false: there are more
};
Occupancy occupancy(const LoopProblem& problem, const Placement& placement, const Hardware& hardware, std::size_t most);

/// "array.x 3, array.y 2": where a PE is.
std::string pe_name(const Hardware& hardware, std::int64_t pe);

}  // namespace weft
