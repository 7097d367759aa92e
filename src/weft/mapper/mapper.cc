// SPDX-License-Identifier: Apache-2.0
#include "weft/mapper/mapper.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>
#include <set>
#include <tuple>

#include "weft/base/ceil_div.h"
#include "weft/mapper/estimate.h"
#include "weft/mapper/free_search.h"
#include "weft/mapper/skeleton.h"
#include "weft/model/counts.h"

namespace weft {
namespace {

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

/// distinct_bounds(extent).size(): ceil(extent / b) is floor((extent - 1) / b) + 1, and floor(n / b) takes 2r or 2r - 1
/// values above 0, r = floor(sqrt(n)), and 0.
std::int64_t distinct_count(std::int64_t extent) {
  if (--extent == 0) return 1;
  std::int64_t root = std::llround(std::floor(std::sqrt(double(extent))));
  while (root * root > extent) --root;
  while ((root + 1) * (root + 1) <= extent) ++root;
  return extent >= root * (root + 1) ? 2 * root + 1 : 2 * root;
}

/// What is compared: the objective, then the other figures, so that equal costs have one winner.
struct Rank {
  Int128 objective = 0, second = 0, energy = 0;
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

/// Everything from the array inwards, and which free loops move.
struct Node {
  const SpatialChoice* spatial = nullptr;
  const DimSizes* inside = nullptr;
  std::uint32_t moving = 0;  ///< a bit for each of the free slots
};

/// Whether a loop of this bound over so many tiles stands still in its last one: there it does not displace what loops
/// further in keep.
bool stands_still(std::int64_t tiles, std::int64_t bound) { return bound > 1 && tiles % bound == 1; }
bool may_stand_still(std::int64_t tiles) {
  const std::vector<std::int64_t> bounds = distinct_bounds(tiles);
  return std::any_of(bounds.begin(), bounds.end(), [tiles](std::int64_t b) { return stands_still(tiles, b); });
}

/// A mapping that may be among the best.
struct Found {
  Rank rank;
  Choice choice;
  const SpatialChoice* axes = nullptr;
};

using Clock = std::chrono::steady_clock;

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
    const auto start = Clock::now();
    for (const Dim d : kAllDims) {
      if (outermost_[index(d)] < 0 && problem_.bound(d) > 1) refuse_dimension(d);
    }
    list_spatial();
    list_inside();
    if (insides_.empty()) refuse_capacity();
    list_groups();
    certificate_.space = size_of_space();
    compulsory_ = estimate_.sums(estimate_.compulsory(), {});
    search(start);
    if (found_.empty()) refuse_capacity();
    MappingResult best = result_of(found_.front());
    WEFT_ASSERT(rank({.energy = best.cost.total, .latency = best.counts.latency_cycles}, best.counts.active_pes) ==
                    found_.front().rank,
                "where it says so, the estimate is the cost");
    certificate_.objective_value = found_.front().rank.objective;
    certificate_.lower_bound = std::min(certificate_.objective_value, unseen_.value_or(certificate_.objective_value));
    certificate_.optimal = !unseen_;
    for (std::size_t f = 1; f < found_.size(); ++f) best.next.push_back(result_of(found_[f]));
    certificate_.seconds = std::chrono::duration<double>(Clock::now() - start).count();
    best.certificate = certificate_;
    return best;
  }

 private:
  bool is_free(std::size_t s) const { return free_[index(skeleton_.slots[s].dim)] == int(s); }

  // ---- the space ---------------------------------------------------------------------------------------------------

  /// The ways to spread dimensions over the array: an outer loop of several children must need the last of them.
  void list_spatial() {
    const auto allowed = [this](std::size_t d, std::int64_t children, std::int64_t b) {
      return b == 1 || (spatial_[d] >= 0 && (children - 1) * b < problem_.bounds[d]);
    };
    const FanoutNode& array = hardware_.nodes[skeleton_.fanout].fanout;
    for (const auto& [children, axes] : spatial_choices(array, problem_.bounds, allowed)) {
      if (worth(children)) spatials_.push_back({children, axes});
    }
  }

  /// Of the numbers of children that make the same number of tiles of a dimension, only the smallest is wanted (where
  /// no loop inside makes other tiles of it), or one too large to be had exactly.
  bool worth(const DimSizes& children) const {
    for (std::size_t d = 0; d < kDims; ++d) {
      const std::int64_t D = problem_.bounds[d], b = children[d];
      if (b < D && spatial_[d] >= 0 && spatial_[d] == outermost_[d]) return false;  // its only loop
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
      insides_.push_back(bounds);
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
    choice.slots = skeleton_.slots.size();
    std::iota(choice.order.begin(), choice.order.begin() + std::ptrdiff_t(choice.slots), std::uint8_t{0});
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
      const std::size_t d = index(skeleton_.slots[s].dim);
      // Inside its outermost loop a dimension is whole.
      tile[d] = int(s) == outermost_[d] ? problem_.bounds[d] : std::min(problem_.bounds[d], tile[d] * choice.bound[s]);
    }
    return tile;
  }

  /// Ways to share every dimension among its loops that the PEs hold, whether they fit the stores outside or not, and
  /// without the orders of loops that may change places.
  Int128 size_of_space() const {
    std::array<std::vector<std::int64_t>, kDims> shares;  // of a free loop, by the tile inside it
    for (const int slot : free_slots_) {
      const std::size_t d = index(skeleton_.slots[std::size_t(slot)].dim);
      for (std::int64_t tile = 1; tile <= problem_.bounds[d]; ++tile)
        shares[d].push_back(distinct_count(ceil_div(problem_.bounds[d], tile)));
    }
    Int128 size = 0;
    for (const SpatialChoice& spatial : spatials_) {
      for (const DimSizes& inside : insides_) {
        std::int64_t product = 1;
        for (const int slot : free_slots_) {
          const std::size_t d = index(skeleton_.slots[std::size_t(slot)].dim);
          const std::int64_t tile = std::min(problem_.bounds[d], spatial.children[d] * inside[d]);
          product *= shares[d][std::size_t(tile - 1)];
        }
        size += product;
      }
    }
    return size;
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

  /// Whether every loop of a dimension over the array has work for its last child, and no smaller bound inside makes as
  /// few tiles.
  bool useful(const SpatialChoice& spatial, std::size_t d, std::int64_t inside) const {
    if (spatial_[d] < 0) return true;
    std::int64_t rest = spatial.children[d];
    for (const DimSizes& axis : spatial.axes) {
      rest /= axis[d];
      if (axis[d] > 1 && (axis[d] - 1) * rest * inside >= problem_.bounds[d]) return false;
    }
    if (inside_[d] < 0 || free_[d] >= 0) return true;
    const std::int64_t per_child = ceil_div(problem_.bounds[d], spatial.children[d]);
    return ceil_div(per_child, ceil_div(per_child, inside)) == inside;
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
    const auto value = [&](Objective objective) { return value_of(objective, e.energy, e.latency); };
    return {value(options_.objective), value(second_), e.energy, e.latency, hardware_.pes() - pes};
  }

  /// Children with work: the tiles inside them may be so large that the last ones have none.
  std::int64_t pes(const SpatialChoice& spatial, const DimSizes& inside) const {
    std::int64_t product = 1;
    for (std::size_t d = 0; d < kDims; ++d) {
      product *= std::min(spatial.children[d], ceil_div(problem_.bounds[d], inside[d]));
    }
    return product;
  }

  bool moves(std::uint32_t moving, std::size_t k) const { return (moving >> k & 1u) != 0; }

  /// The loops that move when the dimensions of `dims` (a bit each) have more than one tile outside the array, in the
  /// class where the free loops of `moving` take all of theirs.
  std::uint32_t moving_slots(std::uint32_t dims, std::uint32_t moving) const {
    std::uint32_t slots = 0;
    for (std::size_t d = 0; d < kDims; ++d) {
      if ((dims >> d & 1u) != 0) slots |= 1u << outermost_[d];
    }
    for (std::size_t k = 0; k < free_slots_.size(); ++k) {
      if (!moves(moving, k)) continue;
      const auto slot = std::size_t(free_slots_[k]);
      slots ^= 1u << outermost_[index(skeleton_.slots[slot].dim)];
      slots |= 1u << slot;
    }
    return slots;
  }

  /// The free loops in `moving` take all that is left, the others nothing.
  void take_all(Choice& choice, std::uint32_t moving) const {
    for (std::size_t k = 0; k < free_slots_.size(); ++k) {
      const auto slot = std::size_t(free_slots_[k]);
      if (moves(moving, k)) choice.bound[slot] = left(choice, index(skeleton_.slots[slot].dim));
    }
  }

  /// The terms of a choice in the class where just these free loops move, which are then at their largest: every
  /// transfer falls as their bounds grow, as long as the same loops move.
  Estimator::Terms class_terms(Choice choice, std::uint32_t moving, std::uint32_t dims) {
    take_all(choice, moving);
    close(choice);
    return estimate_.terms(choice, moving_slots(dims, moving));
  }

  /// The classes that there are when those dimensions have more than one tile: all sets of their free loops, the
  /// smallest numbers first.
  const std::vector<std::uint32_t>& classes(std::uint32_t tiled) {
    std::vector<std::uint32_t>& result = classes_[tiled];
    if (!result.empty()) return result;
    for (std::uint32_t moving = 0; moving < 1u << free_slots_.size(); ++moving) {
      bool possible = true;
      for (std::size_t k = 0; k < free_slots_.size(); ++k) {
        const Dim d = skeleton_.slots[std::size_t(free_slots_[k])].dim;
        possible = possible && (!moves(moving, k) || (tiled >> index(d) & 1u) != 0);
      }
      if (possible) result.push_back(moving);
    }
    return result;
  }

  /// Dimensions that meet in no window but their own: a transfer is a product over the groups.
  std::vector<std::vector<Dim>> groups() const {
    std::vector<std::vector<Dim>> result;
    std::array<bool, kDims> taken{};
    for (const Axis& axis : problem_.tensor(Tensor3::ifmap).axes) {
      if (axis.terms.size() < 2) continue;
      result.push_back({axis.terms[0].dim, axis.terms[1].dim});
      for (const Axis::Term& term : axis.terms) taken[index(term.dim)] = true;
    }
    for (const Dim d : kAllDims) {
      if (!taken[index(d)]) result.push_back({d});
    }
    return result;
  }

  /// What one group's loops over the array and in the PEs do to each term: its factor, relative to the largest choice.
  /// A term is the product of its factors over the groups.
  struct Factors {
    std::vector<Estimator::Terms> by_class;  ///< in the order of classes(); empty: not known yet
    Estimator::Terms least;                  ///< in any class
  };
  struct GroupChoice {
    DimSizes children, inside;
    std::int64_t steps = 1;
    std::uint32_t tiled = 0;       ///< dimensions with more than one tile outside, a bit each
    std::uint32_t ragged = 0;      ///< free loops that may stand still, a bit each
    std::vector<Factors> factors;  ///< by the number of the set of dimensions tiled in all groups
  };
  struct Group {
    std::vector<Dim> dims;
    std::vector<std::size_t> spatial_key, inside_key;  ///< of each choice of the lists: row and column of the table
    std::size_t columns = 0;
    std::vector<GroupChoice> table;
    std::vector<bool> useful;  ///< by column, over the array as it was looked at last
  };

  /// Numbers the distinct bounds that the choices of a list give the dimensions of a group.
  template <class List, class Bounds>
  static std::vector<DimSizes> number(const List& list, const std::vector<Dim>& dims, const Bounds& bounds,
                                      std::vector<std::size_t>& keys) {
    std::map<DimSizes, std::size_t> numbers;
    std::vector<DimSizes> distinct;
    for (const auto& choice : list) {
      DimSizes key;
      key.fill(1);
      for (const Dim d : dims) key[index(d)] = bounds(choice)[index(d)];
      const auto [at, fresh] = numbers.try_emplace(key, distinct.size());
      if (fresh) distinct.push_back(key);
      keys.push_back(at->second);
    }
    return distinct;
  }

  void list_groups() {
    largest_.fill(1);
    for (const SpatialChoice& spatial : spatials_) {
      for (std::size_t d = 0; d < kDims; ++d) {
        widest_.children[d] = std::max(widest_.children[d], std::min(problem_.bounds[d], spatial.children[d]));
      }
    }
    for (const DimSizes& inside : insides_) {
      for (std::size_t d = 0; d < kDims; ++d) largest_[d] = std::max(largest_[d], inside[d]);
    }
    for (const std::vector<Dim>& dims : groups()) {
      Group group{.dims = dims};
      const auto rows = number(
          spatials_, dims, [](const SpatialChoice& c) { return c.children; }, group.spatial_key);
      const auto columns = number(
          insides_, dims, [](const DimSizes& c) { return c; }, group.inside_key);
      group.columns = columns.size();
      for (const DimSizes& children : rows) {
        for (const DimSizes& inside : columns) group.table.push_back(group_choice(dims, children, inside));
      }
      if (group.table.size() > 1) {
        group.useful.resize(group.columns);
        groups_.push_back(std::move(group));
      } else {  // without a choice its factors are all 1
        only_steps_ *= group.table.front().steps;
        only_tiled_ |= group.table.front().tiled;
        only_ragged_ |= group.table.front().ragged;
      }
    }
  }

  GroupChoice group_choice(const std::vector<Dim>& dims, const DimSizes& children, const DimSizes& inside) const {
    GroupChoice result{children, inside, 1, 0, 0, {}};
    for (const Dim d : dims) {
      const std::int64_t D = problem_.bound(d), bound = inside[index(d)], tile = children[index(d)] * bound;
      result.steps *= D / tile * bound + std::min(bound, D % tile);
      if (tile >= D) continue;
      result.tiled |= 1u << index(d);
      const auto slot = std::find(free_slots_.begin(), free_slots_.end(), free_[index(d)]);
      if (slot != free_slots_.end() && may_stand_still(ceil_div(D, tile)))
        result.ragged |= 1u << (slot - free_slots_.begin());
    }
    return result;
  }

  /// The terms of a choice in each class.
  Factors terms_by_class(const Choice& choice, std::uint32_t tiled) {
    Factors result;
    for (const std::uint32_t moving : classes(tiled)) result.by_class.push_back(class_terms(choice, moving, tiled));
    return result;
  }

  static void find_least(Factors& factors) {
    factors.least = factors.by_class.front();
    for (const Estimator::Terms& terms : factors.by_class) {
      for (std::size_t t = 0; t < terms.size(); ++t) factors.least[t] = std::min(factors.least[t], terms[t]);
    }
  }

  /// The terms when every group is at its largest, with those dimensions tiled.
  const Factors& least_terms(std::uint32_t tiled) {
    Factors& least = least_[tiled];
    if (!least.by_class.empty()) return least;
    least = terms_by_class(core(widest_, largest_), tiled);
    find_least(least);
    return least;
  }

  const Factors& factors(const Group& group, GroupChoice& at, std::uint32_t tiled) {
    const std::size_t number =
        std::size_t(std::find(tiled_sets_.begin(), tiled_sets_.end(), tiled) - tiled_sets_.begin());
    if (number == tiled_sets_.size()) tiled_sets_.push_back(tiled);
    if (at.factors.size() <= number) at.factors.resize(number + 1);
    Factors& result = at.factors[number];
    if (!result.by_class.empty()) return result;
    SpatialChoice spatial = widest_;
    DimSizes inside = largest_;
    for (const Dim d : group.dims) {
      spatial.children[index(d)] = at.children[index(d)];
      inside[index(d)] = at.inside[index(d)];
    }
    const Factors& least = least_terms(tiled);
    result = terms_by_class(core(spatial, inside), tiled);
    for (std::size_t c = 0; c < result.by_class.size(); ++c) {
      for (std::size_t t = 0; t < result.by_class[c].size(); ++t) {
        const double base = least.by_class[c][t];
        result.by_class[c][t] = base > 0 ? result.by_class[c][t] / base : 1;
      }
    }
    find_least(result);
    return result;
  }

  /// What is known of a pair of loops over the array and in the PEs.
  struct Pair {
    std::int64_t steps = 1;
    std::uint32_t ragged = 0;  ///< free loops that may stand still
    const std::vector<std::uint32_t>* classes = nullptr;
    std::vector<Rank> bounds;  ///< of each class
  };

  /// A lower bound of everything with so many steps: MACs and compulsory traffic.
  Rank bound_of_steps(std::int64_t steps) const { return least_rank(compulsory_, steps, hardware_.pes()); }

  /// A lower bound of everything with these loops over the array and in the PEs.
  Rank pair_bound(std::size_t s, std::size_t i) {
    std::array<GroupChoice*, kDims> at{};
    std::int64_t steps = only_steps_;
    std::uint32_t tiled = only_tiled_, ragged = only_ragged_;
    for (std::size_t g = 0; g < groups_.size(); ++g) {
      Group& group = groups_[g];
      at[g] = &group.table[group.spatial_key[s] * group.columns + group.inside_key[i]];
      steps *= at[g]->steps;
      tiled |= at[g]->tiled;
      ragged |= at[g]->ragged;
    }
    const Rank of_steps = bound_of_steps(steps);
    if (hopeless(of_steps)) return of_steps;
    const std::int64_t used = pes(spatials_[s], insides_[i]);
    const Factors& base = least_terms(tiled);
    std::array<const Factors*, kDims> of{};
    for (std::size_t g = 0; g < groups_.size(); ++g) of[g] = &factors(groups_[g], *at[g], tiled);
    std::array<const Estimator::Terms*, kDims> factors{};
    for (std::size_t g = 0; g < groups_.size(); ++g) factors[g] = &of[g]->least;
    const Rank of_any = least_rank(estimate_.sums(base.least, factors), steps, used);
    if (hopeless(of_any)) return of_any;
    pair_.steps = steps;
    pair_.ragged = ragged;
    pair_.classes = &classes(tiled);
    pair_.bounds.clear();
    for (std::size_t c = 0; c < base.by_class.size(); ++c) {
      for (std::size_t g = 0; g < groups_.size(); ++g) factors[g] = &of[g]->by_class[c];
      sums_[(*pair_.classes)[c]] = estimate_.sums(base.by_class[c], factors);
    }
    if (ragged != 0) let_stand_still(ragged, core(spatials_[s], insides_[i]));
    for (const std::uint32_t moving : *pair_.classes) pair_.bounds.push_back(least_rank(sums_[moving], steps, used));
    return *std::min_element(pair_.bounds.begin(), pair_.bounds.end());
  }

  Rank least_rank(const Estimator::Sums& sums, std::int64_t steps, std::int64_t used) const {
    const Estimator::Least least = estimate_.least(sums, steps);
    return rank({.energy = least.energy, .latency = least.latency}, used);
  }

  /// Lowers the sums of the classes in which free loops of `ragged` move: those may stand still, each in one of all its
  /// tiles at most, and so far the nest is like one of the class without it.
  void let_stand_still(std::uint32_t ragged, const Choice& choice) {
    for (std::size_t k = 0; k < free_slots_.size(); ++k) {
      if (!moves(ragged, k)) continue;
      const double share = 1 / double(left(choice, index(skeleton_.slots[std::size_t(free_slots_[k])].dim)));
      for (std::uint32_t moving = 0; moving < 1u << free_slots_.size(); ++moving) {
        if (!moves(moving, k)) continue;
        const Estimator::Sums& still = sums_[moving ^ 1u << k];
        for (std::size_t i = 0; i < still.size(); ++i) {
          double& sum = sums_[moving][i];
          sum -= share * std::max(0.0, sum - still[i]);
        }
      }
    }
  }

  bool hopeless(const Rank& bound) const { return found_.size() == options_.top && !(bound < found_.back().rank); }

  /// All pairs, but the most promising first: a good mapping early rules out most of the rest unseen.
  void search(Clock::time_point start) {
    std::vector<std::size_t> order(spatials_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return least_steps(spatials_[a]) < least_steps(spatials_[b]);
    });
    constexpr std::size_t kFirst = 16;
    for (std::size_t k = 0; k < std::min(kFirst, order.size()); ++k) search_promising(order[k]);
    const auto expired = [&] {
      return options_.budget && !found_.empty() &&
             std::chrono::duration<double>(Clock::now() - start).count() > *options_.budget;
    };
    for (const std::size_t s : order) {
      if (hopeless(bound_of_steps(least_steps(spatials_[s])))) {
        certificate_.pruned["pe"] += std::int64_t(insides_.size());
        continue;
      }
      look_at(s);
      for (std::size_t i = 0; i < insides_.size(); ++i) {
        if (!useful(i)) continue;
        const Rank bound = pair_bound(s, i);
        if (!hopeless(bound) && expired()) {
          unseen_ = std::min(unseen_.value_or(bound.objective), bound.objective);
        } else {
          search_pair(bound, s, i);
        }
      }
    }
  }

  /// Finds out which insides are of use over the array.
  void look_at(std::size_t s) {
    for (Group& group : groups_) {
      const GroupChoice* row = &group.table[group.spatial_key[s] * group.columns];
      for (std::size_t column = 0; column < group.columns; ++column) {
        group.useful[column] = std::all_of(group.dims.begin(), group.dims.end(), [&](Dim d) {
          return useful(spatials_[s], index(d), row[column].inside[index(d)]);
        });
      }
    }
  }
  bool useful(std::size_t i) const {
    return std::all_of(groups_.begin(), groups_.end(),
                       [i](const Group& group) { return group.useful[group.inside_key[i]]; });
  }

  /// The most promising insides of one choice over the array.
  void search_promising(std::size_t s) {
    std::vector<std::pair<Rank, std::size_t>> bounds;
    look_at(s);
    for (std::size_t i = 0; i < insides_.size(); ++i) {
      if (useful(i) && fits(s, i)) bounds.emplace_back(pair_bound(s, i), i);
    }
    constexpr std::size_t kFirst = 4;
    const std::size_t count = std::min(kFirst, bounds.size());
    std::partial_sort(bounds.begin(), bounds.begin() + std::ptrdiff_t(count), bounds.end());
    for (std::size_t k = 0; k < count; ++k) {
      search_pair(pair_bound(s, bounds[k].second), s, bounds[k].second);
    }
  }

  /// Steps that the array cannot do without.
  std::int64_t least_steps(const SpatialChoice& spatial) const {
    std::int64_t steps = 1;
    for (std::size_t d = 0; d < kDims; ++d) steps *= ceil_div(problem_.bounds[d], spatial.children[d]);
    return steps;
  }

  bool fits(std::size_t s, std::size_t i) const { return !over(core(spatials_[s], insides_[i]), 0); }

  void search_pair(const Rank& bound, std::size_t s, std::size_t i) {
    if (hopeless(bound)) {
      certificate_.pruned["pe"] += 1;
    } else if (fits(s, i)) {
      search_classes(core(spatials_[s], insides_[i]), {.spatial = &spatials_[s], .inside = &insides_[i]});
    }
  }

  /// The classes of the pair that was bounded last.
  void search_classes(const Choice& choice, Node node) {
    for (std::size_t c = 0; c < pair_.bounds.size(); ++c) {
      if (hopeless(pair_.bounds[c])) {
        certificate_.pruned["tiles"] += 1;
        continue;
      }
      node.moving = (*pair_.classes)[c];
      Choice expanded = choice;
      choose_free(expanded, free_slots_.size(), node);
    }
  }

  // ---- expansion ---------------------------------------------------------------------------------------------------

  /// Shares what is left of each dimension between its free loop and its outermost one, innermost free loop first.
  /// Bounds fall as a free loop that moves grows, so the largest is tried first, and one that is hopeless ends its
  /// list; but for those that stand still in their last tile.
  void choose_free(Choice& choice, std::size_t remaining, const Node& node) {
    while (remaining > 0 && !moves(node.moving, remaining - 1)) --remaining;
    if (remaining == 0) return finish(choice, node);
    const auto slot = std::size_t(free_slots_[remaining - 1]);
    choice.bound[slot] = 1;
    const std::int64_t tiles = left(choice, index(skeleton_.slots[slot].dim));
    const std::vector<std::int64_t> candidates = distinct_bounds(tiles);
    bool ended = false;
    for (auto b = candidates.rbegin(); b != candidates.rend() && *b > 1; ++b) {
      if (ended && !stands_still(tiles, *b)) continue;
      choice.bound[slot] = *b;
      if (over(choice, 0)) {
        certificate_.pruned["capacity"] += 1;
        continue;
      }
      if (hopeless(bound_with_rest(choice, remaining - 1, node))) {
        certificate_.pruned["shares"] += 1;
        ended = true;
        continue;
      }
      choose_free(choice, remaining - 1, node);
    }
    choice.bound[slot] = 1;
  }

  /// The bound of a choice whose outer `remaining` free loops take all that is left, those of them that move; where one
  /// of them may stand still, it does.
  Rank bound_with_rest(const Choice& choice, std::size_t remaining, const Node& node) {
    const std::uint32_t rest = node.moving & ((1u << remaining) - 1), ragged = rest & pair_.ragged;
    for (std::uint32_t still = ragged;; still = (still - 1) & ragged) {
      Choice closed = choice;
      take_all(closed, rest & ~still);
      close(closed);
      sums_[rest & ~still] = estimate_.sums(estimate_.terms(closed), {});
      if (still == 0) break;
    }
    let_stand_still(ragged, choice);
    return least_rank(sums_[rest], pair_.steps, pes(*node.spatial, *node.inside));
  }

  /// A choice that fits.
  void finish(Choice choice, const Node& node) {
    close(choice);
    if (!order_matters(choice)) return try_one(choice, node);
    std::vector<std::size_t> places;
    std::vector<std::uint8_t> loops;
    for (std::size_t s = 0; s < skeleton_.slots.size(); ++s) {
      if (!skeleton_.slots[s].any_order || choice.bound[s] == 1) continue;
      places.push_back(s);
      loops.push_back(std::uint8_t(s));
    }
    std::set<std::vector<std::uint32_t>> seen;
    do {
      // Loops of bound 1 are nowhere: the others are permuted among their own places.
      for (std::size_t k = 0; k < places.size(); ++k) choice.order[places[k]] = loops[k];
      if (seen.insert(order_signature(choice, loops)).second) try_one(choice, node);
    } while (std::next_permutation(loops.begin(), loops.end()));
  }

  /// Whether the order of the outer loops can change what a tensor moves: not where a relevant loop moves further in.
  bool order_matters(const Choice& choice) const {
    return std::any_of(kAllTensors.begin(), kAllTensors.end(), [&](Tensor3 t) { return order_matters(choice, t); });
  }

  bool order_matters(const Choice& choice, Tensor3 t) const {
    const auto& points = skeleton_.points[index(t)];
    if (points.size() < 2) return false;
    for (std::size_t s = 0; s < points[1].slots_outside; ++s) {
      const Slot& slot = skeleton_.slots[s];
      if (!slot.any_order && !slot.spatial && choice.bound[s] > 1 && problem_.relevant(t, slot.dim)) return false;
    }
    return true;
  }

  /// What an order of the outer loops means: for each tensor, its last relevant loop and the loops inside that.
  std::vector<std::uint32_t> order_signature(const Choice& choice, const std::vector<std::uint8_t>& loops) const {
    std::vector<std::uint32_t> signature;
    for (const Tensor3 t : kAllTensors) {
      if (!order_matters(choice, t)) continue;
      std::uint32_t inside = 0, last = 0;
      for (auto s = loops.rbegin(); s != loops.rend(); ++s) {
        if (problem_.relevant(t, skeleton_.slots[*s].dim)) {
          last = *s + 1u;
          break;
        }
        inside |= 1u << *s;
      }
      signature.push_back(inside);
      signature.push_back(t == Tensor3::ifmap || inside != 0 ? last : 0);
    }
    return signature;
  }

  void try_one(const Choice& choice, const Node& node) {
    ++certificate_.visited;
    const Estimate estimate = estimate_(choice);
    Rank r = rank(estimate, pes(*node.spatial, *node.inside));
    if (hopeless(r)) return;
    if (!estimate.exact) {
      const MappingResult exact = result_of({.choice = choice, .axes = node.spatial});
      r = rank({.energy = exact.cost.total, .latency = exact.counts.latency_cycles}, exact.counts.active_pes);
      if (hopeless(r)) return;
    }
    const Found found{r, choice, node.spatial};
    const auto same = [&](const Found& f) { return f.axes == found.axes && f.choice == choice; };
    if (std::any_of(found_.begin(), found_.end(), same)) return;  // promising pairs are looked at twice
    if (found_.size() == options_.top) found_.pop_back();
    found_.insert(std::upper_bound(found_.begin(), found_.end(), found,
                                   [](const Found& a, const Found& b) { return a.rank < b.rank; }),
                  found);
  }

  /// The model's own counts and cost of a choice.
  MappingResult result_of(const Found& found) const {
    return costed(to_mapping(skeleton_, found.choice, found.axes->axes, hardware_), problem_, hardware_, options_);
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
  std::vector<SpatialChoice> spatials_;
  std::vector<DimSizes> insides_;
  SpatialChoice widest_;  ///< every dimension at its largest, more than the array has room for
  DimSizes largest_{};
  std::array<Factors, 1u << kDims> least_;                       ///< the terms then, by the dimensions tiled
  std::vector<std::uint32_t> tiled_sets_;                        ///< those met, numbered
  std::array<std::vector<std::uint32_t>, 1u << kDims> classes_;  ///< by the dimensions tiled
  Pair pair_;                                                    ///< that was bounded last
  std::array<Estimator::Sums, 1u << kDims> sums_;                ///< by the free loops that move
  std::vector<Group> groups_;                                    ///< those with a choice
  Estimator::Sums compulsory_{};
  std::int64_t only_steps_ = 1;
  std::uint32_t only_tiled_ = 0, only_ragged_ = 0;
  Objective second_ =
      options_.second.value_or(options_.objective == Objective::energy ? Objective::latency : Objective::energy);
  std::vector<Found> found_;      ///< the best, as many as are wanted
  std::optional<Int128> unseen_;  ///< bound of what a search that ran out of time did not look at
  Certificate certificate_;
};

}  // namespace

std::string to_string(Objective objective) { return std::string(kObjectiveNames[std::size_t(objective)]); }

Int128 objective_value(Objective objective, const Cost& cost, const Counts& counts) {
  return value_of(objective, cost.total, counts.latency_cycles);
}

MappingResult costed(Mapping mapping, const LoopProblem& problem, const Hardware& hardware, const MapOptions& options) {
  MappingResult result{.mapping = std::move(mapping)};
  const Placement placement = place(problem, result.mapping, hardware);
  WEFT_ASSERT(!overflow(problem, placement, hardware), "a mapping that was searched fits");
  result.counts = count(problem, placement, hardware, options.conventions);
  result.cost = cost(result.counts, placement, hardware, options.ifmap_zeros);
  result.certificate.objective_value = objective_value(options.objective, result.cost, result.counts);
  return result;
}

MappingResult find_mapping(const LoopProblem& problem, const Hardware& hardware, const Dataflow& dataflow,
                           const MapOptions& options) {
  if (dataflow.free()) return find_free_mapping(problem, hardware, options);
  return Search(problem, hardware, dataflow, options).run();
}

}  // namespace weft
