// SPDX-License-Identifier: Apache-2.0
#include "weft/mapper/estimate.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>
#include <utility>

#include "weft/base/ceil_div.h"
#include "weft/mapper/traffic.h"
#include "weft/model/counts.h"
#include "weft/model/sums.h"

namespace weft {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::int64_t kUnknown = -1;
constexpr int kNone = -1;
constexpr double kRounding = 1e-9;  // of a few dozen products and sums of doubles, generously
constexpr Int128 kFloors = 16;      // of what zeros and compression leave: each division rounds down

/// How the children that the loops over arrays make enter a product, a bit for each slot: all as one, or only child 0;
/// else each by itself.
struct ChildSpread {
  std::uint32_t shared = 0, first = 0;
  bool operator==(const ChildSpread&) const = default;
};
constexpr ChildSpread kEachChild{0, 0}, kChildZero{0, ~0u};
using SpreadIndex = std::size_t;  ///< of those that the products ask for

/// A transfer of the model, placed in the skeleton.
struct Way {
  Tensor3 tensor = Tensor3::ifmap;
  std::size_t parent = 0, child = 0;  ///< nodes
  bool compute = false;               ///< the child is the compute node
  std::size_t outside = 0;            ///< slots outside the child
  std::vector<std::size_t> crossed;   ///< arrays between parent and child, outermost first
  bool inside = false;                ///< the parent is in a PE
  bool slides = false, every_step = false;
  Buffering buffering = Buffering::single;
  std::vector<StallPoint> stalls;  ///< loops_outside counts slots
};

/// The loops of a choice that decide what a way moves, as slots; kNone if there is none.
struct Turns {
  int fetch = -1;  ///< innermost moving loop whose steps bring a new tile
  int stall = -1;  ///< innermost moving loop whose steps stall; so do those of all loops outside it
};

/// Which of a transfer's steps a product runs over.
enum class Part : std::uint8_t { all, stalling, start };

/// Products of one window axis for one choice of its two dimensions' bounds: over all steps, whole or sliding along one
/// of them, or over those of the window's first loops only (kFirstLoops + how many).
constexpr std::size_t kWholeTiles = 0, kSlideFirst = 1, kSlideSecond = 2, kFirstLoops = 3;
constexpr std::size_t kWindowParts = kFirstLoops + kMaxWindowSlots + 1;

struct WindowEntry {
  std::vector<std::int64_t> values;  ///< by way, spread, part
};

struct WindowKey {
  std::array<std::int64_t, kMaxWindowSlots> bounds{};
  bool operator==(const WindowKey&) const = default;
};
struct WindowHash {
  std::size_t operator()(const WindowKey& key) const {
    std::uint64_t h = 0;
    for (const std::int64_t b : key.bounds) h = (h ^ std::uint64_t(b)) * 0x9E3779B97F4A7C15u + (h >> 29);
    return h;
  }
};

/// One window axis and the bounds seen of it.
struct Window {
  const Axis* axis = nullptr;
  std::vector<std::size_t> slots;  ///< of both dimensions, in nest order
  std::unordered_map<WindowKey, WindowEntry, WindowHash> seen;
  WindowKey last_key;
  WindowEntry* last = nullptr;
};

}  // namespace

struct Estimator::Implementation {
  const LoopProblem& problem;
  const Hardware& hardware;
  const Skeleton& skeleton;
  const MapOptions& options;
  const Conventions& how;
  std::vector<NodePrices> price;
  std::int64_t worked;  ///< of the MACs: those that are not gated, in parts of kWorkedWhole
  std::vector<Way> ways;
  std::vector<Window> windows;
  std::array<std::array<bool, kDims>, kTensors> relevant{};
  std::array<std::vector<std::size_t>, kDims> slots_of;
  std::array<std::uint32_t, kDims> slot_set{};  ///< the same, a bit each
  std::uint32_t split = 0;                      ///< dimensions split over arrays outside that of the PEs, a bit each
  std::vector<ChildSpread> spreads;

  // Of the choice at hand:
  const Choice* choice = nullptr;
  std::array<std::int64_t, kMaxSlots> tile{};              ///< indices inside each slot's loop
  std::array<std::uint8_t, kMaxSlots> position{};          ///< of each slot in the order
  std::vector<std::uint8_t> moving;                        ///< temporal slots with a bound above 1, outermost first
  std::array<std::uint8_t, kMaxSlots + 1> loops_before{};  ///< loops with a bound above 1 in the slots before each
  Estimate result;
  struct Load {
    Int128 stalling = 0, hidden = 0;
  };
  std::vector<std::array<Load, kStreams>> busy;
  Int128 stalled = 0;
  std::vector<Int128> word_list;  ///< by term
  std::vector<Turns> turns;       ///< by way
  std::vector<std::int64_t> exceptions;
  bool may_be_ragged = false;
  bool best_order = false;    ///< on for bounds
  bool affine = false;        ///< on to find the weights of bounds
  bool rounds_apart = false;  ///< off-chip stores further in: the model rounds what compression leaves of each
  OffchipCode code;           ///< of the choice at hand; of bounds, as if no partial sums came back from off chip
  Int128 mac_energy = 0, cycle_energy = 0;

  // ---- setting up --------------------------------------------------------------------------------------------------

  Implementation(const LoopProblem& p, const Hardware& h, const Skeleton& s, const MapOptions& o)
      : problem(p), hardware(h), skeleton(s), options(o), how(o.conventions), price(prices(h)) {
    worked = worked_parts(h, o.ifmap_zeros);
    code = o.offchip;
    const auto offchip = [](const HardwareNode& node) { return node.store.offchip; };
    rounds_apart = o.offchip != OffchipCode{} && std::any_of(h.nodes.begin() + 1, h.nodes.end(), offchip);
    for (const NodePrices& prices : price) {
      mac_energy += Int128(macs(p)) * worked * prices.mac / kWorkedWhole;
      cycle_energy += prices.cycle;
    }
    for (const Tensor3 t : kAllTensors) {
      for (const Dim d : kAllDims) relevant[index(t)][index(d)] = p.relevant(t, d);
    }
    for (const Dim d : kAllDims) {
      slots_of[index(d)] = s.slots_of(d);
      for (const std::size_t slot : slots_of[index(d)]) slot_set[index(d)] |= 1u << slot;
      split |= s.outside[index(d)] > 1 ? 1u << index(d) : 0;
    }
    for (const Tensor3 t : kAllTensors) add_ways(t);
    for (const Axis& axis : p.tensor(Tensor3::ifmap).axes) {
      if (axis.terms.size() == 2) add_window(axis);
    }
    add_terms();
    for (std::size_t w = 0; w < ways.size(); ++w) add_passes(w);
    for (std::size_t w = 0; w < ways.size(); ++w) add_stalls_of(w);
    turns.resize(ways.size());
    exceptions.resize(ways.size());
    exact_costs = make_costs<Int128>();
    rounded_costs = make_costs<double>();
    add_channels();
    add_sums();
    add_outermost();
    busy.resize(h.nodes.size());
  }

  void add_ways(Tensor3 t) {
    const auto& points = skeleton.points[index(t)];
    for (std::size_t i = 1; i <= points.size(); ++i) {
      Way way{.tensor = t, .parent = points[i - 1].node};
      way.compute = i == points.size();
      way.child = way.compute ? hardware.compute_index() : points[i].node;
      way.outside = way.compute ? skeleton.slots.size() : points[i].slots_outside;
      way.inside = way.parent > skeleton.fanout;
      for (std::size_t n = way.parent; n < way.child; ++n) {
        if (hardware.nodes[n].kind == NodeKind::fanout) way.crossed.push_back(n);
      }
      way.every_step = way.compute;
      if (!way.compute) {
        const StoreNode& store = hardware.nodes[way.child].store;
        way.every_step = gives_up(store, t, how);
        way.slides = slides(store, t, how);
        way.buffering = store.buffering[index(t)];
        add_stalls(way);
      }
      ways.push_back(std::move(way));
    }
  }

  void add_stalls(Way& way) const {
    for (const Tensor3 t : kAllTensors) {
      const auto& points = skeleton.points[index(t)];
      for (std::size_t i = 1; i < points.size(); ++i) {
        const bool itself = t == way.tensor && points[i].node == way.child;
        const bool single = hardware.nodes[points[i].node].store.buffering[index(t)] == Buffering::single;
        if (itself || !single) continue;
        const bool always = gives_up(hardware.nodes[points[i].node].store, t, how);
        way.stalls.push_back({t, points[i].slots_outside, always});
      }
    }
  }

  void add_window(const Axis& axis) {
    Window window{.axis = &axis};
    for (std::size_t i = 0; i < skeleton.slots.size(); ++i) {
      const Dim d = skeleton.slots[i].dim;
      if (d == axis.terms[0].dim || d == axis.terms[1].dim) window.slots.push_back(i);
    }
    WEFT_ASSERT(window.slots.size() <= kMaxWindowSlots, "skeleton() refuses more");
    windows.push_back(std::move(window));
  }

  // ---- products over one dimension ---------------------------------------------------------------------------------

  /// Positions of the loops over `d` outside `outside`, of which those accepted by `runs` run and the others stay at
  /// their start; each counts 1 (or once for each child), or the indices of its tile if `words`.
  template <class Runs>
  std::int64_t positions(Dim d, std::size_t outside, ChildSpread spread, bool words, const Runs& runs) const {
    return positions_from(d, 0, problem.bound(d), outside, spread, words, runs);
  }

  template <class Runs>
  std::int64_t positions_from(Dim d, std::size_t i, std::int64_t size, std::size_t outside, ChildSpread spread,
                              bool words, const Runs& runs) const {
    const auto& slots = slots_of[index(d)];
    if (i == slots.size() || slots[i] >= outside) {
      const std::int64_t inside = i == slots.size() ? 1 : choice->bound[slots[i]] * tile[slots[i]];
      return words ? std::min(size, inside) : 1;
    }
    const std::size_t s = slots[i];
    const std::int64_t t = tile[s];
    if (choice->bound[s] == 1) return positions_from(d, i + 1, size, outside, spread, words, runs);
    const bool every = skeleton.slots[s].spatial ? !has(spread.first, s) && (words || !has(spread.shared, s)) : runs(s);
    if (!every) return positions_from(d, i + 1, std::min(size, t), outside, spread, words, runs);
    const std::int64_t full = size / t, rest = size % t;
    return (full > 0 ? full * positions_from(d, i + 1, t, outside, spread, words, runs) : 0) +
           (rest > 0 ? positions_from(d, i + 1, rest, outside, spread, words, runs) : 0);
  }

  // ---- products over a window --------------------------------------------------------------------------------------

  WindowEntry& entry(Window& window) {
    WindowKey key;
    for (std::size_t i = 0; i < window.slots.size(); ++i) key.bounds[i] = choice->bound[window.slots[i]];
    if (window.last == nullptr || !(key == window.last_key)) {
      WindowEntry& found = window.seen[key];
      if (found.values.empty()) found.values.assign(ways.size() * spreads.size() * kWindowParts, kUnknown);
      window.last_key = key;
      window.last = &found;
    }
    return *window.last;
  }

  std::int64_t window_words(Window& window, std::size_t way, SpreadIndex spread, std::size_t part) {
    std::int64_t& value = entry(window).values[(way * spreads.size() + spread) * kWindowParts + part];
    if (value == kUnknown) value = compute_window(window, ways[way], spreads[spread], part);
    return value;
  }

  /// The same sum as the model makes it, over a nest of this window's loops alone.
  std::int64_t compute_window(const Window& window, const Way& way, ChildSpread spread, std::size_t part) const {
    Placement placement;
    std::vector<Spread> by_loop;
    std::size_t outside = 0, first_loops = 0;
    int slide = kNone;
    for (std::size_t i = 0; i < window.slots.size(); ++i) {
      const std::size_t s = window.slots[i];
      if (choice->bound[s] == 1) continue;
      const Slot& slot = skeleton.slots[s];
      const bool slides = part == kSlideFirst || part == kSlideSecond;
      if (slides && s < way.outside && !slot.spatial && slot.dim == window.axis->terms[part - kSlideFirst].dim) {
        slide = int(placement.loops.size());
      }
      placement.loops.push_back({slot.dim, choice->bound[s], tile[s], slot.spatial, slot.fanout, 0});
      by_loop.push_back(has(spread.first, s) ? Spread::first : has(spread.shared, s) ? Spread::shared : Spread::each);
      outside += s < way.outside ? 1 : 0;
      first_loops += i + kFirstLoops < part ? 1 : 0;
    }
    const StepSums sums(problem, placement, way.tensor, outside, {});
    Int128 total = sums.axis_sum(*window.axis, kStart, {}, by_loop, false);
    for (const int step : sums.steps()) {
      if (part >= kFirstLoops && std::size_t(step) >= first_loops) continue;
      total += sums.axis_sum(*window.axis, step, {}, by_loop, step == slide);
    }
    return std::int64_t(total);
  }

  // ---- products over all dimensions --------------------------------------------------------------------------------

  /// The innermost moving loop whose steps bring this way a new tile, or kNone; every loop brings MACs theirs.
  int last_relevant(const Way& way) const {
    if (way.compute) return int(skeleton.slots.size()) - 1;
    int found = kNone;
    for (const std::uint8_t s : moving) {
      if (s < way.outside && (way.every_step || relevant[index(way.tensor)][index(skeleton.slots[s].dim)])) found = s;
    }
    return found;
  }

  /// The innermost moving loop that gives a single-buffered point outside this way's child a new tile.
  int last_stall(const Way& way) const {
    int found = kNone;
    for (const std::uint8_t s : moving) {
      const bool stalls = std::any_of(way.stalls.begin(), way.stalls.end(), [&](const StallPoint& stall) {
        return s < stall.loops_outside && loops_before[stall.loops_outside] <= loops_before[way.outside] &&
               (stall.always || relevant[index(stall.tensor)][index(skeleton.slots[s].dim)]);
      });
      if (stalls) found = s;
    }
    return found;
  }

  /// Bounds hold for every order: each tensor sees the loops that may change places in the order that suits it best.
  bool any_order(int turn) const { return best_order && turn != kNone && skeleton.slots[std::size_t(turn)].any_order; }
  bool may_be_inside(std::size_t s, int turn) const {
    return any_order(turn) && skeleton.slots[s].any_order && s != std::size_t(turn);
  }

  bool at_or_outside(std::size_t s, int turn) const {
    return turn != kNone && position[s] <= position[std::size_t(turn)];
  }

  std::size_t window_part(const Window& window, const Way& way, const Turns& turns, Part part) const {
    if (part == Part::start) return kFirstLoops;
    if (part == Part::stalling) {
      const auto count = std::count_if(window.slots.begin(), window.slots.end(),
                                       [&](std::size_t s) { return at_or_outside(s, turns.stall); });
      return kFirstLoops + std::size_t(count);
    }
    if (!way.slides || way.every_step || turns.fetch == kNone) return kWholeTiles;
    const Dim d = skeleton.slots[std::size_t(turns.fetch)].dim;
    if (d == window.axis->terms[0].dim) return kSlideFirst;
    return d == window.axis->terms[1].dim ? kSlideSecond : kWholeTiles;
  }

  /// Words of the tiles that come: at all steps, at those that stall, or at the first. `origin`: only with the loops
  /// that the tensor does not depend on at their start.
  Int128 words(std::size_t w, const Turns& turns, Part part, SpreadIndex at, bool origin = false) {
    const Way& way = ways[w];
    const ChildSpread spread = spreads[at];
    if (part == Part::stalling && (turns.stall == kNone || any_order(turns.stall))) part = Part::start;
    // If the loops that bring new tiles are all among those that stall, every new tile does.
    if (part == Part::stalling && (turns.fetch == kNone || at_or_outside(std::size_t(turns.fetch), turns.stall))) {
      part = Part::all;
    }
    const auto runs = [&](std::size_t s) {
      return part == Part::all || (part == Part::stalling && at_or_outside(s, turns.stall));
    };
    Int128 product = 1;
    for (Window& window : windows) {
      if (way.tensor != Tensor3::ifmap) break;
      if (part == Part::all && way.slides && !way.every_step && any_order(turns.fetch)) {
        product *= std::min({window_words(window, w, at, kWholeTiles), window_words(window, w, at, kSlideFirst),
                             window_words(window, w, at, kSlideSecond)});
        continue;
      }
      product *= window_words(window, w, at, window_part(window, way, turns, part));
    }
    for (const Dim d : kAllDims) {
      if (problem.bound(d) == 1) continue;
      const bool depends = relevant[index(way.tensor)][index(d)];
      if (depends && way.tensor == Tensor3::ifmap && in_window(d)) continue;
      if (depends && part == Part::all && (spread.first & slot_set[index(d)]) == 0) {
        product *= problem.bound(d);  // every index is in one tile
      } else if (depends) {
        product *= positions(d, way.outside, spread, true, runs);
      } else {
        const auto outer = [&](std::size_t s) {
          return !origin && runs(s) && at_or_outside(s, turns.fetch) &&
                 (way.every_step || !may_be_inside(s, turns.fetch));
        };
        product *= positions(d, way.outside, spread, false, outer);
      }
    }
    return product;
  }

  bool in_window(Dim d) const {
    return std::any_of(windows.begin(), windows.end(), [d](const Window& window) {
      return window.axis->terms[0].dim == d || window.axis->terms[1].dim == d;
    });
  }

  /// Whether tiles that follow each other along `d` can share words of a window.
  bool overlaps(Dim d) const {
    return std::any_of(windows.begin(), windows.end(), [&](const Window& window) {
      const Axis::Term& a = window.axis->terms[0];
      const Axis::Term& b = window.axis->terms[1];
      return (a.dim == d && (problem.bound(b.dim) - 1) * b.coefficient >= a.coefficient) ||
             (b.dim == d && (problem.bound(a.dim) - 1) * a.coefficient >= b.coefficient);
    });
  }

  // ---- where a product is too much ---------------------------------------------------------------------------------

  /// At a step of a loop outside the last relevant one, all relevant loops inside may stand at their start if each is
  /// in a ragged last tile; then the tile stays (or only slides). Returns an upper bound of that share of the steps as
  /// 1/n: n, or 0 if it cannot happen.
  std::int64_t least_exception(const Way& way, int last) const {
    if (!may_be_ragged || way.every_step || last == kNone) return 0;
    std::int64_t least = 0;
    for (std::size_t a = 0; a < moving.size(); ++a) {
      const std::uint8_t j = moving[a];
      if (j >= way.outside || position[j] >= position[std::size_t(last)]) continue;
      const Dim dj = skeleton.slots[j].dim;
      const bool depends = relevant[index(way.tensor)][index(dj)];
      if (depends && !(way.slides && overlaps(dj))) continue;
      const std::int64_t n = exception_at(way, a);
      if (n > 0 && (least == 0 || n < least)) least = n;
    }
    return least;
  }

  std::int64_t exception_at(const Way& way, std::size_t a) const {
    std::int64_t contexts = 1;
    std::array<bool, kDims> seen{};
    for (std::size_t b = a + 1; b < moving.size(); ++b) {
      const std::uint8_t i = moving[b];
      const Dim d = skeleton.slots[i].dim;
      if (i >= way.outside || !relevant[index(way.tensor)][index(d)] || seen[index(d)]) continue;
      seen[index(d)] = true;
      if (d == skeleton.slots[moving[a]].dim || !may_be_still(way, d, moving[a])) return 0;
      contexts *= positions(d, i, kEachChild, false, [](std::size_t) { return true; });
    }
    return contexts;
  }

  /// Whether, in the last position of its loops outside slot j and the last child, no loop of d between j and the way's
  /// child moves.
  bool may_be_still(const Way& way, Dim d, std::size_t j) const {
    std::int64_t size = problem.bound(d);
    bool outer = false;
    for (const std::size_t s : slots_of[index(d)]) {
      if (s >= way.outside) break;
      if (choice->bound[s] == 1) continue;
      const std::int64_t trips = ceil_div(size, tile[s]);
      const bool spatial = skeleton.slots[s].spatial;
      if (spatial ? trips > 1 : position[s] < position[j]) {
        size -= (trips - 1) * tile[s];
        outer = true;
        continue;
      }
      if (!spatial && trips > 1) return false;
      size = std::min(size, tile[s]);
    }
    return outer;
  }

  /// The sets of loops inside a loop that brings no new tile, or slides it: if all of them stand still, the tile stays.
  std::vector<std::uint32_t> standing_sets(const Way& way, std::uint32_t moves) const {
    std::vector<std::uint32_t> sets;
    if (way.every_step) return sets;
    const auto depends = [&](std::size_t s) { return relevant[index(way.tensor)][index(skeleton.slots[s].dim)]; };
    for (std::size_t j = 0; j < way.outside; ++j) {
      const Slot& outer = skeleton.slots[j];
      if (!has(moves, j) || (depends(j) && !(way.slides && overlaps(outer.dim)))) continue;
      std::uint32_t inside = 0;
      bool possible = true;
      for (std::size_t i = j + 1; i < way.outside; ++i) {
        const Slot& slot = skeleton.slots[i];
        if (!has(moves, i) || !depends(i) || (outer.any_order && slot.any_order)) continue;
        inside |= 1u << i;
        const bool whole = skeleton.outermost[index(slot.dim)] == int(i) && !has(split, index(slot.dim));
        possible = possible && slot.dim != outer.dim && !whole;
      }
      if (possible && inside != 0 && std::find(sets.begin(), sets.end(), inside) == sets.end()) sets.push_back(inside);
    }
    return sets;
  }

  /// A tile that stays is one of as many as there are; of the stalls of a tile that slides, the largest.
  std::vector<Estimator::Standing> standing(std::uint32_t moves) const {
    std::vector<Estimator::Standing> result;
    for (std::size_t t = 0; t < terms.size(); ++t) {
      const Way& way = ways[terms[t].way];
      const bool stalls = terms[t].part == Part::stalling;
      std::vector<std::uint32_t> sets = standing_sets(way, moves);
      for (const StallPoint& stall : way.stalls) {
        if (!stalls) break;
        const Way point{.tensor = stall.tensor, .outside = stall.loops_outside, .every_step = stall.always};
        for (const std::uint32_t set : standing_sets(point, moves)) sets.push_back(set);
      }
      for (const std::uint32_t slots : sets) {
        auto at = std::find_if(result.begin(), result.end(), [&](const auto& s) { return s.slots == slots; });
        if (at == result.end()) at = result.insert(at, {.slots = slots, .less = {}, .lost = {}});
        (stalls && way.slides ? at->lost : at->less).push_back(t);
      }
    }
    return result;
  }

  // ---- energy ------------------------------------------------------------------------------------------------------

  /// Of a way's words: children of arrays from node `from` on share or not; of those outside it there is each, or child
  /// 0 alone.
  SpreadIndex spread(const Way& way, std::size_t from, Spread outside, Sharing sharing) {
    ChildSpread result;
    for (std::size_t s = 0; s < way.outside; ++s) {
      const Slot& slot = skeleton.slots[s];
      if (!slot.spatial) continue;
      if (slot.fanout < from)
        result.first |= outside == Spread::first ? 1u << s : 0;
      else if (shares(hardware.nodes[slot.fanout].fanout, problem, slot.dim, way.tensor, sharing, how))
        result.shared |= 1u << s;
    }
    return index_of(spreads, result);
  }
  SpreadIndex every_child() { return index_of(spreads, kEachChild); }
  SpreadIndex child_zero() { return index_of(spreads, kChildZero); }

  /// Where it is in the list, at its end if it is new.
  template <class Value>
  static std::size_t index_of(std::vector<Value>& list, const Value& value) {
    const auto at = std::find(list.begin(), list.end(), value);
    if (at != list.end()) return std::size_t(at - list.begin());
    list.push_back(value);
    return list.size() - 1;
  }

  Int128 less(Int128 words, std::int64_t exception) const {
    return exception == 0 ? words : words - words / exception - 1;
  }

  /// Which words of a way the prices meet; those at which a stream stalls are for bounds only, of time.
  enum Kind : std::uint8_t {
    kVisits,
    kParent,
    kDistinct,
    kUpdates,
    kVisitsAtOrigin,
    kParentAtOrigin,
    kStalling,
    kKinds
  };
  struct Term {
    std::size_t way;
    SpreadIndex spread;
    bool origin;
    Part part;
    bool operator==(const Term&) const = default;
  };
  /// The last node that a way passes.
  static std::size_t innermost(const Way& way) { return way.crossed.empty() ? way.parent : way.crossed.back(); }

  std::size_t priced_terms = 0;  ///< the first of `terms`; the rest are for bounds
  std::vector<Term> terms;
  std::vector<std::array<int, kKinds>> term_of;  ///< by way; kNone where it is not needed
  /// By way: the terms of the words that the parent sends (or is sent), and of those inside each array crossed.
  std::vector<std::vector<std::size_t>> passing;

  void add_terms() {
    for (std::size_t w = 0; w < ways.size(); ++w) {
      const Way& way = ways[w];
      const Tensor3 t = way.tensor;
      std::array<int, kKinds>& of = term_of.emplace_back();
      of.fill(kNone);
      const auto add = [&](Kind kind, SpreadIndex spread, bool origin = false) {
        of[kind] = int(index_of(terms, Term{w, spread, origin, Part::all}));  // often the same words
      };
      add(kVisits, every_child());
      const SpreadIndex multicasts = spread(way, way.parent, Spread::each, Sharing::multicast);
      add(kParent, multicasts);
      const Sharing sharing = up_or_in_sharing(t);
      passing.push_back({index_of(terms, Term{w, spread(way, way.parent, Spread::each, sharing), false, Part::all})});
      for (const std::size_t array : way.crossed)
        passing[w].push_back(index_of(terms, Term{w, spread(way, array + 1, Spread::each, sharing), false, Part::all}));
      if (t != Tensor3::psum) continue;
      add(kDistinct, spread(way, way.parent, Spread::each, Sharing::always));
      add(kUpdates, spread(way, way.parent, Spread::each, Sharing::reduction));
      if (how.read_back == ReadBack::one || way.compute) continue;
      add(kVisitsAtOrigin, every_child(), true);
      add(kParentAtOrigin, multicasts, true);
    }
    priced_terms = terms.size();
    for (std::size_t w = 0; w < ways.size(); ++w) {
      const Way& way = ways[w];
      if (way.compute || way.inside || way.buffering != Buffering::stream) continue;
      term_of[w][kStalling] = int(terms.size());
      const SpreadIndex arriving = spread(way, innermost(way), Spread::each, up_or_in_sharing(way.tensor));
      terms.push_back({w, arriving, false, Part::stalling});
    }
  }

  /// The prices that each way meets, as the numbers of one kind of sum.
  template <class N>
  struct Costs {
    N macs, whole_ofmap;
    std::vector<N> parent_read, parent_write, child_read, child_write;
    std::vector<std::vector<N>> hop;  ///< by array crossed
  };
  Costs<Int128> exact_costs;
  Costs<double> rounded_costs;
  template <class N>
  const Costs<N>& costs_of() const {
    if constexpr (std::is_same_v<N, double>)
      return rounded_costs;
    else
      return exact_costs;
  }

  template <class N>
  Costs<N> make_costs() const {
    Costs<N> costs{N(mac_energy), N(tile_words(problem, Tensor3::psum, problem.bounds)), {}, {}, {}, {}, {}};
    for (const Way& way : ways) {
      const std::size_t t = index(way.tensor);
      costs.parent_read.push_back(N(price[way.parent].read[t]));
      costs.parent_write.push_back(N(price[way.parent].write[t]));
      costs.child_read.push_back(N(price[way.child].read[t]));
      costs.child_write.push_back(N(price[way.child].write[t]));
      costs.hop.emplace_back();
      for (const std::size_t array : way.crossed) costs.hop.back().push_back(N(price[array].hop[t]));
    }
    return costs;
  }

  /// Energy of the words of all terms; N is Int128, or double for bounds.
  template <class N>
  N energy_of(const std::vector<N>& words) const {
    const Costs<N>& costs = costs_of<N>();
    Spent<N> energy{costs.macs, {}};
    Residency<N> residency{costs.whole_ofmap, how.first_read == FirstRead::zero ? N(0) : costs.whole_ofmap};
    bool outermost = true;
    for (std::size_t w = 0; w < ways.size(); ++w) {
      if (ways[w].tensor != Tensor3::psum) {
        operand<N>(w, words, costs, energy);
      } else {
        residency = psum<N>(w, words, residency, outermost, costs, energy);
        outermost = false;
      }
    }
    N total = energy.onchip;
    for (const Tensor3 t : kAllTensors)
      total += energy.offchip[index(t)] * N(code.parts[index(t)]) / N(OffchipCode::kWhole);
    return total;
  }

  /// Energy, and that of the off-chip store before compression.
  template <class N>
  struct Spent {
    N onchip{};
    std::array<N, kTensors> offchip{};
  };
  template <class N>
  N& at(Spent<N>& sum, std::size_t node, Tensor3 t) const {
    return hardware.nodes[node].store.offchip ? sum.offchip[index(t)] : sum.onchip;
  }

  template <class N>
  void operand(std::size_t w, const std::vector<N>& words, const Costs<N>& costs, Spent<N>& energy) const {
    const Way& way = ways[w];
    const N reads = words[std::size_t(term_of[w][kParent])], delivered = words[std::size_t(term_of[w][kVisits])];
    const bool gated = way.tensor == Tensor3::weight && way.compute;
    const N read = reads * costs.parent_read[w];
    at(energy, way.parent, way.tensor) += gated ? read * N(worked) / N(kWorkedWhole) : read;
    if (!way.compute && counts_fills(how)) at(energy, way.child, way.tensor) += delivered * costs.child_write[w];
    for (std::size_t k = 0; k < way.crossed.size(); ++k) energy.onchip += words[passing[w][k + 1]] * costs.hop[w][k];
  }

  /// Words that come back at the parent, and those that the children are given of them.
  template <class N>
  struct ReadBacks {
    N reads, delivered;
  };
  template <class N>
  ReadBacks<N> read_backs(std::size_t w, const std::vector<N>& words, N valueless) const {
    const auto of = [&](Kind kind) { return words[std::size_t(term_of[w][kind])]; };
    const auto positive = [this](N n) { return affine || n > N(0) ? n : N(0); };
    const bool zero = reads_zero(how, ways[w].compute);
    if (how.read_back == ReadBack::each && !ways[w].compute) {
      return {zero ? of(kParent) : positive(of(kParent) - of(kParentAtOrigin)),
              zero ? of(kVisits) : positive(of(kVisits) - of(kVisitsAtOrigin))};
    }
    const N reads = zero ? of(kDistinct) : positive(of(kDistinct) - valueless);
    return {reads, reads};
  }

  /// Whether partial sums are read from off chip.
  bool spills(const std::vector<Int128>& words) const {
    const auto outermost =
        std::find_if(ways.begin(), ways.end(), [](const Way& way) { return way.tensor == Tensor3::psum; });
    const std::size_t w = std::size_t(outermost - ways.begin());
    const auto of = [&](Kind kind) { return words[std::size_t(term_of[w][kind])]; };
    return hardware.nodes[outermost->parent].store.offchip &&
           read_backs<Int128>(w, words, exact_costs.whole_ofmap).reads + of(kUpdates) - of(kDistinct) > 0;
  }

  template <class N>
  struct Residency {
    N words, valueless;
  };

  /// The model's count_psum, on products.
  template <class N>
  Residency<N> psum(std::size_t w, const std::vector<N>& words, const Residency<N>& outer, bool outermost,
                    const Costs<N>& costs, Spent<N>& energy) const {
    const Way& way = ways[w];
    const auto of = [&](Kind kind) { return words[std::size_t(term_of[w][kind])]; };
    const auto positive = [this](N n) { return affine || n > N(0) ? n : N(0); };
    const N visits = of(kVisits), distinct = of(kDistinct), updates = of(kUpdates);
    const bool zero = how.first_read == FirstRead::zero;
    const auto [reads, delivered] = read_backs<N>(w, words, outer.valueless);
    const bool outer_only = how.ends == Ends::outer;
    N parent_reads = reads + (updates - distinct), parent_writes = updates;
    if (outer_only && !outermost) parent_reads = parent_writes = positive(updates - outer.words);
    const bool gated = way.compute && way.inside;  // as gates_updates() says
    N& parent = at(energy, way.parent, Tensor3::psum);
    for (const N part : {parent_reads * costs.parent_read[w], parent_writes * costs.parent_write[w]})
      parent += gated ? part * N(worked) / N(kWorkedWhole) : part;
    if (!way.compute && counts_fills(how)) {
      N& child = at(energy, way.child, Tensor3::psum);
      child += delivered * costs.child_write[w];
      if (how.ends == Ends::both) child += visits * costs.child_read[w];
    }
    for (std::size_t k = 0; k < way.crossed.size(); ++k) {
      const N arriving = words[passing[w][k + 1]];
      energy.onchip += (outer_only ? arriving - words[passing[w][k]] : arriving + delivered) * costs.hop[w][k];
    }
    return {visits, zero ? N(0) : visits - delivered};
  }

  // ---- time --------------------------------------------------------------------------------------------------------

  /// Cycles that a word takes at a node.
  double word_cycles(std::size_t node, Tensor3 t, const Bandwidth& bandwidth) const {
    return double(bit_parts(hardware, node, t, code)) / double(OffchipCode::kWhole) /
           bits_per_cycle(bandwidth, hardware.clock);
  }

  /// The most of the steps, as 1/n, at which a ragged last tile may spare this way a stall that the products count; 0:
  /// none.
  std::int64_t least_spared_stall(const Way& way) const {
    std::int64_t least = 0;
    if (!may_be_ragged) return least;
    for (const StallPoint& stall : way.stalls) {
      if (loops_before[stall.loops_outside] > loops_before[way.outside]) continue;
      const Way point{.tensor = stall.tensor, .outside = stall.loops_outside, .every_step = stall.always};
      least = least_of(least, least_exception(point, last_relevant(point)));
    }
    return least;
  }
  static std::int64_t least_of(std::int64_t a, std::int64_t b) { return a == 0 ? b : b == 0 ? a : std::min(a, b); }

  /// `exception`: the share of the steps, as 1/n, that may move less or stall less than the products say.
  Load load(std::size_t w, const Turns& turns, std::int64_t exception, bool value_only, SpreadIndex spread) {
    const Way& way = ways[w];
    const auto part = [&](Part p) {
      const Int128 all = words(w, turns, p, spread);
      return value_only ? all - words(w, turns, p, spread, true) : all;
    };
    const Int128 all = part(Part::all);
    if (way.compute) return {0, less(all, exception)};
    Int128 stalling = all;
    if (way.buffering == Buffering::ahead) stalling = part(Part::start);
    if (way.buffering == Buffering::stream) {
      stalling = part(Part::stalling);
    }
    return {std::max<Int128>(0, less(stalling, exception)), std::max<Int128>(0, less(all, exception) - stalling)};
  }

  /// A stream of a way through a channel of a node.
  struct Pass {
    std::size_t node = 0, channel = 0;
    Bandwidth bandwidth;
    SpreadIndex spread = 0;
  };
  /// A stream of a way, and what it passes on its way.
  struct Flow {
    Stream stream;
    std::vector<Pass> passes;
  };
  std::vector<std::vector<Flow>> flows;  ///< by way

  void add_passes(std::size_t w) {
    const Way& way = ways[w];
    const auto flow = [&](Stream stream, Sharing sharing) {
      Flow flow{stream, {}};
      const auto pass = [&](std::size_t node, SpreadIndex spread) {
        const Bandwidths& b = hardware.nodes[node].bandwidth;
        const std::size_t channel = b.shared ? 0 : std::size_t(stream);
        if (b.of(stream)) flow.passes.push_back({node, channel, *b.of(stream), spread});
      };
      pass(way.parent, spread(way, way.parent, Spread::first, sharing));
      for (const std::size_t array : way.crossed) pass(array, spread(way, array, Spread::first, sharing));
      if (!way.compute) pass(way.child, child_zero());
      return flow;
    };
    std::vector<Flow>& of = flows.emplace_back();
    const bool one = how.read_back == ReadBack::one || way.compute;
    if (way.tensor == Tensor3::psum) of.push_back(flow(Stream::psum_down, one ? Sharing::always : Sharing::multicast));
    of.push_back(flow(up_or_in(way.tensor), up_or_in_sharing(way.tensor)));
  }

  void time(std::size_t w, std::int64_t exception) {
    const Way& way = ways[w];
    for (const Flow& flow : flows[w]) {
      const bool value_only = flow.stream == Stream::psum_down && !reads_zero(how, way.compute);
      Int128 slowest = 0;
      for (const Pass& pass : flow.passes) {
        const Load l = load(w, turns[w], exception, value_only, pass.spread);
        const Int128 bits = bit_parts(hardware, pass.node, way.tensor, code);
        Load& channel = busy[pass.node][pass.channel];
        channel.stalling += l.stalling * bits;
        channel.hidden += l.hidden * bits;
        slowest = std::max(slowest, cycles_of_parts(l.stalling * bits, pass.bandwidth, hardware.clock));
      }
      stalled += slowest;
    }
  }

  std::int64_t latency(Int128 steps) const {
    Int128 work = steps;
    for (std::size_t n = 0; n < busy.size(); ++n) {
      const Bandwidths& b = hardware.nodes[n].bandwidth;
      for (std::size_t s = 0; s < kStreams; ++s) {
        const std::optional<Bandwidth>& bandwidth = b.of(Stream(s));
        if (!bandwidth || (b.shared && s > 0)) continue;
        const Int128 bits = busy[n][s].hidden + (how.overlap == Overlap::perfect ? busy[n][s].stalling : 0);
        work = std::max(work, cycles_of_parts(bits, *bandwidth, hardware.clock));
      }
    }
    return std::int64_t(how.overlap == Overlap::buffered ? work + stalled : work);
  }

  /// Children of arrays outside a node: terms count the words of all of them, and the time is that of child 0, which
  /// has no fewer than any other.
  double copies(std::size_t node) const {
    double product = 1;
    for (const Skeleton::Outer& array : skeleton.outer) {
      for (std::size_t s = array.begin; s < array.end && array.node < node; ++s) product *= double(skeleton.given(s));
    }
    return product;
  }
  /// But for the words of a window that begins with padding.
  bool uneven(const Way& way, std::size_t node) const {
    return way.tensor == Tensor3::ifmap && copies(node) > 1 && clips_windows();
  }

  /// Cycles a word of a stream takes on the slower of a way's parent and the array, where it may stall; else 0.
  double stall_of(const Way& way) const {
    if (way.compute || way.inside || how.overlap == Overlap::perfect) return 0;
    // The first fill of a store outside the array of PEs grows with its tile, and all else that it waits for falls: no
    // bound.
    if (way.buffering != Buffering::single && (way.buffering == Buffering::ahead || way.child < skeleton.fanout))
      return 0;
    double slowest = 0;
    std::vector<std::size_t> nodes = way.crossed;
    nodes.push_back(way.parent);
    for (const std::size_t node : nodes) {
      const Bandwidths& b = hardware.nodes[node].bandwidth;
      const std::optional<Bandwidth>& bandwidth = b.of(up_or_in(way.tensor));
      if (!bandwidth) continue;
      slowest = std::max(slowest, word_cycles(node, way.tensor, *bandwidth));
    }
    return slowest;
  }

  /// Which terms stall the machine for how long a word. Each is the least of those that its nodes carry.
  struct Stalls {
    std::size_t way = 0;
    double cycles = 0;
    std::size_t term = 0;
  };
  std::vector<Stalls> stalls;

  void add_stalls_of(std::size_t w) {
    const Way& way = ways[w];
    if (uneven(way, innermost(way))) return;
    const double cycles = stall_of(way) / copies(innermost(way));
    const bool streams = way.buffering == Buffering::stream;
    if (cycles > 0)
      stalls.push_back({w, cycles, streams ? std::size_t(term_of[w][kStalling]) : words_at(w, innermost(way))});
  }

  /// The stream of operands on their way in, or of partial sums on their way out.
  static Stream up_or_in(Tensor3 t) {
    return t == Tensor3::psum ? Stream::psum_up : t == Tensor3::ifmap ? Stream::ifmap : Stream::weight;
  }

  static Sharing up_or_in_sharing(Tensor3 t) { return t == Tensor3::psum ? Sharing::reduction : Sharing::multicast; }

  /// The term of what passes a node in that stream: the parent of a way, or an array that it crosses.
  std::size_t words_at(std::size_t w, std::size_t node) const {
    const std::vector<std::size_t>& crossed = ways[w].crossed;
    const auto at = std::find(crossed.begin(), crossed.end(), node);
    return passing[w][at == crossed.end() ? 0 : std::size_t(at - crossed.begin())];
  }

  /// What takes turns on one bandwidth outside the PEs, whether it is hidden or stalls: terms, and the cycles of a
  /// word.
  struct Channel {
    std::vector<std::pair<std::size_t, double>> terms;
    double spared = 0;                 ///< cycles of words among them that are not moved
    std::vector<std::size_t> waiting;  ///< the stalls of ways that pass by: nothing hides behind them
  };
  std::vector<Channel> channels;

  void add_channels() {
    for (std::size_t n = 0; n <= skeleton.fanout; ++n) {
      const Bandwidths& bandwidth = hardware.nodes[n].bandwidth;
      for (std::size_t s = 0; s < (bandwidth.shared ? 1 : kStreams); ++s) {
        const Stream stream = Stream(s);
        if (!bandwidth.of(stream)) continue;
        Channel channel;
        const auto passes = [n](const Way& way) {
          return way.parent == n || std::find(way.crossed.begin(), way.crossed.end(), n) != way.crossed.end();
        };
        for (std::size_t w = 0; w < ways.size(); ++w) {
          if (passes(ways[w]) && !ways[w].inside) add_streams(w, n, stream, channel);
        }
        for (std::size_t stall = 0; stall < stalls.size(); ++stall) {
          if (!passes(ways[stalls[stall].way])) channel.waiting.push_back(stall);
        }
        if (!channel.terms.empty()) channels.push_back(std::move(channel));
      }
    }
  }

  void add_streams(std::size_t w, std::size_t node, Stream only, Channel& channel) const {
    const Way& way = ways[w];
    const Bandwidths& bandwidth = hardware.nodes[node].bandwidth;
    if (uneven(way, node)) return;
    const double cycles = word_cycles(node, way.tensor, *bandwidth.of(only));
    const auto takes = [&](Stream stream) { return bandwidth.shared || only == stream; };
    const Stream up = up_or_in(way.tensor);
    if (takes(up)) channel.terms.emplace_back(words_at(w, node), cycles / copies(node));
    const bool down = way.tensor == Tensor3::psum && takes(Stream::psum_down);
    if (!down || how.read_back == ReadBack::each) return;
    channel.terms.emplace_back(std::size_t(term_of[w][kDistinct]), cycles / copies(node));
    if (!reads_zero(how, way.compute)) channel.spared += cycles * rounded_costs.whole_ofmap;
  }

  // ---- bounds ------------------------------------------------------------------------------------------------------

  /// What bounds a cost from below, as sums over the terms: the energy, the cycles stalled, those of the outermost
  /// channels; by term.
  std::array<std::vector<double>, std::tuple_size_v<Estimator::Sums>> weights;
  Estimator::Sums constants{};

  enum Sum : std::uint8_t { kEnergy, kStalled, kChannels };

  bool shifted = false;  ///< some weights of the energy were negative

  void add_sums() {
    channels.resize(std::min(channels.size(), constants.size() - kChannels));
    for (std::vector<double>& of_sum : weights) of_sum.resize(terms.size());
    affine = true;
    std::vector<double> words(terms.size(), 0);
    constants[kEnergy] = energy_of<double>(words);
    for (std::size_t t = 0; t < priced_terms; ++t) {
      words[t] = 1;
      weights[kEnergy][t] = energy_of<double>(words) - constants[kEnergy];
      words[t] = 0;
    }
    affine = false;
    shift_negative_weights();
    const auto add = [&](const Stalls& stall, std::size_t sum) { weights[sum][stall.term] += stall.cycles; };
    for (const Stalls& stall : stalls) add(stall, kStalled);
    for (std::size_t c = 0; c < channels.size(); ++c) {
      constants[kChannels + c] = -channels[c].spared;
      for (const auto& [term, cycles] : channels[c].terms) weights[kChannels + c][term] += cycles;
      for (const std::size_t stall : channels[c].waiting) add(stalls[stall], kChannels + c);
    }
  }

  /// A word of partial sums that visits a store spares its children something, in some conventions more than it costs
  /// further out. Bounds of terms from below are of no use there; but what is spared is at most what another term pays
  /// that is no smaller: each visit at the origin is a visit, and at each visit the children have the word once at
  /// least.
  void shift_negative_weights() {
    int last = kNone;  // the visits of the way outside
    const auto shift = [this](int from, int to) {
      if (from == kNone || to == kNone || from == to) return;
      double& owed = weights[kEnergy][std::size_t(from)];
      if (owed >= 0) return;
      weights[kEnergy][std::size_t(to)] += std::exchange(owed, 0);
      shifted = true;
    };
    for (std::size_t w = 0; w < ways.size(); ++w) {
      if (ways[w].tensor != Tensor3::psum) continue;
      const auto& of = term_of[w];
      shift(last, of[kDistinct]);
      shift(of[kVisitsAtOrigin], of[kVisits]);
      shift(of[kParentAtOrigin], of[kParent]);
      shift(of[kParent], of[kVisits]);
      shift(of[kDistinct], of[kUpdates]);
      int further_out = of[kUpdates];
      for (const std::size_t term : passing[w]) shift(std::exchange(further_out, int(term)), int(term));
      last = of[kVisits];
    }
  }

  Int128 least_energy() const {
    double energy = constants[kEnergy];
    for (std::size_t t = 0; t < word_list.size(); ++t) energy += weights[kEnergy][t] * double(word_list[t]);
    return Int128(energy * (1 - kRounding)) - kFloors;
  }

  Estimator::Sums sums_of(const Estimator::Terms& of, const std::vector<double>& spared) const {
    Estimator::Sums result = constants;
    result[kEnergy] += dot(weights[kEnergy].data(), of.data(), of.size());
    if (!stalls.empty()) result[kStalled] += dot(weights[kStalled].data(), of.data(), of.size());
    for (std::size_t sum = kChannels; sum < kChannels + channels.size(); ++sum)
      result[sum] += dot(weights[sum].data(), of.data(), of.size());
    double outermost = 0, most_spared = 0;
    for (const std::size_t t : outermost_terms) {
      outermost += weights[kEnergy][t] * of[t];
      if (!spared.empty()) most_spared = std::max(most_spared, spared[t]);
    }
    result[kEnergy] += std::max(0.0, outermost_least * (1 - std::min(1.0, most_spared)) - outermost);
    return result;
  }

  std::vector<std::size_t> outermost_terms;  ///< that the energy of transfers from the outermost stores is a sum of
  double outermost_least = 0;                ///< of that energy, in any nest

  /// Transfers into stores: of those into an array, what the outermost store reads and writes.
  void add_outermost() {
    std::vector<OutermostTransfer> transfers;
    std::array<bool, kTensors> outermost{true, true, true};
    for (std::size_t w = 0; w < ways.size(); ++w) {
      const Way& way = ways[w];
      if (!std::exchange(outermost[index(way.tensor)], false) || way.compute) continue;
      OutermostTransfer transfer{.t = way.tensor, .slides = way.slides || way.every_step || clips_windows()};
      for (const Kind kind : {kVisits, kParent, kDistinct, kUpdates}) {
        const int term = term_of[w][kind];
        if (term == kNone || (!way.crossed.empty() && kind == kVisits)) continue;
        const bool known = std::find(outermost_terms.begin(), outermost_terms.end(), term) != outermost_terms.end();
        if (known || weights[kEnergy][std::size_t(term)] <= 0) continue;
        outermost_terms.push_back(std::size_t(term));
        transfer.word += weights[kEnergy][std::size_t(term)];
      }
      const HardwareNode& child = hardware.nodes[way.child];
      transfer.room = child.store.capacity ? 8 * double(child.store.capacity->value) : kInfinity;
      if (!way.crossed.empty()) transfer.room *= double(hardware.instances(way.child));
      transfer.store = way.child;
      transfers.push_back(transfer);
    }
    TileExtents extents;
    for (std::size_t d = 0; d < kDims; ++d) extents[d] = distinct_bounds(problem.bounds[d]);
    outermost_least = least_traffic(std::move(transfers), problem, hardware.bits, extents);
    if (outermost_least == kInfinity) outermost_least = 0;  // no mapping fits
  }

  /// Whether tiles at the edge may take in less than others: then their words are not known from their number.
  bool clips_windows() const {
    return std::any_of(windows.begin(), windows.end(),
                       [this](const Window& window) { return has_padding(problem, *window.axis); });
  }

  /// In four sums: one would wait for itself.
  static double dot(const double* a, const double* b, std::size_t count) {
    std::array<double, 4> sums{};
    std::size_t i = 0;
    for (; i + 4 <= count; i += 4) {
      for (std::size_t k = 0; k < 4; ++k) sums[k] += a[i + k] * b[i + k];
    }
    for (; i < count; ++i) sums[0] += a[i] * b[i];
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
  }

  Estimator::Least least(const Estimator::Sums& of, std::int64_t steps) const {
    double cycles = double(steps) + of[kStalled];
    for (std::size_t sum = kChannels; sum < of.size(); ++sum) cycles = std::max(cycles, of[sum]);
    Estimator::Least result{.latency = std::max(steps, std::int64_t(cycles * (1 - kRounding)))};
    result.energy = Int128(of[kEnergy] * (1 - kRounding)) - kFloors + result.latency * cycle_energy;
    return result;
  }

  // ---- all of it ---------------------------------------------------------------------------------------------------

  void prepare(const Choice& c, std::optional<std::uint32_t> forced) {
    choice = &c;
    moving.clear();
    std::array<std::int64_t, kDims> inside;
    inside.fill(1);
    for (std::size_t i = skeleton.slots.size(); i-- > 0;) {
      const std::size_t d = index(skeleton.slots[i].dim);
      tile[i] = inside[d];
      inside[d] *= c.bound[i];
    }
    for (std::size_t i = 0; i < c.slots; ++i) {
      const std::uint8_t s = c.order[i];
      position[s] = std::uint8_t(i);
      if (!skeleton.slots[s].spatial && (forced ? has(*forced, s) : c.bound[s] > 1)) moving.push_back(s);
    }
    for (std::size_t i = 0; i < skeleton.slots.size(); ++i) {
      loops_before[i + 1] = std::uint8_t(loops_before[i] + (c.bound[i] > 1 ? 1 : 0));
    }
    for (auto& node : busy) node.fill({});
    stalled = 0;
    result = {};
  }

  /// Exceptions need a dimension with two moving loops, or one and several children of arrays outside.
  void find_turns() {
    for (std::size_t w = 0; w < ways.size(); ++w) turns[w] = {last_relevant(ways[w]), last_stall(ways[w])};
    std::uint32_t once = split, twice = 0;
    for (const std::uint8_t s : moving) {
      const std::uint32_t bit = 1u << index(skeleton.slots[s].dim);
      twice |= once & bit;
      once |= bit;
    }
    may_be_ragged = twice != 0;
  }

  Estimate run(const Choice& c) {
    prepare(c, std::nullopt);
    find_turns();
    for (std::size_t w = 0; w < ways.size(); ++w) exceptions[w] = least_exception(ways[w], turns[w].fetch);
    word_list.clear();
    for (std::size_t t = 0; t < priced_terms; ++t) {
      const Term& term = terms[t];
      word_list.push_back(
          less(words(term.way, turns[term.way], Part::all, term.spread, term.origin), exceptions[term.way]));
    }
    code = options.offchip;
    if (spills(word_list)) code.parts[index(Tensor3::psum)] = OffchipCode::kWhole;
    for (std::size_t w = 0; w < ways.size(); ++w) {
      const std::int64_t exception = least_of(exceptions[w], least_spared_stall(ways[w]));
      result.exact = result.exact && exception == 0;
      time(w, exception);
    }
    Int128 steps = 1;
    for (const Dim d : kAllDims) {
      steps *= positions(d, skeleton.slots.size(), kChildZero, false, [](std::size_t) { return true; });
    }
    result.latency = latency(steps);
    result.exact = result.exact && !rounds_apart;
    // Words that may be fewer than the products say are no bound of an energy that falls with some of them.
    const Int128 moving = result.exact || !shifted ? energy_of(word_list) : least_energy();
    result.energy = moving + result.latency * cycle_energy - (result.exact ? 0 : kFloors);
    return result;
  }

  Estimator::Terms run_terms(const Choice& c, std::uint32_t moving_slots) {
    prepare(c, moving_slots);
    find_turns();
    Estimator::Terms result_terms;
    result_terms.reserve(terms.size());
    for (const Term& term : terms)
      result_terms.push_back(double(words(term.way, turns[term.way], term.part, term.spread, term.origin)));
    return result_terms;
  }
};

Estimator::Estimator(const LoopProblem& problem, const Hardware& hardware, const Skeleton& skeleton,
                     const MapOptions& options)
    : implementation_(std::make_unique<Implementation>(problem, hardware, skeleton, options)) {}
Estimator::~Estimator() = default;

Estimate Estimator::operator()(const Choice& choice) { return implementation_->run(choice); }
Estimator::Terms Estimator::terms(const Choice& choice, std::uint32_t moving) {
  implementation_->best_order = true;
  Terms result = implementation_->run_terms(choice, moving);
  implementation_->best_order = false;
  return result;
}
Estimator::Terms Estimator::ordered_terms(const Choice& choice, std::uint32_t moving) {
  return implementation_->run_terms(choice, moving);
}
std::vector<Estimator::Standing> Estimator::standing(std::uint32_t moving) const {
  return implementation_->standing(moving);
}
Estimator::Sums Estimator::compulsory() const {
  const Implementation& i = *implementation_;
  Terms terms(i.terms.size(), 0);
  std::array<bool, kTensors> outermost{true, true, true};
  using Kind = Implementation::Kind;
  const auto raise = [&](std::size_t w, std::initializer_list<Kind> kinds, std::int64_t words) {
    for (const Kind kind : kinds) {
      if (i.term_of[w][kind] == kNone) continue;
      double& term = terms[std::size_t(i.term_of[w][kind])];
      term = std::max(term, double(words));
    }
  };
  for (std::size_t w = 0; w < i.ways.size(); ++w) {
    const Way& way = i.ways[w];
    const bool first = std::exchange(outermost[index(way.tensor)], false);
    if (first && way.tensor != Tensor3::ifmap) {
      raise(
          w,
          {Kind::kVisits, Kind::kParent, Kind::kDistinct, Kind::kUpdates, Kind::kVisitsAtOrigin, Kind::kParentAtOrigin},
          tile_words(i.problem, way.tensor, i.problem.bounds));
    }
    if (way.compute && way.crossed.empty() && (way.tensor != Tensor3::ifmap || !i.clips_windows()))
      raise(w, {Kind::kVisits, Kind::kParent, Kind::kDistinct, Kind::kUpdates}, macs(i.problem));
  }
  return i.sums_of(terms, std::vector<double>(terms.size(), 1));
}
Estimator::Sums Estimator::sums(const Terms& terms, const std::vector<double>& spared) const {
  return implementation_->sums_of(terms, spared);
}
Estimator::Least Estimator::least(const Sums& sums, std::int64_t steps) const {
  return implementation_->least(sums, steps);
}

}  // namespace weft
