// SPDX-License-Identifier: Apache-2.0
#include "weft/mapper/free_bounds.h"

#include <algorithm>
#include <utility>

namespace weft::free_search {

double value_of(Objective objective, const Least& least) {
  switch (objective) {
    case Objective::energy:
      return least.cost;
    case Objective::latency:
      return least.time;
    case Objective::edp:
      break;
  }
  return least.cost * least.time;
}

Bounds::Bounds(const Hardware& hardware, const Conventions& how, const Machine& machine, const Tiles& tiles)
    : hardware_(hardware), how_(how), machine_(machine), tiles_(tiles) {
  widest_.resize(machine_.regions.size());
  for (std::size_t r = 1; r < machine_.regions.size(); ++r) {
    for (const std::size_t c : machine_.regions[r].widest) {
      const SpatialChoice& choice = machine_.regions[r].spread[c];
      widest_[r].add(choice.sharing, machine_.idle(r, choice.steps));
    }
  }
}

void Bounds::use(const StoreChoice& stores, const OutermostLeast& outermost, const Goal& goal) {
  stores_ = &stores;
  outermost_ = outermost;
  goal_ = goal;
  least_psum_share_.clear();
  for (const Way& way : stores.ways[index(Tensor3::psum)]) {
    double& least = least_psum_share_.emplace_back(1);
    for (std::size_t r = 1; r < machine_.regions.size(); ++r) {
      const std::size_t fanout = *machine_.regions[r].fanout;
      const std::vector<double>& shares = widest_[r].share[index(Tensor3::psum)];
      if (way.parent < fanout && (way.child == kCompute || std::size_t(way.child) > fanout))
        least *= *std::min_element(shares.begin(), shares.end());
    }
  }
  first_ = {};
  least_later_ = nullptr;
  if (machine_.clocks == 1 || machine_.regions.size() != 2 || !goal.uses(Objective::latency)) return;
  for (const Tensor3 t : kAllTensors) {
    for (const Way& way : stores.ways[index(t)]) first_[index(t)] += way.crosses ? 0 : way.first_cycles[0];
  }
  least_later_ = &later_.try_emplace(first_, tiles_.size(), -1).first->second;
}

/// What transfers of partial sums not begun yet may spare those further in, at most: they have no more visits than
/// tiles are left, and those that start without a value are those whose sums arrays add up. Where a visit costs the
/// parent more than it spares the child, no more visits than those that one word of the parent serves spare anything;
/// and nothing is spared on the way from the outermost store where that is bounded as a whole (`outermost_bounded`).
double Bounds::refund(std::size_t level, std::uint32_t tile, bool outermost_bounded) const {
  const std::vector<Way>& ways = stores_->ways[index(Tensor3::psum)];
  const double visits = tiles_.base(Tensor3::psum, tile), whole = tiles_.whole_words(Tensor3::psum);
  double sum = 0;
  for (std::size_t l = level + 1; l < ways.size(); ++l) {
    if (ways[l].child_cost < 0) {
      const double share = ways[l].crosses ? least_psum_share_[l] : 1;
      const bool pays = ways[l].child_cost + ways[l].parent_cost * share >= 0;
      const bool bounded = outermost_bounded && l + 1 == ways.size() && !ways[l].crosses && ways[l].child != kCompute;
      if (!pays || !bounded) sum += ways[l].child_cost * (pays ? std::min(visits, whole / share) : visits);
    }
    if (ways[l].crosses) sum -= ways[l].spared * (visits - std::max(visits * least_psum_share_[l], whole));
  }
  return sum;
}

/// The ways that no nest has begun, but for that from the outermost store.
double Bounds::not_begun(Tensor3 t, std::size_t level) const {
  const std::vector<Way>& ways = stores_->ways[index(t)];
  double sum = 0;
  for (std::size_t l = level + 1; l + 1 < ways.size(); ++l) sum += ways[l].least;
  return sum;
}

/// The first tile of a store outside `tile` holds what is in it.
void Bounds::add_not_begun(Tensor3 t, std::size_t level, std::uint32_t tile, Cycles& cycles) const {
  if (machine_.clocks == 1) return;
  const std::vector<Way>& ways = stores_->ways[index(t)];
  for (std::size_t l = level + 1; l < ways.size(); ++l) {
    const double first = ways[l].crosses ? 0 : tiles_.first_words(t, tile);
    for (std::size_t k = 0; k < machine_.clocks; ++k) {
      cycles[k] += ways[l].first_cycles[k] * first + (l + 1 < ways.size() ? ways[l].least_cycles[k] : 0);
    }
  }
}

/// Words that no clock counts are of no interest either.
void Bounds::drop_energy(Figures& f, Key& key, std::size_t region) const {
  f[kCost] = 0;
  for (const Tensor3 t : kAllTensors) {
    const std::size_t i = index(t);
    const Way& way = stores_->way(region, key.code, t);
    if (key.is_open(t)) f[kX0 + i] = 0;
    if (t == Tensor3::ifmap) f[kSlide] = f[kSlideEach] = f[kSlideShared] = 0;
    if (way.counted) continue;
    f[kX0 + i] = f[kRatio0 + i] = 0;
    if (t == Tensor3::psum) f[kUpdates] = f[kVisits] = 0;
    if (t == Tensor3::ifmap) {
      f[kWindow0] = f[kWindow0 + 1] = 0;
      if (!shared_counted(f)) key.child = key.slid = 0;
    }
  }
}

/// Whether a clock counts what the children of an array take in together, still open.
bool Bounds::shared_counted(const Figures& f) const {
  for (std::size_t k = 0; k < machine_.clocks; ++k) {
    if (f[shared_cycles(k)] > 0) return true;
  }
  return false;
}

/// Steps of PEs without work, and the first tiles of stores outside the array, of as many words more as the children
/// have together.
double Bounds::least_later(std::uint32_t tile) const {
  double& least = (*least_later_)[tile];
  if (least >= 0) return least;
  least = kInfinity;
  for (const SpatialChoice& choice : machine_.regions[1].spread) {
    if (machine_.idle_steps(choice.steps) >= least) continue;
    const std::optional<DimSizes> children = children_around(tile, choice, tiles_);
    const std::optional<std::uint32_t> all = children ? tile_of_all(tile, choice, *children, tiles_) : std::nullopt;
    if (!all) continue;
    double cycles = machine_.idle_steps(tiles_.steps(tile, *all));
    for (const Tensor3 t : kAllTensors)
      cycles += first_[index(t)] * (tiles_.first_words(t, *all) - tiles_.first_words(t, tile));
    least = std::min(least, cycles);
  }
  return least;
}

/// Tiles only grow, so what is not decided or begun moves no more words than if this tile decided it.
void Bounds::drop_clocks(Figures& f, const Key& key, std::size_t region, std::uint32_t tile) const {
  constexpr double kRounded = 2;  // cycles a way, at most: its words in and those back in
  Cycles most = all_decided(f.data(), machine_.clocks);
  for (const Tensor3 t : kAllTensors) {
    const std::vector<Way>& ways = stores_->ways[index(t)];
    const std::size_t level = stores_->level(region, key.code, t);
    const double base = tiles_.base(t, tile), whole = tiles_.whole_words(t);
    const Way* pending = stores_->pending_way(region, key.code, t);
    const double decided =
        region > 0 && ways[level].crosses ? (t == Tensor3::psum ? f[kUpdates] : f[kX0 + index(t)]) : 0;
    for (std::size_t k = 0; k < machine_.clocks; ++k) {
      most[k] += kRounded * double(ways.size() - level);
      const double sliding = t == Tensor3::ifmap ? f[sliding_cycles(k)] + f[shared_cycles(k)] : 0;
      if (key.is_open(t)) most[k] += (f[open_cycles(k, t)] + sliding) * base;
      if (region > 0 && ways[level].crosses)
        most[k] += ways[level].cycles(k) * std::max(decided, base) + ways[level].first_cycles[k] * whole;
      for (std::size_t l = level + 1; l < ways.size(); ++l)
        most[k] += ways[l].cycles(k) * base + ways[l].first_cycles[k] * whole;
      // A stream that starts anew adds no less to the steps.
      if (region == 0 && pending != nullptr) most[k] += pending->first_cycles[k] * whole;
    }
  }
  const bool only_limited = goal_.limit < kInfinity && goal_.limited == Objective::latency &&
                            !goal_.counts(Objective::latency) && machine_.power_at_end == 0;
  const double least = std::max(f[decided_cycles(0)], only_limited ? goal_.limit : 0);
  for (std::size_t k = only_limited && region == 0 ? 0 : 1; k < machine_.clocks; ++k) {
    if (most[k] * (1 + kRounding) > (k == 0 ? goal_.limit : least)) continue;
    const double decided = f[decided_cycles(k)];
    std::fill_n(f.begin() + std::ptrdiff_t(decided_cycles(k)), kFiguresOfClock, 0.0);
    f[decided_cycles(k)] = std::min(0.0, decided);  // a constant that later words make up for
  }
}

/// Each word of an open transfer is moved once at least.
void Bounds::add_open(const Figures& f, Tensor3 t, Cycles& cycles) const {
  if (machine_.clocks == 1) return;
  for (std::size_t k = 0; k < machine_.clocks; ++k) {
    const double sliding = t == Tensor3::ifmap ? f[sliding_cycles(k)] + f[shared_cycles(k)] : 0;
    cycles[k] += (f[open_cycles(k, t)] + sliding) * tiles_.whole_words(t);
  }
}

/// The first tile of the way that pends, once.
void Bounds::add_pending(const Figures& f, const Key& key, Tensor3 t, std::size_t region, std::uint32_t tile,
                         Cycles& cycles) const {
  const Way* way = counts_cycles() ? stores_->pending_way(region, key.code, t) : nullptr;
  if (way == nullptr || key.has(key.stalled, t)) return;
  const bool waits = key.has(key.waits, t);
  if (!waits && region > 0 && way->crosses) return;
  const double words = waits ? f[kFirst0 + index(t)] : tiles_.first_words(t, tile);
  for (std::size_t k = 0; k < machine_.clocks; ++k) cycles[k] += way->first_cycles[k] * words;
}

double Bounds::least(const Figures& f, const Key& key, std::size_t region, std::uint32_t tile) {
  if (region == 0) return goal_.value(least_of(f, key, tile));
  const double value = least(crossing(f, key, region, tile, false), region);
  if (!outermost_.past_arrays) return value;
  return std::max(value, least(crossing(f, key, region, tile, true), region));
}

/// Outside all arrays.
Least Bounds::least_of(const Figures& f, const Key& key, std::uint32_t tile) const {
  double cost = f[kCost];
  Cycles cycles = all_decided(f.data(), machine_.clocks);
  double saved = 0;
  const bool begun = std::any_of(kAllTensors.begin(), kAllTensors.end(), [&](Tensor3 t) {  // a way from the outermost
    return stores_->level(0, key.code, t) + 1 == stores_->ways[index(t)].size();
  });
  for (const Tensor3 t : kAllTensors) {
    const std::size_t i = index(t), level = stores_->level(0, key.code, t);
    const double whole = tiles_.whole_words(t);
    if (key.is_open(t)) {
      const double slide = t == Tensor3::ifmap ? f[kSlide] + f[kSlideEach] + f[kSlideShared] : 0;
      const double word = f[kX0 + i] + slide;
      if (word < 0) {
        cost += word * tiles_.base(t, tile);
      } else {
        double now = f[kX0 + i] * tiles_.base(t, tile);
        if (t == Tensor3::ifmap) now += slide * tiles_.others(t, tile) / tiles_.fixed_words(t) * whole;
        cost += now;
        saved = std::max(saved, now - word * whole);
      }
      add_open(f, t, cycles);
    }
    cost += not_begun(t, level);
    if (t == Tensor3::psum) cost += refund(level, tile, !begun);
    add_not_begun(t, level, tile, cycles);
    add_pending(f, key, t, 0, tile, cycles);
  }
  cost -= saved;
  if (!begun) {
    cost += outermost_.before_arrays;
    for (std::size_t k = 0; k < machine_.clocks; ++k) cycles[k] += outermost_.cycles[k];
    return machine_.least(cost, cycles);
  }
  for (const Tensor3 t : kAllTensors) {
    const std::vector<Way>& ways = stores_->ways[index(t)];
    if (stores_->level(0, key.code, t) + 1 == ways.size()) continue;
    cost += ways.back().least;
    for (std::size_t k = 0; k < machine_.clocks; ++k) cycles[k] += ways.back().least_cycles[k];
  }
  return machine_.least(cost, cycles);
}

Bounds::Crossing Bounds::crossing(const Figures& f, const Key& key, std::size_t region, std::uint32_t tile) {
  const Crossing before = crossing(f, key, region, tile, false);
  if (!outermost_.past_arrays) return before;
  const Crossing past = crossing(f, key, region, tile, true);
  return least(before, region) < least(past, region) ? past : before;
}

/// The transfers from the outermost stores past arrays as they are in this nest, or all of them at their least.
Bounds::Crossing Bounds::crossing(const Figures& f, const Key& key, std::size_t region, std::uint32_t tile,
                                  bool past_arrays) const {
  const std::size_t fanout = *machine_.regions[region].fanout;
  const double outermost = past_arrays ? *outermost_.past_arrays : outermost_.before_arrays;
  Crossing result;
  result.cost = f[kCost] + outermost;
  result.cycles[0] = f[decided_cycles(0)];
  const bool timed = counts_cycles();
  if (timed) {
    result.cycles = all_decided(f.data(), machine_.clocks);
    for (std::size_t k = 0; k < machine_.clocks; ++k) {
      result.cycles[k] += outermost_.cycles[k];
      result.shared_cycles[k] = {};
      result.stay_cycles[k] = {kInfinity, kInfinity, kInfinity};
    }
  }
  if (least_later_ != nullptr) result.later = least_later(tile);
  if (machine_.regions.size() > 2) {  // all steps are as many times more as an array is not full
    result.idle = result.cycles[0] * machine_.least_idle(region - 1);
    result.later = -kInfinity;  // with the constants of partial sums they may be less than none
    result.cost -= machine_.power * std::exchange(result.cycles[0], 0);
  }
  for (const Tensor3 t : kAllTensors) {
    const std::size_t i = index(t), level = stores_->level(region, key.code, t);
    const std::vector<Way>& ways = stores_->ways[i];
    const Way& way = ways[level];
    const bool crosses = way.crosses && way.parent < fanout;  // this array
    const bool last = level + 1 == ways.size(), counted = past_arrays && OutermostLeast::past(ways.back());
    result.cost += not_begun(t, level);
    if (t == Tensor3::psum) result.cost += refund(level, tile, true);
    if (timed) add_not_begun(t, level, tile, result.cycles);
    if (timed) add_pending(f, key, t, region, tile, result.cycles);
    if (!last && ways.back().crosses) result.cost += counted ? ways.back().constant : ways.back().least;
    const double whole = tiles_.whole_words(t);
    for (std::size_t k = 0; timed && k < machine_.clocks; ++k) {
      if (crosses) result.cycles[k] += way.distinct_cycles[k] * whole;  // the constant is in the figures
      if (!last && ways.back().crosses) result.cycles[k] += ways.back().least_cycles[k];
    }
    const double parent = crosses && !(counted && last) ? way.parent_cost + way.distinct_cost : 0;
    const bool meets = region == 1 || way.parent > *machine_.regions[region - 1].fanout;  // the parent, past this array
    double words = f[kX0 + i], visits = std::max(words, -f[kVisits]);                     // of partial sums
    if (key.is_open(t)) {
      const double base = tiles_.base(t, tile);
      const double slide = t == Tensor3::ifmap ? f[kSlide] : 0;
      words = way.slides ? tiles_.others(t, tile) / tiles_.fixed_words(t) * whole : base;
      result.each[i] = std::min(0.0, f[kX0 + i]) * base + (std::max(0.0, f[kX0 + i]) + slide) * words;
      result.stay[i] = whole * (f[kX0 + i] + slide + (meets ? parent : 0));
      if (t == Tensor3::psum && crosses) {
        const double of_one = std::max(1.0, -f[kVisits]);
        visits = words * of_one;
        if (meets) result.stay[i] -= way.spared * (std::min(visits, whole * of_one / least_psum_share_[level]) - whole);
      }
      if (timed) add_open(f, t, result.cycles);
    }
    if (!crosses) continue;
    for (std::size_t k = 0; timed && k < machine_.clocks; ++k) {
      if (!meets) result.cycles[k] += way.parent_cycles[k] * whole;
      if (meets) result.shared_cycles[k][i] = way.parent_cycles[k] * words;
      result.stay_cycles[k][i] = key.is_open(t) ? way.parent_cycles[k] * whole : kInfinity;
    }
    if (meets) {
      result.each[i] -= visits * way.spared;
      result.shared[i] = words * (parent + way.spared);
    } else {
      result.cost += whole * parent - way.spared * std::max(0.0, visits - whole);
    }
    const double hops = words * double(machine_.price[fanout].hop[i]);
    if (t != Tensor3::psum || how_.ends != Ends::outer) {
      result.each[i] += hops;
    } else if (hardware_.nodes[fanout].fanout.reduces == kAddsAll) {  // only what is added in the array hops
      result.each[i] += hops;
      result.shared[i] -= hops;
    }
  }
  return result;
}

/// Cycles of clock k, with one over the children that share a word of each tensor. As in energy, of the tensors whose
/// transfers are open one may stay for ever.
double Bounds::least_cycles(const Crossing& crossing, std::size_t k, const std::array<double, kTensors>& share) {
  double cycles = crossing.cycles[k], saved = 0;
  for (std::size_t t = 0; t < kTensors; ++t) {
    const double now = crossing.shared_cycles[k][t] * share[t];
    cycles += now;
    saved = std::max(saved, now - crossing.stay_cycles[k][t]);
  }
  return cycles - saved;
}

void Bounds::least(const Crossing& crossing, const Sharings& ways, const std::vector<double>& ifmap_share,
                   std::vector<double>& values) const {
  values.resize(ways.size());
  const auto &each = crossing.each, &shared = crossing.shared, &stay = crossing.stay;
  const double cost = crossing.cost, work = crossing.cycles[0], scale = crossing.idle;
  const double *ifmap = ifmap_share.data(), *weight = ways.share[index(Tensor3::weight)].data(),
               *psum = ways.share[index(Tensor3::psum)].data(), *idle = ways.idle.data();
  const auto fill = [&](const auto& value) {
    for (std::size_t w = 0; w < values.size(); ++w) {
      const double i = each[0] + shared[0] * ifmap[w];
      const double f = each[1] + shared[1] * weight[w];
      const double p = each[2] + shared[2] * psum[w];
      const double saved = std::max(std::max(i - stay[0], f - stay[1]), std::max(p - stay[2], 0.0));
      values[w] = value(cost + (i + f + p - saved), scale * idle[w], w);
    }
  };
  if (counts_cycles()) {
    std::array<std::size_t, kMaxClocks> sharing{};  // clocks that the ways to share differ in
    std::size_t count = 0;
    double others = 0;
    for (std::size_t k = 0; k < machine_.clocks; ++k) {
      const auto& of = crossing.shared_cycles[k];
      if (std::any_of(of.begin(), of.end(), [](double cycles) { return cycles > 0; })) {
        sharing[count++] = k;
      } else if (k > 0) {
        others = std::max(others, crossing.cycles[k]);
      }
    }
    return fill([&](double energy, double more, std::size_t w) {
      const double steps = std::max(more, crossing.later);
      double time = std::max(work + steps, others);
      for (std::size_t n = 0; n < count; ++n) {
        const double cycles = least_cycles(crossing, sharing[n], {ifmap[w], weight[w], psum[w]});
        time = std::max(time, sharing[n] == 0 ? cycles + steps : cycles);
      }
      return goal_.value({energy + machine_.power_at_end * time, time});
    });
  }
  const double power = machine_.power;
  if (goal_.limit < kInfinity) {
    return fill([&](double energy, double more, std::size_t) {
      return goal_.value({energy + power * more, work + more});
    });
  }
  switch (goal_.objective) {
    case Objective::energy:
      return fill([&](double energy, double more, std::size_t) { return energy + power * more; });
    case Objective::latency:
      return fill([&](double, double more, std::size_t) { return work + more; });
    case Objective::edp:
      return fill([&](double energy, double more, std::size_t) { return (energy + power * more) * (work + more); });
  }
}

double Bounds::least(const Crossing& crossing, std::size_t region) {
  const Sharings& widest = widest_[region];
  least(crossing, widest, widest.share[index(Tensor3::ifmap)], values_);
  return *std::min_element(values_.begin(), values_.end());
}

}  // namespace weft::free_search
