// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "weft/dataflow/loop_problem.h"
#include "weft/hardware/hardware.h"

namespace weft {

/// How spatial loops are laid on the axes of an array: for each axis, one bound for each dimension; the first axis is
/// outermost.
using AxisBounds = std::array<DimSizes, 3>;

/// Every number of children along each dimension that an array has room for, and one way to lay it on the axes: which
/// axis a dimension takes changes nothing but what fits. `allowed`: whether a loop of that bound over a dimension may
/// be put inside those that make so many children of it already. `wanted`: which numbers of children are.
std::map<DimSizes, AxisBounds> spatial_choices(
    const FanoutNode& array, const DimSizes& bounds,
    const std::function<bool(std::size_t dim, std::int64_t children, std::int64_t bound)>& allowed,
    const std::function<bool(const DimSizes& children)>& wanted = [](const DimSizes&) { return true; });

/// Children along each dimension, of which one more is to fold over the room that they leave on an axis.
struct FoldedChoice {
  DimSizes children;  ///< without those along `dim` on `axis`
  AxisBounds axes;    ///< the same
  std::size_t dim = 0, axis = 0;
  std::int64_t room = 1;  ///< at least 2
};

/// Every number of children along each dimension with each one to fold, laid on the axes so that they leave it most
/// room. `allowed` as above.
std::vector<FoldedChoice> folded_choices(
    const FanoutNode& array, const DimSizes& bounds,
    const std::function<bool(std::size_t dim, std::int64_t children, std::int64_t bound)>& allowed);

}  // namespace weft
