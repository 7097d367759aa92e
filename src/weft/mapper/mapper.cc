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

  /// A choice in the class where just these free loops move, which are then at their largest: every transfer falls as
  /// their bounds grow, as long as the same loops move.
  Choice in_class(Choice choice, std::uint32_t moving) const {
    take_all(choice, moving);
    close(choice);
    return choice;
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
  using Shares = std::array<double, kDims>;  ///< of its tiles in which each free loop may stand still
  struct Factors {
    std::vector<Estimator::Terms> by_class;               ///< in the order of classes(); empty: not known yet
    std::vector<std::vector<Estimator::Terms>> by_order;  ///< by class and order; empty: not known yet
  };
  struct GroupChoice {
    DimSizes children, inside;
    std::int64_t steps = 1;
    std::uint32_t tiled = 0;  ///< dimensions with more than one tile outside, a bit each
    Shares still{};
    std::vector<Factors> factors;  ///< by the number of the set of dimensions tiled in all groups
    bool useful = false;           ///< over an array of some shape
  };
  /// What a group's loops in the PEs can do at least, with given loops over the array.
  struct Least {
    std::int64_t steps = 0;  ///< 0: not known yet
    Shares still{};
    std::vector<Estimator::Terms> by_class;
  };
  struct Row {
    std::vector<std::uint32_t> tiled;  ///< sets of the group's dimensions that its choices tile
    std::vector<Least> least;          ///< by the number of the set of dimensions tiled in all groups
  };
  struct Group {
    std::vector<Dim> dims;
    std::vector<std::size_t> spatial_key, inside_key;  ///< of each choice of the lists: row and column of the table
    std::size_t columns = 0;
    std::vector<GroupChoice> table;
    std::vector<Row> rows;
    std::vector<bool> useful;  ///< by column, over the array as it was looked at last
    GroupChoice& at(std::size_t s, std::size_t i) { return table[spatial_key[s] * columns + inside_key[i]]; }
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
    sort_insides();
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
        group.rows.resize(rows.size());
        groups_.push_back(std::move(group));
      } else {  // without a choice its factors are all 1
        only_steps_ *= group.table.front().steps;
        only_tiled_ |= group.table.front().tiled;
        raise(only_still_, group.table.front().still);
      }
    }
    for (std::size_t s = 0; s < spatials_.size(); ++s) {
      look_at(s);
      for (Group& group : groups_) note_useful(group, group.spatial_key[s]);
    }
    survivors_.resize(groups_.size());
  }

  static void note_useful(Group& group, std::size_t row) {
    std::vector<std::uint32_t>& tiled = group.rows[row].tiled;
    for (std::size_t column = 0; column < group.columns; ++column) {
      if (!group.useful[column]) continue;
      GroupChoice& at = group.table[row * group.columns + column];
      at.useful = true;
      if (std::find(tiled.begin(), tiled.end(), at.tiled) == tiled.end()) tiled.push_back(at.tiled);
    }
  }

  /// Such that those which agree in the first groups follow each other.
  void sort_insides() {
    std::vector<Dim> dims;
    for (const std::vector<Dim>& group : groups()) dims.insert(dims.end(), group.begin(), group.end());
    const auto key = [&dims](const DimSizes& inside) {
      DimSizes result{};
      for (std::size_t k = 0; k < dims.size(); ++k) result[k] = inside[index(dims[k])];
      return result;
    };
    std::sort(insides_.begin(), insides_.end(),
              [&key](const DimSizes& a, const DimSizes& b) { return key(a) < key(b); });
  }

  GroupChoice group_choice(const std::vector<Dim>& dims, const DimSizes& children, const DimSizes& inside) const {
    GroupChoice result{.children = children, .inside = inside};
    for (const Dim d : dims) {
      const std::int64_t D = problem_.bound(d), bound = inside[index(d)], tile = children[index(d)] * bound;
      result.steps *= D / tile * bound + std::min(bound, D % tile);
      if (tile >= D) continue;
      result.tiled |= 1u << index(d);
      const auto slot = std::find(free_slots_.begin(), free_slots_.end(), free_[index(d)]);
      if (slot != free_slots_.end() && may_stand_still(ceil_div(D, tile)))
        result.still[std::size_t(slot - free_slots_.begin())] = 1 / double(ceil_div(D, tile));
    }
    return result;
  }

  /// The terms of a choice in each class.
  Factors terms_by_class(const Choice& choice, std::uint32_t tiled) {
    Factors result;
    for (const std::uint32_t moving : classes(tiled))
      result.by_class.push_back(estimate_.terms(in_class(choice, moving), moving_slots(tiled, moving)));
    result.by_order.resize(result.by_class.size());
    return result;
  }

  /// The terms of a choice in one class, in each order of the loops that may change places.
  std::vector<Estimator::Terms> terms_by_order(const Choice& choice, std::uint32_t tiled, std::uint32_t moving) {
    const std::uint32_t slots = moving_slots(tiled, moving);
    Choice ordered = in_class(choice, moving);
    std::vector<Estimator::Terms> result;
    for (const LoopOrder& order : orders(slots)) {
      ordered.order = order;
      result.push_back(estimate_.ordered_terms(ordered, slots));
    }
    return result;
  }

  /// The terms when every group is at its largest, with those dimensions tiled.
  Factors& least_terms(std::uint32_t tiled) {
    Factors& least = least_[tiled];
    if (!least.by_class.empty()) return least;
    least = terms_by_class(core(widest_, largest_), tiled);
    return least;
  }

  std::size_t number_of(std::uint32_t tiled) {
    const auto at = std::find(tiled_sets_.begin(), tiled_sets_.end(), tiled);
    if (at != tiled_sets_.end()) return std::size_t(at - tiled_sets_.begin());
    tiled_sets_.push_back(tiled);
    return tiled_sets_.size() - 1;
  }

  Factors& factors(const Group& group, GroupChoice& at, std::uint32_t tiled) {
    const std::size_t number = number_of(tiled);
    if (at.factors.size() <= number) at.factors.resize(number + 1);
    Factors& result = at.factors[number];
    if (!result.by_class.empty()) return result;
    const Factors& least = least_terms(tiled);
    result = terms_by_class(core_of(group, at), tiled);
    for (std::size_t c = 0; c < result.by_class.size(); ++c) divide(result.by_class[c], least.by_class[c]);
    return result;
  }

  /// The choice with this of one group and the largest of the others.
  Choice core_of(const Group& group, const GroupChoice& at) const {
    SpatialChoice spatial = widest_;
    DimSizes inside = largest_;
    for (const Dim d : group.dims) {
      spatial.children[index(d)] = at.children[index(d)];
      inside[index(d)] = at.inside[index(d)];
    }
    return core(spatial, inside);
  }

  static void lower(Estimator::Terms& least, const Estimator::Terms& terms) {
    for (std::size_t t = 0; t < terms.size(); ++t) least[t] = std::min(least[t], terms[t]);
  }

  /// The least factors of a group's choices that tile those dimensions, and the least steps.
  const Least& least_of_row(Group& group, std::size_t row, std::uint32_t tiled) {
    const std::size_t number = number_of(tiled);
    std::vector<Least>& by_set = group.rows[row].least;
    if (by_set.size() <= number) by_set.resize(number + 1);
    Least& least = by_set[number];
    if (least.steps != 0) return least;
    const std::uint32_t own = tiled & set_of(group.dims);
    for (std::size_t column = 0; column < group.columns; ++column) {
      GroupChoice& at = group.table[row * group.columns + column];
      if (!at.useful || at.tiled != own) continue;
      const std::vector<Estimator::Terms>& terms = factors(group, at, tiled).by_class;
      if (least.steps == 0) least = {.steps = at.steps, .by_class = terms};
      for (std::size_t c = 0; c < terms.size(); ++c) lower(least.by_class[c], terms[c]);
      raise(least.still, at.still);
      least.steps = std::min(least.steps, at.steps);
    }
    return least;
  }
  static void raise(Shares& most, const Shares& still) {
    for (std::size_t k = 0; k < kDims; ++k) most[k] = std::max(most[k], still[k]);
  }

  static std::uint32_t set_of(const std::vector<Dim>& dims) {
    std::uint32_t set = 0;
    for (const Dim d : dims) set |= 1u << index(d);
    return set;
  }

  static void divide(Estimator::Terms& terms, const Estimator::Terms& base) {
    for (std::size_t t = 0; t < terms.size(); ++t) terms[t] = base[t] > 0 ? terms[t] / base[t] : 1;
  }

  /// The same in each order of one class.
  const std::vector<Estimator::Terms>& least_ordered(std::uint32_t tiled, std::size_t c) {
    Factors& least = least_terms(tiled);
    if (least.by_order[c].empty())
      least.by_order[c] = terms_by_order(core(widest_, largest_), tiled, classes(tiled)[c]);
    return least.by_order[c];
  }

  const std::vector<Estimator::Terms>& ordered_factors(const Group& group, GroupChoice& at, std::uint32_t tiled,
                                                       std::size_t c) {
    std::vector<Estimator::Terms>& result = factors(group, at, tiled).by_order[c];
    if (!result.empty()) return result;
    const std::vector<Estimator::Terms>& least = least_ordered(tiled, c);
    result = terms_by_order(core_of(group, at), tiled, classes(tiled)[c]);
    for (std::size_t o = 0; o < result.size(); ++o) divide(result[o], least[o]);
    return result;
  }

  /// What is known of a pair of loops over the array and in the PEs.
  struct Pair {
    std::int64_t steps = 1;
    Shares still{};
    const std::vector<std::uint32_t>* classes = nullptr;
    std::vector<Rank> bounds;  ///< of each class
  };

  /// A lower bound of everything with so many steps: MACs and compulsory traffic.
  Rank bound_of_steps(std::int64_t steps) const { return least_rank(compulsory_, steps, hardware_.pes()); }

  using ByClass = std::vector<Estimator::Terms>;

  /// The sums of each class, from the factors of each group.
  void sum_classes(std::uint32_t tiled, const std::array<const ByClass*, kDims>& of, const Shares& still) {
    const ByClass& base = least_terms(tiled).by_class;
    const std::vector<std::uint32_t>& classes = this->classes(tiled);
    std::array<const Estimator::Terms*, kDims> factors{};
    for (std::size_t c = 0; c < base.size(); ++c) {
      for (std::size_t g = 0; g < groups_.size(); ++g) factors[g] = &(*of[g])[c];
      sums_[classes[c]] = estimate_.sums(base[c], factors);
    }
    let_stand_still(still);
  }

  /// A lower bound of everything with these loops over the array and in the PEs.
  Rank pair_bound(std::size_t s, std::size_t i) {
    std::array<GroupChoice*, kDims> at{};
    pair_.steps = only_steps_;
    pair_.still = only_still_;
    std::uint32_t tiled = only_tiled_;
    for (std::size_t g = 0; g < groups_.size(); ++g) {
      at[g] = &groups_[g].at(s, i);
      pair_.steps *= at[g]->steps;
      tiled |= at[g]->tiled;
      raise(pair_.still, at[g]->still);
    }
    std::array<const ByClass*, kDims> factors{};
    for (std::size_t g = 0; g < groups_.size(); ++g) factors[g] = &this->factors(groups_[g], *at[g], tiled).by_class;
    sum_classes(tiled, factors, pair_.still);
    const std::int64_t used = pes(spatials_[s], insides_[i]);
    pair_.classes = &classes(tiled);
    pair_.bounds.clear();
    for (std::size_t c = 0; c < pair_.classes->size(); ++c) {
      Rank bound = least_rank(sums_[(*pair_.classes)[c]], pair_.steps, used);
      if (found_.size() == options_.top && !hopeless(bound))
        bound = std::max(bound, least_ordered_rank(at, tiled, c, used));
      pair_.bounds.push_back(bound);
    }
    return *std::min_element(pair_.bounds.begin(), pair_.bounds.end());
  }

  /// The least of one class in any order.
  Rank least_ordered_rank(const std::array<GroupChoice*, kDims>& at, std::uint32_t tiled, std::size_t c,
                          std::int64_t used) {
    const std::uint32_t moving = classes(tiled)[c];
    const std::size_t count = orders(moving_slots(tiled, moving)).size();
    std::array<const Estimator::Terms*, kDims> factors{};
    std::optional<Rank> least;
    for (std::size_t o = 0; o < count && !(count == 1 || (least && !hopeless(*least))); ++o) {
      for (std::size_t g = 0; g < groups_.size(); ++g) factors[g] = &ordered_factors(groups_[g], *at[g], tiled, c)[o];
      Estimator::Sums sums = estimate_.sums(least_ordered(tiled, c)[o], factors);
      let_stand_still(pair_.still, moving, sums);
      const Rank rank = least_rank(sums, pair_.steps, used);
      if (!least || rank < *least) least = rank;
    }
    return least.value_or(Rank{});
  }

  /// A lower bound of all pairs of a choice over the array and those in the PEs that agree with `i` in the first
  /// `fixed` groups, if those dimensions are tiled.
  Rank range_bound(std::size_t s, std::size_t i, std::size_t fixed, std::uint32_t tiled) {
    std::array<const ByClass*, kDims> factors{};
    std::int64_t steps = only_steps_;
    Shares still = only_still_;
    for (std::size_t g = 0; g < groups_.size(); ++g) {
      Group& group = groups_[g];
      if (g < fixed) {
        GroupChoice& at = group.at(s, i);
        factors[g] = &this->factors(group, at, tiled).by_class;
        steps *= at.steps;
        raise(still, at.still);
      } else {
        const Least& least = least_of_row(group, group.spatial_key[s], tiled);
        factors[g] = &least.by_class;
        steps *= least.steps;
        raise(still, least.still);
      }
    }
    sum_classes(tiled, factors, still);
    Rank result = least_rank(sums_[0], steps, hardware_.pes());
    for (const std::uint32_t moving : classes(tiled)) {
      if (!hopeless(result)) break;
      result = std::min(result, least_rank(sums_[moving], steps, hardware_.pes()));
    }
    return result;
  }

  /// The sets of dimensions that a choice over the array may leave tiled.
  std::vector<std::uint32_t> tiled_sets(std::size_t s) const {
    std::vector<std::uint32_t> sets = {only_tiled_};
    for (const Group& group : groups_) {
      std::vector<std::uint32_t> more;
      for (const std::uint32_t own : group.rows[group.spatial_key[s]].tiled) {
        for (const std::uint32_t set : sets) more.push_back(set | own);
      }
      sets = std::move(more);
    }
    return sets;
  }

  Rank least_rank(const Estimator::Sums& sums, std::int64_t steps, std::int64_t used) const {
    const Estimator::Least least = estimate_.least(sums, steps);
    return rank({.energy = least.energy, .latency = least.latency}, used);
  }

  /// Lowers the sums of the classes in which loops move that may stand still: so far the nest is like one of the class
  /// without them.
  void let_stand_still(const Shares& still) {
    if (still == Shares{}) return;
    for (std::uint32_t moving = 1; moving < 1u << free_slots_.size(); ++moving)
      let_stand_still(still, moving, sums_[moving]);
  }

  /// The same for one class, those with fewer loops moving done.
  void let_stand_still(const Shares& still, std::uint32_t moving, Estimator::Sums& sums) const {
    for (std::size_t k = 0; k < free_slots_.size(); ++k) {
      if (moves(moving, k) && still[k] != 0) lower(sums, sums_[moving ^ 1u << k], still[k]);
    }
  }
  static void lower(Estimator::Sums& sums, const Estimator::Sums& still, double share) {
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] -= share * std::max(0.0, sums[i] - still[i]);
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
      search_range({.spatial = s, .end = insides_.size()}, tiled_sets(s), expired);
    }
  }

  /// Loops in the PEs that agree in the first `fixed` groups.
  struct Range {
    std::size_t spatial = 0, begin = 0, end = 0, fixed = 0;
  };

  /// `sets`: of dimensions that may be tiled there.
  template <class Expired>
  void search_range(const Range& range, const std::vector<std::uint32_t>& sets, const Expired& expired) {
    if (range.end - range.begin > 1) {
      std::vector<std::uint32_t>& promising = survivors_[range.fixed];
      promising.clear();
      for (const std::uint32_t set : sets) {
        if (!hopeless(range_bound(range.spatial, range.begin, range.fixed, set))) promising.push_back(set);
      }
      if (promising.empty()) {
        certificate_.pruned["pe"] += std::int64_t(range.end - range.begin);
        return;
      }
      return split(range, promising, expired);
    }
    if (range.fixed < groups_.size()) return split(range, sets, expired);
    const Rank bound = pair_bound(range.spatial, range.begin);
    if (!hopeless(bound) && expired()) {
      unseen_ = std::min(unseen_.value_or(bound.objective), bound.objective);
    } else {
      search_pair(bound, range.spatial, range.begin);
    }
  }

  template <class Expired>
  void split(const Range& range, const std::vector<std::uint32_t>& sets, const Expired& expired) {
    const Group& group = groups_[range.fixed];
    const std::uint32_t dims = set_of(group.dims);
    for (std::size_t begin = range.begin, end = begin; begin < range.end; begin = end) {
      while (end < range.end && group.inside_key[end] == group.inside_key[begin]) ++end;
      if (!group.useful[group.inside_key[begin]]) continue;
      const std::uint32_t own =
          group.table[group.spatial_key[range.spatial] * group.columns + group.inside_key[begin]].tiled;
      std::vector<std::uint32_t> same;
      for (const std::uint32_t set : sets) {
        if ((set & dims) == own) same.push_back(set);
      }
      if (same.empty()) {
        certificate_.pruned["pe"] += std::int64_t(end - begin);
        continue;
      }
      search_range({range.spatial, begin, end, range.fixed + 1}, same, expired);
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
      if (node.moving != 0 && hopeless_in_stores(choice, node.moving, node)) {
        certificate_.pruned["stores"] += 1;
        continue;
      }
      Choice expanded = choice;
      choose_free(expanded, free_slots_.size(), node);
    }
  }

  using FreeBounds = std::array<std::int64_t, kDims>;  ///< of the free loops

  // ---- expansion ---------------------------------------------------------------------------------------------------

  /// Shares what is left of each dimension between its free loop and its outermost one, innermost free loop first.
  /// Bounds fall as a free loop that moves grows, so the largest is tried first, and one that is hopeless ends its
  /// list, even with what standing still in the last tile may spare the rest of them.
  void choose_free(Choice& choice, std::size_t remaining, const Node& node) {
    while (remaining > 0 && !moves(node.moving, remaining - 1)) --remaining;
    if (remaining == 0) return finish(choice, node);
    const std::size_t k = remaining - 1;
    const auto slot = std::size_t(free_slots_[k]);
    choice.bound[slot] = 1;
    const std::int64_t tiles = left(choice, index(skeleton_.slots[slot].dim));
    const std::vector<std::int64_t> candidates = distinct_bounds(tiles);
    const std::int64_t last_still = smallest_still(candidates, tiles);
    bool ended = false;  // but for those that stand still
    for (auto b = candidates.rbegin(); b != candidates.rend() && *b > 1; ++b) {
      if (ended && !stands_still(tiles, *b)) continue;
      choice.bound[slot] = *b;
      if (over(choice, 0)) {
        certificate_.pruned["capacity"] += 1;
        continue;
      }
      // What takes all was bounded so before.
      const bool known = *b == tiles && pair_.still[k] == 0;
      const std::uint32_t rest = node.moving & ((1u << k) - 1);
      if (!known && hopeless_with(choice, rest, all_left(choice, rest), node)) {
        certificate_.pruned["shares"] += 1;
        if (ended) continue;
        ended = true;
        if (*b <= last_still || hopeless_if_still(choice, k, tiles, node)) break;
        continue;
      }
      if (rest != 0 && hopeless_in_stores(choice, rest, node)) {
        certificate_.pruned["stores"] += 1;
        continue;
      }
      choose_free(choice, k, node);
    }
    choice.bound[slot] = 1;
  }

  /// The same where the outer free loops of `rest` are no larger than the stores allow while the others of them are at
  /// their smallest.
  bool hopeless_in_stores(const Choice& choice, std::uint32_t rest, const Node& node) {
    Choice smallest = choice;
    for (std::size_t k = 0; k < free_slots_.size(); ++k) {
      if (moves(rest, k)) smallest.bound[std::size_t(free_slots_[k])] = 2;
    }
    if (over(smallest, 0)) return true;
    FreeBounds most{};
    bool limited = false;
    for (std::size_t k = 0; k < free_slots_.size(); ++k) {
      if (!moves(rest, k)) continue;
      const auto slot = std::size_t(free_slots_[k]);
      Choice one = smallest;
      const std::vector<std::int64_t> bounds = distinct_bounds(left(choice, index(skeleton_.slots[slot].dim)));
      const auto fits = [&](std::int64_t bound) {
        one.bound[slot] = bound;
        return !over(one, 0);
      };
      most[k] = *std::prev(std::partition_point(bounds.begin(), bounds.end(), fits));
      limited = limited || most[k] != bounds.back();
    }
    return limited && hopeless_with(choice, rest, most, node);
  }

  /// The smallest of the bounds that make a loop stand still in its last tile; no smaller than any if none does.
  static std::int64_t smallest_still(const std::vector<std::int64_t>& bounds, std::int64_t tiles) {
    const auto still =
        std::find_if(bounds.begin(), bounds.end(), [tiles](std::int64_t b) { return stands_still(tiles, b); });
    return still == bounds.end() ? tiles : *still;
  }

  /// Whether nothing is to be hoped for from a choice that was found hopeless last, where its free loop `k` or a
  /// smaller bound of it may stand still.
  bool hopeless_if_still(Choice choice, std::size_t k, std::int64_t tiles, const Node& node) {
    const std::uint32_t rest = node.moving & ((1u << k) - 1);
    Estimator::Sums sums = sums_[rest];
    choice.bound[std::size_t(free_slots_[k])] = 1;
    const FreeBounds most = all_left(choice, rest);
    sum_with(choice, rest, most);
    let_rest_stand_still(choice, rest, most);
    lower(sums, sums_[rest], 1 / double(tiles));
    return hopeless(least_rank(sums, pair_.steps, pes(*node.spatial, *node.inside)));
  }

  /// Whether nothing is to be hoped for from a choice whose outer free loops of `rest` move, with these bounds at most.
  bool hopeless_with(const Choice& choice, std::uint32_t rest, const FreeBounds& most, const Node& node) {
    const auto rank = [&] { return least_rank(sums_[rest], pair_.steps, pes(*node.spatial, *node.inside)); };
    sum_with(choice, rest, most);
    if (!hopeless(rank())) return false;
    let_rest_stand_still(choice, rest, most);
    return hopeless(rank());
  }

  FreeBounds all_left(const Choice& choice, std::uint32_t rest) const {
    FreeBounds most{};
    for (std::size_t k = 0; k < free_slots_.size(); ++k) {
      if (moves(rest, k)) most[k] = left(choice, index(skeleton_.slots[std::size_t(free_slots_[k])].dim));
    }
    return most;
  }

  /// The sums of a choice whose free loops of `rest` are at their most.
  void sum_with(const Choice& choice, std::uint32_t rest, const FreeBounds& most) {
    Choice closed = choice;
    for (std::size_t k = 0; k < free_slots_.size(); ++k) {
      if (moves(rest, k)) closed.bound[std::size_t(free_slots_[k])] = most[k];
    }
    close(closed);
    sums_[rest] = estimate_.sums(estimate_.terms(closed), {});
  }

  /// Lowers the sums of a choice by what those of its free loops of `rest` may spare that may stand still.
  void let_rest_stand_still(const Choice& choice, std::uint32_t rest, const FreeBounds& most) {
    Shares still{};
    std::uint32_t ragged = 0;
    for (std::size_t k = 0; k < free_slots_.size(); ++k) {
      if (!moves(rest, k) || pair_.still[k] == 0) continue;
      still[k] = 1 / double(left(choice, index(skeleton_.slots[std::size_t(free_slots_[k])].dim)));
      ragged |= 1u << k;
    }
    if (ragged == 0) return;
    for (std::uint32_t standing = ragged; standing != 0; standing = (standing - 1) & ragged)
      sum_with(choice, rest & ~standing, most);
    let_stand_still(still);
  }

  /// A choice that fits.
  void finish(Choice choice, const Node& node) {
    close(choice);
    std::uint32_t moving = 0;
    for (std::size_t s = 0; s < skeleton_.slots.size(); ++s) {
      if (choice.bound[s] > 1 && !skeleton_.slots[s].spatial) moving |= 1u << s;
    }
    for (const LoopOrder& order : orders(moving)) {
      choice.order = order;
      try_one(choice, node);
    }
  }

  /// The orders that differ for a tensor when the loops of `moving` move: permutations of those that may change places,
  /// among the places that they have.
  const std::vector<LoopOrder>& orders(std::uint32_t moving) {
    std::vector<LoopOrder>& result = orders_[moving];
    if (!result.empty()) return result;
    std::vector<std::uint8_t> places;
    for (std::size_t s = 0; s < skeleton_.slots.size(); ++s) {
      if (skeleton_.slots[s].any_order && (moving >> s & 1u) != 0) places.push_back(std::uint8_t(s));
    }
    std::vector<std::uint8_t> loops = places;
    std::set<std::vector<std::uint32_t>> seen;
    do {
      if (!seen.insert(order_signature(moving, loops)).second) continue;
      LoopOrder& order = result.emplace_back(empty_choice().order);
      for (std::size_t k = 0; k < places.size(); ++k) order[places[k]] = loops[k];
    } while (std::next_permutation(loops.begin(), loops.end()));
    return result;
  }

  /// Whether the order of the outer loops can change what a tensor moves: not where a relevant loop moves further in.
  bool order_matters(std::uint32_t moving, Tensor3 t) const {
    const auto& points = skeleton_.points[index(t)];
    if (points.size() < 2) return false;
    for (std::size_t s = 0; s < points[1].slots_outside; ++s) {
      const Slot& slot = skeleton_.slots[s];
      if (!slot.any_order && (moving >> s & 1u) != 0 && problem_.relevant(t, slot.dim)) return false;
    }
    return true;
  }

  /// What an order of the outer loops means: for each tensor, its last relevant loop and the loops inside that.
  std::vector<std::uint32_t> order_signature(std::uint32_t moving, const std::vector<std::uint8_t>& loops) const {
    std::vector<std::uint32_t> signature;
    for (const Tensor3 t : kAllTensors) {
      if (!order_matters(moving, t)) continue;
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
  std::map<std::uint32_t, std::vector<LoopOrder>> orders_;       ///< by the loops that move
  std::vector<Group> groups_;                                    ///< those with a choice
  std::vector<std::vector<std::uint32_t>> survivors_;            ///< sets of dimensions, by the groups that are fixed
  Estimator::Sums compulsory_{};
  std::int64_t only_steps_ = 1;
  std::uint32_t only_tiled_ = 0;
  Shares only_still_{};
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
