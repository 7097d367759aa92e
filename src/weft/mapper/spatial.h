// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <map>

#include "weft/dataflow/loop_problem.h"
#include "weft/hardware/hardware.h"

namespace weft {

/// How spatial loops are laid on the axes of an array: for each axis, one bound for each dimension; the first axis is
/// outermost.
using AxisBounds = std::array<DimSizes, 3>;

/// Every number of children along each dimension that an array has room for, and one way to lay it on the axes: which
/// axis a dimension takes changes nothing but what fits. `allowed`: whether a loop of that bound over a dimension may
/// be put inside those that make so many children of it already.
std::map<DimSizes, AxisBounds> spatial_choices(
    const FanoutNode& array, const DimSizes& bounds,
    const std::function<bool(std::size_t dim, std::int64_t children, std::int64_t bound)>& allowed);

}  // namespace weft
