// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "weft/mapper/free_stores.h"

namespace weft::free_search {

/// A tensor's transfer from its outermost store into the next one that keeps it.
struct OutermostTransfer {
  Tensor3 t = Tensor3::ifmap;
  double word = 0;      ///< energy of a word at least
  double constant = 0;  ///< whatever the words
  bool slides = false;
  double room = 0;        ///< bits that the store has for the tile, with its copies in an array
  std::size_t store = 0;  ///< transfers into one store share its room
};

/// What these transfers cost together at least, wherever the loops and points stand.
///
/// Each transfer is decided at some tile; tiles of one nest lie inside one another. A tile's words fall with its
/// extents in the dimensions that its tensor does not depend on (and with window tiles), and the room it needs grows
/// with the others. So, for each order of the transfers from the outside in, the first one's tile is whole where it may
/// be, the next takes over the extents of the one around it where they cost no room, and so on; what serves a transfer
/// further in is tried in every size. The tiles' extents are only taken to be no larger than those around them.
double least_traffic(std::vector<OutermostTransfer> transfers, const Tiles& tiles);

}  // namespace weft::free_search
