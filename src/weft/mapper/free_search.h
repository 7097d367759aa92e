// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "weft/mapper/mapper.h"

namespace weft {

/// The best mapping of `problem` on `hardware` that no dataflow constrains: any order of loops in every gap between
/// storage points, points of different tensors that interleave, tensors that pass a store by, any loops over every
/// array (and no other loop between an array and the outermost storage point inside it). `options.imperfect`: bounds
/// that do not divide too.
///
/// A dynamic program from the MACs outwards. A label is a nest so far: the tile it covers, and for each tensor its
/// innermost transfer that is still open. A transfer's words are decided by the first loop outside its store that the
/// tensor depends on, and by nothing further out but the number of tiles; so labels of one tile with the same open
/// transfers compete, and those that are worse in every figure are dropped. Figures are lower bounds, exact where
/// bounds divide and windows do not slide across an array; the certificate's bound is theirs, and the best mappings
/// are costed by the model.
MappingResult find_free_mapping(const LoopProblem& problem, const Hardware& hardware, const MapOptions& options);

}  // namespace weft
