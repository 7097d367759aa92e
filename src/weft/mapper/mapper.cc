// SPDX-License-Identifier: Apache-2.0
#include "weft/mapper/mapper.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>

#include "weft/mapper/estimate.h"
#include "weft/mapper/skeleton.h"
#include "weft/model/counts.h"

namespace weft {
namespace {

constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

/// The smallest bound for each number of tiles that `extent` can be cut into, ascending: all others have a larger tile
/// for the same number. At most 2 sqrt(extent).
std::vector<std::int64_t> distinct_bounds(std::int64_t extent) {
  std::vector<std::int64_t> bounds;
  for (std::int64_t bound = extent; bound >= 1;) {
    const std::int64_t tiles = ceil_div(extent, bound);
    bound = ceil_div(extent, tiles);
    bounds.push_back(bound);
    if (bound == 1) break;
    --bound;
  }
  std::reverse(bounds.begin(), bounds.end());
  return bounds;
}

/// What is compared: the objective, then the other figures, so that equal costs have one winner.
struct Rank {
  Int128 objective = 0, energy = 0;
  std::int64_t latency = 0, idle_pes = 0;
  auto operator<=>(const Rank&) const = default;
};

Int128 value_of(Objective objective, Int128 energy, std::int64_t latency) {
  switch (objective) {
    case Objective::energy:
      return energy;
    case Objective::latency:
      return latency;
    case Objective::edp:
      break;
  }
  return energy * latency;
}

/// One way to spread dimensions over the array: the number of children along each, and how it is laid on the axes.
struct SpatialChoice {
  DimSizes children{1, 1, 1, 1, 1, 1, 1, 1};
  AxisBounds axes;
};

/// A choice with what everything made of it costs at least.
template <class What>
struct Bounded {
  What what;
  Int128 moving_energy = 0;
};

/// Everything from the array inwards, and which free loop is the innermost that moves.
struct Node {
  const SpatialChoice* spatial = nullptr;
  const DimSizes* inside = nullptr;
  int innermost = -1;  ///< slot; -1: no free loop moves
};

class Search {
 public:
  Search(const LoopProblem& problem, const Hardware& hardware, const Dataflow& dataflow, const MapOptions& options)
      : problem_(problem),
        hardware_(hardware),
        options_(options),
        skeleton_(skeleton(dataflow, hardware)),
        estimate_(problem, hardware, skeleton_, options) {
    for (const Dim d : kAllDims) {
      const std::vector<std::size_t> slots = skeleton_.slots_of(d);
      if (slots.empty()) continue;
      outermost_[index(d)] = int(slots.front());
      for (const std::size_t s : slots) {
        if (skeleton_.slots[s].spatial)
          spatial_[index(d)] = int(s);
        else if (int(s) == outermost_[index(d)])
          continue;
        else if (skeleton_.slots[s].inside_all)
          inside_[index(d)] = int(s);
        else
          free_[index(d)] = int(s);
      }
    }
    for (std::size_t s = 0; s < skeleton_.slots.size(); ++s) {
      if (is_free(s)) free_slots_.push_back(int(s));
    }
  }

  MappingResult run() {
    const auto start = std::chrono::steady_clock::now();
    for (const Dim d : kAllDims) {
      if (outermost_[index(d)] < 0 && problem_.bound(d) > 1) refuse_dimension(d);
    }
    list_spatial();
    list_inside();
    bound_lists();
    search();
    if (!found_) refuse_capacity();
    MappingResult best = result_of(best_choice_, *best_axes_);
    WEFT_ASSERT(
        rank({.energy = best.cost.total, .latency = best.counts.latency_cycles}, best.counts.active_pes) == best_rank_,
        "where it says so, the estimate is the cost");
    certificate_.optimal = true;
    certificate_.objective_value = certificate_.lower_bound = best_rank_.objective;
    certificate_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    best.certificate = certificate_;
    return best;
  }

 private:
  bool is_free(std::size_t s) const { return free_[index(skeleton_.slots[s].dim)] == int(s); }

  // ---- the space ---------------------------------------------------------------------------------------------------

  /// Every way to put at most `room` children of one axis to use.
  void axis_choices(std::size_t d, std::int64_t room, DimSizes& at, std::vector<DimSizes>& all) const {
    if (d == kDims) {
      all.push_back(at);
      return;
    }
    const std::int64_t most = spatial_[d] < 0 ? 1 : std::min(room, problem_.bounds[d]);
    for (std::int64_t b = 1; b <= most; ++b) {
      at[d] = b;
      axis_choices(d + 1, room / b, at, all);
    }
    at[d] = 1;
  }

  /// The distinct ways over all axes. Which axis a dimension takes changes nothing but what fits.
  void list_spatial() {
    DimSizes ones;
    ones.fill(1);
    std::map<DimSizes, AxisBounds> distinct;
    AxisBounds none;
    none.fill(ones);
    distinct[ones] = none;
    const auto& axes = hardware_.nodes[skeleton_.fanout].fanout.axes;
    for (std::size_t a = 0; a < axes.size(); ++a) {
      std::vector<DimSizes> choices;
      axis_choices(0, axes[a].size, ones, choices);
      std::map<DimSizes, AxisBounds> next;
      for (const auto& [children, bounds] : distinct) {
        for (const DimSizes& choice : choices) {
          DimSizes product = children;
          bool useful = true;
          for (std::size_t d = 0; d < kDims; ++d) {
            product[d] *= choice[d];
            // An outer loop of b tiles must need the last of them.
            useful = useful && (children[d] - 1) * choice[d] < problem_.bounds[d];
          }
          if (!useful || !worth(product)) continue;
          AxisBounds laid = bounds;
          laid[a] = choice;
          next.try_emplace(product, laid);
        }
      }
      distinct = std::move(next);
    }
    for (const auto& [children, axes_bounds] : distinct) spatials_.push_back({{children, axes_bounds}});
  }

  /// Of the numbers of children that make the same number of tiles of a dimension, only the smallest is wanted (where
  /// no loop inside makes other tiles of it), or one too large to be had exactly.
  bool worth(const DimSizes& children) const {
    for (std::size_t d = 0; d < kDims; ++d) {
      const std::int64_t D = problem_.bounds[d], b = children[d];
      if (inside_[d] < 0 && b < D && ceil_div(D, ceil_div(D, b)) != b) return false;
    }
    return true;
  }

  /// The bounds of the innermost loops that fit the stores of a PE.
  void list_inside() {
    DimSizes bounds;
    bounds.fill(1);
    inside_choices(0, bounds);
  }

  void inside_choices(std::size_t d, DimSizes& bounds) {
    if (d == kDims) {
      insides_.push_back({bounds});
      return;
    }
    std::vector<std::int64_t> candidates = {1};
    if (inside_[d] >= 0) {
      candidates.clear();
      // Where a spatial loop is between, every bound makes other tiles; else only the smallest for each number of
      // tiles.
      if (spatial_[d] < 0 && free_[d] < 0)
        candidates = distinct_bounds(problem_.bounds[d]);
      else
        for (std::int64_t b = 1; b <= problem_.bounds[d]; ++b) candidates.push_back(b);
    }
    for (const std::int64_t b : candidates) {
      bounds[d] = b;
      if (!pe_holds(bounds)) break;  // tiles only grow with b
      inside_choices(d + 1, bounds);
    }
    bounds[d] = 1;
  }

  /// Whether the stores inside the array hold the tiles of the innermost loops.
  bool pe_holds(const DimSizes& bounds) const {
    Choice choice = empty_choice();
    for (std::size_t d = 0; d < kDims; ++d) {
      if (inside_[d] >= 0) choice.bound[std::size_t(inside_[d])] = bounds[d];
    }
    return !over(choice, skeleton_.fanout + 1);
  }

  Choice empty_choice() const {
    Choice choice;
    choice.bound.fill(1);
    choice.order.resize(skeleton_.slots.size());
    std::iota(choice.order.begin(), choice.order.end(), std::uint8_t{0});
    return choice;
  }

  /// The first node from `from` on whose tiles do not fit, and the bits they need.
  std::optional<Overflow> over(const Choice& choice, std::size_t from) const {
    for (std::size_t n = from; n < hardware_.nodes.size(); ++n) {
      const std::optional<Bytes>& capacity = hardware_.nodes[n].store.capacity;
      if (!capacity) continue;
      std::int64_t bits = 0;
      for (const Tensor3 t : kAllTensors) {
        for (const Skeleton::Point& point : skeleton_.points[index(t)]) {
          if (point.node == n)
            bits += tile_words(problem_, t, tile_inside(choice, point.slots_outside)) * hardware_.bits[index(t)];
        }
      }
      if (bits > 8 * capacity->value) return Overflow{n, bits, 8 * capacity->value};
    }
    return std::nullopt;
  }

  DimSizes tile_inside(const Choice& choice, std::size_t outside) const {
    DimSizes tile;
    tile.fill(1);
    for (std::size_t s = outside; s < skeleton_.slots.size(); ++s) {
      std::int64_t& extent = tile[index(skeleton_.slots[s].dim)];
      extent = std::min(problem_.bound(skeleton_.slots[s].dim), extent * choice.bound[s]);
    }
    return tile;
  }

  // ---- bounds ------------------------------------------------------------------------------------------------------

  /// The loops from the array inwards; the rest 1.
  Choice core(const SpatialChoice& spatial, const DimSizes& inside) const {
    Choice choice = empty_choice();
    for (std::size_t d = 0; d < kDims; ++d) {
      if (inside_[d] >= 0) choice.bound[std::size_t(inside_[d])] = inside[d];
      if (spatial_[d] >= 0) choice.bound[std::size_t(spatial_[d])] = spatial.children[d];
    }
    return choice;
  }

  /// Whether every loop over the array has work for its last child, and no smaller bound inside makes as few tiles.
  bool useful(const SpatialChoice& spatial, const DimSizes& inside) const {
    for (std::size_t d = 0; d < kDims; ++d) {
      if (spatial_[d] < 0) continue;
      std::int64_t rest = spatial.children[d];
      for (const DimSizes& axis : spatial.axes) {
        rest /= axis[d];
        if (axis[d] > 1 && (axis[d] - 1) * rest * inside[d] >= problem_.bounds[d]) return false;
      }
      const std::int64_t per_child = ceil_div(problem_.bounds[d], spatial.children[d]);
      if (inside_[d] >= 0 && free_[d] < 0 && ceil_div(per_child, ceil_div(per_child, inside[d])) != inside[d])
        return false;
    }
    return true;
  }

  std::int64_t left(const Choice& choice, std::size_t d) const {
    std::int64_t inner = 1;
    for (std::size_t s = 0; s < skeleton_.slots.size(); ++s) {
      if (index(skeleton_.slots[s].dim) == d && int(s) != outermost_[d]) inner *= choice.bound[s];
    }
    return ceil_div(problem_.bounds[d], inner);
  }

  /// The outermost loop of each dimension takes what is left.
  void close(Choice& choice) const {
    for (std::size_t d = 0; d < kDims; ++d) {
      if (outermost_[d] >= 0) choice.bound[std::size_t(outermost_[d])] = left(choice, d);
    }
  }

  Rank rank(const Estimate& e, std::int64_t pes) const {
    return {value_of(options_.objective, e.energy, e.latency), e.energy, e.latency, hardware_.pes() - pes};
  }

  std::int64_t pes(const SpatialChoice& spatial) const {
    std::int64_t product = 1;
    for (std::size_t d = 0; d < kDims; ++d) product *= std::min(spatial.children[d], problem_.bounds[d]);
    return product;
  }

  /// The least moving energy over the classes of a choice, with every free loop taking all that is left: every transfer
  /// falls as the bounds grow, as long as the innermost free loop that moves stays the same.
  Int128 least_moving_energy(Choice choice) {
    const auto energy = [&](Choice closed) {
      close(closed);
      return estimate_.without_transfers(closed).moving_energy;
    };
    Int128 least = energy(choice);
    for (const int slot : free_slots_) {
      choice.bound[std::size_t(slot)] = left(choice, index(skeleton_.slots[std::size_t(slot)].dim));
      if (choice.bound[std::size_t(slot)] > 1) least = std::min(least, energy(choice));
    }
    return least;
  }

  /// Bounds each list by the other at its largest, which no choice exceeds, and sorts it.
  void bound_lists() {
    SpatialChoice widest;
    DimSizes largest;
    largest.fill(1);
    for (const auto& spatial : spatials_) {
      for (std::size_t d = 0; d < kDims; ++d) {
        widest.children[d] = std::max(widest.children[d], std::min(problem_.bounds[d], spatial.what.children[d]));
      }
    }
    for (const auto& inside : insides_) {
      for (std::size_t d = 0; d < kDims; ++d) largest[d] = std::max(largest[d], inside.what[d]);
    }
    for (auto& spatial : spatials_) spatial.moving_energy = least_moving_energy(core(spatial.what, largest));
    for (auto& inside : insides_) inside.moving_energy = least_moving_energy(core(widest, inside.what));
    const auto cheapest_first = [](const auto& a, const auto& b) { return a.moving_energy < b.moving_energy; };
    std::stable_sort(insides_.begin(), insides_.end(), cheapest_first);
    std::stable_sort(spatials_.begin(), spatials_.end(),
                     [&](const auto& a, const auto& b) { return spatial_bound(a) < spatial_bound(b); });
  }

  /// Steps that the array cannot do without.
  std::int64_t least_steps(const SpatialChoice& spatial) const {
    std::int64_t steps = 1;
    for (std::size_t d = 0; d < kDims; ++d) steps *= ceil_div(problem_.bounds[d], spatial.children[d]);
    return steps;
  }

  Rank bound(Int128 moving_energy, std::int64_t steps, std::int64_t pes) const {
    Estimate e;
    e.energy = moving_energy + steps * estimate_.energy_per_cycle();
    e.latency = steps;
    return rank(e, pes);
  }
  Rank spatial_bound(const Bounded<SpatialChoice>& spatial) const {
    return bound(spatial.moving_energy, least_steps(spatial.what), pes(spatial.what));
  }

  bool hopeless(const Rank& bound) const { return found_ && !(bound < best_rank_); }

  void search() {
    for (std::size_t s = 0; s < spatials_.size(); ++s) {
      const auto& spatial = spatials_[s];
      if (hopeless(spatial_bound(spatial))) {  // and so are all that follow
        certificate_.pruned["array"] += Int128(spatials_.size() - s) * insides_.size();
        return;
      }
      search_insides(spatial);
    }
  }

  void search_insides(const Bounded<SpatialChoice>& spatial) {
    const std::int64_t steps = least_steps(spatial.what), used = pes(spatial.what);
    for (std::size_t i = 0; i < insides_.size(); ++i) {
      const auto& inside = insides_[i];
      if (hopeless(bound(std::max(spatial.moving_energy, inside.moving_energy), steps, used))) {
        certificate_.pruned["pe"] += Int128(insides_.size() - i);
        return;
      }
      if (!useful(spatial.what, inside.what)) continue;
      Choice choice = core(spatial.what, inside.what);
      if (hopeless(bound(std::max(spatial.moving_energy, inside.moving_energy), exact_steps(choice), used))) {
        certificate_.pruned["steps"] += 1;
        continue;
      }
      if (over(choice, 0)) {
        certificate_.pruned["capacity"] += 1;
        continue;
      }
      search_classes(choice, {.spatial = &spatial.what, .inside = &inside.what});
    }
  }

  void search_classes(Choice choice, Node node) {
    search_class(choice, node);
    for (const int slot : free_slots_) {
      choice.bound[std::size_t(slot)] = left(choice, index(skeleton_.slots[std::size_t(slot)].dim));
      if (choice.bound[std::size_t(slot)] == 1) continue;
      node.innermost = slot;
      search_class(choice, node);
    }
  }

  void search_class(Choice choice, const Node& node) {
    certificate_.space += size_of_class(choice, node.innermost);
    close(choice);
    const std::int64_t used = pes(*node.spatial);
    if (hopeless(rank(estimate_.without_transfers(choice), used)) || hopeless(rank(estimate_(choice), used))) {
      certificate_.pruned["tiles"] += 1;
      return;
    }
    expand(node);
  }

  /// Steps of a choice: those of the loops over each dimension do not change with how its free loops share them, but
  /// may only grow.
  std::int64_t exact_steps(const Choice& choice) const {
    std::int64_t steps = 1;
    for (std::size_t d = 0; d < kDims; ++d) {
      const std::int64_t inner = inside_[d] < 0 ? 1 : choice.bound[std::size_t(inside_[d])];
      const std::int64_t tile = inner * (spatial_[d] < 0 ? 1 : choice.bound[std::size_t(spatial_[d])]);
      const std::int64_t D = problem_.bounds[d];
      steps *= D / tile * inner + std::min(inner, D % tile);
    }
    return steps;
  }

  /// Mappings of a class: bounds of the free loops, times the orders of the loops that may change places.
  Int128 size_of_class(const Choice& choice, int innermost) const {
    Int128 size = 1;
    for (const int slot : free_slots_) {
      if (slot > innermost) break;
      const auto candidates = distinct_bounds(choice.bound[std::size_t(slot)]).size();
      size *= Int128(slot == innermost ? std::max<std::size_t>(1, candidates - 1) : candidates);
    }
    return size;
  }

  // ---- expansion ---------------------------------------------------------------------------------------------------

  /// Shares what is left of each dimension between its free loop and its outermost one, innermost free loop first.
  /// Larger bounds cost no more, so they are tried first, and one that is hopeless ends its list; of the last loop only
  /// the largest bound that fits is wanted.
  void expand(const Node& node) {
    Choice choice = core(*node.spatial, *node.inside);
    choose_free(choice, free_slots_.size(), node);
  }

  void choose_free(Choice& choice, std::size_t remaining, const Node& node) {
    while (remaining > 0 && free_slots_[remaining - 1] > node.innermost) --remaining;
    if (remaining == 0) return finish(choice, node);
    const auto slot = std::size_t(free_slots_[remaining - 1]);
    choice.bound[slot] = 1;
    std::vector<std::int64_t> candidates = distinct_bounds(left(choice, index(skeleton_.slots[slot].dim)));
    for (auto b = candidates.rbegin(); b != candidates.rend(); ++b) {
      if (int(slot) == node.innermost && *b == 1) break;
      choice.bound[slot] = *b;
      if (over(choice, 0)) {
        certificate_.pruned["capacity"] += 1;
        continue;
      }
      if (hopeless(bound_with_rest(choice, remaining - 1, node))) {
        certificate_.pruned["shares"] += 1;
        break;
      }
      choose_free(choice, remaining - 1, node);
      if (remaining == 1) break;
    }
    choice.bound[slot] = 1;
  }

  /// The bound of a choice whose outer `remaining` free loops take all that is left.
  Rank bound_with_rest(Choice choice, std::size_t remaining, const Node& node) {
    for (std::size_t i = 0; i < remaining; ++i) {
      const auto slot = std::size_t(free_slots_[i]);
      choice.bound[slot] = left(choice, index(skeleton_.slots[slot].dim));
    }
    close(choice);
    return rank(estimate_(choice), pes(*node.spatial));
  }

  void finish(Choice choice, const Node& node) {
    if (over(choice, 0)) return;
    close(choice);
    if (!order_matters(choice)) return try_one(choice, node);
    std::vector<std::size_t> places;
    std::vector<std::uint8_t> loops;
    for (std::size_t s = 0; s < skeleton_.slots.size(); ++s) {
      if (!skeleton_.slots[s].any_order || choice.bound[s] == 1) continue;
      places.push_back(s);
      loops.push_back(std::uint8_t(s));
    }
    do {
      // Loops of bound 1 are nowhere: the others are permuted among their own places.
      for (std::size_t k = 0; k < places.size(); ++k) choice.order[places[k]] = loops[k];
      try_one(choice, node);
    } while (std::next_permutation(loops.begin(), loops.end()));
  }

  /// The order of the outer loops decides only what stays put across them: nothing does where every tensor has a
  /// relevant loop moving further in.
  bool order_matters(const Choice& choice) const {
    for (const Tensor3 t : kAllTensors) {
      const auto& points = skeleton_.points[index(t)];
      for (std::size_t i = 1; i < points.size(); ++i) {
        if (!order_matters(choice, t, points[i].slots_outside)) continue;
        return true;
      }
    }
    return false;
  }

  bool order_matters(const Choice& choice, Tensor3 t, std::size_t outside) const {
    bool other = false;
    for (std::size_t s = 0; s < outside; ++s) {
      const Slot& slot = skeleton_.slots[s];
      if (slot.spatial || choice.bound[s] == 1) continue;
      const bool relevant = problem_.relevant(t, slot.dim);
      if (!slot.any_order && relevant) return false;
      other = other || (slot.any_order && (!relevant || problem_.tensor(t).axes.size() > 0));
    }
    return other;
  }

  void try_one(const Choice& choice, const Node& node) {
    ++certificate_.visited;
    const Estimate estimate = estimate_(choice);
    Rank r = rank(estimate, pes(*node.spatial));
    if (hopeless(r)) return;
    if (!estimate.exact) {
      const MappingResult exact = result_of(choice, *node.spatial);
      r = rank({.energy = exact.cost.total, .latency = exact.counts.latency_cycles}, exact.counts.active_pes);
      if (hopeless(r)) return;
    }
    found_ = true;
    best_rank_ = r;
    best_choice_ = choice;
    best_axes_ = node.spatial;
  }

  /// The model's own counts and cost of a choice.
  MappingResult result_of(const Choice& choice, const SpatialChoice& spatial) const {
    MappingResult result;
    result.mapping = to_mapping(skeleton_, choice, spatial.axes, hardware_);
    const Placement placement = place(problem_, result.mapping, hardware_);
    result.counts = weft::count(problem_, placement, hardware_, options_.conventions);
    result.cost = cost(result.counts, placement, hardware_, options_.ifmap_zeros);
    return result;
  }

  // ---- what cannot be ----------------------------------------------------------------------------------------------

  [[noreturn]] void refuse_dimension(Dim d) const {
    throw Error(Problem{.id = "infeasible.dimension",
                        .what = fmt::format("the dataflow has no loop over {}, of which {} has {}", name(d),
                                            problem_.name, problem_.bound(d)),
                        .where = {},
                        .mend = fmt::format("add {} to one of its `loops:`", name(d))});
  }

  /// Even the smallest tiles do not fit: says which store lacks how much.
  [[noreturn]] void refuse_capacity() const {
    const std::optional<Overflow> least = over(empty_choice(), 0);
    const HardwareNode& node = hardware_.nodes[least ? least->node : 0];
    throw Error(Problem{
        .id = "infeasible.capacity",
        .what = fmt::format("{} has no mapping on '{}': the smallest tiles need {} B in store '{}', which holds {} B",
                            problem_.name, hardware_.name, ceil_div(least ? least->needed_bits : 0, 8), node.name,
                            least ? least->capacity_bits / 8 : 0),
        .where = node.where,
        .mend = fmt::format("give '{}' {} B more", node.name,
                            ceil_div(least ? least->needed_bits - least->capacity_bits : 0, 8))});
  }

  const LoopProblem& problem_;
  const Hardware& hardware_;
  const MapOptions& options_;
  Skeleton skeleton_;
  Estimator estimate_;
  std::array<int, kDims> outermost_{-1, -1, -1, -1, -1, -1, -1, -1}, spatial_ = outermost_, inside_ = outermost_,
                                                                     free_ = outermost_;
  std::vector<int> free_slots_;
  std::vector<Bounded<SpatialChoice>> spatials_;
  std::vector<Bounded<DimSizes>> insides_;
  bool found_ = false;
  Rank best_rank_;
  Choice best_choice_;
  const SpatialChoice* best_axes_ = nullptr;
  Certificate certificate_;
};

}  // namespace

std::string to_string(Objective objective) { return std::string(kObjectiveNames[std::size_t(objective)]); }

Int128 objective_value(Objective objective, const Cost& cost, const Counts& counts) {
  return value_of(objective, cost.total, counts.latency_cycles);
}

MappingResult find_mapping(const LoopProblem& problem, const Hardware& hardware, const Dataflow& dataflow,
                           const MapOptions& options) {
  return Search(problem, hardware, dataflow, options).run();
}

}  // namespace weft
