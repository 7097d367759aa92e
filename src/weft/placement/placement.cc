// SPDX-License-Identifier: Apache-2.0
#include "weft/placement/placement.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "weft/base/ceil_div.h"

namespace weft {
namespace {

static_assert(kTensorWords == kTensorNames, "hardware files and mappings mean the same tensors, in the same order");

/// Resolves one mapping; problems collect.
struct Placer {
  const LoopProblem& problem;
  const Hardware& hardware;
  const Place& where;
  Placement placement;
  std::vector<Problem> problems;

  void complain(std::string id, std::string what, std::string mend) {
    problems.push_back({std::move(id), std::move(what), where, std::move(mend)});
  }

  std::vector<std::string> node_names(NodeKind kind) const {
    std::vector<std::string> names;
    for (const HardwareNode& node : hardware.nodes) {
      if (node.kind == kind) names.push_back(node.name);
    }
    return names;
  }

  const HardwareNode* find(const std::string& name, NodeKind kind, const char* id, const char* word) {
    const HardwareNode* node = hardware.find(name);
    if (node != nullptr && node->kind == kind) return node;
    const std::vector<std::string> names = node_names(kind);
    const std::string near = nearest(name, names);
    complain(
        id, fmt::format("hardware '{}' has no {} '{}'", hardware.name, word, name),
        near.empty() ? fmt::format("one of: {}", fmt::join(names, ", ")) : fmt::format("did you mean '{}'?", near));
    return nullptr;
  }

  void add(const Loop& loop) {
    PlacedLoop placed{.dim = loop.dim, .bound = loop.bound, .spatial = !loop.fanout.empty()};
    if (placed.spatial) {
      const HardwareNode* node = find(loop.fanout, NodeKind::fanout, "mapping.unknown-fanout", "fanout");
      if (node == nullptr) return;
      const auto& axes = node->fanout.axes;
      const auto axis =
          std::find_if(axes.begin(), axes.end(), [&](const FanoutAxis& a) { return a.name == loop.axis; });
      if (axis == axes.end()) {
        complain("mapping.bad-axis", fmt::format("fanout '{}' has no axis '{}'", loop.fanout, loop.axis),
                 fmt::format("it has {}", axes.front().name + (axes.size() > 1 ? " and " + axes.back().name : "")));
        return;
      }
      placed.node = static_cast<std::size_t>(node - hardware.nodes.data());
      placed.axis = static_cast<std::size_t>(axis - axes.begin());
    }
    if (placed.bound > 1) placement.loops.push_back(placed);
  }

  void add(const StoragePoint& point) {
    const HardwareNode* node = find(point.store, NodeKind::store, "mapping.unknown-store", "store");
    if (node == nullptr) return;
    if (!node->store.keeps[index(point.tensor)]) {
      complain("mapping.not-kept", fmt::format("store '{}' cannot keep {}", point.store, name(point.tensor)),
               "leave it out there, or add it to the store's `keeps:` in the hardware file");
      return;
    }
    placement.points[index(point.tensor)].push_back(
        {static_cast<std::size_t>(node - hardware.nodes.data()), placement.loops.size()});
  }

  void check_bounds() {
    for (const Dim d : kAllDims) {
      const std::int64_t bound = problem.bound(d);
      std::int64_t tile = 1;
      PlacedLoop* outermost = nullptr;
      for (auto loop = placement.loops.rbegin(); loop != placement.loops.rend(); ++loop) {
        if (loop->dim != d) continue;
        loop->tile = tile;
        outermost = &*loop;
        if (tile >= bound) break;  // this loop has nothing left to do: reported below
        tile = loop->bound > bound / tile + 1 ? bound + tile : tile * loop->bound;
      }
      if (tile < bound) {
        complain("mapping.bound-short",
                 fmt::format("the loops over {} cover {} of its {} indices", name(d), tile, bound),
                 fmt::format("make the bounds of {} multiply to {} or just above it", name(d), bound));
      } else if (outermost != nullptr && (outermost->bound - 1) * static_cast<Int128>(outermost->tile) >= bound) {
        complain("mapping.bound-long",
                 fmt::format("a loop over {} with bound {} and tiles of {} runs past the {} indices there are", name(d),
                             outermost->bound, outermost->tile, bound),
                 fmt::format("its bound is {}", std::max<std::int64_t>(1, ceil_div(bound, outermost->tile))));
      }
    }
  }

  /// Points follow the tree, begin at the outermost store, and a spatial loop stands between what is outside its fanout
  /// and what is inside.
  void check_order() {
    for (const Tensor3 t : kAllTensors) {
      const auto& points = placement.points[index(t)];
      const auto outermost = std::find_if(hardware.nodes.begin(), hardware.nodes.end(), [t](const HardwareNode& node) {
        return node.kind == NodeKind::store && node.store.keeps[index(t)];
      });
      const auto root = static_cast<std::size_t>(outermost - hardware.nodes.begin());
      if (points.empty() || points.front().node != root || points.front().loops_outside != 0) {
        complain(
            "mapping.order", fmt::format("{} does not begin at store '{}'", name(t), outermost->name),
            fmt::format("begin the nest with {{store: {}, keeps: [{}]}}, before every loop", outermost->name, name(t)));
      }
      for (std::size_t i = 1; i < points.size(); ++i) {
        if (points[i].node > points[i - 1].node) continue;
        complain("mapping.order",
                 fmt::format("{} is kept in '{}' inside '{}', against the hardware's order", name(t),
                             hardware.nodes[points[i].node].name, hardware.nodes[points[i - 1].node].name),
                 "list the storage points of one tensor outermost first, each store once");
      }
      check_sides(t);
    }
    for (std::size_t i = 0; i < placement.loops.size(); ++i) {
      for (std::size_t k = i + 1; k < placement.loops.size(); ++k) {
        const PlacedLoop &a = placement.loops[i], &b = placement.loops[k];
        if (a.spatial && b.spatial && a.node > b.node) {
          complain("mapping.order",
                   fmt::format("a loop at fanout '{}' is outside one at '{}', against the hardware's order",
                               hardware.nodes[a.node].name, hardware.nodes[b.node].name),
                   "put the loops of the outer fanout first");
        }
      }
    }
  }

  void check_sides(Tensor3 t) {
    for (const PlacedPoint& point : placement.points[index(t)]) {
      for (std::size_t i = 0; i < placement.loops.size(); ++i) {
        const PlacedLoop& loop = placement.loops[i];
        if (!loop.spatial || (loop.node < point.node) == (i < point.loops_outside)) continue;
        complain("mapping.order",
                 fmt::format("the loop over {} at fanout '{}' is on the wrong side of {} in store '{}'", name(loop.dim),
                             hardware.nodes[loop.node].name, name(t), hardware.nodes[point.node].name),
                 fmt::format("put it {} that storage point", loop.node < point.node ? "outside" : "inside"));
      }
    }
  }

  void check_fanouts() {
    for (std::size_t n = 0; n < hardware.nodes.size(); ++n) {
      const auto& axes = hardware.nodes[n].fanout.axes;
      for (std::size_t a = 0; a < axes.size(); ++a) {
        std::int64_t used = 1;
        for (const PlacedLoop& loop : placement.loops) {
          if (loop.spatial && loop.node == n && loop.axis == a)
            used = std::min(used * loop.bound, std::int64_t{1} << 40);
          if (used > axes[a].size) break;
        }
        if (used <= axes[a].size) continue;
        complain("mapping.fanout-overflow",
                 fmt::format("the loops at {}.{} spread over {} or more children; there are {}", hardware.nodes[n].name,
                             axes[a].name, used, axes[a].size),
                 fmt::format("keep the product of their bounds at most {}", axes[a].size));
      }
    }
  }

  Placement run(const Mapping& mapping) {
    for (const Mapping::Step& step : mapping.steps) {
      std::visit([this](const auto& s) { add(s); }, step);
    }
    if (problems.empty()) check_bounds();
    if (problems.empty()) check_order();
    if (problems.empty()) check_fanouts();
    if (!problems.empty()) throw Error(std::move(problems));
    return std::move(placement);
  }
};

std::int64_t axis_words(const Axis& axis, const DimSizes& tile) {
  WEFT_ASSERT(!axis.terms.empty() && axis.terms.size() <= 2, "loop_problem makes axes of one or two terms");
  const auto extent = [&](std::size_t i) { return tile[index(axis.terms[i].dim)]; };
  const std::int64_t touched = axis.terms.size() == 1 ? extent(0)
                                                      : distinct_sums(axis.terms[0].coefficient, extent(0),
                                                                      axis.terms[1].coefficient, extent(1));
  return std::min(touched, axis.extent);
}

}  // namespace

Placement place(const LoopProblem& problem, const Mapping& mapping, const Hardware& hardware, const Place& where) {
  return Placer{problem, hardware, where, {}, {}}.run(mapping);
}

std::int64_t distinct_sums(std::int64_t a, std::int64_t m, std::int64_t b, std::int64_t n) {
  if (a != 1 && b != 1) {  // divisions are slow, and almost never needed
    const std::int64_t divisor = std::gcd(a, b);
    a /= divisor;
    b /= divisor;
  }
  return m * n - std::max<std::int64_t>(0, m - b) * std::max<std::int64_t>(0, n - a);
}

DimSizes tile_at(const LoopProblem& problem, const Placement& placement, std::size_t loops_outside) {
  DimSizes tile{1, 1, 1, 1, 1, 1, 1, 1};
  for (std::size_t i = loops_outside; i < placement.loops.size(); ++i) {
    const PlacedLoop& loop = placement.loops[i];
    std::int64_t& extent = tile[index(loop.dim)];
    extent = std::min(problem.bound(loop.dim), extent * loop.bound);
  }
  return tile;
}

std::int64_t tile_words(const LoopProblem& problem, Tensor3 t, const DimSizes& tile) {
  std::int64_t words = 1;
  for (const Axis& axis : problem.tensor(t).axes) words *= axis_words(axis, tile);
  return words;
}

bool adds(const FanoutNode& fanout, Dim d) {
  const auto found = std::find(kReductionWords.begin(), kReductionWords.end(), name(d));
  return found == kReductionWords.end() || fanout.reduces[std::size_t(found - kReductionWords.begin())];
}

std::optional<Overflow> overflow(const LoopProblem& problem, const Placement& placement, const Hardware& hardware) {
  std::vector<std::int64_t> needed(hardware.nodes.size(), 0);
  for (const Tensor3 t : kAllTensors) {
    for (const PlacedPoint& point : placement.points[index(t)]) {
      needed[point.node] +=
          tile_words(problem, t, tile_at(problem, placement, point.loops_outside)) * hardware.bits[index(t)];
    }
  }
  for (std::size_t n = 0; n < hardware.nodes.size(); ++n) {
    const std::optional<Bytes>& capacity = hardware.nodes[n].store.capacity;
    if (capacity && needed[n] > 8 * capacity->value) return Overflow{n, needed[n], 8 * capacity->value};
  }
  return std::nullopt;
}

void require_fits(const LoopProblem& problem, const Placement& placement, const Hardware& hardware,
                  const Place& where) {
  const std::optional<Overflow> over = overflow(problem, placement, hardware);
  if (!over) return;
  const std::string& store = hardware.nodes[over->node].name;
  const std::int64_t needed = ceil_div(over->needed_bits, 8);
  throw Error(Problem{
      .id = "mapping.tile-too-large",
      .what = fmt::format("store '{}' holds {} B, but the tiles of {} kept there need {} B", store,
                          over->capacity_bits / 8, problem.name, needed),
      .where = where,
      .mend = fmt::format("lower a loop bound inside '{}', or give it a capacity of at least {} B", store, needed)});
}

std::int64_t active_pes(const LoopProblem& problem, const Placement& placement) {
  std::int64_t product = 1;
  for (const Dim d : kAllDims) {
    std::vector<std::int64_t> starts = {0};  // of the children, at the first step
    for (const PlacedLoop& loop : placement.loops) {
      if (!loop.spatial || loop.dim != d) continue;
      std::vector<std::int64_t> next;
      for (const std::int64_t start : starts) {
        for (std::int64_t i = 0; i < loop.bound; ++i) {
          if (start + i * loop.tile < problem.bound(d)) next.push_back(start + i * loop.tile);
        }
      }
      starts = std::move(next);
    }
    product *= static_cast<std::int64_t>(starts.size());
  }
  return product;
}

}  // namespace weft
