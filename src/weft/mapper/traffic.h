// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "weft/dataflow/loop_problem.h"

namespace weft {

/// The smallest bound for each number of tiles that `extent` can be cut into, ascending: all others have a larger tile
/// for the same number. At most 2 sqrt(extent).
std::vector<std::int64_t> distinct_bounds(std::int64_t extent);
/// Whether `bound` is one of those.
bool is_distinct_bound(std::int64_t extent, std::int64_t bound);

/// A tensor's transfer from its outermost store into the next one that keeps it.
struct OutermostTransfer {
  Tensor3 t = Tensor3::ifmap;
  double word = 0;        ///< energy of a word at least
  bool slides = false;    ///< a word may stay as the window slides over it
  double room = 0;        ///< bits that the store has for the tile, all its copies in an array together
  std::size_t store = 0;  ///< transfers into one store share its room
};

/// The extents that a tile may have along each dimension, ascending: 1 and the whole are among them.
using TileExtents = std::array<std::vector<std::int64_t>, kDims>;

/// What these transfers cost together at least, wherever the loops and points stand; infinite if no tiles fit.
///
/// Each transfer is decided at some tile; tiles of one nest lie inside one another. A tile's words fall with its
/// extents in the dimensions that its tensor does not depend on (and with window tiles), and the room it needs grows
/// with the others. So, for each order of the transfers from the outside in, the first one's tile is whole where it may
/// be, the next takes over the extents of the one around it where they cost no room, and so on; what serves a transfer
/// further in is tried in every size.
double least_traffic(std::vector<OutermostTransfer> transfers, const LoopProblem& problem,
                     const std::array<std::int64_t, kTensors>& word_bits, const TileExtents& extents);

}  // namespace weft
