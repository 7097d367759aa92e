// SPDX-License-Identifier: Apache-2.0
#include "weft/mapper/spatial.h"

#include <algorithm>

namespace weft {
namespace {

using Allowed = std::function<bool(std::size_t, std::int64_t, std::int64_t)>;
using Choices = std::map<DimSizes, AxisBounds>;

/// Adds every way to put dimensions from d on over axis a.
void add_axis(const DimSizes& bounds, const Allowed& allowed, std::size_t a, std::size_t d, std::int64_t room,
              const DimSizes& children, const AxisBounds& laid, Choices& next) {
  if (d == kDims) {
    next.try_emplace(children, laid);
    return;
  }
  for (std::int64_t b = 1; b <= std::min(room, bounds[d]); ++b) {
    if (!allowed(d, children[d], b)) continue;
    DimSizes product = children;
    AxisBounds with = laid;
    product[d] *= b;
    with[a][d] = b;
    add_axis(bounds, allowed, a, d + 1, room / b, product, with, next);
  }
}

}  // namespace

Choices spatial_choices(const FanoutNode& array, const DimSizes& bounds, const Allowed& allowed) {
  DimSizes ones;
  ones.fill(1);
  AxisBounds none;
  none.fill(ones);
  Choices distinct{{ones, none}};
  for (std::size_t a = 0; a < array.axes.size(); ++a) {
    Choices next;
    for (const auto& [children, laid] : distinct) {
      add_axis(bounds, allowed, a, 0, array.axes[a].size, children, laid, next);
    }
    distinct = std::move(next);
  }
  return distinct;
}

}  // namespace weft
