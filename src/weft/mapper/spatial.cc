// SPDX-License-Identifier: Apache-2.0
#include "weft/mapper/spatial.h"

#include <algorithm>
#include <utility>

namespace weft {
namespace {

using Allowed = std::function<bool(std::size_t, std::int64_t, std::int64_t)>;
using Choices = std::map<DimSizes, AxisBounds>;

/// Every way to put dimensions from d on over axis a; `visit` takes the children, how they are laid and the room left.
/// Both are as they were in the end.
template <class Visit>
void add_axis(const DimSizes& bounds, const Allowed& allowed, std::size_t a, std::size_t d, std::int64_t room,
              DimSizes& children, AxisBounds& laid, const Visit& visit) {
  if (d == kDims) return visit(children, laid, room);
  const std::int64_t before = children[d];
  for (std::int64_t b = 1; b <= std::min(room, bounds[d]); ++b) {
    if (!allowed(d, before, b)) continue;
    children[d] = before * b;
    laid[a][d] = b;
    add_axis(bounds, allowed, a, d + 1, room / b, children, laid, visit);
  }
  children[d] = before;
  laid[a][d] = 1;
}

}  // namespace

Choices spatial_choices(const FanoutNode& array, const DimSizes& bounds, const Allowed& allowed,
                        const std::function<bool(const DimSizes&)>& wanted) {
  DimSizes ones;
  ones.fill(1);
  AxisBounds none;
  none.fill(ones);
  Choices distinct{{ones, none}};
  for (std::size_t a = 0; a < array.axes.size(); ++a) {
    const bool last = a + 1 == array.axes.size();
    Choices next;
    for (auto& [before, laid] : distinct) {
      DimSizes children = before;
      add_axis(bounds, allowed, a, 0, array.axes[a].size, children, laid,
               [&](const DimSizes& all, const AxisBounds& with, std::int64_t) {
                 if (!last || wanted(all)) next.try_emplace(all, with);
               });
    }
    distinct = std::move(next);
  }
  return distinct;
}

std::vector<FoldedChoice> folded_choices(const FanoutNode& array, const DimSizes& bounds, const Allowed& allowed) {
  constexpr std::size_t kNone = kDims;  // nothing to fold yet
  std::map<std::pair<DimSizes, std::size_t>, FoldedChoice> known;
  FoldedChoice none{.dim = kNone};
  none.children.fill(1);
  none.axes.fill(none.children);
  known.try_emplace({none.children, kNone}, none);
  for (std::size_t a = 0; a < array.axes.size(); ++a) {
    std::map<std::pair<DimSizes, std::size_t>, FoldedChoice> next;
    const auto add = [&](const FoldedChoice& choice) {
      const auto [entry, fresh] = next.try_emplace({choice.children, choice.dim}, choice);
      if (!fresh && entry->second.room < choice.room) entry->second = choice;
    };
    for (const auto& [key, before] : known) {
      const FoldedChoice& inner = before;  // gcc 12 does not capture structured bindings' parts in nested lambdas
      DimSizes all = inner.children;
      AxisBounds axes = inner.axes;
      add_axis(bounds, allowed, a, 0, array.axes[a].size, all, axes,
               [&](const DimSizes& children, const AxisBounds& laid, std::int64_t room) {
                 add({children, laid, inner.dim, inner.axis, inner.room});
                 for (std::size_t d = 0; d < kDims && inner.dim == kNone && room > 1; ++d) {
                   if (bounds[d] > 1 && laid[a][d] == 1) add({children, laid, d, a, room});
                 }
               });
    }
    known = std::move(next);
  }
  std::vector<FoldedChoice> folded;
  for (const auto& [key, choice] : known) {
    if (choice.dim != kNone) folded.push_back(choice);
  }
  return folded;
}

}  // namespace weft
