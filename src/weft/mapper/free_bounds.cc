// SPDX-License-Identifier: Apache-2.0
#include "weft/mapper/free_bounds.h"

#include <algorithm>

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
  if (machine_.regions.size() != 2) return;
  for (const std::size_t c : machine_.regions[1].widest) {
    const SpatialChoice& choice = machine_.regions[1].spread[c];
    widest_.add(choice.sharing, machine_.idle_steps(choice));
  }
}

/// What transfers not begun yet may spare those further in, at most: they have no more visits than tiles are left.
double Bounds::refund(Tensor3 t, std::size_t level, std::uint32_t tile) const {
  const std::vector<Way>& ways = stores_->ways[index(t)];
  double sum = 0;
  for (std::size_t l = level + 1; l < ways.size(); ++l) sum += std::min(0.0, ways[l].child_cost) * tiles_.base(t, tile);
  return sum;
}

/// The ways that no nest has begun, but for that from the outermost store.
double Bounds::not_begun(Tensor3 t, std::size_t level) const {
  const std::vector<Way>& ways = stores_->ways[index(t)];
  double sum = 0;
  for (std::size_t l = level + 1; l + 1 < ways.size(); ++l) sum += ways[l].least;
  return sum;
}

double Bounds::least(const Figures& f, const Key& key, std::size_t region, std::uint32_t tile) {
  if (region == 1 && machine_.regions.size() == 2) {
    const double value = least(crossing(f, key, tile, false));
    return outermost_.past_arrays ? std::max(value, least(crossing(f, key, tile, true))) : value;
  }
  return goal_.value(least_of(f, key, region, tile));
}

Least Bounds::least_of(const Figures& f, const Key& key, std::size_t region, std::uint32_t tile) const {
  Least result{.cost = f[kCost], .time = f[kTime]};
  double saved = 0;
  bool begun = false;  // a way from an outermost store
  for (const Tensor3 t : kAllTensors) {
    const std::size_t i = index(t);
    const double whole = tiles_.whole_words(t);
    const std::size_t level = stores_->level(region, key.code, t);
    if (key.is_open(t)) {
      const double slide = t == Tensor3::ifmap ? f[kSlide] + f[kSlideEach] + f[kSlideShared] : 0;
      const double word = f[kX0 + i] + slide;
      if (word < 0) {
        result.cost += word * tiles_.base(t, tile);
      } else if (region == 0) {
        double now = f[kX0 + i] * tiles_.base(t, tile);
        if (t == Tensor3::ifmap) now += slide * tiles_.others(t, tile) / tiles_.fixed_words(t) * whole;
        result.cost += now;
        saved = std::max(saved, now - word * whole);
      } else {
        result.cost += word * whole;
      }
      result.time += f[kStall0 + i] * whole;
    }
    result.cost += not_begun(t, level) + refund(t, level, tile);
    begun = begun || level + 1 == stores_->ways[i].size();
  }
  result.cost -= saved;
  if (!begun) {
    result.cost += outermost_.before_arrays;
    return result;
  }
  for (const Tensor3 t : kAllTensors) {
    const std::vector<Way>& ways = stores_->ways[index(t)];
    if (stores_->level(region, key.code, t) + 1 < ways.size()) result.cost += ways.back().least;
  }
  return result;
}

Bounds::Crossing Bounds::crossing(const Figures& f, const Key& key, std::uint32_t tile) {
  const Crossing before = crossing(f, key, tile, false);
  if (!outermost_.past_arrays) return before;
  const Crossing past = crossing(f, key, tile, true);
  return least(before) < least(past) ? past : before;
}

/// The transfers from the outermost stores past arrays as they are in this nest, or all of them at their least.
Bounds::Crossing Bounds::crossing(const Figures& f, const Key& key, std::uint32_t tile, bool past_arrays) const {
  const std::size_t fanout = machine_.first_fanout();
  const double outermost = past_arrays ? *outermost_.past_arrays : outermost_.before_arrays;
  Crossing result{.base = {.cost = f[kCost] + outermost, .time = f[kTime]}};
  for (const Tensor3 t : kAllTensors) {
    const std::size_t i = index(t), level = stores_->level(1, key.code, t);
    const std::vector<Way>& ways = stores_->ways[i];
    const Way& way = ways[level];
    result.base.cost += not_begun(t, level) + refund(t, level, tile);
    const bool counted = past_arrays && OutermostLeast::past(ways.back());
    if (!way.crosses && ways.back().crosses) result.base.cost += counted ? ways.back().constant : ways.back().least;
    const double parent = way.crosses && !counted ? way.parent_cost + way.distinct_cost : 0;
    double words = f[kX0 + i];
    if (key.is_open(t)) {
      const double base = tiles_.base(t, tile), whole = tiles_.whole_words(t);
      const double slide = t == Tensor3::ifmap ? f[kSlide] : 0;
      words = way.slides ? tiles_.others(t, tile) / tiles_.fixed_words(t) * whole : base;
      result.each[i] = std::min(0.0, f[kX0 + i]) * base + (std::max(0.0, f[kX0 + i]) + slide) * words;
      result.stay[i] = whole * (f[kX0 + i] + slide + parent);
      result.base.time += f[kStall0 + i] * whole;
    }
    if (!way.crosses) continue;
    result.each[i] -= words * way.spared;
    result.shared[i] = words * (parent + way.spared);
    const double hops = words * double(machine_.price[fanout].hop[i]);
    if (t != Tensor3::psum || how_.ends != Ends::outer) {
      result.each[i] += hops;
    } else if (hardware_.nodes[fanout].fanout.reduces) {  // only what is added in the array hops
      result.each[i] += hops;
      result.shared[i] -= hops;
    }
  }
  return result;
}

void Bounds::least(const Crossing& crossing, const Sharings& ways, const std::vector<double>& ifmap_share,
                   std::vector<double>& values) const {
  values.resize(ways.size());
  const auto &each = crossing.each, &shared = crossing.shared, &stay = crossing.stay;
  const Least base = crossing.base;
  const double *ifmap = ifmap_share.data(), *weight = ways.share[index(Tensor3::weight)].data(),
               *psum = ways.share[index(Tensor3::psum)].data(), *idle = ways.idle.data();
  const auto fill = [&](const auto& value) {
    for (std::size_t w = 0; w < values.size(); ++w) {
      const double i = each[0] + shared[0] * ifmap[w];
      const double f = each[1] + shared[1] * weight[w];
      const double p = each[2] + shared[2] * psum[w];
      const double saved = std::max(std::max(i - stay[0], f - stay[1]), std::max(p - stay[2], 0.0));
      values[w] = value(base.cost + (i + f + p - saved + machine_.power * idle[w]), base.time + idle[w]);
    }
  };
  if (goal_.limit < kInfinity) return fill([this](double cost, double time) { return goal_.value({cost, time}); });
  switch (goal_.objective) {
    case Objective::energy:
      return fill([](double cost, double) { return cost; });
    case Objective::latency:
      return fill([](double, double time) { return time; });
    case Objective::edp:
      return fill([](double cost, double time) { return cost * time; });
  }
}

double Bounds::least(const Crossing& crossing) {
  least(crossing, widest_, widest_.share[index(Tensor3::ifmap)], values_);
  return *std::min_element(values_.begin(), values_.end());
}

}  // namespace weft::free_search
