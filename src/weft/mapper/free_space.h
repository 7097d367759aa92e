// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "weft/mapper/free_stores.h"

namespace weft::free_search {

/// Mappings in the space of a search without a dataflow, whether they fit or not; 0 if there are more than 128 bits
/// count, or more than one array. Mappings that differ in the order of points with no loop between, or in the axes
/// that spatial loops are laid on, are one.
///
/// Of loops along one dimension a nest has any ordered factors of its bound, but no two of a dimension next to each
/// other. With H(c) ordered factorizations into c factors of 2 or more, those are a(j) = sum over c of
/// (-1)^(c-j) binomial(c-1, j-1) H(c) sequences of j blocks that may stand side by side (inclusion and exclusion, as
/// Carlitz words are counted); blocks of all dimensions mix in multinomially many ways, and points go between them. A
/// folded dimension has blocks inside the array and others outside it.
Int128 size_of_space(const Machine& machine, const DimSizes& bounds, const std::vector<Kept>& choices,
                     const Tiles& tiles);

}  // namespace weft::free_search
