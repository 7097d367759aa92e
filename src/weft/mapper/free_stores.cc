// SPDX-License-Identifier: Apache-2.0
#include "weft/mapper/free_stores.h"

#include <algorithm>
#include <utility>

#include "weft/model/counts.h"

namespace weft::free_search {
namespace {

/// Cycles that a word takes on its way into a child, or out of it, by clock (docs/formulas.md, "Time").
struct WordCycles {
  Cycles later{};  ///< a word of any tile
  Cycles first{};  ///< more than that, a word of the first tile
};

/// Only child 0 of an array is looked at, so nothing inside the outermost array adds to them.
WordCycles word_cycles(Tensor3 t, Stream stream, const Way& way, const Machine& machine, const Hardware& hardware,
                       const Conventions& how, double coded) {
  WordCycles result;
  if (way.parent > machine.first_fanout()) return result;
  double slowest = 0;
  const auto pass = [&](std::size_t n) {
    const std::optional<Bandwidth>& bandwidth = hardware.nodes[n].bandwidth.of(stream);
    if (!bandwidth) return;
    const double cycles = Machine::word_bits(n, t, hardware, coded) / bits_per_cycle(*bandwidth, hardware.clock);
    slowest = std::max(slowest, cycles);
    for (std::size_t c = 0; c < machine.channels.size(); ++c) {
      if (machine.channels[c].carries(n, stream)) result.later[1 + c] += cycles;
    }
  };
  pass(way.parent);
  if (way.crosses) pass(machine.first_fanout());
  if (!way.crosses && way.child != kCompute) pass(std::size_t(way.child));
  if (way.child == kCompute || how.overlap == Overlap::perfect) return result;
  for (std::size_t k = 0; k < machine.clocks; ++k) {
    (way.stalls ? result.later : result.first)[k] = way.stalls ? slowest : slowest - result.later[k];
  }
  return result;
}

/// What a way costs a word. Partial sums that come back off chip are not compressed, and those that do not are as many
/// as the ofmap has words: so each costs what it does uncompressed, less what compression leaves out of so many.
/// `spared` adds up over the ways of the partial sums, from the inside out.
Way way_between(Tensor3 t, int child, std::size_t parent, double& spared, const Machine& machine,
                const Hardware& hardware, const Conventions& how) {
  const std::size_t i = index(t);
  const bool inside = child == kCompute;
  Way way{.child = child, .parent = parent, .outermost = parent == machine.outermost[i]};
  const auto store = [&]() -> const StoreNode& { return hardware.nodes[std::size_t(child)].store; };
  way.every_step = inside ? how.hold == Hold::iteration : gives_up(store(), t, how);
  double hops = 0;
  for (std::size_t n = parent; n < (inside ? hardware.compute_index() : std::size_t(child)); ++n) {
    if (hardware.nodes[n].kind != NodeKind::fanout) continue;
    way.crosses = true;
    hops += double(machine.price[n].hop[i]);
  }
  // What of the innermost accesses is not gated.
  const bool gated = inside && (t == Tensor3::weight || (t == Tensor3::psum && !way.crosses));
  const double worked = gated ? machine.worked : 1;
  const double left = t == Tensor3::psum ? 1 : machine.coded[i];
  const double crossing = hardware.nodes[parent].store.offchip ? worked * left : worked;
  const double read = crossing * double(machine.price[parent].read[i]);
  const double write = crossing * double(machine.price[parent].write[i]);
  const bool both = !inside && how.ends != Ends::parent;
  const double child_read = both ? double(machine.price[std::size_t(child)].read[i]) : 0;
  const double child_write = both ? double(machine.price[std::size_t(child)].write[i]) : 0;
  const auto cycles = [&](Stream stream, double coded) {
    return word_cycles(t, stream, way, machine, hardware, how, coded);
  };
  const auto take = [&](const WordCycles& of_word, Cycles& later) {
    later = of_word.later;
    for (std::size_t k = 0; k < kMaxClocks; ++k) way.first_cycles[k] += of_word.first[k];
  };
  way.stalls = !inside && how.overlap != Overlap::perfect && store().buffering[i] == Buffering::single;
  if (t != Tensor3::psum) {
    way.slides = !inside && !way.every_step && slides(store(), t, how);
    way.child_cost = how.ends == Ends::outer ? 0 : child_write;
    take(cycles(t == Tensor3::ifmap ? Stream::ifmap : Stream::weight, left), way.parent_cycles);
    way.parent_cost = read;
    return way;
  }
  const bool elides = !reads_zero(how, inside);
  WordCycles down = cycles(Stream::psum_down, left);
  if (elides) way.again_cycles = std::exchange(down.first, {});
  take(down, way.distinct_cycles);
  const double valueless = elides ? machine.ofmap : 0;
  const double coded = elides ? machine.coded[i] : 1;  // a zero that is read comes back
  const WordCycles up = cycles(Stream::psum_up, coded);
  take(up, way.parent_cycles);
  way.parent_cycles = cycles(Stream::psum_up, left).later;
  for (std::size_t k = 0; k < kMaxClocks; ++k) {
    way.constant_cycles[k] = -valueless * way.distinct_cycles[k] - machine.ofmap * (way.parent_cycles[k] - up.later[k]);
  }
  way.parent_cost = read + write;
  const double left_out = hardware.nodes[parent].store.offchip ? machine.ofmap * (1 - coded) * write : 0;
  if (how.ends == Ends::outer) {
    way.child_cost = -(child_read + child_write);
    if (way.outermost) way.constant = -valueless * read - left_out;
    return way;
  }
  way.child_cost = how.ends == Ends::both ? child_read : 0;
  way.distinct_cost = child_write + hops;
  way.constant = -valueless * (read + way.distinct_cost) - left_out;
  way.spared = spared;
  if (elides) spared += read + child_write + hops;
  return way;
}

/// Of each tensor the innermost way whose first tile counts: one is kept track of.
void find_pending(StoreChoice& choice, const Hardware& hardware, const Tiles& tiles) {
  const auto stalls = [](const Way& way) { return way.stalls; };
  const bool padded =
      std::any_of(tiles.windows().begin(), tiles.windows().end(), [](const WindowAxis& w) { return w.padded; });
  const bool any_stalls = std::any_of(choice.ways.begin(), choice.ways.end(), [&](const std::vector<Way>& ways) {
    return std::any_of(ways.begin(), ways.end(), stalls);
  });
  for (const Tensor3 t : kAllTensors) {
    std::vector<Way>& ways = choice.ways[index(t)];
    const auto way = std::find_if(ways.begin() + 1, ways.end(), [](const Way& w) {
      return !w.stalls && (w.first_cycles[0] > 0 || w.again_cycles[0] > 0);
    });
    if (way == ways.end()) continue;
    const bool streams = hardware.nodes[std::size_t(way->child)].store.buffering[index(t)] == Buffering::stream;
    way->restarts = streams && any_stalls && !(t == Tensor3::ifmap && padded);
    way->pends = way->crosses || way->restarts;
    if (way->pends) choice.pending[index(t)] = std::size_t(way - ways.begin());
  }
}

/// The codes of a region: one digit a tensor.
void list_codes(StoreChoice::Here& here) {
  std::size_t codes = 1;
  for (const Tensor3 t : kAllTensors) {
    here.unit[index(t)] = std::uint8_t(codes);
    codes *= here.stores[index(t)].size() + 1;
  }
  for (std::size_t code = 0; code < codes; ++code) {
    std::array<std::uint8_t, kTensors>& passed = here.passed.emplace_back();
    for (const Tensor3 t : kAllTensors)
      passed[index(t)] = std::uint8_t(code / here.unit[index(t)] % (here.stores[index(t)].size() + 1));
  }
}

}  // namespace

std::vector<Kept> choices_of_stores(const Machine& machine) {
  std::vector<Kept> all(1, Kept(machine.room.size()));
  for (const Region& region : machine.regions) {
    for (const Tensor3 t : kAllTensors) {
      for (const std::size_t node : region.stores[index(t)]) {
        const std::size_t before = all.size();
        for (std::size_t i = 0; i < before; ++i) {
          all.push_back(all[i]);
          all[i][node][index(t)] = true;
        }
      }
    }
  }
  return all;
}

StoreChoice choose(const Kept& kept, const Machine& machine, const Hardware& hardware, const Conventions& how,
                   const Tiles& tiles) {
  StoreChoice choice;
  choice.regions.resize(machine.regions.size());
  for (const Tensor3 t : kAllTensors) {
    std::vector<Way>& ways = choice.ways[index(t)];
    int child = kCompute;
    double spared = 0;
    for (std::size_t r = machine.regions.size(); r-- > 0;) {
      StoreChoice::Here& here = choice.regions[r];
      here.inner[index(t)] = ways.size();
      for (const std::size_t store : machine.regions[r].stores[index(t)]) {
        if (!kept[store][index(t)]) continue;
        here.stores[index(t)].push_back(store);
        ways.push_back(way_between(t, child, store, spared, machine, hardware, how));
        child = int(store);
      }
    }
    ways.push_back(way_between(t, child, machine.outermost[index(t)], spared, machine, hardware, how));
    for (Way& way : ways) {
      const double word = std::max(0.0, way.child_cost) + way.parent_cost + way.distinct_cost;
      way.least = std::max(0.0, way.constant + tiles.whole_words(t) * word);
      for (std::size_t k = 0; k < kMaxClocks; ++k) {
        way.counted = way.counted || way.cycles(k) > 0;
        way.least_cycles[k] = std::max(0.0, way.constant_cycles[k] + tiles.whole_words(t) * way.cycles(k));
      }
    }
  }
  if (machine.regions.size() <= 2) find_pending(choice, hardware, tiles);
  for (StoreChoice::Here& here : choice.regions) list_codes(here);
  return choice;
}

}  // namespace weft::free_search
