// SPDX-License-Identifier: Apache-2.0
#include "weft/mapper/free_transfers.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace weft::free_search {
namespace {

constexpr std::size_t kIfmap = index(Tensor3::ifmap), kPsum = index(Tensor3::psum);

/// What is missing to whole cycles.
double rest(double cycles) { return std::max(0.0, std::ceil(cycles * (1 - kRounding)) - cycles); }

}  // namespace

Transfers::Transfers(const Hardware& hardware, const Conventions& how, const Machine& machine, const Tiles& tiles)
    : hardware_(hardware), how_(how), machine_(machine), tiles_(tiles) {
  for (std::size_t w = 0; w < tiles_.windows().size(); ++w) {
    const std::size_t parts = tiles_.windows()[w].words.size();
    if (tiles_.windows_countable()) sliding_[w].assign(parts * parts, -1);
  }
}

void Transfers::use(const StoreChoice& stores, bool counts_windows, bool counts_cycles) {
  stores_ = &stores;
  counts_cycles_ = counts_cycles;
  may_restart_ = counts_cycles && std::any_of(kAllTensors.begin(), kAllTensors.end(), [&](Tensor3 t) {
                   return stores.ways[index(t)][stores.pending[index(t)]].restarts;
                 });
  counts_windows_ = counts_windows;
  if (counts_windows) recent_.resize(tiles_.window_part(tiles_.size() - 1) + 1u);
}

// ---- points

void Transfers::start(Figures& f, Key& key) const {
  f[decided_cycles(0)] = machine_.steps_of_one / machine_.pes;
  f[kCost] = machine_.mac_cost + machine_.power * f[decided_cycles(0)];
  const std::uint32_t tile = tiles_.smallest();
  for (const Tensor3 t : kAllTensors) {
    const Way& way = stores_->ways[index(t)][0];
    const double words = tiles_.base(t, tile);
    f[kCost] += way.constant;
    add_cycles(f, way.constant_cycles, 1);
    if (!way.crosses) {
      const double sums = t == Tensor3::psum ? words : 0;
      add_parent(f, false, t, way, sums, words, sums);
      continue;
    }
    f[kX0 + index(t)] = words;
    if (t == Tensor3::psum) {
      f[kUpdates] = words;
      f[kVisits] = visits_cost(way) ? 0 : -words;
    }
    if (t == Tensor3::ifmap) {
      for (std::size_t w = 0; w < tiles_.windows().size(); ++w) f[kWindow0 + w] = -tiles_.window(w, tile);
      if (counts_windows_) key.child = key.slid = tiles_.window_part(tile);
    }
  }
}

/// Where no array is on the way, all of its costs are known a word; else those of the parent are added as the last
/// array is crossed.
void Transfers::begin(Figures& f, Key& key, Tensor3 t, const Way& way, std::uint32_t tile) const {
  const std::size_t i = index(t);
  if (!key.is_open(t)) {
    f[kX0 + i] = 0;
    for (std::size_t k = 0; k < machine_.clocks; ++k) f[open_cycles(k, t)] = 0;
    if (t == Tensor3::ifmap) {
      f[kSlide] = f[kWindow0] = f[kWindow0 + 1] = 0;
      for (std::size_t k = 0; k < machine_.clocks; ++k) f[sliding_cycles(k)] = f[shared_cycles(k)] = 0;
      key.child = key.slid = 0;
    }
  }
  Key::set(key.open, t);
  f[kCost] += way.constant;
  add_cycles(f, way.constant_cycles, 1);
  if (way.pends && counts_cycles_) {
    f[kFirst0 + i] = 1;
    if (key.moved != 0) Key::set(key.exempt, t);
  } else if (!way.crosses) {
    stall(f, t, way, tiles_.first_words(t, tile), 0, true);
  }
  if (way.stalls && may_restart_) {
    Key::set(key.single, t);
    Key::clear(key.moved, t);
  }
  f[way.slides ? std::size_t(kSlide) : kX0 + i] += way.child_cost;
  f[kRatio0 + i] = way.crosses ? 1 : 0;
  if (t == Tensor3::psum) {
    f[kUpdates] = way.crosses ? 1 : 0;
    f[kVisits] = way.crosses ? -1 : 0;
  }
  if (!way.crosses) add_parent(f, true, t, way, 1, 1, 1);
}

/// The parent's part of the cost of an open transfer (a base word) or of a decided one.
void Transfers::add_parent(Figures& f, bool open, Tensor3 t, const Way& way, double distinct, double updates,
                           double visits) const {
  const double cost = way.parent_cost * updates + way.distinct_cost * distinct - way.spared * (visits - distinct);
  f[open ? (way.slides ? std::size_t(kSlide) : kX0 + index(t)) : std::size_t(kCost)] += cost;
  for (std::size_t k = 0; k < machine_.clocks; ++k) {
    f[open ? (way.slides ? sliding_cycles(k) : open_cycles(k, t)) : decided_cycles(k)] +=
        way.parent_cycles[k] * updates + way.distinct_cycles[k] * distinct;
  }
}

void Transfers::add_cycles(Figures& f, const Cycles& of_word, double words) const {
  for (std::size_t k = 0; k < machine_.clocks; ++k) f[decided_cycles(k)] += of_word[k] * words;
}

/// What stalls takes whole cycles. (Of partial sums some that are counted here stall nothing: how many is known, but
/// not of which transfer.)
template <class Open>
void Transfers::decide_cycles(Figures& f, Tensor3 t, double words, const Open& open) const {
  if (machine_.clocks == 1) return;
  const double stalls = f[open(0)] * words;
  const double more = t == Tensor3::psum ? 0 : rest(stalls);
  for (std::size_t k = 0; k < machine_.clocks; ++k) f[decided_cycles(k)] += std::exchange(f[open(k)], 0) * words + more;
}

// ---- loops

void Transfers::turn(Figures& f, Key& key, std::size_t region, std::size_t d, std::uint32_t tile, std::uint32_t to) {
  std::uint8_t moved = 0;
  for (const Tensor3 t : kAllTensors) {
    if (!key.is_open(t)) continue;
    if (tiles_.relevant(t, d) || stores_->way(region, key.code, t).every_step) Key::set(moved, t);
  }
  if ((moved & key.single) != 0) restart(f, key, region, tile);
  for (const Tensor3 t : kAllTensors) {
    if (Key::has(moved, t)) decide(f, key, t, region, tile, to);
  }
  if (key.single != 0 && streams_follow(key, region)) key.moved |= key.single;
  if (may_restart_ && !tiles_.divides(tile, d)) key.turned = true;
}

/// Whether a stream that is counted has still to begin.
bool Transfers::streams_follow(const Key& key, std::size_t region) const {
  return std::any_of(kAllTensors.begin(), kAllTensors.end(), [&](Tensor3 t) {
    const std::size_t level = stores_->pending[index(t)];
    return stores_->ways[index(t)][level].restarts && stores_->level(region, key.code, t) < level;
  });
}

void Transfers::close(Figures& f, Key& key, std::size_t region, std::uint32_t tile) {
  for (const Tensor3 t : kAllTensors) {
    if (key.is_open(t)) decide(f, key, t, region, tile, tile);
    const Way* way = pending(t, key, region);
    if (way != nullptr) stall(f, t, *way, f[kFirst0 + index(t)], 0, !key.rough);
  }
}

/// The first loop that moves t's tile stands outside `tile`; the ifmap slides along its dimension to the tile `slid`.
void Transfers::decide(Figures& f, Key& key, Tensor3 t, std::size_t region, std::uint32_t tile, std::uint32_t slid) {
  const std::size_t i = index(t);
  const Way& way = stores_->way(region, key.code, t);
  const Way* pending = this->pending(t, key, region);
  if (pending != nullptr && !key.has(key.waits, t))
    decide_pending(f, key, t, *pending, region > 0 && pending->crosses, tile);
  for (std::uint8_t* of_open : {&key.open, &key.single, &key.moved}) Key::clear(*of_open, t);
  for (std::size_t d = 0; key.frozen != 0 && d < kDims; ++d) {
    if (!tiles_.relevant(t, d)) key.frozen &= std::uint8_t(~(1u << d));
  }
  double words = tiles_.base(t, tile);
  f[kCost] += f[kX0 + i] * words;
  decide_cycles(f, t, words, [t](std::size_t k) { return open_cycles(k, t); });
  if (t == Tensor3::ifmap) words = decide_ifmap(f, key, way, tile, slid);
  f[kX0 + i] = f[kRatio0 + i] * words;  // 0 if no array is still to be crossed
  if (t == Tensor3::ifmap && f[kX0 + i] == 0) f[kWindow0] = f[kWindow0 + 1] = 0;
  f[kRatio0 + i] = 0;
  if (t == Tensor3::psum) {
    f[kUpdates] *= words;
    f[kVisits] *= words;
    if (visits_cost(way)) f[kVisits] = 0;
  }
}

// ---- streams

const Way* Transfers::pending(Tensor3 t, const Key& key, std::size_t region) const {
  return counts_cycles_ ? stores_->pending_way(region, key.code, t) : nullptr;
}

/// Words of tiles that stall. What stalls takes whole cycles: `exact`, that are known.
void Transfers::stall(Figures& f, Tensor3 t, const Way& way, double words, double with_value, bool exact) const {
  add_cycles(f, way.first_cycles, words);
  if (t == Tensor3::psum) add_cycles(f, way.again_cycles, with_value);
  if (!exact) return;
  const double more = rest(way.first_cycles[0] * words) + rest(way.again_cycles[0] * with_value);
  for (std::size_t k = 0; k < machine_.clocks; ++k) f[decided_cycles(k)] += more;
}

Transfers::Restarts Transfers::restarts(std::uint32_t tile) const {
  Restarts result;
  for (std::size_t d = 0; d < kDims; ++d) {
    result.all *= double(tiles_.count(tile, d));
    if (tiles_.relevant(Tensor3::psum, d)) result.without_value *= double(tiles_.count(tile, d));
  }
  return result;
}

/// Of the first tiles of all children, the share that is there when the loop outside `tile` moves: where that is a fold
/// over an array, the last one has less.
double Transfers::started(Tensor3 t, const Key& key, std::uint32_t tile) const {
  double share = 1;
  for (std::size_t d = 0; d < kDims && !key.turned; ++d) {
    if (tiles_.divides(tile, d) || !tiles_.relevant(t, d)) continue;
    const auto last = std::uint32_t(tiles_.dim(d).extent.size() - 1);
    share *= double(tiles_.dim(d).extent[last]) / double(tiles_.count(tile, d) * tiles_.extent(tile, d));
  }
  return share;
}

/// The same before the array is crossed: how many words that are is known there.
void Transfers::restart_inside(Figures& f, Tensor3 t, const Way& way, std::uint32_t tile) const {
  double& first = f[kFirst0 + index(t)];
  const Restarts restarts = this->restarts(tile);
  if (t == Tensor3::psum) add_cycles(f, way.again_cycles, -first * restarts.without_value);
  first *= restarts.all;
}

/// The loop around `tile` brings a new tile to a single-buffered store.
void Transfers::restart(Figures& f, Key& key, std::size_t region, std::uint32_t tile) const {
  for (const Tensor3 t : kAllTensors) {
    const Way* way = pending(t, key, region);
    if (way == nullptr || !way->restarts || key.has(key.stalled, t)) continue;
    if (key.has(key.exempt, t)) {
      Key::clear(key.exempt, t);
      continue;
    }
    double& first = f[kFirst0 + index(t)];
    if (!key.has(key.waits, t)) {
      Key::set(key.stalled, t);
    } else if (region > 0 && way->crosses) {
      Key::set(key.stalled, t);
      restart_inside(f, t, *way, tile);
    } else {
      const Restarts restarts = this->restarts(tile);
      first *= started(t, key, tile);
      stall(f, t, *way, first * restarts.all, first * (restarts.all - restarts.without_value), !key.rough);
      first = 0;
    }
  }
}

/// The way that pends is decided at `tile`, `crosses`: before it crosses the array.
void Transfers::decide_pending(Figures& f, Key& key, Tensor3 t, const Way& way, bool crosses,
                               std::uint32_t tile) const {
  double& first = f[kFirst0 + index(t)];
  const double ratio = first;
  Key::set(key.waits, t);
  first = tiles_.first_words(t, tile) * (t == Tensor3::weight && !crosses ? ratio : 1);
  if (crosses && t == Tensor3::ifmap) {
    for (std::size_t w = 0; w < tiles_.windows().size(); ++w) {
      const double words = tiles_.windows()[w].first[tiles_.window_number(w, tile)];
      first = words > 0 ? first / words : 0;
    }
  }
  if (!key.has(key.stalled, t)) return;
  if (crosses) {  // all tiles are first ones, but those that slide
    if (way.slides) first = 0;
    return restart_inside(f, t, way, tile);
  }
  Key::clear(key.stalled, t);
  first = 0;
  for (std::size_t k = 0; k < machine_.clocks; ++k) {
    const bool shared = way.slides && way.crosses && key.child != 0;
    f[shared       ? shared_cycles(k)
      : way.slides ? sliding_cycles(k)
                   : open_cycles(k, t)] +=
        ratio * (way.first_cycles[k] + (t == Tensor3::psum ? way.again_cycles[k] : 0));
  }
  if (t == Tensor3::psum) add_cycles(f, way.again_cycles, -machine_.ofmap);
}

/// Whether visits of partial sums that have still to cross the only array cost more than they spare, so that fewer are
/// better; they are as many as updates.
bool Transfers::visits_cost(const Way& way) const {
  return machine_.regions.size() == 2 && way.crosses &&
         double(machine_.price[machine_.first_fanout()].hop[kPsum]) >= way.spared && how_.ends != Ends::outer;
}

/// Words along window w that a tile takes in as it slides, summed over all of them; where they are too many to walk,
/// at least.
double Transfers::sliding(std::size_t w, std::uint32_t tile, std::uint32_t slid) {
  if (sliding_[w].empty()) return tiles_.window(w, slid);
  const WindowAxis& window = tiles_.windows()[w];
  double& words = sliding_[w][tiles_.window_number(w, tile) * window.words.size() + tiles_.window_number(w, slid)];
  if (words < 0) {
    const WindowExtent one = tiles_.window_extent(w, tile);
    words =
        double(sliding_words(*window.axis, window.bounds, {one, one, one, one, tiles_.window_extent(w, slid)}).each);
  }
  return words;
}

/// Adds what slides; returns the words that the ifmap takes in.
double Transfers::decide_ifmap(Figures& f, Key& key, const Way& way, std::uint32_t tile, std::uint32_t slid) {
  double words = tiles_.others(Tensor3::ifmap, tile);
  for (std::size_t w = 0; w < tiles_.windows().size(); ++w) {
    words *= sliding(w, tile, slid);
    f[kWindow0 + w] = -tiles_.window(w, way.slides ? slid : tile);
  }
  f[kCost] += f[kSlide] * words;
  decide_cycles(f, Tensor3::ifmap, words, sliding_cycles);
  if (key.child != 0) decide_children(f, key, tile, slid);
  if (counts_windows_ && f[kRatio0 + kIfmap] > 0) {
    key.child = tiles_.window_part(tile);
    key.slid = tiles_.window_part(way.slides ? slid : tile);
    f[kWindow0] = f[kWindow0 + 1] = 0;
  }
  f[kSlide] = 0;
  return way.slides ? words : tiles_.base(Tensor3::ifmap, tile);
}

/// The same for the children of an array, whose tiles lie side by side in `tile`.
void Transfers::decide_children(Figures& f, Key& key, std::uint32_t tile, std::uint32_t slid) {
  const std::uint16_t all = tiles_.window_part(tile);
  const WindowWords words = window_words({key.child, key.child, all, all, tiles_.window_part(slid)});
  const double others = tiles_.others(Tensor3::ifmap, tile);
  f[kCost] += (f[kSlideEach] * words.each + f[kSlideShared] * words.shared) * others;
  f[kSlideEach] = f[kSlideShared] = 0;
  decide_cycles(f, Tensor3::ifmap, words.shared * others, shared_cycles);
  key.child = 0;
}

// ---- arrays

bool Transfers::may_move(const Key& key, std::size_t region, const Crossed& crossed) const {
  if (!crossed.folded || tiles_.count(crossed.outer, *crossed.folded) == 1) return false;
  return std::any_of(kAllTensors.begin(), kAllTensors.end(), [&](Tensor3 t) {
    return key.is_open(t) && !tiles_.relevant(t, *crossed.folded) && !stores_->way(region, key.code, t).every_step;
  });
}

/// Children that have the same words of t for all that it does not depend on; of a fold that no loop moves yet, on
/// average.
double Transfers::copies(Tensor3 t, const Crossed& crossed) const {
  double copies = tiles_.copies(t, crossed.inner, crossed.outer);
  if (crossed.moves && !tiles_.relevant(t, *crossed.folded)) {
    const std::size_t d = *crossed.folded;
    copies *=
        double(crossed.children[d]) * double(tiles_.count(crossed.outer, d)) / double(tiles_.count(crossed.inner, d));
  }
  return copies;
}

/// Whether only a bound is known of the words that a first tile brings past the array: where windows overlap that not
/// all children share, or partial sums that not all are added.
bool Transfers::bounds_first(Tensor3 t, bool open, std::size_t fanout) const {
  const FanoutNode& array = hardware_.nodes[fanout].fanout;
  if (t == Tensor3::psum) return array.reduces != kAddsAll;
  const bool shared = array.multicast[index(t)] && how_.multicast == Multicast::exact;
  return t == Tensor3::ifmap && open && !shared;
}

/// Words of first tiles, decided inside the array, become those of all children.
void Transfers::cross_pending(Figures& f, Key& key, Tensor3 t, const Way& way, std::size_t fanout,
                              const Crossed& crossed) {
  const bool multicast = hardware_.nodes[fanout].fanout.multicast[index(t)];
  const bool counts_all = t != Tensor3::psum && !multicast;  // also those that have the same words
  double all = 1, distinct = 1, missing = 1;                 // children; those whose words count, but along the windows
  for (std::size_t d = 0; d < kDims; ++d) {
    const bool folds = crossed.folded == d;
    const double average = double(tiles_.count(crossed.inner, d)) / double(tiles_.count(crossed.outer, d));
    const double children = folds ? double(crossed.children[d]) : average;
    all *= average;
    const bool windowed = t == Tensor3::ifmap && tiles_.windowed(d);
    if (!windowed && (tiles_.relevant(t, d) || counts_all)) distinct *= children;
    if (folds && (tiles_.relevant(t, d) || counts_all)) missing = average / children;
  }
  if (t == Tensor3::ifmap && key.child == 0) distinct = 0;  // not counted
  if (distinct > 0 && t == Tensor3::ifmap) {
    const WindowWords words = window_words(
        {key.child, tiles_.window_part(crossed.inner), tiles_.window_part(crossed.outer), key.child, key.slid});
    distinct *= multicast && how_.multicast == Multicast::exact ? words.first_shared : words.first_each;
  }
  // The last fold has less; of windows that overlap, by no more than this.
  if (missing < 1 && (!tiles_.relevant(t, *crossed.folded) || tiles_.windowed(*crossed.folded))) key.rough = true;
  double& first = f[kFirst0 + index(t)];
  first *= distinct;
  if (key.has(key.stalled, t)) {
    Key::clear(key.stalled, t);
    const double words = std::exchange(first, 0) * missing / all;
    if (t != Tensor3::psum) return stall(f, t, way, words, 0, !key.rough);
    add_cycles(f, way.first_cycles, words);
    add_cycles(f, way.again_cycles, words);
  } else if (!way.restarts) {
    stall(f, t, way, std::exchange(first, 0), 0, !key.rough);
  } else if (missing < 1 && !tiles_.relevant(t, *crossed.folded)) {
    first *= missing;
  }
}

void Transfers::cross(Figures& f, Key& key, std::size_t region, const Crossed& crossed) {
  const std::size_t fanout = *machine_.regions[region].fanout;
  f[kUsed0] = f[kUsed0 + 1] = 0;
  for (const Tensor3 t : kAllTensors) {
    const bool open = key.is_open(t);
    const Way& way = stores_->way(region, key.code, t);
    if (!way.crosses) continue;
    if (t == Tensor3::psum) {
      if (!open && visits_cost(way)) f[kVisits] = -f[kUpdates];
      cross_psum(f, open, fanout, crossed);
    } else if (open) {
      cross_open(f, t, way, fanout, crossed);
    } else {
      cross_decided(f, key, t, fanout, crossed);
    }
    const bool last = way.parent < fanout && (region == 1 || way.parent > *machine_.regions[region - 1].fanout);
    const Way* pending = this->pending(t, key, region);
    if (pending != nullptr) key.rough = key.rough || bounds_first(t, open, fanout);
    if (pending != nullptr && key.has(key.waits, t)) {
      cross_pending(f, key, t, way, fanout, crossed);
    } else if (pending != nullptr) {
      const bool multicast = hardware_.nodes[fanout].fanout.multicast[index(t)];
      const bool counted = t == Tensor3::ifmap && way.slides && counts_windows_;
      f[kFirst0 + index(t)] = counted ? (multicast ? 1 : copies(t, crossed)) : f[kRatio0 + index(t)];
    }
    if (last) meet(f, open, t, way);
    if (last && open && pending == nullptr) add_cycles(f, way.first_cycles, tiles_.first_words(t, crossed.outer));
  }
  const bool slides = key.is_open(Tensor3::ifmap) && stores_->way(region, key.code, Tensor3::ifmap).slides;
  key.child = slides && counts_windows_ ? tiles_.window_part(crossed.inner) : std::uint16_t(0);
  key.slid = 0;
  key.code = 0;
}

/// The last array on the way is crossed: the parent's words are known.
void Transfers::meet(Figures& f, bool open, Tensor3 t, const Way& way) const {
  const std::size_t i = index(t), x = open ? kRatio0 + i : kX0 + i;
  const double words = f[x];
  if (t == Tensor3::psum) {
    add_parent(f, open, t, way, words, f[kUpdates], -f[kVisits]);
    f[kUpdates] = f[kVisits] = 0;
  } else {
    add_parent(f, open, t, way, 0, words, 0);
    if (t == Tensor3::ifmap) f[kWindow0] = f[kWindow0 + 1] = 0;
  }
  f[x] = 0;
}

void Transfers::cross_open(Figures& f, Tensor3 t, const Way& way, std::size_t fanout, const Crossed& crossed) const {
  const std::size_t i = index(t);
  const double copies = this->copies(t, crossed);
  const bool multicast = hardware_.nodes[fanout].fanout.multicast[i], exact = how_.multicast == Multicast::exact;
  double overlap = 1;  // of the children's windows
  if (t == Tensor3::ifmap) {
    for (std::size_t w = 0; w < tiles_.windows().size(); ++w) {
      const double all = tiles_.window(w, crossed.outer);
      overlap *= all > 0 ? tiles_.window(w, crossed.inner) / all : 1;
    }
  }
  f[way.slides ? std::size_t(kSlide) : kX0 + i] += double(machine_.price[fanout].hop[i]) * f[kRatio0 + i];
  f[kX0 + i] *= copies * overlap;
  if (t == Tensor3::ifmap) f[kSlide] *= copies;  // each child's new words are at least what is new to all
  if (way.slides && counts_windows_) {
    f[kSlideEach] = f[kSlide];
    f[kSlide] = 0;
    f[multicast && exact ? kSlideShared : kSlideEach] += way.parent_cost * (multicast ? 1 : copies);
    for (std::size_t k = 0; k < machine_.clocks; ++k)  // at least
      f[shared_cycles(k)] = way.parent_cycles[k] * (multicast ? 1 : copies);
    f[kRatio0 + i] = 0;
    return;
  }
  if (way.slides) overlap = 1;
  if (!multicast) {
    f[kRatio0 + i] *= copies * overlap;
  } else if (!exact) {
    f[kRatio0 + i] *= overlap;
  }
}

/// A decided transfer whose words several children share: at least its share, and at least what all of them want.
void Transfers::cross_decided(Figures& f, const Key& key, Tensor3 t, std::size_t fanout, const Crossed& crossed) {
  double& x = f[kX0 + index(t)];
  f[kCost] += double(machine_.price[fanout].hop[index(t)]) * x;
  if (!hardware_.nodes[fanout].fanout.multicast[index(t)]) return;
  double shared = x / copies(t, crossed), least = tiles_.others(t, crossed.outer);
  if (t == Tensor3::ifmap) {
    const auto [share, words] = key.child != 0 ? counted_share(key, crossed.inner, crossed.outer)
                                               : bounded_share(f, crossed.children, crossed.outer);
    shared *= share;
    least *= words;
  }
  x = std::min(x, std::max(shared, least));
}

std::pair<double, double> Transfers::counted_share(const Key& key, std::uint32_t inner, std::uint32_t outer) {
  if (how_.multicast != Multicast::exact) return {1, 1};
  const WindowWords words =
      window_words({key.child, tiles_.window_part(inner), tiles_.window_part(outer), key.child, key.slid});
  return {words.each > 0 ? words.shared / words.each : 1, words.shared};
}

/// The same at least; the words along the windows become those of all children.
std::pair<double, double> Transfers::bounded_share(Figures& f, const DimSizes& children, std::uint32_t outer) const {
  const bool exact = how_.multicast == Multicast::exact;
  double share = 1, distinct = 1;
  for (std::size_t w = 0; w < tiles_.windows().size(); ++w) {
    const WindowAxis& window = tiles_.windows()[w];
    const double whole = tiles_.window(w, outer), counted = -f[kWindow0 + w];
    double now = counted;
    if (exact) {
      const double spread = double(children[window.a]) * double(children[window.b]);
      now = std::max(counted / spread, std::min(counted, whole));
    }
    share *= counted > 0 ? now / counted : 1;
    f[kWindow0 + w] = -now;
    distinct *= exact ? whole : now;
  }
  return {share, distinct};
}

void Transfers::cross_psum(Figures& f, bool open, std::size_t fanout, const Crossed& crossed) const {
  const double copies = this->copies(Tensor3::psum, crossed);
  const FanoutNode& array = hardware_.nodes[fanout].fanout;
  const double hop = double(machine_.price[fanout].hop[kPsum]);
  const bool joins = how_.ends == Ends::outer;
  double added = 1;  // children whose sums the array makes one
  for (const Dim d : kAllDims) {
    if (tiles_.relevant(Tensor3::psum, index(d)) || !adds(array, d)) continue;
    added *= crossed.moves && index(d) == crossed.folded
                 ? double(crossed.children[index(d)])
                 : double(tiles_.count(crossed.inner, index(d))) / double(tiles_.count(crossed.outer, index(d)));
  }
  if (open) {
    f[kX0 + kPsum] = (f[kX0 + kPsum] + hop * f[kUpdates]) * copies;
    f[kVisits] *= copies;
    f[kUpdates] *= copies / added;
    if (joins) f[kX0 + kPsum] -= hop * f[kUpdates];  // only what is added in the array hops
    return;
  }
  double& words = f[kX0 + kPsum];
  f[kCost] += hop * f[kUpdates];
  const double least = tiles_.others(Tensor3::psum, crossed.outer);
  words = std::min(words, std::max(words / copies, least));
  f[kUpdates] = std::min(f[kUpdates], std::max(f[kUpdates] / added, least));
  if (joins) f[kCost] -= hop * f[kUpdates];
}

// ---- windows

std::size_t Transfers::HashNest::operator()(const WindowNest& nest) const {
  std::uint64_t hash = 0;
  for (const WindowExtent& tile : {nest.resident, nest.child, nest.all, nest.stride, nest.slid}) {
    for (const std::int64_t extent : tile) hash = (hash ^ std::uint64_t(extent)) * 0x9E3779B97F4A7C15u;
  }
  return std::size_t(hash ^ hash >> 32);
}

/// Words that the children of an array take in along all windows; the tiles of a WindowNest by their parts.
Transfers::WindowWords Transfers::window_words(const WindowParts& parts) {
  Recent& recent = recent_[parts[2]];
  if (recent.parts == parts) return recent.words;
  recent = {.parts = parts};
  const auto extent = [&](std::size_t i, std::size_t w) { return tiles_.window_extents(parts[i])[w]; };
  for (std::size_t w = 0; w < tiles_.windows().size(); ++w) {
    const WindowNest nest{extent(0, w), extent(1, w), extent(2, w), extent(3, w), extent(4, w)};
    const auto [entry, fresh] = nest_words_[w].try_emplace(nest);
    if (fresh) entry->second = sliding_words(*tiles_.windows()[w].axis, tiles_.windows()[w].bounds, nest);
    recent.words.each *= double(entry->second.each);
    recent.words.shared *= double(entry->second.shared);
    recent.words.first_each *= double(entry->second.first_each);
    recent.words.first_shared *= double(entry->second.first_shared);
  }
  return recent.words;
}

}  // namespace weft::free_search
