// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "weft/mapper/mapper.h"

namespace weft {

/// The best mapping of `problem` on `hardware` that no dataflow constrains: any order of loops in every gap between
/// storage points, points of different tensors that interleave, tensors that pass a store by, any loops over every
/// array (and no other loop between an array and the outermost storage point inside it). Bounds divide, but for one
/// dimension that the outermost array may fold: over as many children as there is room for, or as few as make as many
/// folds; a loop outside that cuts the folds then has the least bound for its number of tiles, and two steps in the
/// last. (Where it had one, it would stand still, and other tensors' tiles might stay.) MapOptions::perfect leaves
/// folds out, and so does a layer with more than a million tiles.
///
/// A dynamic program from the MACs outwards. A label is a nest so far: the tile it covers, and for each tensor its
/// innermost transfer that is still open. A transfer's words are decided by the first loop outside its store that the
/// tensor depends on, and by nothing further out but the number of tiles; so labels of one tile with the same open
/// transfers compete, and those that are worse in every figure are dropped. Figures are lower bounds, exact with one
/// array; the certificate's bound is theirs, and the best mappings are costed by the model. They are doubles: a bound
/// within 1e-11 of the objective counts as equal to it. If the best is proven, of the mappings within 1e-9 of it the
/// one that is best by the second objective is searched for in the same way; else a good one is. The next best ones
/// are searched for after that, as MappingResult says.
///
/// The certificate's `visited` are partial nests; `space` is in free_space.h. Throws Error: infeasible.capacity if an
/// outermost store is too small for the tensors it must hold, mapper.unsupported for layers and machines with too much
/// to choose from.
///
/// Files: free_tiles.h (tiles and their words), free_machine.h (regions, arrays), free_stores.h (a choice of the stores
/// that keep each tensor), free_transfers.h (figures), traffic.h and free_bounds.h (bounds), free_labels.h,
/// free_nest.h (a label as a mapping), free_space.h (how many mappings there are).
MappingResult find_free_mapping(const LoopProblem& problem, const Hardware& hardware, const MapOptions& options);

}  // namespace weft
