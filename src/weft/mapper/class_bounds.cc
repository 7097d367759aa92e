// SPDX-License-Identifier: Apache-2.0
#include "weft/mapper/class_bounds.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <utility>

#include "weft/base/ceil_div.h"
#include "weft/mapper/traffic.h"

namespace weft {
namespace {

void lower(Estimator::Terms& least, const double* terms) {
  for (std::size_t t = 0; t < least.size(); ++t) least[t] = std::min(least[t], terms[t]);
}

/// In what share of all tiles these loops stand still at once.
double share_of(FreeSet loops, const Shares& still) {
  double share = 1;
  for (std::size_t k = 0; loops >> k != 0; ++k) share *= has(loops, k) ? still[k] : 1;
  return share;
}

void raise(Shares& most, const Shares& still) {
  for (std::size_t k = 0; k < kDims; ++k) most[k] = std::max(most[k], still[k]);
}

/// Numbers the distinct bounds that the choices of a list give the dimensions of a group.
template <class List, class Bounds>
std::vector<DimSizes> number(const List& list, const std::vector<Dim>& dims, const Bounds& bounds,
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

}  // namespace

// ---- the tables -----------------------------------------------------------------------------------------------------

ClassBounds::ClassBounds(const LoopProblem& problem, const Skeleton& skeleton, Estimator& estimate,
                         const std::vector<SpatialChoice>& spatials, std::vector<DimSizes>& insides)
    : problem_(problem), skeleton_(skeleton), estimate_(estimate) {
  sort(insides);
  find_largest(spatials, insides);
  for (const std::vector<Dim>& dims : dimension_groups()) {
    Group group{.dims = dims};
    for (const Dim d : dims) {
      group.set |= 1u << index(d);
      for (std::size_t k = 0; k < skeleton_.free.size(); ++k) {
        if (skeleton_.slots[skeleton_.free[k]].dim == d) group.free.push_back(k);
      }
    }
    const auto rows = number(
        spatials, dims, [](const SpatialChoice& c) { return c.children; }, group.spatial_key);
    const auto columns = number(
        insides, dims, [](const DimSizes& c) { return c; }, group.inside_key);
    group.columns = columns.size();
    for (const DimSizes& children : rows) {
      for (const DimSizes& inside : columns) group.table.push_back(group_choice(group, children, inside));
    }
    if (group.table.size() > 1 || !group.free.empty()) {
      group.rows.resize(rows.size());
      note_useful(group, spatials);
      for (const std::size_t k : group.free) group_of_[k] = groups_.size();
      groups_.push_back(std::move(group));
    } else {  // without a choice its factors are all 1
      only_.steps *= group.table.front().steps;
      only_.tiled |= group.table.front().tiled;
    }
  }
  note_runs(insides.size());
  note_stops(insides.size());
}

/// Dimensions that meet in no window but their own: a transfer is a product over the groups.
std::vector<std::vector<Dim>> ClassBounds::dimension_groups() const {
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

void ClassBounds::sort(std::vector<DimSizes>& insides) const {
  std::vector<Dim> dims;
  for (const std::vector<Dim>& group : dimension_groups()) dims.insert(dims.end(), group.begin(), group.end());
  const auto key = [&dims](const DimSizes& inside) {
    DimSizes result{};
    for (std::size_t k = 0; k < dims.size(); ++k) result[k] = inside[index(dims[k])];
    return result;
  };
  std::sort(insides.begin(), insides.end(), [&key](const DimSizes& a, const DimSizes& b) { return key(a) < key(b); });
}

void ClassBounds::find_largest(const std::vector<SpatialChoice>& spatials, const std::vector<DimSizes>& insides) {
  largest_.fill(1);
  for (std::size_t d = 0; d < kDims; ++d) {
    for (const SpatialChoice& spatial : spatials) {
      widest_.children[d] = std::max(widest_.children[d], std::min(problem_.bounds[d], spatial.children[d]));
    }
    for (const DimSizes& inside : insides) largest_[d] = std::max(largest_[d], inside[d]);
  }
}

ClassBounds::GroupChoice ClassBounds::group_choice(const Group& group, const DimSizes& children,
                                                   const DimSizes& inside) const {
  GroupChoice result{.children = children, .inside = inside};
  for (const Dim d : group.dims) {
    const std::int64_t D = problem_.bound(d), bound = inside[index(d)], outside = skeleton_.outside[index(d)];
    const std::int64_t tile = outside * children[index(d)] * bound;
    result.steps *= D / tile * bound + std::min(bound, D % tile);
    if (tile < D) result.tiled |= 1u << index(d);
    for (std::size_t k = 0; k < skeleton_.free.size(); ++k) {
      if (skeleton_.slots[skeleton_.free[k]].dim != d) continue;
      const std::int64_t tiles = ceil_div(D, tile);
      std::vector<std::int64_t>& bounds = result.candidates[k] = distinct_bounds(tiles);
      if (std::any_of(bounds.begin(), bounds.end(), [tiles](std::int64_t b) { return stands_still(tiles, b); }))
        result.still[k] = 1 / double(tiles);
      if (outside > 1 && tiles > 1) result.still[k] = 1 / double(outside);  // in the last child
    }
  }
  return result;
}

/// Whether every loop of a dimension over the array has work for its last child, and no smaller bound inside makes as
/// few tiles: but for dimensions with a free loop, where PEs keep something of that size.
bool ClassBounds::useful(const SpatialChoice& spatial, const Group& group, std::size_t column) const {
  const GroupChoice& choice = group.table[column];  // any row
  return std::all_of(group.dims.begin(), group.dims.end(), [&](Dim dim) {
    const std::size_t d = index(dim);
    if (skeleton_.spatial[d] < 0) return true;
    const std::int64_t inside = choice.inside[d];
    std::int64_t rest = spatial.children[d];
    for (const DimSizes& axis : spatial.axes) {
      rest /= axis[d];
      if (axis[d] > 1 && (axis[d] - 1) * rest * inside >= extent_[d]) return false;
    }
    if (skeleton_.inside[d] < 0 || (skeleton_.has_free(dim) && skeleton_.pes_keep())) return true;
    return is_distinct_bound(ceil_div(extent_[d], spatial.children[d]), inside);
  });
}

void ClassBounds::note_useful(Group& group, const std::vector<SpatialChoice>& spatials) {
  for (std::size_t s = 0; s < spatials.size(); ++s) {
    const std::size_t row = group.spatial_key[s];
    std::vector<DimSet>& tiled = group.rows[row].tiled;
    for (std::size_t column = 0; column < group.columns; ++column) {
      group.useful.push_back(useful(spatials[s], group, column));
      if (!group.useful.back()) continue;
      GroupChoice& choice = group.table[row * group.columns + column];
      choice.useful = true;
      if (std::find(tiled.begin(), tiled.end(), choice.tiled) == tiled.end()) tiled.push_back(choice.tiled);
    }
  }
}

// ---- classes --------------------------------------------------------------------------------------------------------

ClassBounds::Tiling& ClassBounds::tiling(DimSet tiled) {
  std::unique_ptr<Tiling>& at = tilings_[tiled];
  if (at) return *at;
  at = std::make_unique<Tiling>(Tiling{.number = tilings_met_++});
  const std::size_t sets = std::size_t(1) << skeleton_.free.size();
  at->in_best_order.resize(sets * sets);
  at->in_order.resize(sets * sets);
  at->standing.resize(sets);
  for (FreeSet moving = 0; moving < sets; ++moving) {
    bool possible = true;
    for (std::size_t k = 0; k < skeleton_.free.size(); ++k) {
      const Dim d = skeleton_.slots[skeleton_.free[k]].dim;
      possible = possible && (!has(moving, k) || has(tiled, index(d)));
    }
    if (!possible) continue;
    at->classes.push_back(moving);
    at->standing[moving] = standing(tiled, moving);
  }
  return *at;
}

std::vector<ClassBounds::Standing> ClassBounds::standing(DimSet tiled, FreeSet moving) const {
  std::vector<Standing> result;
  for (const Estimator::Standing& terms : estimate_.standing(moving_slots(tiled, moving, moving))) {
    Standing& at = result.emplace_back(Standing{.terms = terms});
    for (std::size_t k = 0; k < skeleton_.free.size(); ++k)
      at.loops |= has(terms.slots, skeleton_.free[k]) ? 1u << k : 0u;
    for (std::size_t d = 0; d < kDims; ++d) {
      const auto free_of_d = [&](std::size_t s) { return index(skeleton_.slots[s].dim) == d && has(terms.slots, s); };
      const bool outermost = skeleton_.outermost[d] >= 0 && has(terms.slots, std::size_t(skeleton_.outermost[d]));
      if (outermost && std::none_of(skeleton_.free.begin(), skeleton_.free.end(), free_of_d))
        at.share /= double(skeleton_.outside[d]);
    }
  }
  return result;
}

std::uint32_t ClassBounds::moving_slots(DimSet tiled, FreeSet moving, FreeSet both) const {
  std::uint32_t slots = 0;
  for (std::size_t d = 0; d < kDims; ++d) {
    if (has(tiled, d)) slots |= 1u << skeleton_.outermost[d];
  }
  for (std::size_t k = 0; k < skeleton_.free.size(); ++k) {
    if (!has(moving, k)) continue;
    const std::size_t slot = skeleton_.free[k];
    if (!has(both, k)) slots ^= 1u << skeleton_.outermost[index(skeleton_.slots[slot].dim)];
    slots |= 1u << slot;
  }
  return slots;
}

ClassBounds::Class& ClassBounds::class_of(DimSet tiled, FreeSet moving, FreeSet both, int order) {
  Tiling& tiling = this->tiling(tiled);
  const std::size_t place = std::size_t(moving) << skeleton_.free.size() | both;
  if (order != kBestOrder && tiling.in_order[place].empty())
    tiling.in_order[place].resize(orders(moving_slots(tiled, moving, both)).size());
  Class*& at = order == kBestOrder ? tiling.in_best_order[place] : tiling.in_order[place][std::size_t(order)];
  if (at != nullptr) return *at;
  at = &classes_.emplace_back(Class{
      .moving = moving, .both = both, .slots = moving_slots(tiled, moving, both), .ordered = order != kBestOrder});
  for (std::size_t g = 0; g < groups_.size(); ++g) at->factors[g].resize(groups_[g].rows.size());
  std::iota(at->order.begin(), at->order.begin() + std::ptrdiff_t(skeleton_.slots.size()), std::uint8_t{0});
  if (at->ordered) at->order = orders(at->slots)[std::size_t(order)];
  at->base = terms(core_of(nullptr, nullptr), *at);
  return *at;
}

/// The loops from the array inwards, those of one group as chosen and the others at their largest; the rest 1.
Choice ClassBounds::core_of(const Group* group, const GroupChoice* at) const {
  DimSizes children = widest_.children, inside = largest_;
  if (group != nullptr) {
    for (const Dim d : group->dims) {
      children[index(d)] = at->children[index(d)];
      inside[index(d)] = at->inside[index(d)];
    }
  }
  return skeleton_.core(children, inside);
}

/// The terms of a choice in a class: free loops that move and have no bound yet take all that is left, and the
/// outermost loops what is left then.
Estimator::Terms ClassBounds::terms(Choice choice, const Class& in) {
  for (std::size_t k = 0; k < skeleton_.free.size(); ++k) {
    const std::size_t slot = skeleton_.free[k];
    if (has(in.moving, k) && choice.bound[slot] == 1)
      choice.bound[slot] = skeleton_.left(choice, problem_, index(skeleton_.slots[slot].dim));
  }
  skeleton_.close(choice, problem_);
  choice.order = in.order;
  return in.ordered ? estimate_.ordered_terms(choice, in.slots) : estimate_.terms(choice, in.slots);
}

/// What one group's loops do to each term of a class, relative to the largest choice.
const double* ClassBounds::factor(std::size_t g, Place place, Class& in, const FreeIndex& at) {
  const Group& group = groups_[g];
  std::size_t bounds = 0, count = 1;
  for (const std::size_t k : group.free) {
    if (!has(in.both, k)) continue;
    const std::size_t candidates = group.at(place).candidates[k].size();
    bounds = bounds * candidates + at[k];
    count *= candidates;
  }
  std::vector<double*>& row = in.factors[g][place.row];
  if (row.empty()) row.resize(group.columns);
  double*& known = row[place.column];
  if (known == nullptr) known = unknown_factors(count * in.base.size());
  double* factor = known + bounds * in.base.size();
  if (factor[0] < 0) find_factor(group, group.at(place), in, at, factor);
  return factor;
}

void ClassBounds::find_factor(const Group& group, const GroupChoice& choice, const Class& in, const FreeIndex& at,
                              double* factor) {
  Choice core = core_of(&group, &choice);
  for (const std::size_t k : group.free) {
    if (has(in.both, k)) core.bound[skeleton_.free[k]] = choice.candidates[k][at[k]];
  }
  const Estimator::Terms own = terms(core, in);
  for (std::size_t t = 0; t < own.size(); ++t) factor[t] = in.base[t] > 0 ? own[t] / in.base[t] : 1;
}

double* ClassBounds::unknown_factors(std::size_t count) {
  constexpr std::size_t kPiece = 1u << 14;
  if (factors_.empty() || factors_.back().capacity() - factors_.back().size() < count)
    factors_.emplace_back().reserve(std::max(kPiece, count));
  std::vector<double>& piece = factors_.back();
  piece.resize(piece.size() + count, -1);
  return piece.data() + piece.size() - count;
}

// ---- bounds ---------------------------------------------------------------------------------------------------------

ClassBounds::Pair ClassBounds::pair(std::size_t s, std::size_t i) {
  Pair result{.steps = only_.steps, .tiled = only_.tiled};
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    result.at[g] = groups_[g].place(s, i);
    const GroupChoice& choice = groups_[g].at(result.at[g]);
    result.steps *= choice.steps;
    result.tiled |= choice.tiled;
    raise(result.still, choice.still);
  }
  return result;
}

const std::vector<std::int64_t>& ClassBounds::candidates(const Pair& pair, std::size_t k) const {
  const std::size_t g = group_of_[k];
  return groups_[g].at(pair.at[g]).candidates[k];
}

FreeIndex ClassBounds::largest(const Pair& pair) const {
  FreeIndex result{};
  for (std::size_t k = 0; k < skeleton_.free.size(); ++k) result[k] = std::uint32_t(candidates(pair, k).size() - 1);
  return result;
}

FreeSet ClassBounds::partial(const Pair& pair, FreeSet moving, const FreeIndex& at) const {
  FreeSet result = 0;
  for (std::size_t k = 0; moving >> k != 0; ++k) {
    if (has(moving, k) && at[k] + 1 < candidates(pair, k).size()) result |= 1u << k;
  }
  return result;
}

void ClassBounds::multiply(const Class& in, const std::array<const double*, kDims>& factors,
                           Estimator::Terms& product) {
  product = in.base;
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    for (std::size_t t = 0; t < product.size(); ++t) product[t] *= factors[g][t];
  }
}

void ClassBounds::multiply(const Pair& pair, FreeSet moving, const FreeIndex& at, int order,
                           Estimator::Terms& product) {
  Class& in = class_of(pair.tiled, moving, partial(pair, moving, at), order);
  std::array<const double*, kDims> factors{};
  for (std::size_t g = 0; g < groups_.size(); ++g) factors[g] = factor(g, pair.at[g], in, at);
  multiply(in, factors, product);
}

/// Lowers the terms that say too much where loops stand still. `whole`: the terms if those loops take all that is left:
/// a tile that slides comes anew for each of the outer loop's steps else, and then the one that stays is a larger part.
void ClassBounds::spare(const std::vector<Standing>& standing, const Shares& still, const Estimator::Terms& whole,
                        Estimator::Terms& terms) {
  spared_.assign(terms.size(), 0);
  for (const Standing& s : standing) {
    const double share = s.share * share_of(s.loops, still);
    if (share == 0) continue;
    for (const std::size_t t : s.terms.less) spared_[t] += share;
    for (const std::size_t t : s.terms.lost) spared_[t] = 1;
  }
  for (std::size_t t = 0; t < terms.size(); ++t) {
    if (spared_[t] > 0) terms[t] = std::min(terms[t], std::max(0.0, 1 - spared_[t]) * whole[t]);
  }
}

bool ClassBounds::may_stand_still(const Pair& pair, FreeSet moving, const Shares& still) {
  const std::vector<Standing>& standing = tiling(pair.tiled).standing[moving];
  return std::any_of(standing.begin(), standing.end(),
                     [&still](const Standing& s) { return share_of(s.loops, still) > 0; });
}

Estimator::Sums ClassBounds::least_sums(const Pair& pair, FreeSet moving, const FreeIndex& at, const Shares& still,
                                        int order) {
  multiply(pair, moving, at, order, product_);
  spared_.clear();
  if (may_stand_still(pair, moving, still)) {
    FreeIndex all = at;
    for (std::size_t k = 0; moving >> k != 0; ++k) {
      if (has(moving, k) && still[k] > 0) all[k] = std::uint32_t(candidates(pair, k).size() - 1);
    }
    multiply(pair, moving, all, kBestOrder, whole_);
    spare(tiling(pair.tiled).standing[moving], still, whole_, product_);
  }
  return estimate_.sums(product_, spared_);
}

/// Where the choices in the PEs end that agree with one in this group and all before it.
void ClassBounds::note_runs(std::size_t insides) {
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    std::vector<std::size_t>& ends = groups_[g].run_end;
    ends.assign(insides, insides);
    for (std::size_t i = insides - 1; i-- > 0;) {
      const bool ends_before = g > 0 && groups_[g - 1].run_end[i] == i + 1;
      ends[i] = ends_before || groups_[g].inside_key[i] != groups_[g].inside_key[i + 1] ? i + 1 : ends[i + 1];
    }
  }
}

/// The columns that ranges come to: the stores of a PE leave less room for one dimension where another takes more.
/// Least values are kept up to some columns only, each half as far again as the one before.
void ClassBounds::note_stops(std::size_t insides) {
  for (Group& group : groups_) {
    for (std::size_t stop = 0; stop + 1 < group.columns; stop += stop / 2 + 1) group.stops.push_back(stop);
    group.stops.push_back(group.columns - 1);
  }
  stop_.resize(groups_.size());
  for (std::size_t fixed = 0; fixed < groups_.size(); ++fixed) {
    stop_[fixed].resize(insides);
    for (std::size_t i = insides; i-- > 0;) {
      std::array<std::size_t, kDims>& stops = stop_[fixed][i];
      const bool same = fixed == 0 ? i + 1 < insides : groups_[fixed - 1].run_end[i] > i + 1;  // as the next one
      if (same) stops = stop_[fixed][i + 1];
      for (std::size_t g = fixed; g < groups_.size(); ++g) {
        while (groups_[g].stops[stops[g]] < groups_[g].inside_key[i]) ++stops[g];
      }
    }
  }
}

const std::vector<ClassBounds::Least>& ClassBounds::least_of_row(std::size_t g, std::size_t row, DimSet tiled) {
  Group& group = groups_[g];
  const std::size_t number = tiling(tiled).number;
  std::vector<std::vector<Least>>& by_tiling = group.rows[row].least;
  if (by_tiling.size() <= number) by_tiling.resize(number + 1);
  std::vector<Least>& result = by_tiling[number];
  if (!result.empty()) return result;
  Least least;
  for (std::size_t column = 0; column < group.columns; ++column) {
    const Place place{row, column};
    const GroupChoice& choice = group.at(place);
    if (choice.useful && choice.tiled == (tiled & group.set)) {
      const bool first = least.steps == 0;
      least.steps = first ? choice.steps : std::min(least.steps, choice.steps);
      raise(least.still, choice.still);
      least.by_moving.resize(std::size_t(1) << skeleton_.free.size());
      for (const FreeSet moving : classes(tiled)) {
        Class& in = class_of(tiled, moving, 0, kBestOrder);
        const double* terms = factor(g, place, in, {});
        if (first)
          least.by_moving[moving].assign(terms, terms + in.base.size());
        else
          lower(least.by_moving[moving], terms);
      }
    }
    if (column == group.stops[result.size()]) result.push_back(least);
  }
  return result;
}

std::int64_t ClassBounds::sum_range(const Range& range, const Classes& classes,
                                    std::vector<Estimator::Sums>& by_class) {
  by_class.clear();
  std::int64_t steps = only_.steps;
  Shares still{};
  std::array<const Least*, kDims> least{};
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    const Group& group = groups_[g];
    if (g < range.fixed) {
      const GroupChoice& choice = group.at(range.spatial, range.inside);
      steps *= choice.steps;
      raise(still, choice.still);
    } else {
      const std::size_t stop = stop_[range.fixed][range.inside][g];
      least[g] = &least_of_row(g, group.spatial_key[range.spatial], classes.tiled)[stop];
      if (least[g]->steps == 0) return 0;
      steps *= least[g]->steps;
      raise(still, least[g]->still);
    }
  }
  std::array<const double*, kDims> factors{};
  for (const FreeSet moving : classes.moving) {
    Class& in = class_of(classes.tiled, moving, 0, kBestOrder);
    for (std::size_t g = 0; g < groups_.size(); ++g) {
      factors[g] = g < range.fixed ? factor(g, groups_[g].place(range.spatial, range.inside), in, {})
                                   : least[g]->by_moving[moving].data();
    }
    multiply(in, factors, product_);
    spared_.clear();
    if (still != Shares{} || !skeleton_.outer.empty())
      spare(tiling(classes.tiled).standing[moving], still, product_, product_);
    by_class.push_back(estimate_.sums(product_, spared_));
  }
  return steps;
}

std::vector<DimSet> ClassBounds::tiled_sets(std::size_t s) const {
  std::vector<DimSet> sets = {only_.tiled};
  for (const Group& group : groups_) {
    std::vector<DimSet> more;
    for (const DimSet own : group.rows[group.spatial_key[s]].tiled) {
      for (const DimSet set : sets) more.push_back(set | own);
    }
    sets = std::move(more);
  }
  return sets;
}

// ---- orders ---------------------------------------------------------------------------------------------------------

const std::vector<LoopOrder>& ClassBounds::orders(std::uint32_t moving_slots) {
  std::vector<LoopOrder>& result = orders_[moving_slots];
  if (!result.empty()) return result;
  std::vector<std::uint8_t> places;
  for (std::size_t s = 0; s < skeleton_.slots.size(); ++s) {
    if (skeleton_.slots[s].any_order && has(moving_slots, s)) places.push_back(std::uint8_t(s));
  }
  std::vector<std::uint8_t> loops = places;
  std::set<std::vector<std::uint32_t>> seen;
  do {
    if (!seen.insert(order_signature(moving_slots, loops)).second) continue;
    LoopOrder& order = result.emplace_back();
    std::iota(order.begin(), order.begin() + std::ptrdiff_t(skeleton_.slots.size()), std::uint8_t{0});
    for (std::size_t k = 0; k < places.size(); ++k) order[places[k]] = loops[k];
  } while (std::next_permutation(loops.begin(), loops.end()));
  return result;
}

/// Whether the order of the outer loops can change what a tensor moves: not where a relevant loop moves further in.
bool ClassBounds::order_matters(std::uint32_t moving_slots, Tensor3 t) const {
  const auto& points = skeleton_.points[index(t)];
  if (points.size() < 2) return false;
  for (std::size_t s = 0; s < points[1].slots_outside; ++s) {
    const Slot& slot = skeleton_.slots[s];
    if (!slot.any_order && has(moving_slots, s) && problem_.relevant(t, slot.dim)) return false;
  }
  return true;
}

/// What an order of the outer loops means: for each tensor, its last relevant loop and the loops inside that.
std::vector<std::uint32_t> ClassBounds::order_signature(std::uint32_t moving_slots,
                                                        const std::vector<std::uint8_t>& loops) const {
  std::vector<std::uint32_t> signature;
  for (const Tensor3 t : kAllTensors) {
    if (!order_matters(moving_slots, t)) continue;
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

}  // namespace weft
