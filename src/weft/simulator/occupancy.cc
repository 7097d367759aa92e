// SPDX-License-Identifier: Apache-2.0
#include "weft/simulator/occupancy.h"

#include <fmt/format.h>

#include <algorithm>

#include "weft/base/ceil_div.h"

namespace weft {
namespace {

class Passes {
 public:
  Passes(const LoopProblem& problem, const Placement& placement, const Hardware& hardware, std::size_t most)
      : problem_(problem), hardware_(hardware), most_(most) {
    const auto& loops = placement.loops;
    std::size_t inside = loops.size();  // of the last spatial loop
    while (inside > 0 && !loops[inside - 1].spatial) --inside;
    for (std::size_t i = 0; i < loops.size(); ++i) {
      (loops[i].spatial ? spatial_ : i < inside ? result_.loops : inner_).push_back(loops[i]);
    }
  }

  Occupancy run() {
    pass(0, {}, {});
    return std::move(result_);
  }

 private:
  std::int64_t trips(const PlacedLoop& loop, const DimSizes& at) const {
    return std::min(loop.bound, ceil_div(problem_.bound(loop.dim) - at[index(loop.dim)], loop.tile));
  }

  void pass(std::size_t i, const DimSizes& at, const std::vector<std::int64_t>& indices) {
    if (result_.passes.size() >= most_) {
      result_.complete = false;
      return;
    }
    if (i == result_.loops.size()) {
      Pass now{.start = time_, .steps = steps(0, at), .at = indices, .pes = {}};
      children(0, at, 0, now.pes);
      std::sort(now.pes.begin(), now.pes.end());
      time_ += now.steps;
      result_.passes.push_back(std::move(now));
      return;
    }
    const PlacedLoop& loop = result_.loops[i];
    DimSizes here = at;
    std::vector<std::int64_t> more = indices;
    more.push_back(0);
    for (std::int64_t k = trips(loop, at); k > 0 && result_.complete; --k) {
      pass(i + 1, here, more);
      here[index(loop.dim)] += loop.tile;
      ++more.back();
    }
  }

  /// Steps of the loops inside the array, as child 0 takes them.
  std::int64_t steps(std::size_t i, const DimSizes& at) const {
    if (i == inner_.size()) return 1;
    const PlacedLoop& loop = inner_[i];
    std::int64_t sum = 0;
    DimSizes here = at;
    const std::int64_t n = trips(loop, at);
    for (std::int64_t k = 0; k < n; ++k) {
      const bool alike = k + 1 < n && std::none_of(inner_.begin() + std::ptrdiff_t(i) + 1, inner_.end(),
                                                   [&](const PlacedLoop& l) { return l.dim == loop.dim; });
      if (alike) return n * steps(i + 1, here);
      sum += steps(i + 1, here);
      here[index(loop.dim)] += loop.tile;
    }
    return sum;
  }

  void children(std::size_t i, const DimSizes& at, std::int64_t pe, std::vector<std::int64_t>& pes) const {
    if (i == spatial_.size()) return pes.push_back(pe);
    const PlacedLoop& loop = spatial_[i];
    DimSizes here = at;
    for (std::int64_t k = 0; k < loop.bound && here[index(loop.dim)] < problem_.bound(loop.dim); ++k) {
      children(i + 1, here, pe + k * distance(i), pes);
      here[index(loop.dim)] += loop.tile;
    }
  }

  /// PEs from one child of a spatial loop to the next: the loops further in on its axis, then all axes further in.
  std::int64_t distance(std::size_t i) const {
    std::int64_t product = 1;
    for (std::size_t k = i + 1; k < spatial_.size(); ++k) {
      if (spatial_[k].node == spatial_[i].node && spatial_[k].axis == spatial_[i].axis) product *= spatial_[k].bound;
    }
    for (std::size_t n = spatial_[i].node; n < hardware_.nodes.size(); ++n) {
      const auto& axes = hardware_.nodes[n].fanout.axes;
      for (std::size_t a = n == spatial_[i].node ? spatial_[i].axis + 1 : 0; a < axes.size(); ++a)
        product *= axes[a].size;
    }
    return product;
  }

  const LoopProblem& problem_;
  const Hardware& hardware_;
  const std::size_t most_;
  std::vector<PlacedLoop> spatial_, inner_;
  Occupancy result_;
  std::int64_t time_ = 0;
};

}  // namespace

Occupancy occupancy(const LoopProblem& problem, const Placement& placement, const Hardware& hardware,
                    std::size_t most) {
  return Passes(problem, placement, hardware, most).run();
}

std::string pe_name(const Hardware& hardware, std::int64_t pe) {
  std::string text;
  for (auto node = hardware.nodes.rbegin(); node != hardware.nodes.rend(); ++node) {
    for (auto axis = node->fanout.axes.rbegin(); axis != node->fanout.axes.rend(); ++axis) {
      text = fmt::format("{}.{} {}{}{}", node->name, axis->name, pe % axis->size, text.empty() ? "" : ", ", text);
      pe /= axis->size;
    }
  }
  return text.empty() ? "PE" : text;
}

}  // namespace weft
