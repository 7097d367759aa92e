// SPDX-License-Identifier: Apache-2.0
#include "weft/simulator/walk_words.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <optional>
#include <set>

namespace weft {
namespace {

using Word = std::int64_t;
using Words = std::set<Word>;
using Indices = std::vector<std::int64_t>;  ///< one for each loop of the placement

/// One store of one child of every fanout outside it, holding one tensor.
struct Instance {
  Indices at;  ///< indices of the spatial loops outside, 0 elsewhere
  Words tile;
  std::set<Word> valued;              ///< psum: words that have a value
  std::map<Word, int> updates;        ///< psum: updates of each word since the tile came
  std::map<Word, std::int32_t> sums;  ///< psum, with values: each word's sum
  std::set<Word> taken;               ///< and those that began with the parent's
};

/// All the stores that keep one tensor at one level. The last level of each tensor is the compute nodes, which keep
/// nothing.
struct Level {
  Tensor3 tensor = Tensor3::ifmap;
  std::size_t node = 0;
  std::size_t outside = 0;  ///< loops outside
  bool compute = false;
  std::vector<Instance> instances;
};

/// Words on the move at one step: which child instance wants or gives which.
struct Move {
  const Instance* child;
  Words words;
};

/// Codes to compute with.
struct Codes {
  const Accumulation& how;
  std::span<const std::int16_t> ifmap, weight;
};

/// Totals of one kind of transfer at one node of its way.
struct Way {
  Int128 stalling = 0, hidden = 0;
};

class Walker {
 public:
  Walker(const LoopProblem& problem, const Placement& placement, const Hardware& hardware, const Conventions& how,
         const Codes* codes = nullptr)
      : problem_(problem), placement_(placement), hardware_(hardware), how_(how), codes_(codes) {
    counts_.stores.resize(hardware.nodes.size());
    counts_.hops.resize(hardware.nodes.size());
    for (const Tensor3 t : kAllTensors) levels_[index(t)] = make_levels(t);
  }

  Counts run() {
    counts_.active_pes = count_active();
    Indices at(placement_.loops.size(), 0);
    step(at, std::nullopt, {});
    while (const auto advanced = advance(at)) {
      const bool new_pass = std::any_of(placement_.loops.begin() + std::ptrdiff_t(advanced->first),
                                        placement_.loops.end(), [](const PlacedLoop& loop) { return loop.spatial; });
      if (new_pass) end_pass();
      step(at, advanced->first, advanced->second);
    }
    end_pass();
    finish();
    counts_.processing_cycles = cycles_of(false);
    counts_.latency_cycles = cycles_of(true);
    return counts_;
  }

  /// After run: what became of the values.
  WordValues values() const {
    WordValues result{.sums = {.values = {}, .overflows = overflows_},
                      .zero_macs = zero_macs_,
                      .zero_firsts = zero_firsts_,
                      .gated_filter_reads = gated_filter_reads_,
                      .steps_without_zeros = steps_without_zeros_};
    for (const auto& [word, sum] : levels_[index(Tensor3::psum)][0].instances[0].sums) {
      result.sums.values.push_back(sum);
    }
    return result;
  }

 private:
  // ---- values ------------------------------------------------------------------------------------------------------

  std::int32_t added(std::int64_t sum, std::int64_t part) {
    const std::int64_t fits = fitted(sum + part, codes_->how.bits, codes_->how.excess);
    overflows_ += fits != sum + part ? 1 : 0;
    return static_cast<std::int32_t>(fits);
  }

  /// New tiles begin with what the parent has, the first child's; or at 0.
  void take_sums(Level& parent, Level& child) {
    std::set<std::pair<const Instance*, Word>> taken;
    for (Instance& instance : child.instances) {
      instance.sums.clear();
      instance.taken.clear();
      Instance& from = parent_of(parent, instance);
      for (const Word word : instance.tile) {
        const bool first = taken.insert({&from, word}).second;
        instance.sums[word] = first ? from.sums[word] : 0;
        if (first) instance.taken.insert(word);
      }
    }
  }

  void give_sums(Level& parent, Level& child) {
    for (Instance& instance : child.instances) {
      Instance& to = parent_of(parent, instance);
      for (const auto& [word, sum] : instance.sums) {
        std::int32_t& whole = to.sums[word];
        whole = instance.taken.contains(word) ? sum : added(whole, sum);
      }
    }
  }

  void multiply(const Indices& time) {
    auto& levels = levels_[index(Tensor3::psum)];
    Level& innermost = levels[levels.size() - 2];
    const std::size_t filters = levels_[index(Tensor3::weight)][levels_[index(Tensor3::weight)].size() - 2].node;
    std::map<std::pair<Indices, Word>, bool> reads;  // of the innermost filter store: does a MAC need it?
    for (const Instance& pe : levels.back().instances) {
      if (!has_work(time, pe.at)) continue;
      DimSizes at{};
      for (std::size_t i = 0; i < placement_.loops.size(); ++i) {
        const PlacedLoop& loop = placement_.loops[i];
        at[index(loop.dim)] += (loop.spatial ? pe.at[i] : time[i]) * loop.tile;
      }
      const auto x = word_at(Tensor3::ifmap, at), w = word_at(Tensor3::weight, at), p = word_at(Tensor3::psum, at);
      const std::int64_t product =
          x ? std::int64_t{codes_->ifmap[static_cast<std::size_t>(*x)]} * codes_->weight[static_cast<std::size_t>(*w)]
            : 0;
      const bool zero = !x || codes_->ifmap[static_cast<std::size_t>(*x)] == 0;
      zero_macs_ += zero ? 1 : 0;
      zero_firsts_ += zero && is_first(time) ? 1 : 0;
      pass_[pe.at] += zero ? 0 : 1;
      reads[{reader(pe, filters), *w}] |= !zero;
      std::int32_t& sum = parent_of(innermost, pe).sums[*p];
      sum = added(sum, shifted(product, codes_->how.product_shift, codes_->how.product_rounding));
    }
    for (const auto& [read, needed] : reads) gated_filter_reads_ += needed ? 0 : 1;
  }

  /// Whether this step makes the first product of every sum that it adds to.
  bool is_first(const Indices& time) const {
    for (std::size_t i = 0; i < time.size(); ++i) {
      const PlacedLoop& loop = placement_.loops[i];
      if (!loop.spatial && time[i] > 0 && !problem_.relevant(Tensor3::psum, loop.dim)) return false;
    }
    return true;
  }

  /// A pass ends: it took as long as its busiest PE.
  void end_pass() {
    std::int64_t most = 1;
    for (const auto& [pe, macs] : pass_) most = std::max(most, macs);
    steps_without_zeros_ += most;
    pass_.clear();
  }

  /// PEs whose equal filter words are one read of the store at `node` have one reader.
  Indices reader(const Instance& pe, std::size_t node) const {
    Indices key = pe.at;
    for (std::size_t i = 0; i < key.size(); ++i) {
      const PlacedLoop& loop = placement_.loops[i];
      if (loop.spatial && loop.node >= node && shares(loop, Tensor3::weight, Sharing::multicast)) key[i] = 0;
    }
    return key;
  }

  // ---- the machine -------------------------------------------------------------------------------------------------

  std::vector<Instance> make_instances(std::size_t node) const {
    std::vector<Instance> all(1);
    all[0].at.assign(placement_.loops.size(), 0);
    for (std::size_t i = 0; i < placement_.loops.size(); ++i) {
      const PlacedLoop& loop = placement_.loops[i];
      if (!loop.spatial || loop.node >= node) continue;
      std::vector<Instance> more;
      for (const Instance& instance : all) {
        for (std::int64_t k = 0; k < loop.bound; ++k) {
          more.push_back(instance);
          more.back().at[i] = k;
        }
      }
      all = std::move(more);
    }
    return all;
  }

  std::vector<Level> make_levels(Tensor3 t) const {
    std::vector<Level> levels;
    for (const PlacedPoint& p : placement_.points[index(t)]) {
      levels.push_back({t, p.node, p.loops_outside, false, make_instances(p.node)});
    }
    const std::size_t compute = hardware_.compute_index();
    levels.push_back({t, compute, placement_.loops.size(), true, make_instances(compute)});
    return levels;
  }

  /// The words that the loops inside a storage point touch, with the loops outside at `time` and the children at
  /// `place`.
  Words tile(Tensor3 t, std::size_t outside, const Indices& time, const Indices& place) const {
    DimSizes first{}, end{};
    for (const Dim d : kAllDims) {
      std::int64_t inside = 1;
      for (std::size_t i = 0; i < placement_.loops.size(); ++i) {
        const PlacedLoop& loop = placement_.loops[i];
        if (loop.dim != d) continue;
        if (i < outside) first[index(d)] += (loop.spatial ? place[i] : time[i]) * loop.tile;
        if (i >= outside) inside *= loop.bound;
      }
      end[index(d)] = std::min(problem_.bound(d), first[index(d)] + inside);
      if (first[index(d)] >= end[index(d)]) return {};
    }
    Words words;
    touch(t, 0, first, end, first, words);
    return words;
  }

  void touch(Tensor3 t, std::size_t d, const DimSizes& first, const DimSizes& end, DimSizes point, Words& words) const {
    if (d == kDims) {
      if (const auto word = word_at(t, point)) words.insert(*word);
      return;
    }
    const std::int64_t stop = problem_.relevant(t, static_cast<Dim>(d)) ? end[d] : first[d] + 1;
    for (point[d] = first[d]; point[d] < stop; ++point[d]) touch(t, d + 1, first, end, point, words);
  }

  std::optional<Word> word_at(Tensor3 t, const DimSizes& point) const {
    Word word = 0;
    for (const Axis& axis : problem_.tensor(t).axes) {
      std::int64_t x = axis.offset;
      for (const Axis::Term& term : axis.terms) x += term.coefficient * point[index(term.dim)];
      if (x < 0 || x >= axis.extent) return std::nullopt;
      word = word * axis.extent + x;
    }
    return word;
  }

  std::int64_t count_active() const {
    const Indices start(placement_.loops.size(), 0);
    std::int64_t active = 0;
    for (const Instance& pe : make_instances(hardware_.compute_index())) {
      active += has_work(start, pe.at) ? 1 : 0;
    }
    return active;
  }

  bool has_work(const Indices& time, const Indices& place) const {
    DimSizes at{};
    for (std::size_t i = 0; i < placement_.loops.size(); ++i) {
      const PlacedLoop& loop = placement_.loops[i];
      at[index(loop.dim)] += (loop.spatial ? place[i] : time[i]) * loop.tile;
    }
    return std::all_of(kAllDims.begin(), kAllDims.end(), [&](Dim d) { return at[index(d)] < problem_.bound(d); });
  }

  // ---- the clock ---------------------------------------------------------------------------------------------------

  /// The loop that advanced, and all that moved.
  using Advance = std::pair<std::size_t, std::vector<std::size_t>>;

  std::optional<Advance> advance(Indices& at) const {
    std::vector<std::size_t> moved;
    for (std::size_t i = placement_.loops.size(); i-- > 0;) {
      if (placement_.loops[i].spatial) continue;
      ++at[i];
      if (has_work(at, Indices(at.size(), 0)) && at[i] < placement_.loops[i].bound) {
        moved.push_back(i);
        return Advance{i, moved};
      }
      if (at[i] > 1) moved.push_back(i);  // it had left its start
      at[i] = 0;
    }
    return std::nullopt;
  }

  struct Change {
    bool any = false;       ///< the tile is given up
    bool overlaps = false;  ///< only the advancing loop is relevant: the old tile may serve
  };

  Change change(const Level& level, std::optional<std::size_t> advancing, const std::vector<std::size_t>& moved) const {
    if (!advancing) return {true, false};
    std::vector<std::size_t> relevant;
    for (const std::size_t i : moved) {
      if (i < level.outside && problem_.relevant(level.tensor, placement_.loops[i].dim)) relevant.push_back(i);
    }
    if (level.compute) return {true, false};
    if (*advancing >= level.outside) return {};
    if (how_.hold == Hold::iteration) return {true, false};
    const bool operand = level.tensor != Tensor3::psum;
    if (how_.hold == Hold::as_store && operand && hardware_.nodes[level.node].store.hold_iteration)
      return {true, false};
    return {!relevant.empty(), relevant.size() == 1 && relevant.front() == *advancing};
  }

  /// Whether a single-buffered store gets a new tile at this step that this level has to wait for.
  bool stalled(const Level& level, std::optional<std::size_t> advancing, const std::vector<std::size_t>& moved) const {
    if (!advancing) return true;
    for (const auto& levels : levels_) {
      for (std::size_t l = 1; l < levels.size(); ++l) {
        const Level& other = levels[l];
        if (other.compute || &other == &level || other.outside > level.outside) continue;
        if (hardware_.nodes[other.node].store.buffering[index(other.tensor)] != Buffering::single) continue;
        if (change(other, advancing, moved).any) return true;
      }
    }
    return false;
  }

  void step(const Indices& time, std::optional<std::size_t> advancing, const std::vector<std::size_t>& moved) {
    for (const Tensor3 t : kAllTensors) {
      auto& levels = levels_[index(t)];
      std::vector<Change> changes;
      for (const Level& level : levels) changes.push_back(change(level, advancing, moved));
      changes[0] = {};
      if (t == Tensor3::psum && advancing) {
        for (std::size_t l = levels.size() - 1; l > 0; --l) {
          if (changes[l].any && !levels[l].compute) drain(levels[l - 1], levels[l]);
        }
      }
      for (std::size_t l = 1; l < levels.size(); ++l) {
        if (changes[l].any) fetch(levels[l - 1], levels[l], time, changes[l], waits(levels[l], advancing, moved));
      }
    }
    ++counts_.steps;
    for (const Instance& pe : levels_[0].back().instances) counts_.macs += has_work(time, pe.at) ? 1 : 0;
    if (codes_ != nullptr) multiply(time);
  }

  void finish() {
    auto& levels = levels_[index(Tensor3::psum)];
    for (std::size_t l = levels.size() - 2; l > 0; --l) drain(levels[l - 1], levels[l]);
  }

  /// Whether a transfer into this level (or out of it) stalls the machine.
  bool waits(const Level& level, std::optional<std::size_t> advancing, const std::vector<std::size_t>& moved) const {
    if (level.compute) return false;
    const Buffering kind = hardware_.nodes[level.node].store.buffering[index(level.tensor)];
    if (!advancing || kind == Buffering::single) return true;
    return kind == Buffering::stream && stalled(level, advancing, moved);
  }

  // ---- transfers ---------------------------------------------------------------------------------------------------

  enum class Sharing { multicast, reduction, always };

  bool shares(const PlacedLoop& loop, Tensor3 t, Sharing sharing) const {
    const FanoutNode& fanout = hardware_.nodes[loop.node].fanout;
    switch (sharing) {
      case Sharing::always:
        return true;
      case Sharing::reduction:
        return adds(fanout, loop.dim);
      case Sharing::multicast:
        break;
    }
    if (!fanout.multicast[index(t)]) return false;
    return how_.multicast == Multicast::exact || !problem_.relevant(t, loop.dim);
  }

  /// Words on the move, a word counted once for all children that differ only in loops at node `from` or further in
  /// that share it. With `first`, only those under child 0 of the fanouts outside `from`.
  Int128 count_words(const std::vector<Move>& moves, std::size_t from, Tensor3 t, Sharing sharing, bool first) const {
    std::map<Indices, Words> groups;
    for (const Move& move : moves) {
      Indices key = move.child->at;
      bool counted = true;
      for (std::size_t i = 0; i < key.size(); ++i) {
        const PlacedLoop& loop = placement_.loops[i];
        if (!loop.spatial) continue;
        if (loop.node < from) {
          counted = counted && !(first && key[i] != 0);
        } else if (shares(loop, t, sharing)) {
          key[i] = 0;
        }
      }
      if (counted) groups[key].insert(move.words.begin(), move.words.end());
    }
    Int128 total = 0;
    for (const auto& [key, words] : groups) total += Int128(words.size());
    return total;
  }

  Int128 count_all(const std::vector<Move>& moves) const {
    Int128 total = 0;
    for (const Move& move : moves) total += Int128(move.words.size());
    return total;
  }

  std::vector<std::size_t> fanouts_between(const Level& parent, const Level& child) const {
    std::vector<std::size_t> nodes;
    for (std::size_t n = parent.node; n < child.node; ++n) {
      if (hardware_.nodes[n].kind == NodeKind::fanout) nodes.push_back(n);
    }
    return nodes;
  }

  void fetch(Level& parent, Level& child, const Indices& time, Change change, bool waits) {
    const Tensor3 t = child.tensor;
    std::vector<Move> moves;
    for (Instance& instance : child.instances) {
      Words tile = this->tile(t, child.outside, time, instance.at);
      if (child.compute && !has_work(time, instance.at)) tile.clear();
      Words fetched;
      const bool keep = slides(child) && change.overlaps;
      std::set_difference(tile.begin(), tile.end(), instance.tile.begin(), instance.tile.end(),
                          std::inserter(fetched, fetched.end()));
      moves.push_back({&instance, keep ? fetched : tile});
      instance.tile = std::move(tile);
      instance.valued.clear();
      instance.updates.clear();
    }
    if (t != Tensor3::psum) {
      operand(parent, child, moves, waits);
    } else if (!child.compute) {
      if (codes_ != nullptr) take_sums(parent, child);
      read_back(parent, child, moves, waits);
    } else {
      update(parent, child, moves);
    }
  }

  bool slides(const Level& level) const {
    if (level.tensor != Tensor3::ifmap || level.compute) return false;
    if (how_.halo != Halo::as_store) return how_.halo == Halo::slide;
    return !hardware_.nodes[level.node].store.refetch_halo;
  }

  Accesses& store(const Level& level) { return counts_.stores[level.node][index(level.tensor)]; }

  void operand(Level& parent, Level& child, const std::vector<Move>& moves, bool waits) {
    const Tensor3 t = child.tensor;
    store(parent).reads += count_words(moves, parent.node, t, Sharing::multicast, false);
    if (!child.compute && how_.ends != Ends::outer && how_.ends != Ends::parent)
      store(child).writes += count_all(moves);
    for (const std::size_t f : fanouts_between(parent, child)) {
      counts_.hops[f][index(t)] += count_words(moves, f + 1, t, Sharing::multicast, false);
    }
    time_way(parent, child, t == Tensor3::ifmap ? Stream::ifmap : Stream::weight, moves, Sharing::multicast, waits);
  }

  Instance& parent_of(Level& parent, const Instance& child) const {
    for (Instance& candidate : parent.instances) {
      bool same = true;
      for (std::size_t i = 0; i < child.at.size(); ++i) {
        if (placement_.loops[i].spatial && placement_.loops[i].node < parent.node)
          same &= candidate.at[i] == child.at[i];
      }
      if (same) return candidate;
    }
    WEFT_ASSERT(false, "every child has a parent");
    return parent.instances.front();
  }

  /// New tiles take the values that their parent has.
  void read_back(Level& parent, Level& child, const std::vector<Move>& moves, bool waits) {
    std::vector<Move> delivered;
    std::set<std::pair<const Instance*, Word>> taken;
    for (const Move& move : moves) {
      Instance& from = parent_of(parent, *move.child);
      Words words;
      for (const Word word : move.words) {
        if (how_.first_read != FirstRead::zero && !from.valued.contains(word)) continue;
        if (how_.read_back == ReadBack::one && !taken.insert({&from, word}).second) continue;
        words.insert(word);
      }
      delivered.push_back({move.child, words});
    }
    for (const Move& move : delivered) {
      for (Instance& instance : child.instances) {
        if (&instance == move.child) instance.valued.insert(move.words.begin(), move.words.end());
      }
    }
    const Sharing sharing = how_.read_back == ReadBack::one ? Sharing::always : Sharing::multicast;
    const bool outer_only = how_.ends == Ends::outer;
    const bool outermost = parent.node == levels_[index(Tensor3::psum)][0].node;
    if (!outer_only || outermost) {
      store(parent).reads += count_words(delivered, parent.node, Tensor3::psum, sharing, false);
    }
    if (!outer_only) {
      if (how_.ends != Ends::parent) store(child).writes += count_all(delivered);
      for (const std::size_t f : fanouts_between(parent, child))
        counts_.hops[f][index(Tensor3::psum)] += count_all(delivered);
    }
    time_way(parent, child, Stream::psum_down, delivered, sharing, waits);
    time_way(parent, child, Stream::psum_up, moves, Sharing::reduction,
             waits);  // the old tile leaves as this one comes
  }

  /// Tiles leave: their words are added to the parent's.
  void drain(Level& parent, Level& child) {
    std::vector<Move> moves;
    for (const Instance& instance : child.instances) moves.push_back({&instance, instance.tile});
    if (how_.ends == Ends::both) store(child).reads += count_all(moves);
    if (codes_ != nullptr) give_sums(parent, child);
    accumulate(parent, child, moves);
  }

  /// One MAC of each PE: the innermost store's words get their updates.
  void update(Level& parent, Level& child, const std::vector<Move>& moves) {
    const std::vector<Move> values = accumulate(parent, child, moves);
    time_way(parent, child, Stream::psum_down, values, Sharing::always, false);
    time_way(parent, child, Stream::psum_up, moves, Sharing::reduction, false);
  }

  /// Adds what the children send up to the parent's words. Returns the values that MACs read there, by the child that
  /// did.
  std::vector<Move> accumulate(Level& parent, Level& child, const std::vector<Move>& moves) {
    constexpr Tensor3 t = Tensor3::psum;
    // Groups of children whose words the fanouts add up on the way; of each word, the first child that has it.
    std::map<Indices, std::map<Word, const Instance*>> groups;
    for (const Move& move : moves) {
      Indices key = move.child->at;
      for (std::size_t i = 0; i < key.size(); ++i) {
        const PlacedLoop& loop = placement_.loops[i];
        if (loop.spatial && loop.node >= parent.node && shares(loop, t, Sharing::reduction)) key[i] = 0;
      }
      for (const Word word : move.words) groups[key].try_emplace(word, move.child);
    }
    const bool outermost = parent.node == levels_[index(t)][0].node;
    const bool outer_only = how_.ends == Ends::outer && !outermost;
    std::set<std::pair<const Instance*, Word>> first;
    std::vector<Move> values;
    for (const auto& [key, words] : groups) {
      for (const auto& [word, by] : words) {
        Instance& to = parent_of(parent, *by);
        const bool another = !first.insert({&to, word}).second;  // a second child's part of the same sum
        int& updates = to.updates[word];
        // A store took the parent's part along when its tile came; a MAC reads it now.
        const bool zero = how_.first_read == FirstRead::zero || (how_.first_read == FirstRead::mac && child.compute);
        const bool valued = to.valued.contains(word) || zero;
        const bool reads = another || (child.compute && valued);
        if (reads && !another) values.push_back({by, {word}});
        const Accesses own{(outer_only ? updates > 0 : reads) ? 1 : 0, (outer_only ? updates > 0 : true) ? 1 : 0};
        store(parent).reads += own.reads;
        store(parent).writes += own.writes;
        if (child.compute) {
          counts_.updates.reads += own.reads;
          counts_.updates.writes += own.writes;
        }
        ++updates;
        to.valued.insert(word);
      }
    }
    for (const std::size_t f : fanouts_between(parent, child)) {
      const Int128 arriving = count_words(moves, f + 1, t, Sharing::reduction, false);
      const Int128 leaving = count_words(moves, f, t, Sharing::reduction, false);
      counts_.hops[f][index(t)] += how_.ends == Ends::outer ? arriving - leaving : arriving + count_all(values);
    }
    return values;
  }

  // ---- time --------------------------------------------------------------------------------------------------------

  using WayKey = std::tuple<std::size_t, std::size_t, Stream, std::size_t>;  ///< parent, child, stream, node

  std::optional<Bandwidth> bandwidth(std::size_t node, Stream stream) const {
    return hardware_.nodes[node].bandwidth.of(stream);
  }

  void time_way(const Level& parent, const Level& child, Stream stream, const std::vector<Move>& moves, Sharing sharing,
                bool waits) {
    const auto pass = [&](std::size_t node, Int128 words) {
      Way& way = ways_[{parent.node, child.node, stream, node}];
      (waits ? way.stalling : way.hidden) += words * hardware_.bits[index(child.tensor)];
    };
    pass(parent.node, count_words(moves, parent.node, child.tensor, sharing, true));
    for (const std::size_t f : fanouts_between(parent, child)) {
      pass(f, count_words(moves, f, child.tensor, sharing, true));
    }
    if (!child.compute) {
      for (const Move& move : moves) {
        if (move.child == &child.instances.front()) pass(child.node, Int128(move.words.size()));
      }
    }
  }

  Int128 cycles(Int128 bits, const Bandwidth& b) const {
    if (b.per == Bandwidth::Per::second) bits *= Int128(std::llround(hardware_.clock.value));
    return (bits + b.bits - 1) / b.bits;
  }

  std::int64_t cycles_of(bool offchip) const {
    std::map<std::pair<std::size_t, std::size_t>, Int128> busy;            // by node and channel
    std::map<std::tuple<std::size_t, std::size_t, Stream>, Int128> stall;  // by transfer: its slowest node
    for (const auto& [key, way] : ways_) {
      const auto& [parent, child, stream, node] = key;
      const auto b = bandwidth(node, stream);
      if (!b || (!offchip && hardware_.nodes[node].store.offchip)) continue;
      const std::size_t channel = hardware_.nodes[node].bandwidth.shared ? 0 : static_cast<std::size_t>(stream);
      busy[{node, channel}] += way.hidden + (how_.overlap == Overlap::perfect ? way.stalling : 0);
      Int128& slowest = stall[{parent, child, stream}];
      slowest = std::max(slowest, cycles(way.stalling, *b));
    }
    Int128 work = counts_.steps;
    for (const auto& [channel, bits] : busy) {
      work = std::max(work, cycles(bits, *bandwidth(channel.first, static_cast<Stream>(channel.second))));
    }
    if (how_.overlap == Overlap::buffered) {
      for (const auto& [transfer, wait] : stall) work += wait;
    }
    return static_cast<std::int64_t>(work);
  }

  const LoopProblem& problem_;
  const Placement& placement_;
  const Hardware& hardware_;
  const Conventions& how_;
  const Codes* codes_;
  std::int64_t overflows_ = 0;
  Int128 zero_macs_ = 0, zero_firsts_ = 0, gated_filter_reads_ = 0;
  std::map<Indices, std::int64_t> pass_;  ///< MACs not on zeros, by PE
  std::int64_t steps_without_zeros_ = 0;
  Counts counts_;
  std::array<std::vector<Level>, kTensors> levels_;
  std::map<WayKey, Way> ways_;
};

}  // namespace

Counts walk_words(const LoopProblem& problem, const Placement& placement, const Hardware& hardware,
                  const Conventions& conventions) {
  return Walker(problem, placement, hardware, conventions).run();
}

WordValues walk_values(const LoopProblem& problem, const Placement& placement, const Hardware& hardware,
                       const Conventions& conventions, const Accumulation& how, std::span<const std::int16_t> ifmap,
                       std::span<const std::int16_t> weight) {
  const Codes codes{how, ifmap, weight};
  Walker walker(problem, placement, hardware, conventions, &codes);
  walker.run();
  return walker.values();
}

}  // namespace weft
