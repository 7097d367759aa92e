// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <compare>
#include <cstdint>
#include <vector>

#include "weft/dataflow/loop_problem.h"

namespace weft {

/// Words along one window axis of the ifmap, summed over all pairs of a tile of `m` outputs and a tile of `n` taps that
/// cover the axis' two dimensions; coordinates outside the extent are not counted. O(tiles).
std::int64_t window_words(const Axis& axis, std::int64_t outputs, std::int64_t m, std::int64_t taps, std::int64_t n);

/// (outputs, taps) of a tile along one window axis.
using WindowExtent = std::array<std::int64_t, 2>;

/// Nested tiles on an array: each child works through `child` in tiles of `resident`, all children together cover
/// `all`. A tile that moves by `stride` takes only what it did not have before, but for the first in each `slid`;
/// where the two are equal it takes all.
struct WindowNest {
  WindowExtent resident, child, all, stride, slid;
  auto operator<=>(const WindowNest&) const = default;
};

/// Words that the children take in, summed over the steps of a window axis.
struct SlidingWords {
  std::int64_t each = 0;                          ///< for each child by itself
  std::int64_t shared = 0;                        ///< what several children take in the same step counts once
  std::int64_t first_each = 0, first_shared = 0;  ///< of those, in the first step
};
SlidingWords sliding_words(const Axis& axis, const WindowExtent& bounds, const WindowNest& nest);

}  // namespace weft
