// SPDX-License-Identifier: Apache-2.0
#include "weft/mapper/free_nest.h"

#include <algorithm>
#include <variant>

#include "weft/base/ceil_div.h"

namespace weft::free_search {
namespace {

/// A mapping written from the inside out.
struct Nest {
  const Hardware& hardware;
  DimSizes left;                      ///< of each dimension, outside what is written
  std::vector<Mapping::Step> steps;   ///< innermost first
  std::int64_t left_inside_last = 1;  ///< of the last loop's dimension, inside it

  void point(std::size_t node, Tensor3 t) { steps.emplace_back(StoragePoint{hardware.nodes[node].name, t}); }

  /// Neighbouring loops over one dimension are one.
  void loop(std::size_t d, std::int64_t bound) {
    if (bound == 1) return;
    const std::int64_t inside = left[d];
    left[d] = ceil_div(left[d], bound);
    Loop* last = steps.empty() ? nullptr : std::get_if<Loop>(&steps.back());
    if (last != nullptr && last->fanout.empty() && last->dim == kAllDims[d]) {
      last->bound = left[d] == 1 ? left_inside_last : last->bound * bound;
    } else {
      steps.emplace_back(Loop{kAllDims[d], bound, "", ""});
      left_inside_last = inside;
    }
  }

  void array(const HardwareNode& fanout, const SpatialChoice& choice) {
    AxisBounds axes = choice.axes;
    if (choice.fold) {
      const auto& [d, axis, room] = *choice.fold;
      axes[axis][d] = fold_bound(left[d], room);
    }
    for (std::size_t d = 0; d < kDims; ++d) {
      for (std::size_t a = fanout.fanout.axes.size(); a-- > 0;) {
        if (axes[a][d] <= 1) continue;
        left[d] = ceil_div(left[d], axes[a][d]);
        steps.emplace_back(Loop{kAllDims[d], axes[a][d], fanout.name, fanout.fanout.axes[a].name});
      }
    }
  }
};

}  // namespace

Mapping mapping_of(const std::vector<Move>& moves, const std::vector<std::uint8_t>& outermost,
                   const LoopProblem& problem, const Hardware& hardware, const Machine& machine) {
  Nest nest{hardware, problem.bounds, {}, 1};
  std::size_t region = machine.regions.size() - 1;
  for (const Move& m : moves) {
    switch (m.kind) {
      case Move::none:
        break;
      case Move::loop:
        nest.loop(m.dim, m.number);
        break;
      case Move::point:
        nest.point(std::size_t(m.number), kAllTensors[m.dim]);
        break;
      case Move::array: {
        const Region& inside = machine.regions[region--];
        nest.array(hardware.nodes[*inside.fanout], inside.spread[std::size_t(m.number)]);
        break;
      }
    }
  }
  for (const std::uint8_t d : outermost) nest.loop(d, nest.left[d]);
  for (std::size_t d = 0; d < kDims; ++d) nest.loop(d, nest.left[d]);
  for (const Tensor3 t : {Tensor3::psum, Tensor3::weight, Tensor3::ifmap}) nest.point(machine.outermost[index(t)], t);
  return {{nest.steps.rbegin(), nest.steps.rend()}};
}

}  // namespace weft::free_search
