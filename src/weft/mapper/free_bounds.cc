// SPDX-License-Identifier: Apache-2.0
#include "weft/mapper/free_bounds.h"

#include <algorithm>

namespace weft::free_search {

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

Least Bounds::least(const Figures& f, const Key& key, std::size_t region, std::uint32_t tile) const {
  Least result{.cost = f[kCost], .time = f[kTime]};
  double saved = 0;
  bool begun = false;  // a way from an outermost store
  const bool outside = region == 0, one_array = machine_.regions.size() == 2;
  for (const Tensor3 t : kAllTensors) {
    const std::size_t i = index(t);
    const double whole = tiles_.whole_words(t);
    const std::size_t level = stores_->level(region, key.code, t);
    if (key.is_open(t)) {
      const double slide = t == Tensor3::ifmap ? f[kSlide] + f[kSlideEach] + f[kSlideShared] : 0;
      const double word = f[kX0 + i] + slide;
      if (word < 0) {
        result.cost += word * tiles_.base(t, tile);
      } else if (outside) {
        double now = f[kX0 + i] * tiles_.base(t, tile);
        if (t == Tensor3::ifmap) now += slide * tiles_.others(t, tile) / tiles_.fixed_words(t) * whole;
        result.cost += now;
        saved = std::max(saved, now - word * whole);
      } else {
        result.cost += word * whole;
      }
      result.time += f[kStall0 + i] * whole;
    } else if (f[kX0 + i] > 0 && one_array) {
      const Way& way = stores_->ways[i][level];
      const bool hops = t != Tensor3::psum || how_.ends != Ends::outer;
      const double hop = hops ? double(machine_.price[machine_.first_fanout()].hop[i]) : 0;
      const double shared = way.parent_cost + way.distinct_cost + way.spared;
      result.cost += f[kX0 + i] * (hop - way.spared + shared / machine_.most_sharing[i]);
    }
    result.cost += not_begun(t, level) + refund(t, level, tile);
    begun = begun || level + 1 == stores_->ways[i].size();
  }
  result.cost -= saved;
  if (!begun) {
    result.cost += outermost_least_;
    return result;
  }
  for (const Tensor3 t : kAllTensors) {
    const std::vector<Way>& ways = stores_->ways[index(t)];
    if (stores_->level(region, key.code, t) + 1 < ways.size()) result.cost += ways.back().least;
  }
  return result;
}

Bounds::Crossing Bounds::crossing(const Figures& f, const Key& key, std::uint32_t tile) const {
  const std::size_t fanout = machine_.first_fanout();
  Crossing result{.base = {.cost = f[kCost] + outermost_least_, .time = f[kTime]}};
  for (const Tensor3 t : kAllTensors) {
    const std::size_t i = index(t), level = stores_->level(1, key.code, t);
    const Way& way = stores_->ways[i][level];
    result.base.cost += not_begun(t, level) + refund(t, level, tile);
    double words = f[kX0 + i];
    result.open[i] = key.is_open(t);
    if (result.open[i]) {
      const double base = tiles_.base(t, tile), whole = tiles_.whole_words(t);
      const double slide = t == Tensor3::ifmap ? f[kSlide] : 0;
      words = way.slides ? tiles_.others(t, tile) / tiles_.fixed_words(t) * whole : base;
      result.each[i] = std::min(0.0, f[kX0 + i]) * base + (std::max(0.0, f[kX0 + i]) + slide) * words;
      result.stay[i] = whole * (f[kX0 + i] + slide + way.parent_cost + way.distinct_cost);
    }
    result.each[i] -= words * way.spared;
    result.shared[i] = words * (way.parent_cost + way.distinct_cost + way.spared);
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

Least Bounds::least(const Crossing& crossing, const SpatialChoice& choice) const {
  Least result = crossing.base;
  double saved = 0;
  for (std::size_t i = 0; i < kTensors; ++i) {
    const double now = crossing.each[i] + crossing.shared[i] / choice.sharing[i];
    result.cost += now;
    if (crossing.open[i]) saved = std::max(saved, now - crossing.stay[i]);
  }
  const double idle = choice.steps - machine_.steps_of_one / machine_.pes;  // steps are first those of a full machine
  result.cost += machine_.step_power * idle - saved;
  result.time += idle;
  return result;
}

}  // namespace weft::free_search
