// SPDX-License-Identifier: Apache-2.0
#include "weft/mapper/mapper.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iterator>
#include <numeric>
#include <set>

#include "weft/base/ceil_div.h"
#include "weft/mapper/class_bounds.h"
#include "weft/mapper/estimate.h"
#include "weft/mapper/free_search.h"
#include "weft/mapper/skeleton.h"
#include "weft/mapper/traffic.h"
#include "weft/model/counts.h"

namespace weft {
namespace {

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

Rank rank_of(Objective objective, Objective second, Int128 energy, std::int64_t latency, std::int64_t idle_pes) {
  return {value_of(objective, energy, latency), value_of(second, energy, latency), energy, latency, idle_pes};
}

/// A mapping that may be among the best.
struct Found {
  Rank rank;
  Mapping mapping;
};

/// What rules mappings out.
enum Argument : std::uint8_t { kCapacity, kOrders, kPe, kShares, kStores, kTiles, kArguments };
constexpr std::array<const char*, kArguments> kArgumentNames = {"capacity", "orders", "pe",
                                                                "shares",   "stores", "tiles"};

using Clock = std::chrono::steady_clock;
constexpr DimSizes kOnes{1, 1, 1, 1, 1, 1, 1, 1};

/// What the searches of one layer have seen so far: there is one for each choice of children of the arrays outside that
/// of the PEs.
struct Seen {
  std::vector<Found> found;      ///< the best, as many as are wanted
  std::optional<Int128> unseen;  ///< bound of what searches that ran out of time did not look at
  std::array<std::int64_t, kArguments> pruned{};
  Int128 space = 0;
  bool space_known = true;  ///< all of it: time was not up before it was listed
  std::int64_t visited = 0;
  std::optional<Overflow> least_overflow;  ///< of the smallest tiles that do not fit
  Clock::time_point start = Clock::now();

  double seconds() const { return std::chrono::duration<double>(Clock::now() - start).count(); }
};

class Search {
 public:
  Search(const LoopProblem& problem, const Hardware& hardware, const Skeleton& skeleton, const MapOptions& options,
         Seen& seen)
      : problem_(problem),
        hardware_(hardware),
        options_(options),
        skeleton_(skeleton),
        estimate_(problem, hardware, skeleton_, options),
        seen_(seen) {}

  void run() {
    if (const auto least = over(skeleton_.core(kOnes, kOnes), rooms_)) return note_overflow(*least);
    compulsory_ = estimate_.compulsory();
    if (expired()) {
      seen_.space_known = false;
      return leave(bound_of_steps(least_steps_in_all()));
    }
    list_spatial();
    list_inside();
    seen_.space += size_of_space();
    if (hopeless(bound_of_steps(least_steps_in_all()))) {
      seen_.pruned[kPe] += std::int64_t(spatials_.size() * insides_.size());
      return;
    }
    bounds_.emplace(problem_, skeleton_, estimate_, spatials_, insides_);
    search();
  }

 private:
  // ---- the space ---------------------------------------------------------------------------------------------------

  /// Where a loop over an array outside is outside the outermost loop of its dimension, that has a child's part only.
  DimSizes whole() const {
    DimSizes result = problem_.bounds;
    for (const Skeleton::Outer& array : skeleton_.outer) {
      for (std::size_t s = array.begin; s < array.end; ++s) {
        const std::size_t d = index(skeleton_.slots[s].dim);
        if (int(s) < skeleton_.outermost[d]) result[d] = ceil_div(result[d], skeleton_.given(s));
      }
    }
    return result;
  }

  /// The ways to spread dimensions over the array: an outer loop of several children must need the last of them.
  void list_spatial() {
    const auto allowed = [this](std::size_t d, std::int64_t children, std::int64_t b) {
      return b == 1 || (skeleton_.spatial[d] >= 0 && (children - 1) * b < extent_[d]);
    };
    const FanoutNode& array = hardware_.nodes[skeleton_.fanout].fanout;
    const auto wanted = [this](const DimSizes& children) { return worth(children); };
    for (const auto& [children, axes] : spatial_choices(array, extent_, allowed, wanted))
      spatials_.push_back({children, axes});
  }

  /// Of the numbers of children that make the same number of tiles of a dimension, only the smallest is wanted (where
  /// no loop inside makes other tiles of it), or one too large to be had exactly.
  bool worth(const DimSizes& children) const {
    for (std::size_t d = 0; d < kDims; ++d) {
      const std::int64_t D = extent_[d], b = children[d];
      if (b < D && skeleton_.spatial[d] >= 0 && skeleton_.spatial[d] == skeleton_.outermost[d])
        return false;  // its only loop
      if (skeleton_.inside[d] < 0 && b < D && !is_distinct_bound(D, b)) return false;
    }
    return true;
  }

  /// The bounds that a loop in the PEs may have, ascending. Where tiles of a free loop and something that PEs keep hang
  /// on it, all; else only the smallest for each number of tiles of what a child has.
  std::vector<std::int64_t> inside_bounds(std::size_t d) const {
    if (skeleton_.inside[d] < 0) return {1};
    std::set<std::int64_t> bounds;
    if (skeleton_.has_free(Dim(d)) && skeleton_.pes_keep()) {
      for (std::int64_t b = 1; b <= extent_[d]; ++b) bounds.insert(b);
    }
    std::set<std::int64_t> children;
    for (const SpatialChoice& spatial : spatials_) children.insert(spatial.children[d]);
    for (const std::int64_t some : children) {
      const std::vector<std::int64_t> smallest = distinct_bounds(ceil_div(extent_[d], some));
      bounds.insert(smallest.begin(), smallest.end());
    }
    return {bounds.begin(), bounds.end()};
  }

  /// The bounds of the innermost loops that fit the stores of a PE.
  void list_inside() {
    for (std::size_t d = 0; d < kDims; ++d) inside_bounds_[d] = inside_bounds(d);
    DimSizes bounds;
    bounds.fill(1);
    inside_choices(0, bounds);
  }

  void inside_choices(std::size_t d, DimSizes& bounds) {
    if (d == kDims) {
      insides_.push_back(bounds);
      return;
    }
    for (const std::int64_t b : inside_bounds_[d]) {
      bounds[d] = b;
      if (!pe_holds(bounds)) break;  // tiles only grow with b
      inside_choices(d + 1, bounds);
    }
    bounds[d] = 1;
  }

  /// Whether the stores inside the array hold the tiles of the innermost loops.
  bool pe_holds(const DimSizes& bounds) { return !over(skeleton_.core(kOnes, bounds), pe_rooms_); }

  /// A storage point in a store that holds so much and no more.
  struct Room {
    std::size_t slots_outside = 0, node = 0;
    Tensor3 tensor = Tensor3::ifmap;
  };

  /// The innermost first.
  std::vector<Room> list_rooms() const {
    std::vector<Room> rooms;
    for (const Tensor3 t : kAllTensors) {
      for (const Skeleton::Point& point : skeleton_.points[index(t)]) {
        if (hardware_.nodes[point.node].store.capacity) rooms.push_back({point.slots_outside, point.node, t});
      }
    }
    std::stable_sort(rooms.begin(), rooms.end(),
                     [](const Room& a, const Room& b) { return a.slots_outside > b.slots_outside; });
    return rooms;
  }

  /// Those of the nodes that `wanted` is true of.
  template <class Wanted>
  std::vector<Room> rooms_of(const Wanted& wanted) const {
    std::vector<Room> rooms;
    std::copy_if(rooms_.begin(), rooms_.end(), std::back_inserter(rooms),
                 [&](const Room& r) { return wanted(r.node); });
    return rooms;
  }

  /// Whether what a node holds depends on free loops.
  bool varies(std::size_t node) const {
    return std::any_of(rooms_.begin(), rooms_.end(), [&](const Room& room) {
      return room.node == node && std::any_of(skeleton_.free.begin(), skeleton_.free.end(), [&](std::size_t slot) {
               return slot >= room.slots_outside && problem_.relevant(room.tensor, skeleton_.slots[slot].dim);
             });
    });
  }

  /// The first node whose tiles do not fit, of those of these rooms, and the bits they need.
  std::optional<Overflow> over(const Choice& choice, const std::vector<Room>& rooms) {
    needed_bits_.assign(hardware_.nodes.size(), 0);
    DimSizes tile = kOnes;
    std::size_t s = skeleton_.slots.size();
    for (const Room& room : rooms) {
      while (s > room.slots_outside) {
        const std::size_t d = index(skeleton_.slots[--s].dim);
        tile[d] = std::min(problem_.bounds[d], tile[d] * choice.bound[s]);
        // Inside its outermost loop a dimension is whole: what a child of the arrays outside that has, at least.
        if (int(s) == skeleton_.outermost[d]) tile[d] = std::max(tile[d], whole_[d]);
      }
      std::int64_t& needed = needed_bits_[room.node];
      needed += tile_words(problem_, room.tensor, tile) * hardware_.bits[index(room.tensor)];
    }
    for (std::size_t n = 0; n < hardware_.nodes.size(); ++n) {
      const std::optional<Bytes>& capacity = hardware_.nodes[n].store.capacity;
      if (capacity && needed_bits_[n] > 8 * capacity->value) return Overflow{n, needed_bits_[n], 8 * capacity->value};
    }
    return std::nullopt;
  }

  /// Ways to share every dimension among its loops that the PEs hold, whether they fit the stores outside or not, and
  /// without the orders of loops that may change places.
  Int128 size_of_space() const {
    std::array<std::vector<std::int64_t>, kDims> shares;  // of a free loop, by the tile inside it
    for (const std::size_t slot : skeleton_.free) {
      const std::size_t d = index(skeleton_.slots[slot].dim);
      for (std::int64_t tile = 1; tile <= extent_[d]; ++tile)
        shares[d].push_back(distinct_count(ceil_div(extent_[d], tile)));
    }
    // Only the bounds of dimensions with a free loop matter, and many choices have the same.
    std::map<DimSizes, std::int64_t> arrays, pes;
    for (const SpatialChoice& spatial : spatials_) ++arrays[of_free_dims(spatial.children)];
    for (const DimSizes& inside : insides_) ++pes[of_free_dims(inside)];
    Int128 size = 0;
    for (const auto& [children, choices] : arrays) {
      for (const auto& [inside, of_them] : pes) {
        Int128 product = Int128(choices) * of_them;
        for (const std::size_t slot : skeleton_.free) {
          const std::size_t d = index(skeleton_.slots[slot].dim);
          const std::int64_t tile = std::min(extent_[d], children[d] * inside[d]);
          product *= shares[d][std::size_t(tile - 1)];
        }
        size += product;
      }
    }
    return size;
  }

  DimSizes of_free_dims(DimSizes bounds) const {
    for (std::size_t d = 0; d < kDims; ++d) bounds[d] = skeleton_.has_free(Dim(d)) ? bounds[d] : 1;
    return bounds;
  }

  // ---- bounds ------------------------------------------------------------------------------------------------------

  Rank rank(const Estimate& e, std::int64_t pes) const {
    return rank_of(options_.objective, second_, e.energy, e.latency, pes_ - pes);
  }

  Rank least_rank(const Estimator::Sums& sums, std::int64_t steps, std::int64_t pes) const {
    const Estimator::Least least = estimate_.least(sums, steps);
    return rank({.energy = least.energy, .latency = least.latency}, pes);
  }

  bool hopeless(const Rank& bound) const { return full() && !(bound < seen_.found.back().rank); }
  bool full() const { return seen_.found.size() == options_.top; }

  /// Steps that the array cannot do without.
  std::int64_t least_steps(const SpatialChoice& spatial) const {
    std::int64_t steps = 1;
    for (std::size_t d = 0; d < kDims; ++d) steps *= ceil_div(extent_[d], spatial.children[d]);
    return steps;
  }

  /// Even with every child of the array at work.
  std::int64_t least_steps_in_all() const {
    std::int64_t product = 1;
    for (const std::int64_t extent : extent_) product *= extent;
    return ceil_div(product, hardware_.nodes[skeleton_.fanout].fanout.children());
  }

  /// A lower bound of everything with so many steps: MACs, what they meet in their PEs, and compulsory traffic.
  Rank bound_of_steps(std::int64_t steps) const { return least_rank(compulsory_, steps, pes_); }

  /// Children with work, at most: the tiles inside them may be so large that the last ones have none.
  std::int64_t pes(const SpatialChoice& spatial, const DimSizes& inside) const {
    std::int64_t product = 1;
    for (std::size_t d = 0; d < kDims; ++d) {
      product *= skeleton_.outside[d] * std::min(spatial.children[d], ceil_div(extent_[d], inside[d]));
    }
    return product;
  }

  /// Loops over the array and in the PEs: a choice of each list.
  struct Pair {
    std::size_t spatial = 0, inside = 0;
    ClassBounds::Pair bounds;
    std::int64_t pes = 1;
  };
  Pair pair(std::size_t s, std::size_t i) { return {s, i, bounds_->pair(s, i), pes(spatials_[s], insides_[i])}; }
  Choice core(const Pair& pair) const {
    return skeleton_.core(spatials_[pair.spatial].children, insides_[pair.inside]);
  }

  using Classes = ClassBounds::Classes;
  Classes classes(const Pair& pair) { return {pair.bounds.tiled, bounds_->classes(pair.bounds.tiled)}; }

  /// A lower bound of everything with these loops over the array and in the PEs in some classes. Leaves those of each
  /// in class_ranks_.
  Rank bound_classes(const Pair& pair, const Classes& classes) {
    bounds_->sum_range({pair.spatial, pair.inside, bounds_->groups().size()}, classes, sums_);
    class_ranks_.clear();
    for (const Estimator::Sums& sums : sums_) class_ranks_.push_back(least_rank(sums, pair.bounds.steps, pair.pes));
    for (std::size_t c = 0; full() && c < class_ranks_.size(); ++c) {
      const Node node{pair, classes.moving[c], bounds_->largest(pair.bounds), pair.bounds.still};
      if (!hopeless(class_ranks_[c])) class_ranks_[c] = std::max(class_ranks_[c], least_ordered(node));
    }
    return *std::min_element(class_ranks_.begin(), class_ranks_.end());
  }

  /// A pair, which of its free loops move, how far, and which of those may stand still.
  struct Node {
    const Pair& pair;
    FreeSet moving = 0;
    FreeIndex at{};
    Shares still{};
  };

  const std::vector<LoopOrder>& orders(const Node& node) {
    const ClassBounds::Pair& pair = node.pair.bounds;
    return bounds_->orders(
        bounds_->moving_slots(pair.tiled, node.moving, bounds_->partial(pair, node.moving, node.at)));
  }

  /// The least in any order; of a node with only one, nothing.
  Rank least_ordered(const Node& node) {
    const std::size_t count = orders(node).size();
    if (count == 1) return {};
    Rank least = bound_in_order(node, 0);
    for (std::size_t o = 1; o < count && hopeless(least); ++o) least = std::min(least, bound_in_order(node, int(o)));
    return least;
  }
  Rank bound_in_order(const Node& node, int order) {
    const Estimator::Sums sums = bounds_->least_sums(node.pair.bounds, node.moving, node.at, node.still, order);
    return least_rank(sums, node.pair.bounds.steps, node.pair.pes);
  }

  bool hopeless(const Node& node) { return hopeless(bound_in_order(node, ClassBounds::kBestOrder)); }

  // ---- the search --------------------------------------------------------------------------------------------------

  /// All pairs, but the most promising first: a good mapping early rules out most of the rest unseen.
  void search() {
    std::vector<std::size_t> order(spatials_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return least_steps(spatials_[a]) < least_steps(spatials_[b]);
    });
    constexpr std::size_t kFirst = 16;
    for (std::size_t k = 0; k < std::min(kFirst, order.size()) && !expired(); ++k) search_promising(order[k]);
    for (const std::size_t s : order) {
      if (hopeless(bound_of_steps(least_steps(spatials_[s])))) {
        seen_.pruned[kPe] += std::int64_t(insides_.size());
        continue;
      }
      std::vector<Classes> all;
      for (const DimSet tiled : bounds_->tiled_sets(s)) all.push_back({tiled, bounds_->classes(tiled)});
      search_range({.spatial = s, .end = insides_.size()}, all);
    }
  }

  bool expired() const { return options_.budget && !seen_.found.empty() && seen_.seconds() > *options_.budget; }

  /// Time is up: nothing better than this bound is looked at.
  void leave(const Rank& bound) {
    if (!hopeless(bound)) seen_.unseen = std::min(seen_.unseen.value_or(bound.objective), bound.objective);
  }

  bool useful(std::size_t s, std::size_t i) const {
    return std::all_of(bounds_->groups().begin(), bounds_->groups().end(),
                       [&](const ClassBounds::Group& group) { return group.is_useful(s, i); });
  }

  /// The most promising insides of one choice over the array.
  void search_promising(std::size_t s) {
    std::vector<std::pair<Rank, std::size_t>> bounds;
    for (std::size_t i = 0; i < insides_.size(); ++i) {
      if (!useful(s, i)) continue;
      const Pair pair = this->pair(s, i);
      if (fits(pair)) bounds.emplace_back(bound_classes(pair, classes(pair)), i);
    }
    constexpr std::size_t kFirst = 4;
    const std::size_t count = std::min(kFirst, bounds.size());
    std::partial_sort(bounds.begin(), bounds.begin() + std::ptrdiff_t(count), bounds.end());
    for (std::size_t k = 0; k < count; ++k) {
      const Pair pair = this->pair(s, bounds[k].second);
      search_pair(pair, classes(pair), /*may_stop=*/false);
    }
  }

  /// Loops in the PEs that agree in the first `fixed` groups of dimensions.
  struct Range {
    std::size_t spatial = 0, begin = 0, end = 0, fixed = 0;
  };

  /// `all`: classes that may have something better there, by the dimensions tiled.
  void search_range(const Range& range, const std::vector<Classes>& all) {
    if (range.end - range.begin == 1 && range.fixed == bounds_->groups().size())
      return search_pair(pair(range.spatial, range.begin), all.front(), /*may_stop=*/true);
    if (range.end - range.begin == 1 || (range.fixed > 0 && bounds_->groups()[range.fixed - 1].columns == 1))
      return split(range, all);
    std::vector<Classes> promising;
    for (const Classes& classes : all) {
      Classes some = this->promising(range, classes);
      if (!some.moving.empty()) promising.push_back(std::move(some));
    }
    if (promising.empty())
      seen_.pruned[kPe] += std::int64_t(range.end - range.begin);
    else
      split(range, promising);
  }

  Classes promising(const Range& range, const Classes& classes) {
    Classes result{.tiled = classes.tiled, .moving = {}};
    const std::int64_t steps = bounds_->sum_range({range.spatial, range.begin, range.fixed}, classes, sums_);
    for (std::size_t c = 0; c < sums_.size(); ++c) {
      if (!hopeless(least_rank(sums_[c], steps, pes_))) result.moving.push_back(classes.moving[c]);
    }
    return result;
  }

  void split(const Range& range, const std::vector<Classes>& all) {
    const ClassBounds::Group& group = bounds_->groups()[range.fixed];
    for (std::size_t begin = range.begin, end = begin; begin < range.end; begin = end) {
      end = group.run_end[begin];
      if (!group.is_useful(range.spatial, begin)) continue;
      std::vector<Classes> same;
      for (const Classes& classes : all) {
        if ((classes.tiled & group.set) == group.at(range.spatial, begin).tiled) same.push_back(classes);
      }
      if (same.empty())
        seen_.pruned[kPe] += std::int64_t(end - begin);
      else
        search_range({range.spatial, begin, end, range.fixed + 1}, same);
    }
  }

  bool fits(const Pair& pair) { return !over(core(pair), rooms_); }

  void search_pair(const Pair& pair, const Classes& classes, bool may_stop) {
    const Rank bound = bound_classes(pair, classes);
    if (hopeless(bound)) {
      ++seen_.pruned[kPe];
    } else if (may_stop && expired()) {
      leave(bound);
    } else if (fits(pair)) {
      search_classes(pair, classes);
    }
  }

  /// Those of the pair that was bounded last.
  void search_classes(const Pair& pair, const Classes& classes) {
    for (std::size_t c = 0; c < classes.moving.size(); ++c) {
      if (hopeless(class_ranks_[c])) {
        ++seen_.pruned[kTiles];
        continue;
      }
      Node node{pair, classes.moving[c], bounds_->largest(pair.bounds), pair.bounds.still};
      Choice choice = core(pair);
      if (hopeless_in_stores(choice, skeleton_.free.size(), node))
        ++seen_.pruned[kStores];
      else
        choose_free(choice, skeleton_.free.size(), node);
    }
  }

  /// Shares what is left of each dimension between its free loop and its outermost one, innermost free loop first.
  /// Bounds fall as a free loop that moves grows, so the largest is tried first, and one that is hopeless ends its
  /// list, even with what standing still in the last tile may spare the rest of them.
  void choose_free(Choice& choice, std::size_t remaining, const Node& node) {
    while (remaining > 0 && !has(node.moving, remaining - 1)) --remaining;
    if (remaining == 0) return finish(choice, node);
    const std::size_t k = remaining - 1, slot = skeleton_.free[k];
    const std::vector<std::int64_t>& bounds = bounds_->candidates(node.pair.bounds, k);
    const std::int64_t tiles = bounds.back();
    const auto still = [tiles](std::int64_t b) { return stands_still(tiles, b); };
    Node next = node;
    bool ended = false;  // but for those that stand still
    for (std::size_t b = bounds.size() - 1; b > 0; --b) {
      if (ended && !still(bounds[b])) continue;
      choice.bound[slot] = bounds[b];
      if (over(choice, free_rooms_)) {
        ++seen_.pruned[kCapacity];
        continue;
      }
      next.at[k] = std::uint32_t(b);
      next.still[k] = still(bounds[b]) ? 1 / double(tiles) : 0;
      const bool known = bounds[b] == tiles && node.still[k] == 0;  // what takes all was bounded so before
      if (!known && hopeless(next)) {
        ++seen_.pruned[kShares];
        if (ended) continue;
        ended = true;
        next.still[k] = 1 / double(tiles);
        if (std::none_of(bounds.begin(), bounds.begin() + std::ptrdiff_t(b), still) || hopeless(next)) break;
      } else if (hopeless_in_stores(choice, k, next)) {
        ++seen_.pruned[kStores];
      } else {
        choose_free(choice, k, next);
      }
    }
    choice.bound[slot] = 1;
  }

  /// Whether nothing is to be hoped for if each of the `remaining` free loops is no larger than the stores allow while
  /// the others of them are at their smallest.
  bool hopeless_in_stores(Choice smallest, std::size_t remaining, Node node) {
    const FreeSet rest = node.moving & ((1u << remaining) - 1);
    if (rest == 0) return false;
    const auto bounds = [&](std::size_t k) -> const std::vector<std::int64_t>& {
      return bounds_->candidates(node.pair.bounds, k);
    };
    for (std::size_t k = 0; k < remaining; ++k) {
      if (has(rest, k)) smallest.bound[skeleton_.free[k]] = bounds(k)[1];
    }
    if (over(smallest, free_rooms_)) return true;
    bool limited = false;
    for (std::size_t k = 0; k < remaining; ++k) {
      if (!has(rest, k)) continue;
      std::int64_t& own = smallest.bound[skeleton_.free[k]];
      const auto fits = [&](std::int64_t bound) {
        own = bound;
        return !over(smallest, free_rooms_);
      };
      const auto first_over = std::partition_point(bounds(k).begin() + 1, bounds(k).end(), fits);
      limited = limited || first_over != bounds(k).end();
      node.at[k] = std::uint32_t(first_over - bounds(k).begin() - 1);
      own = bounds(k)[1];
    }
    return limited && hopeless(node);
  }

  /// A choice that fits.
  void finish(Choice choice, const Node& node) {
    skeleton_.close(choice, problem_);
    if (!skeleton_.outer.empty() && (idle(choice) || over(choice, rooms_))) {
      ++seen_.pruned[kShares];
      return;
    }
    const std::vector<LoopOrder>& orders = this->orders(node);
    for (std::size_t o = 0; o < orders.size(); ++o) {
      if (orders.size() > 1 && full() && hopeless(bound_in_order(node, int(o)))) {
        ++seen_.pruned[kOrders];
        continue;
      }
      choice.order = orders[o];
      try_one(choice, node.pair);
    }
  }

  /// Whether a child of the arrays outside that of the PEs has no work.
  bool idle(const Choice& choice) const {
    DimSizes tile = kOnes;
    for (std::size_t s = skeleton_.slots.size(); s-- > 0;) {
      const std::size_t d = index(skeleton_.slots[s].dim);
      const bool outer = skeleton_.outer_of(s) != nullptr;
      if (outer && (choice.bound[s] - 1) * tile[d] >= problem_.bounds[d]) return true;
      tile[d] *= choice.bound[s];
    }
    return false;
  }

  /// Children of arrays outside may differ in what they have: there the estimate is a bound.
  void try_one(const Choice& choice, const Pair& pair) {
    ++seen_.visited;
    const Estimate estimate = estimate_(choice);
    Rank r = rank(estimate, pair.pes);
    if (hopeless(r)) return;
    Found found{r, to_mapping(skeleton_, choice, spatials_[pair.spatial].axes, hardware_)};
    if (!estimate.exact || !skeleton_.outer.empty()) {
      const MappingResult exact = costed(found.mapping, problem_, hardware_, options_);
      r = rank({.energy = exact.cost.total, .latency = exact.counts.latency_cycles}, exact.counts.active_pes);
      WEFT_ASSERT(!(r < found.rank), "the estimate is a bound");
      if (hopeless(r)) return;
      found.rank = r;
    }
    std::vector<Found>& all = seen_.found;
    const auto same = [&](const Found& f) { return f.mapping == found.mapping; };
    if (std::any_of(all.begin(), all.end(), same)) return;  // promising pairs are looked at twice
    if (full()) all.pop_back();
    const auto better = [](const Found& a, const Found& b) { return a.rank < b.rank; };
    all.insert(std::upper_bound(all.begin(), all.end(), found, better), std::move(found));
  }

  // ---- what cannot be ----------------------------------------------------------------------------------------------

  /// Even the smallest tiles do not fit.
  void note_overflow(const Overflow& overflow) {
    const auto lacking = [](const Overflow& o) { return o.needed_bits - o.capacity_bits; };
    std::optional<Overflow>& least = seen_.least_overflow;
    if (!least || lacking(overflow) < lacking(*least)) least = overflow;
  }

  const LoopProblem& problem_;
  const Hardware& hardware_;
  const MapOptions& options_;
  const std::int64_t pes_ = hardware_.pes();
  const Skeleton& skeleton_;
  Estimator estimate_;
  Seen& seen_;
  DimSizes extent_ =
      skeleton_.extents(problem_);  ///< of each dimension, what a child of the arrays outside has at least
  DimSizes whole_ = whole();        ///< of each dimension, what the tile inside its outermost loop has at least
  std::vector<Room> rooms_ = list_rooms();
  std::vector<Room> pe_rooms_ = rooms_of([this](std::size_t node) { return node > skeleton_.fanout; });
  std::vector<Room> free_rooms_ = rooms_of([this](std::size_t node) { return varies(node); });
  std::vector<std::int64_t> needed_bits_;  ///< by node
  std::vector<SpatialChoice> spatials_;
  std::array<std::vector<std::int64_t>, kDims> inside_bounds_;
  std::vector<DimSizes> insides_;
  std::optional<ClassBounds> bounds_;
  Estimator::Sums compulsory_{};
  std::vector<Estimator::Sums> sums_;  ///< by class
  std::vector<Rank> class_ranks_;      ///< of the pair that was bounded last
  Objective second_ = second_objective(options_);
};

}  // namespace

std::string to_string(Objective objective) { return std::string(kObjectiveNames[std::size_t(objective)]); }

Objective second_objective(const MapOptions& options) {
  return options.second.value_or(options.objective == Objective::energy ? Objective::latency : Objective::energy);
}

Int128 objective_value(Objective objective, const Cost& cost, const Counts& counts) {
  return value_of(objective, cost.total, counts.latency_cycles);
}

MappingResult costed(Mapping mapping, const LoopProblem& problem, const Hardware& hardware, const MapOptions& options) {
  MappingResult result{.mapping = std::move(mapping)};
  const Placement placement = place(problem, result.mapping, hardware);
  WEFT_ASSERT(!overflow(problem, placement, hardware), "a mapping that was searched fits");
  result.counts = count(problem, placement, hardware, options.conventions, options.offchip);
  const OffchipCode code = without_spills(options.offchip, result.counts, hardware);
  if (code != options.offchip) result.counts = count(problem, placement, hardware, options.conventions, code);
  result.cost = cost(result.counts, placement, hardware, options.ifmap_zeros, code);
  result.certificate.objective_value = objective_value(options.objective, result.cost, result.counts);
  return result;
}

namespace {

[[noreturn]] void refuse_dimension(Dim d, const LoopProblem& problem) {
  throw Error(Problem{.id = "infeasible.dimension",
                      .what = fmt::format("the dataflow has no loop over {}, of which {} has {}", name(d), problem.name,
                                          problem.bound(d)),
                      .where = {},
                      .mend = fmt::format("add {} to one of its `loops:`", name(d))});
}

/// Says which store lacks how much.
[[noreturn]] void refuse_capacity(const LoopProblem& problem, const Hardware& hardware,
                                  const std::optional<Overflow>& least) {
  const HardwareNode& node = hardware.nodes[least ? least->node : 0];
  throw Error(Problem{
      .id = "infeasible.capacity",
      .what = fmt::format("{} has no mapping on '{}': the smallest tiles need {} B in store '{}', which holds {} B",
                          problem.name, hardware.name, ceil_div(least ? least->needed_bits : 0, 8), node.name,
                          least ? least->capacity_bits / 8 : 0),
      .where = node.where,
      .mend = fmt::format("give '{}' {} B more", node.name,
                          ceil_div(least ? least->needed_bits - least->capacity_bits : 0, 8))});
}

Certificate certificate_of(const Seen& seen) {
  Certificate result{.objective_value = seen.found.front().rank.objective, .visited = seen.visited};
  if (seen.space_known) result.space = seen.space;
  result.optimal = !seen.unseen;
  result.lower_bound = std::min(result.objective_value, seen.unseen.value_or(result.objective_value));
  for (std::size_t p = 0; p < kArguments; ++p) {
    if (seen.pruned[p] > 0) result.pruned[kArgumentNames[p]] = seen.pruned[p];
  }
  result.seconds = seen.seconds();
  return result;
}

}  // namespace

MappingResult find_mapping(const LoopProblem& problem, const Hardware& hardware, const Dataflow& dataflow,
                           const MapOptions& options) {
  if (dataflow.free()) return find_free_mapping(problem, hardware, options);
  if (options.perfect) {
    throw Error(
        Problem{.id = "mapper.unsupported",
                .what = fmt::format("a search within dataflow '{}' has bounds that do not divide too", dataflow.name),
                .where = {},
                .mend = "leave --perfect out, or search without a dataflow: --dataflow free"});
  }
  const Skeleton nest = skeleton(dataflow, hardware);
  for (const Dim d : kAllDims) {
    if (nest.outermost[index(d)] < 0 && problem.bound(d) > 1) refuse_dimension(d, problem);
  }
  Seen seen;
  for (const Skeleton& with : with_outer_children(nest, problem, hardware))
    Search(problem, hardware, with, options, seen).run();
  if (seen.found.empty()) refuse_capacity(problem, hardware, seen.least_overflow);
  MappingResult best = costed(seen.found.front().mapping, problem, hardware, options);
  WEFT_ASSERT(rank_of(options.objective, second_objective(options), best.cost.total, best.counts.latency_cycles,
                      hardware.pes() - best.counts.active_pes) == seen.found.front().rank,
              "where it says so, the estimate is the cost");
  best.certificate = certificate_of(seen);
  for (std::size_t f = 1; f < seen.found.size(); ++f)
    best.next.push_back(costed(seen.found[f].mapping, problem, hardware, options));
  best.next_proven = !seen.unseen;
  return best;
}

}  // namespace weft
