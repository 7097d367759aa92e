// SPDX-License-Identifier: Apache-2.0
#include "weft/model/counts.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "weft/model/sums.h"

namespace weft {
namespace {

using Spreads = std::vector<Spread>;

/// Bits (in parts of OffchipCode::kWhole) that one channel of one node moves, by whether the transfer stalls what is
/// inside.
struct Load {
  Int128 stalling = 0, hidden = 0;
};

/// Transfers between two stores that keep a tensor, one inside the other; or between the innermost one and the compute
/// node.
struct Transfer {
  Tensor3 tensor = Tensor3::ifmap;
  std::size_t parent = 0;            ///< node
  std::optional<PlacedPoint> child;  ///< none: the compute node
  std::size_t child_node = 0;
  bool slides = false;      ///< an overlapping part of the tile is kept
  bool every_step = false;  ///< the child gives its tile up at every step
};

struct Counter {
  const LoopProblem& problem;
  const Placement& placement;
  const Hardware& hardware;
  const Conventions& how;
  const OffchipCode& offchip;
  std::optional<std::int64_t> skipping_steps;
  Counts counts;
  std::vector<std::array<Load, kStreams>> busy;
  Int128 stalled_processing = 0, stalled_latency = 0;

  // ---- which spatial loops share -----------------------------------------------------------------------------------

  bool shares(const PlacedLoop& loop, Tensor3 t, Sharing sharing) const {
    return weft::shares(hardware.nodes[loop.node].fanout, problem, loop.dim, t, sharing, how);
  }

  /// Loops at fanouts before node `from` get `outside`; the others share or not.
  Spreads spreads(std::size_t from, Spread outside, Tensor3 t, Sharing sharing) const {
    Spreads result;
    for (const PlacedLoop& loop : placement.loops) {
      result.push_back(loop.spatial && loop.node >= from && shares(loop, t, sharing) ? Spread::shared
                       : loop.spatial && loop.node >= from                           ? Spread::each
                                                                                     : outside);
    }
    return result;
  }
  Spreads every_child() const { return Spreads(placement.loops.size(), Spread::each); }
  Spreads child_zero() const { return Spreads(placement.loops.size(), Spread::first); }

  // ---- words of one transfer ---------------------------------------------------------------------------------------

  /// Words of the tiles that come at the steps of one loop; of a sliding tile only what is new.
  static Int128 changed(const StepSums& sums, const Transfer& transfer, int step, StepFilter filter,
                        const Spreads& spread) {
    const Int128 all = sums.tiles(step, filter, spread);
    if (step == kStart || transfer.every_step) return all;
    const bool relevant = sums.relevant(step);
    if (relevant && !transfer.slides) return all;
    StepFilter still = filter;
    still.still = true;
    const Int128 unmoved = sums.tiles(step, still, spread);
    return all - unmoved + (relevant ? sums.slides(step, still, spread) : 0);
  }

  static Int128 changed_in_all(const StepSums& sums, const Transfer& transfer, StepFilter filter,
                               const Spreads& spread) {
    Int128 total = changed(sums, transfer, kStart, filter, spread);
    for (const int step : sums.steps()) total += changed(sums, transfer, step, filter, spread);
    return total;
  }

  std::vector<std::size_t> fanouts_between(const Transfer& transfer) const {
    std::vector<std::size_t> nodes;
    for (std::size_t n = transfer.parent; n < transfer.child_node; ++n) {
      if (hardware.nodes[n].kind == NodeKind::fanout) nodes.push_back(n);
    }
    return nodes;
  }

  StepSums sums_of(const Transfer& transfer) const {
    const std::size_t outside = transfer.child ? transfer.child->loops_outside : placement.loops.size();
    return {problem, placement, transfer.tensor, outside, stalls(transfer)};
  }

  // ---- ifmap and weights -------------------------------------------------------------------------------------------

  void count_operand(const Transfer& transfer) {
    const StepSums sums = sums_of(transfer);
    const Tensor3 t = transfer.tensor;
    Accesses& parent = counts.stores[transfer.parent][index(t)];
    parent.reads += changed_in_all(sums, transfer, {}, spreads(transfer.parent, Spread::each, t, Sharing::multicast));
    if (transfer.child && counts_fills(how)) {
      counts.stores[transfer.child_node][index(t)].writes += changed_in_all(sums, transfer, {}, every_child());
    }
    for (const std::size_t fanout : fanouts_between(transfer)) {
      counts.hops[fanout][index(t)] +=
          changed_in_all(sums, transfer, {}, spreads(fanout + 1, Spread::each, t, Sharing::multicast));
    }
    time(transfer, sums, t == Tensor3::ifmap ? Stream::ifmap : Stream::weight, Sharing::multicast);
  }

  // ---- partial sums ------------------------------------------------------------------------------------------------

  /// What the parent of a transfer of partial sums needs to know of the stores outside it.
  struct Residency {
    Int128 words = 0;      ///< tile words over all visits and instances
    Int128 valueless = 0;  ///< those of them that begin without a value
  };

  /// Words handed down, and what reading them costs the parent.
  struct ReadBacks {
    Int128 reads = 0, delivered = 0;
  };

  ReadBacks read_backs(const StepSums& sums, const Transfer& transfer, const Residency& parent, Int128 visits,
                       Int128 distinct) const {
    const bool zero = reads_zero(how, !transfer.child);
    if (how.read_back == ReadBack::one || !transfer.child) {  // a MAC reads its own
      const Int128 words = zero ? distinct : distinct - parent.valueless;
      return {words, words};
    }
    const StepFilter first_visits{.origin = true};
    const Int128 delivered = zero ? visits : visits - changed_in_all(sums, transfer, first_visits, every_child());
    const Spreads shared = spreads(transfer.parent, Spread::each, Tensor3::psum, Sharing::multicast);
    const Int128 reads =
        changed_in_all(sums, transfer, {}, shared) - (zero ? 0 : changed_in_all(sums, transfer, first_visits, shared));
    return {reads, delivered};
  }

  Residency count_psum(const Transfer& transfer, const Residency& outer, bool outermost) {
    const StepSums sums = sums_of(transfer);
    constexpr Tensor3 t = Tensor3::psum;
    Accesses& parent = counts.stores[transfer.parent][index(t)];
    const auto words = [&](std::size_t from, Sharing sharing) {
      return changed_in_all(sums, transfer, {}, spreads(from, Spread::each, t, sharing));
    };
    const Int128 visits = changed_in_all(sums, transfer, {}, every_child());
    const Int128 distinct = words(transfer.parent, Sharing::always);
    const Int128 updates = words(transfer.parent, Sharing::reduction);
    const ReadBacks back = read_backs(sums, transfer, outer, visits, distinct);
    const bool outer_only = how.ends == Ends::outer;
    Accesses own{back.reads + (updates - distinct), updates};
    // The first update takes the value along, the last one goes straight out.
    if (outer_only && !outermost) own = {updates - outer.words, updates - outer.words};
    parent.reads += own.reads;
    parent.writes += own.writes;
    if (!transfer.child) counts.updates = own;
    if (transfer.child && counts_fills(how)) {
      Accesses& child = counts.stores[transfer.child_node][index(t)];
      child.writes += back.delivered;
      child.reads += how.ends == Ends::both ? visits : 0;
    }
    for (const std::size_t fanout : fanouts_between(transfer)) {
      const Int128 arriving = words(fanout + 1, Sharing::reduction);
      const Int128 leaving = words(fanout, Sharing::reduction);
      counts.hops[fanout][index(t)] += outer_only ? arriving - leaving : arriving + back.delivered;
    }
    time(transfer, sums, Stream::psum_down,
         how.read_back == ReadBack::one || !transfer.child ? Sharing::always : Sharing::multicast);
    time(transfer, sums, Stream::psum_up, Sharing::reduction);
    return {visits, how.first_read == FirstRead::zero ? 0 : visits - back.delivered};
  }

  // ---- time --------------------------------------------------------------------------------------------------------

  Buffering buffering(std::size_t node, Tensor3 t) const { return hardware.nodes[node].store.buffering[index(t)]; }

  /// The single-buffered points whose new tile restarts the stream into this transfer's child.
  std::vector<StallPoint> stalls(const Transfer& transfer) const {
    std::vector<StallPoint> result;
    if (!transfer.child) return result;
    for (const Tensor3 t : kAllTensors) {
      const auto& points = placement.points[index(t)];
      for (std::size_t i = 1; i < points.size(); ++i) {
        const bool itself = t == transfer.tensor && points[i].node == transfer.child_node;
        if (itself || points[i].loops_outside > transfer.child->loops_outside) continue;
        if (buffering(points[i].node, t) == Buffering::single) {
          const bool always = gives_up(hardware.nodes[points[i].node].store, t, how);
          result.push_back({t, points[i].loops_outside, always});
        }
      }
    }
    return result;
  }

  /// Words of a transfer that stall the machine, and words that hide behind the work. What a tile displaces is drained
  /// as it comes, and charged at its size.
  Load load(const Transfer& transfer, const StepSums& sums, Stream stream, const Spreads& spread) const {
    const auto words = [&](int step, StepFilter filter) {
      Int128 all = changed(sums, transfer, step, filter, spread);
      if (stream != Stream::psum_down || reads_zero(how, !transfer.child)) return all;
      filter.origin = true;  // a word without value is not transferred
      return all - changed(sums, transfer, step, filter, spread);
    };
    Load result;
    if (!transfer.child) {
      result.hidden = words(kStart, {});
      for (const int step : sums.steps()) result.hidden += words(step, {});
      return result;
    }
    result.stalling = words(kStart, {});
    const Buffering kind = buffering(transfer.child_node, transfer.tensor);
    for (const int step : sums.steps()) {
      const Int128 all = words(step, {});
      Int128 hidden = 0;
      if (kind == Buffering::ahead) hidden = all;
      if (kind == Buffering::stream && sums.can_be_quiet(step)) hidden = words(step, {.quiet = true});
      result.hidden += hidden;
      result.stalling += all - hidden;
    }
    return result;
  }

  Int128 cycles(Int128 parts, const Bandwidth& bandwidth) const {
    return cycles_of_parts(parts, bandwidth, hardware.clock);
  }

  /// The channel of a node that a stream takes: an index into `busy`, and its bandwidth. Nothing if it is not limited.
  std::optional<std::pair<std::size_t, Bandwidth>> channel(std::size_t node, Stream stream) const {
    const Bandwidths& b = hardware.nodes[node].bandwidth;
    if (b.shared) return std::pair{std::size_t{0}, *b.shared};
    const auto s = static_cast<std::size_t>(stream);
    if (b.own[s]) return std::pair{s, *b.own[s]};
    return std::nullopt;
  }

  /// Adds a transfer to the channels on its way. One that stalls takes as long as its slowest channel.
  void time(const Transfer& transfer, const StepSums& sums, Stream stream, Sharing sharing) {
    const Tensor3 t = transfer.tensor;
    Int128 slowest_onchip = 0, slowest = 0;
    const auto pass = [&](std::size_t node, const Spreads& spread) {
      const auto way = channel(node, stream);
      if (!way) return;
      const Load words = load(transfer, sums, stream, spread);
      const Int128 bits = bit_parts(hardware, node, t, offchip);
      busy[node][way->first].hidden += words.hidden * bits;
      busy[node][way->first].stalling += words.stalling * bits;
      const Int128 wait = cycles(words.stalling * bits, way->second);
      slowest = std::max(slowest, wait);
      if (!hardware.nodes[node].store.offchip) slowest_onchip = std::max(slowest_onchip, wait);
    };
    pass(transfer.parent, spreads(transfer.parent, Spread::first, t, sharing));
    for (const std::size_t fanout : fanouts_between(transfer)) pass(fanout, spreads(fanout, Spread::first, t, sharing));
    if (transfer.child) pass(transfer.child_node, child_zero());
    stalled_processing += slowest_onchip;
    stalled_latency += slowest;
  }

  std::int64_t total_cycles(bool with_offchip) const {
    Int128 work = counts.steps;
    for (std::size_t n = 0; n < busy.size(); ++n) {
      if (!with_offchip && hardware.nodes[n].store.offchip) continue;
      for (std::size_t s = 0; s < kStreams; ++s) {
        const auto way = channel(n, static_cast<Stream>(s));
        if (!way || way->first != s) continue;
        const Load& l = busy[n][s];
        work = std::max(work, cycles(l.hidden + (how.overlap == Overlap::perfect ? l.stalling : 0), way->second));
      }
    }
    if (how.overlap == Overlap::buffered) work += with_offchip ? stalled_latency : stalled_processing;
    return static_cast<std::int64_t>(work);
  }

  // ---- all of it ---------------------------------------------------------------------------------------------------

  std::vector<Transfer> transfers(Tensor3 t) const {
    std::vector<Transfer> result;
    const auto& points = placement.points[index(t)];
    for (std::size_t i = 1; i < points.size(); ++i) {
      result.push_back({.tensor = t,
                        .parent = points[i - 1].node,
                        .child = points[i],
                        .child_node = points[i].node,
                        .slides = slides(hardware.nodes[points[i].node].store, t, how),
                        .every_step = gives_up(hardware.nodes[points[i].node].store, t, how)});
    }
    result.push_back({.tensor = t,
                      .parent = points.back().node,
                      .child = std::nullopt,
                      .child_node = hardware.compute_index(),
                      .every_step = true});
    return result;
  }

  /// The words of the ofmap: what the outermost store begins without.
  Residency whole_ofmap() const {
    const Int128 words = tile_words(problem, Tensor3::psum, problem.bounds);
    return {words, how.first_read == FirstRead::zero ? 0 : words};
  }

  Counts run() {
    counts.stores.resize(hardware.nodes.size());
    counts.hops.resize(hardware.nodes.size());
    busy.resize(hardware.nodes.size());
    counts.macs = macs(problem);
    counts.active_pes = active_pes(problem, placement);
    for (const Tensor3 t : {Tensor3::ifmap, Tensor3::weight}) {
      for (const Transfer& transfer : transfers(t)) count_operand(transfer);
    }
    Residency residency = whole_ofmap();
    bool outermost = true;
    for (const Transfer& transfer : transfers(Tensor3::psum)) {
      residency = count_psum(transfer, residency, outermost);
      outermost = false;
    }
    counts.steps = skipping_steps ? *skipping_steps : steps();
    counts.processing_cycles = total_cycles(false);
    counts.latency_cycles = total_cycles(true);
    return std::move(counts);
  }

  /// Steps of the temporal loops, the first included: positions of child 0.
  std::int64_t steps() const {
    Int128 product = 1;
    for (const Dim d : kAllDims) product *= positions(d, 0, problem.bound(d));
    return static_cast<std::int64_t>(product);
  }

  std::int64_t positions(Dim d, std::size_t i, std::int64_t size) const {
    const auto& loops = placement.loops;
    while (i < loops.size() && loops[i].dim != d) ++i;
    if (i == loops.size()) return 1;
    const std::int64_t tile = loops[i].tile;
    if (loops[i].spatial) return positions(d, i + 1, std::min(size, tile));
    const std::int64_t full = size / tile, rest = size % tile;
    return (full > 0 ? full * positions(d, i + 1, tile) : 0) + (rest > 0 ? positions(d, i + 1, rest) : 0);
  }
};

}  // namespace

OffchipCode without_spills(OffchipCode code, const Counts& counts, const Hardware& hardware) {
  for (std::size_t n = 0; n < hardware.nodes.size(); ++n) {
    const bool spills = hardware.nodes[n].store.offchip && counts.stores[n][index(Tensor3::psum)].reads > 0;
    if (spills) code.parts[index(Tensor3::psum)] = OffchipCode::kWhole;
  }
  return code;
}

Int128 bit_parts(const Hardware& hardware, std::size_t node, Tensor3 t, const OffchipCode& code) {
  const bool coded = hardware.nodes[node].store.offchip;
  return Int128(hardware.bits[index(t)]) * (coded ? code.parts[index(t)] : OffchipCode::kWhole);
}

Int128 cycles_of_parts(Int128 parts, const Bandwidth& bandwidth, Hertz clock) {
  const Int128 rate = bandwidth.per == Bandwidth::Per::second ? Int128(std::llround(clock.value)) : 1;
  const Int128 capacity = Int128(bandwidth.bits) * OffchipCode::kWhole;
  return (parts * rate + capacity - 1) / capacity;
}

bool shares(const FanoutNode& fanout, const LoopProblem& problem, Dim d, Tensor3 t, Sharing sharing,
            const Conventions& how) {
  if (sharing == Sharing::always) return true;
  if (sharing == Sharing::reduction) return adds(fanout, d);
  const bool per_loop = how.multicast == Multicast::per_loop && problem.relevant(t, d);
  return fanout.multicast[index(t)] && !per_loop;
}

bool gives_up(const StoreNode& store, Tensor3 t, const Conventions& how) {
  return how.hold == Hold::iteration || (how.hold == Hold::as_store && store.hold_iteration && t != Tensor3::psum);
}

bool slides(const StoreNode& store, Tensor3 t, const Conventions& how) {
  const bool refetches = how.halo == Halo::refetch || (how.halo == Halo::as_store && store.refetch_halo);
  return t == Tensor3::ifmap && !refetches;
}

Counts count(const LoopProblem& problem, const Placement& placement, const Hardware& hardware,
             const Conventions& conventions, const OffchipCode& offchip, std::optional<std::int64_t> steps) {
  return Counter{problem, placement, hardware, conventions, offchip, steps, {}, {}, 0, 0}.run();
}

}  // namespace weft
