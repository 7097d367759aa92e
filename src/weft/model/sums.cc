// SPDX-License-Identifier: Apache-2.0
#include "weft/model/sums.h"

#include <algorithm>

#include "weft/base/ceil_div.h"

namespace weft {
namespace {

constexpr std::uint64_t kNoLoops = 1;  ///< the key of a dimension without loops
/// A child's start in one dimension, and whether it belongs to the same sharing group as the one before it.
struct Child {
  std::int64_t start = 0;
  std::size_t group = 0;  ///< children of one group share words
};

/// The starts of the children that the spatial loops over `d` make, at temporal start 0. Groups: one for each choice of
/// the indices of loops that spread `each`.
std::vector<Child> children(const Placement& placement, Dim d, std::size_t outside, const std::vector<Spread>& spread) {
  std::vector<Child> list = {{}};
  std::size_t groups = 1;
  for (std::size_t i = 0; i < outside; ++i) {
    const PlacedLoop& loop = placement.loops[i];
    if (!loop.spatial || loop.dim != d || spread[i] == Spread::first) continue;
    std::vector<Child> next;
    for (std::int64_t k = 0; k < loop.bound; ++k) {
      for (const Child& child : list) {
        const std::size_t group = spread[i] == Spread::each ? child.group + std::size_t(k) * groups : child.group;
        next.push_back({child.start + k * loop.tile, group});
      }
    }
    if (spread[i] == Spread::each) groups *= std::size_t(loop.bound);
    list = std::move(next);
  }
  return list;
}

}  // namespace

/// One position of the temporal loops over a dimension, or several alike.
struct StepSums::Context {
  std::int64_t start = 0;  ///< first index of the tile of child 0
  std::int64_t times = 1;
  bool still = true, quiet = true, origin = true;
  bool uneven = false;  ///< some children have less to do than child 0, so positions inside differ
};

/// Recursion over the loops of one dimension, outermost first. Contexts that cannot differ are merged, but for axes
/// with padding, where the words depend on the position.
struct StepSums::Enumeration {
  const StepSums& sums;
  Dim dim;
  int advancing;
  bool merge;
  std::vector<Context> found;

  std::int64_t bound() const { return sums.problem_.bound(dim); }

  /// A loop inside the advancing one left its start before the step.
  void note_moved(std::size_t i, Context& context) const {
    if (i < sums.outside_) context.still = false;
    for (const StallPoint& stall : sums.stalls_) {
      if (i < stall.loops_outside && sums.problem_.relevant(stall.tensor, dim)) context.quiet = false;
    }
  }

  /// `size` indices from context.start on belong to this position of the loops outside (child 0); `left_size` before
  /// the step.
  void visit(std::size_t i, std::int64_t size, std::int64_t left_size, Context context) {
    const auto& loops = sums.placement_.loops;
    while (i < sums.outside_ && loops[i].dim != dim) ++i;
    if (i == sums.outside_) {
      found.push_back(context);
      return;
    }
    const PlacedLoop& loop = loops[i];
    if (loop.spatial) {
      context.uneven = context.uneven || size < loop.bound * loop.tile;
      return visit(i + 1, std::min(size, loop.tile), std::min(left_size, loop.tile), context);
    }
    const std::int64_t trips = ceil_div(size, loop.tile);
    if (int(i) < advancing) return outer(i, size, trips, context);
    if (int(i) == advancing) return advance(i, size, trips, context);
    const std::int64_t left_trips = ceil_div(left_size, loop.tile);
    if (advancing != kStart && left_trips > 1) note_moved(i, context);
    visit(i + 1, std::min(size, loop.tile), std::min(left_size - (left_trips - 1) * loop.tile, loop.tile), context);
  }

  /// A loop outside the advancing one may be at any index.
  void outer(std::size_t i, std::int64_t size, std::int64_t trips, const Context& context) {
    for (std::int64_t k = 0; k < trips; ++k) {
      Context next = context;
      if (merge && !context.uneven && k == 1 && trips > 3) {
        next.times *= trips - 2;
      } else if (merge && !context.uneven && k > 1 && k < trips - 1) {
        continue;
      }
      enter(i, k, size, next);
    }
  }

  void enter(std::size_t i, std::int64_t k, std::int64_t size, Context context) {
    const std::int64_t tile = sums.placement_.loops[i].tile;
    context.start += k * tile;
    context.origin = context.origin && k == 0;
    const std::int64_t inside = std::min(tile, size - k * tile);
    visit(i + 1, inside, inside, context);
  }

  /// The advancing loop goes from k - 1, whose tile is always a full one, to k.
  void advance(std::size_t i, std::int64_t size, std::int64_t trips, const Context& context) {
    const std::int64_t tile = sums.placement_.loops[i].tile;
    for (std::int64_t k = 1; k < trips; ++k) {
      Context next = context;
      if (merge && !context.uneven && k == 1 && trips > 2) {
        next.times *= trips - 2;
      } else if (merge && !context.uneven && k > 1 && k < trips - 1) {
        continue;
      }
      next.start += k * tile;
      next.origin = false;
      visit(i + 1, std::min(tile, size - k * tile), tile, next);
    }
  }
};

StepSums::StepSums(const LoopProblem& problem, const Placement& placement, Tensor3 tensor, std::size_t loops_outside,
                   std::vector<StallPoint> stalls)
    : problem_(problem),
      placement_(placement),
      tensor_(tensor),
      outside_(loops_outside),
      stalls_(std::move(stalls)),
      tile_(tile_at(problem, placement, loops_outside)) {
  for (std::size_t i = 0; i < outside_; ++i) {
    if (!placement_.loops[i].spatial) steps_.push_back(int(i));
  }
}

bool StepSums::relevant(int loop) const { return problem_.relevant(tensor_, placement_.loops[std::size_t(loop)].dim); }

bool StepSums::can_be_quiet(int advancing) const {
  if (advancing == kStart) return false;
  return std::none_of(stalls_.begin(), stalls_.end(), [&](const StallPoint& stall) {
    return std::size_t(advancing) < stall.loops_outside &&
           (stall.always || problem_.relevant(stall.tensor, placement_.loops[std::size_t(advancing)].dim));
  });
}

std::vector<StepSums::Context> StepSums::contexts(Dim d, int advancing) const {
  const auto& axes = problem_.tensor(tensor_).axes;
  const bool apart = std::any_of(axes.begin(), axes.end(), [&](const Axis& axis) {
    return has_padding(problem_, axis) &&
           std::any_of(axis.terms.begin(), axis.terms.end(), [d](auto& t) { return t.dim == d; });
  });
  Enumeration enumeration{*this, d, advancing, !apart, {}};
  enumeration.visit(0, problem_.bound(d), problem_.bound(d), {});
  return std::move(enumeration.found);
}

bool StepSums::passes(const Context& context, const StepFilter& filter, bool relevant_dim) {
  return (!filter.still || !relevant_dim || context.still) && (!filter.quiet || context.quiet) &&
         (!filter.origin || relevant_dim || context.origin);
}

namespace {

/// Words of one window axis that a child's tile touches: the coordinates a*i + b*j + offset within the extent.
struct WindowTile {
  const Axis& axis;
  const LoopProblem& problem;
  const DimSizes& tile;

  template <class Mark>
  void each(std::int64_t first, std::int64_t second, const Mark& mark) const {
    const Axis::Term &a = axis.terms[0], &b = axis.terms[1];
    const std::int64_t first_end = std::min(first + tile[index(a.dim)], problem.bound(a.dim));
    const std::int64_t second_end = std::min(second + tile[index(b.dim)], problem.bound(b.dim));
    for (std::int64_t i = first; i < first_end; ++i) {
      for (std::int64_t j = second; j < second_end; ++j) {
        const std::int64_t at = a.coefficient * i + b.coefficient * j + axis.offset;
        if (at >= 0 && at < axis.extent) mark(std::size_t(at));
      }
    }
  }
};

}  // namespace

/// What a sum over dimension d depends on, of the loop that advances and of the spreads: which loops over d are inside
/// it, and how the children over d share.
std::uint64_t StepSums::key(Dim d, int advancing, const std::vector<Spread>& spread) const {
  std::uint64_t key = kNoLoops;
  for (std::size_t i = 0; i < outside_; ++i) {
    const PlacedLoop& loop = placement_.loops[i];
    if (loop.dim != d) continue;
    const std::uint64_t digit = loop.spatial          ? std::uint64_t(spread[i])
                                : int(i) < advancing  ? 0
                                : int(i) == advancing ? 1
                                : advancing != kStart ? 2
                                                      : 3;
    key = key * 4 + digit;
  }
  return key;
}

Int128 StepSums::axis_sum(const Axis& axis, int advancing, StepFilter filter, const std::vector<Spread>& spread,
                          bool slide) const {
  if (!keeps()) return compute_axis_sum(axis, advancing, filter, spread, slide);
  const std::uint64_t first = key(axis.terms.front().dim, advancing, spread);
  const std::uint64_t second = axis.terms.size() == 1 ? kNoLoops : key(axis.terms.back().dim, advancing, spread);
  if (axis.terms.size() == 1 && first == kNoLoops) return problem_.bound(axis.terms.front().dim);
  const auto number = std::uint64_t(&axis - problem_.tensor(tensor_).axes.data());
  const std::uint64_t kind =
      number << 8 | std::uint64_t(filter.still) << 2 | std::uint64_t(filter.quiet) << 1 | std::uint64_t(slide) << 3;
  const auto [sum, fresh] = known_.try_emplace({kind, first, second});
  if (fresh) sum->second = compute_axis_sum(axis, advancing, filter, spread, slide);
  return sum->second;
}

Int128 StepSums::other_sum(Dim d, int advancing, StepFilter filter, const std::vector<Spread>& spread) const {
  if (!keeps()) return compute_other_sum(d, advancing, filter, spread);
  const std::uint64_t loops = key(d, advancing, spread);
  if (loops == kNoLoops) return 1;
  const std::uint64_t kind = std::uint64_t{1} << 16 | std::uint64_t(index(d)) << 8 | std::uint64_t(filter.origin) << 1 |
                             std::uint64_t(filter.quiet);
  const auto [sum, fresh] = known_.try_emplace({kind, loops, kNoLoops});
  if (fresh) sum->second = compute_other_sum(d, advancing, filter, spread);
  return sum->second;
}

Int128 StepSums::compute_axis_sum(const Axis& axis, int advancing, StepFilter filter, const std::vector<Spread>& spread,
                                  bool slide) const {
  if (axis.terms.size() == 1) {  // tiles of one dimension never overlap
    const Dim d = axis.terms[0].dim;
    const std::vector<Child> all = children(placement_, d, outside_, spread);
    Int128 sum = 0;
    for (const Context& c : contexts(d, advancing)) {
      if (!passes(c, filter, true)) continue;
      std::int64_t words = 0;
      for (const Child& child : all) {
        words += std::clamp<std::int64_t>(problem_.bound(d) - c.start - child.start, 0, tile_[index(d)]);
      }
      sum += Int128(c.times) * words;
    }
    return sum;
  }
  const Dim d0 = axis.terms[0].dim, d1 = axis.terms[1].dim;
  const std::vector<Child> first = children(placement_, d0, outside_, spread);
  const std::vector<Child> second = children(placement_, d1, outside_, spread);
  const PlacedLoop* loop = slide ? &placement_.loops[std::size_t(advancing)] : nullptr;
  const std::int64_t back0 = slide && loop->dim == d0 ? loop->tile : 0,
                     back1 = slide && loop->dim == d1 ? loop->tile : 0;
  const WindowTile window{axis, problem_, tile_};
  // stamp[x] is the last (context, group) that counted coordinate x: one pass, no clearing.
  std::vector<std::uint64_t> counted(std::size_t(axis.extent), 0), old(std::size_t(axis.extent), 0);
  std::uint64_t stamp = 0, old_stamp = 0;
  std::size_t groups0 = 1, groups1 = 1;
  for (const Child& child : first) groups0 = std::max(groups0, child.group + 1);
  for (const Child& child : second) groups1 = std::max(groups1, child.group + 1);
  const std::vector<Context> inner = contexts(d1, advancing);
  Int128 sum = 0;
  for (const Context& c0 : contexts(d0, advancing)) {
    if (!passes(c0, filter, true)) continue;
    for (const Context& c1 : inner) {
      if (!passes(c1, filter, true)) continue;
      for (std::size_t g0 = 0; g0 < groups0; ++g0) {
        for (std::size_t g1 = 0; g1 < groups1; ++g1) {
          ++stamp;
          for (const Child& k0 : first) {
            if (k0.group != g0) continue;
            for (const Child& k1 : second) {
              if (k1.group != g1) continue;
              if (slide) {
                ++old_stamp;
                window.each(c0.start + k0.start - back0, c1.start + k1.start - back1,
                            [&](std::size_t x) { old[x] = old_stamp; });
              }
              window.each(c0.start + k0.start, c1.start + k1.start, [&](std::size_t x) {
                if (counted[x] == stamp || (slide && old[x] == old_stamp)) return;
                counted[x] = stamp;
                sum += Int128(c0.times) * c1.times;
              });
            }
          }
        }
      }
    }
  }
  return sum;
}

/// A dimension that the tensor does not depend on: how many steps, times how many groups of children.
Int128 StepSums::compute_other_sum(Dim d, int advancing, StepFilter filter, const std::vector<Spread>& spread) const {
  const std::vector<Child> all = children(placement_, d, outside_, spread);
  std::vector<std::int64_t> first_start;  // of each group
  for (const Child& child : all) {
    if (child.group >= first_start.size()) first_start.resize(child.group + 1, INT64_MAX);
    first_start[child.group] = std::min(first_start[child.group], child.start);
  }
  Int128 sum = 0;
  for (const Context& c : contexts(d, advancing)) {
    if (!passes(c, filter, false)) continue;
    const std::int64_t room = problem_.bound(d) - c.start;
    const auto active = std::count_if(first_start.begin(), first_start.end(), [&](auto s) { return s < room; });
    sum += Int128(c.times) * active;
  }
  return sum;
}

Int128 StepSums::product(int advancing, StepFilter filter, const std::vector<Spread>& spread, bool slide) const {
  Int128 words = 1;
  for (const Axis& axis : problem_.tensor(tensor_).axes) {
    const bool moves = slide && axis.terms.size() > 1 &&
                       std::any_of(axis.terms.begin(), axis.terms.end(), [&](const Axis::Term& term) {
                         return term.dim == placement_.loops[std::size_t(advancing)].dim;
                       });
    words *= axis_sum(axis, advancing, filter, spread, moves);
    if (words == 0) return 0;
  }
  for (const Dim d : kAllDims) {
    if (!problem_.relevant(tensor_, d)) words *= other_sum(d, advancing, filter, spread);
  }
  return words;
}

Int128 StepSums::tiles(int advancing, StepFilter filter, const std::vector<Spread>& spread) const {
  return product(advancing, filter, spread, false);
}

Int128 StepSums::slides(int advancing, StepFilter filter, const std::vector<Spread>& spread) const {
  return product(advancing, filter, spread, true);
}

}  // namespace weft
