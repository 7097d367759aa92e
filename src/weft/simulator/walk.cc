// SPDX-License-Identifier: Apache-2.0
#include "weft/simulator/walk.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "weft/base/ceil_div.h"

namespace weft {
namespace {

/// What a spatial loop does to the words of several children.
enum class Spread : std::uint8_t {
  each,    ///< every child has its own copy
  shared,  ///< a word that several want counts once
  first    ///< only child 0 is looked at
};
using Spreads = std::vector<Spread>;  ///< by loop of the placement

enum class Sharing : std::uint8_t { multicast, reduction, always };

/// Words on their way from a store to the next one further in that keeps the tensor, or to the compute nodes.
struct Transfer {
  Tensor3 tensor = Tensor3::ifmap;
  std::size_t level = 0;              ///< of the parent among the stores of the tensor
  std::size_t parent = 0, child = 0;  ///< nodes
  std::size_t outside = 0;            ///< loops outside the child
  bool compute = false;
  bool slides = false;
  bool every_step = false;  ///< the child gives its tile up at every step
};

/// Everything that adds up over steps, in one row of numbers.
struct Layout {
  std::size_t nodes = 0, transfers = 0;
  std::size_t reads(std::size_t node, Tensor3 t) const { return 3 * (3 * node + index(t)); }
  std::size_t writes(std::size_t node, Tensor3 t) const { return reads(node, t) + 1; }
  std::size_t hops(std::size_t node, Tensor3 t) const { return reads(node, t) + 2; }
  std::size_t steps() const { return 9 * nodes; }
  std::size_t macs() const { return steps() + 1; }
  std::size_t update_reads() const { return steps() + 2; }
  std::size_t update_writes() const { return steps() + 3; }
  /// Words that pass a node, by whether they stall what is inside.
  std::size_t way(std::size_t transfer, bool up, std::size_t node, bool stalling) const {
    return update_writes() + 1 + 2 * ((transfer * 2 + (up ? 1 : 0)) * nodes + node) + (stalling ? 1 : 0);
  }
  std::size_t size() const { return update_writes() + 1 + 4 * transfers * nodes; }
};
using Totals = std::vector<Int128>;

/// Where the nest is: an index for each loop (0 for spatial ones), and the position of child 0 that follows.
struct Now {
  std::vector<std::int64_t> at;
  DimSizes position{};
  /// Which partial sums have a value already. A loop that psum does not depend on and that has left its start means an
  /// earlier visit of the same words, within the present visit of some levels of stores: down to the last one that no
  /// active loop that psum depends on separates from it. `valued`: the deepest such level so far, -1 for none. `open`:
  /// a loop from which nothing separates what comes further in.
  int valued = -1;
  bool open = false;
};

/// The loop that advances and all that move, indices into the placement's loops.
struct Advance {
  std::size_t loop;
  std::vector<std::size_t> moved;
};

class Walker {
 public:
  Walker(const LoopProblem& problem, const Placement& placement, const Hardware& hardware, const Conventions& how,
         const OffchipCode& offchip, std::optional<std::int64_t> steps)
      : problem_(problem),
        loops_(placement.loops),
        placement_(placement),
        hardware_(hardware),
        how_(how),
        offchip_(offchip),
        steps_(steps) {
    for (const Tensor3 t : kAllTensors) make_transfers(t);
    layout_ = {hardware.nodes.size(), transfers_.size()};
    for (const Axis& axis : problem.tensor(Tensor3::ifmap).axes) {
      if (axis.terms.size() == 2) windows_.push_back(&axis);
    }
  }

  Counts run() {
    Totals totals(layout_.size(), 0);
    Now now{.at = std::vector<std::int64_t>(loops_.size(), 0)};
    step(now, nullptr, totals);
    active_ = static_cast<std::int64_t>(totals[layout_.macs()]);
    add(totals, rest(0, now), 1);
    return counts(totals);
  }

 private:
  // ---- the machine -------------------------------------------------------------------------------------------------

  void make_transfers(Tensor3 t) {
    const auto& points = placement_.points[index(t)];
    for (std::size_t l = 0; l < points.size(); ++l) {
      const bool compute = l + 1 == points.size();
      const std::size_t child = compute ? hardware_.compute_index() : points[l + 1].node;
      const StoreNode& store = hardware_.nodes[child].store;
      const bool refetch = how_.halo == Halo::refetch || (how_.halo == Halo::as_store && store.refetch_halo);
      const bool gives_up = how_.hold == Hold::as_store && store.hold_iteration && t != Tensor3::psum;
      transfers_.push_back({.tensor = t,
                            .level = l,
                            .parent = points[l].node,
                            .child = child,
                            .outside = compute ? loops_.size() : points[l + 1].loops_outside,
                            .compute = compute,
                            .slides = t == Tensor3::ifmap && !compute && !refetch,
                            .every_step = how_.hold == Hold::iteration || gives_up});
    }
  }

  bool relevant(Tensor3 t, std::size_t loop) const { return problem_.relevant(t, loops_[loop].dim); }

  bool shares(const PlacedLoop& loop, Tensor3 t, Sharing sharing) const {
    const FanoutNode& fanout = hardware_.nodes[loop.node].fanout;
    if (sharing == Sharing::always) return true;
    if (sharing == Sharing::reduction) return adds(fanout, loop.dim);
    return fanout.multicast[index(t)] && (how_.multicast == Multicast::exact || !problem_.relevant(t, loop.dim));
  }

  /// Loops at fanouts from node `from` on share or not; those before are `before`.
  Spreads spreads(std::size_t from, Spread before, Tensor3 t, Sharing sharing) const {
    Spreads result(loops_.size(), before);
    for (std::size_t i = 0; i < loops_.size(); ++i) {
      if (!loops_[i].spatial || loops_[i].node < from) continue;
      result[i] = shares(loops_[i], t, sharing) ? Spread::shared : Spread::each;
    }
    return result;
  }
  Spreads every_child() const { return Spreads(loops_.size(), Spread::each); }

  // ---- words of tiles ----------------------------------------------------------------------------------------------

  /// Indices of dimension d that the loops inside a transfer's child cover.
  std::int64_t inside(const Transfer& transfer, std::size_t d) const {
    std::int64_t product = 1;
    for (std::size_t i = transfer.outside; i < loops_.size(); ++i) {
      if (index(loops_[i].dim) == d) product *= loops_[i].bound;
    }
    return product;
  }

  /// Calls f(offset of each dimension) for the children that differ in the loops chosen by `which`.
  template <class Function>
  void for_children(const std::vector<std::size_t>& which, std::size_t i, DimSizes& offset, const Function& f) const {
    if (i == which.size()) return f(offset);
    const PlacedLoop& loop = loops_[which[i]];
    for (std::int64_t k = 0; k < loop.bound; ++k) {
      for_children(which, i + 1, offset, f);
      offset[index(loop.dim)] += loop.tile;
    }
    offset[index(loop.dim)] -= loop.bound * loop.tile;
  }

  /// Spatial loops outside the child whose dimension is among `dims` and that spread so.
  std::vector<std::size_t> spatial(const Transfer& transfer, const std::vector<Dim>& dims, const Spreads& how,
                                   Spread wanted) const {
    std::vector<std::size_t> result;
    for (std::size_t i = 0; i < transfer.outside; ++i) {
      const bool among = std::find(dims.begin(), dims.end(), loops_[i].dim) != dims.end();
      if (loops_[i].spatial && among && how[i] == wanted) result.push_back(i);
    }
    return result;
  }

  /// Marks the coordinates on one axis that a child's tile has; `marks` begins at the axis's coordinate 0.
  void mark(const Axis& axis, const Transfer& transfer, const DimSizes& first, std::vector<char>& marks) const {
    const auto stop = [&](Dim d) { return std::min(problem_.bound(d), first[index(d)] + inside(transfer, index(d))); };
    const Axis::Term &a = axis.terms.front(), &b = axis.terms.back();
    const bool one = axis.terms.size() == 1;
    for (std::int64_t i = first[index(a.dim)]; i < stop(a.dim); ++i) {
      for (std::int64_t k = one ? 0 : first[index(b.dim)]; k < (one ? 1 : stop(b.dim)); ++k) {
        const std::int64_t x = axis.offset + a.coefficient * i + (one ? 0 : b.coefficient * k);
        if (x >= 0 && x < axis.extent) marks[static_cast<std::size_t>(x)] = 1;
      }
    }
  }

  static DimSizes plus(const DimSizes& a, const DimSizes& b) {
    DimSizes sum = a;
    for (std::size_t d = 0; d < kDims; ++d) sum[d] += b[d];
    return sum;
  }

  /// Indices of a plain axis that the children of `shared` loops have together.
  std::int64_t joined(const Axis& axis, const Transfer& transfer, const DimSizes& position,
                      const std::vector<std::size_t>& shared) const {
    const std::size_t d = index(axis.terms.front().dim);
    std::vector<std::int64_t> firsts;
    DimSizes offset{};
    for_children(shared, 0, offset, [&](const DimSizes& child) { firsts.push_back(position[d] + child[d]); });
    std::sort(firsts.begin(), firsts.end());
    const std::int64_t size = inside(transfer, d);
    std::int64_t total = 0, end = 0;
    for (const std::int64_t first : firsts) {
      const std::int64_t begin = std::max(first, end);
      end = std::max(end, std::min(problem_.bounds[d], first + size));
      total += std::max<std::int64_t>(0, end - begin);
    }
    return total;
  }

  /// Coordinates of one axis over all children: those shared once, the others each. `old`: without those that the same
  /// child had there.
  std::int64_t axis_words(const Axis& axis, const Transfer& transfer, const DimSizes& position, const Spreads& how,
                          const DimSizes* old) const {
    std::vector<Dim> dims;
    for (const Axis::Term& term : axis.terms) dims.push_back(term.dim);
    const auto each = spatial(transfer, dims, how, Spread::each), shared = spatial(transfer, dims, how, Spread::shared);
    std::int64_t total = 0;
    if (dims.size() == 1 && old == nullptr) {
      DimSizes offset{};
      for_children(each, 0, offset,
                   [&](DimSizes& outer) { total += joined(axis, transfer, plus(position, outer), shared); });
      return total;
    }
    std::vector<char> all(static_cast<std::size_t>(axis.extent)), now(all.size()), before(all.size());
    DimSizes offset{};
    for_children(each, 0, offset, [&](DimSizes& outer) {
      std::fill(all.begin(), all.end(), 0);
      for_children(shared, 0, outer, [&](const DimSizes& child) {
        if (old == nullptr) return mark(axis, transfer, plus(position, child), all);
        std::fill(now.begin(), now.end(), 0);
        std::fill(before.begin(), before.end(), 0);
        mark(axis, transfer, plus(position, child), now);
        mark(axis, transfer, plus(*old, child), before);
        for (std::size_t x = 0; x < all.size(); ++x) {
          if (now[x] == 1 && before[x] == 0) all[x] = 1;
        }
      });
      total += std::count(all.begin(), all.end(), 1);
    });
    return total;
  }

  /// Children that differ in loops over a dimension that the tensor does not depend on, those that have work.
  std::int64_t copies(Dim d, const Transfer& transfer, const DimSizes& position, const Spreads& how) const {
    std::int64_t total = 0;
    DimSizes offset{};
    for_children(spatial(transfer, {d}, how, Spread::each), 0, offset, [&](const DimSizes& child) {
      total += position[index(d)] + child[index(d)] < problem_.bound(d) ? 1 : 0;
    });
    return total;
  }

  /// PEs that have a MAC at a step.
  Int128 at_work(const DimSizes& position) const {
    Int128 product = 1;
    for (const Dim d : kAllDims) product *= copies(d, transfers_.back(), position, every_child());
    return product;
  }

  /// Words of the tiles that come at a step. `sliding`: the loop that alone moved; only what is new on its axis comes.
  Int128 words(const Transfer& transfer, const DimSizes& position, const Spreads& how,
               std::optional<std::size_t> sliding) {
    Int128 product = 1;
    const auto& axes = problem_.tensor(transfer.tensor).axes;
    for (std::size_t a = 0; a < axes.size() && product != 0; ++a) {
      const bool slides =
          sliding && std::any_of(axes[a].terms.begin(), axes[a].terms.end(),
                                 [&](const Axis::Term& term) { return term.dim == loops_[*sliding].dim; });
      DimSizes old = position;
      if (slides) old[index(loops_[*sliding].dim)] -= loops_[*sliding].tile;
      product *= remembered(a, axes[a], transfer, position, how, slides ? &old : nullptr);
    }
    for (const Dim d : kAllDims) {
      if (product != 0 && !problem_.relevant(transfer.tensor, d)) product *= copies(d, transfer, position, how);
    }
    return product;
  }

  /// axis_words, once for equal questions.
  std::int64_t remembered(std::size_t a, const Axis& axis, const Transfer& transfer, const DimSizes& position,
                          const Spreads& how, const DimSizes* old) {
    std::vector<std::int64_t> key = {static_cast<std::int64_t>(a),
                                     static_cast<std::int64_t>(&transfer - transfers_.data()), old != nullptr};
    for (const Axis::Term& term : axis.terms) {
      key.push_back(position[index(term.dim)]);
      if (old != nullptr) key.push_back((*old)[index(term.dim)]);
      for (std::size_t i = 0; i < transfer.outside; ++i) {
        if (loops_[i].spatial && loops_[i].dim == term.dim) key.push_back(static_cast<std::int64_t>(how[i]));
      }
    }
    const auto [found, is_new] = axis_words_.try_emplace(std::move(key), 0);
    if (is_new) found->second = axis_words(axis, transfer, position, how, old);
    return found->second;
  }

  // ---- the clock ---------------------------------------------------------------------------------------------------

  std::int64_t trips(std::size_t i, const DimSizes& position) const {
    const PlacedLoop& loop = loops_[i];
    return std::min(loop.bound, ceil_div(problem_.bound(loop.dim) - position[index(loop.dim)], loop.tile));
  }

  /// Loops from i on at their last index: those of them that have left their start.
  std::vector<std::size_t> left_start(std::size_t i, DimSizes position) const {
    std::vector<std::size_t> result;
    for (; i < loops_.size(); ++i) {
      if (loops_[i].spatial) continue;
      const std::int64_t last = trips(i, position) - 1;
      if (last > 0) result.push_back(i);
      position[index(loops_[i].dim)] += last * loops_[i].tile;
    }
    return result;
  }

  /// The deepest level of psum whose storage point is outside loop i.
  int level_outside(std::size_t i) const {
    const auto& points = placement_.points[index(Tensor3::psum)];
    std::size_t outside = 0;
    while (outside < points.size() && points[outside].loops_outside <= i) ++outside;
    return static_cast<int>(outside) - 1;
  }

  /// The state inside loop i, which stands at index k and makes so many trips.
  Now inward(const Now& now, std::size_t i, std::int64_t k, std::int64_t trips) const {
    Now next = now;
    next.at[i] = k;
    next.position[index(loops_[i].dim)] += k * loops_[i].tile;
    if (relevant(Tensor3::psum, i)) {
      if (trips > 1 && next.open) next.valued = std::max(next.valued, level_outside(i)), next.open = false;
    } else if (k > 0) {
      next.valued = std::max(next.valued, level_outside(i));
      next.open = how_.hold != Hold::iteration;
    }
    return next;
  }

  /// What all steps from here to the end of loop i add, the first one left out.
  const Totals& rest(std::size_t i, const Now& now) {
    while (i < loops_.size() && loops_[i].spatial) ++i;
    const auto [found, is_new] = rests_.try_emplace(key(i, now));
    Totals& totals = found->second;
    if (!is_new) return totals;
    totals.assign(layout_.size(), 0);
    if (i == loops_.size()) return totals;
    const std::int64_t n = trips(i, now.position);
    const auto inside = [&](std::int64_t k) { return key(i + 1, inward(now, i, k, n)); };
    Totals one;
    std::vector<std::int64_t> before, here;
    for (std::int64_t k = 0; k < n; before = std::move(here)) {
      const Now at = inward(now, i, k, n);
      here = key(i + 1, at);
      one.assign(layout_.size(), 0);
      if (k > 0) {
        Advance advance{i, left_start(i + 1, inward(now, i, k - 1, n).position)};
        advance.moved.push_back(i);
        step(at, &advance, one);
      }
      add(one, rest(i + 1, at), 1);
      // Where the nest inside looked the same at the last index and at this one, so does each step from here on until
      // it looks different: at an edge, and edges are at the ends.
      std::int64_t alike = 1;
      if (k > 0 && here == before) {
        std::int64_t least = k, most = n - 1;
        while (least < most) {
          const std::int64_t middle = least + (most - least + 1) / 2;
          (inside(middle) == here ? least : most) = inside(middle) == here ? middle : middle - 1;
        }
        alike = least - k + 1;
      }
      add(totals, one, alike);
      k += alike;
    }
    return totals;
  }

  /// All that the steps inside loop i can see of where they are. A tile that no edge cuts is like any other.
  std::vector<std::int64_t> key(std::size_t i, const Now& now) const {
    std::vector<std::int64_t> result = {static_cast<std::int64_t>(i), now.valued, now.open};
    DimSizes reach{};
    for (const Dim d : kAllDims) {
      reach[index(d)] = 1;
      for (std::size_t k = loops_.size(); k-- > 0;) {
        if (loops_[k].dim != d) continue;
        if (k >= i) reach[index(d)] *= loops_[k].bound;
        if (k < i && loops_[k].spatial) reach[index(d)] += (loops_[k].bound - 1) * loops_[k].tile;
      }
      reach[index(d)] = std::min(reach[index(d)], problem_.bound(d) - now.position[index(d)]);
      result.push_back(reach[index(d)]);
    }
    for (const Axis* axis : windows_) {
      std::int64_t first = axis->offset, last = axis->offset;
      for (const Axis::Term& term : axis->terms) {
        first += term.coefficient * now.position[index(term.dim)];
        last += term.coefficient * (now.position[index(term.dim)] + reach[index(term.dim)] - 1);
      }
      const bool cut = first < 0 || last >= axis->extent;
      for (const Axis::Term& term : axis->terms) result.push_back(cut ? now.position[index(term.dim)] : -1);
    }
    return result;
  }

  static void add(Totals& to, const Totals& from, std::int64_t times) {
    for (std::size_t i = 0; i < to.size(); ++i) to[i] += from[i] * times;
  }

  // ---- one step ----------------------------------------------------------------------------------------------------

  struct Change {
    bool any = false;       ///< the tile is given up
    bool overlaps = false;  ///< only the advancing loop is relevant: the old tile may serve
  };

  Change change(const Transfer& transfer, const Advance* advance) const {
    if (advance == nullptr || transfer.compute) return {true, false};
    if (advance->loop >= transfer.outside) return {};
    if (transfer.every_step) return {true, false};
    std::size_t count = 0;
    for (const std::size_t i : advance->moved) {
      count += i < transfer.outside && relevant(transfer.tensor, i) ? 1 : 0;
    }
    return {count > 0, count == 1 && relevant(transfer.tensor, advance->loop)};
  }

  bool waits(const Transfer& transfer, const Advance* advance) const {
    if (transfer.compute) return false;
    const Buffering kind = hardware_.nodes[transfer.child].store.buffering[index(transfer.tensor)];
    if (advance == nullptr || kind == Buffering::single) return true;
    return kind == Buffering::stream && restarts(transfer, advance);
  }

  /// Whether a single-buffered store whose point is not further in gets a new tile.
  bool restarts(const Transfer& transfer, const Advance* advance) const {
    return std::any_of(transfers_.begin(), transfers_.end(), [&](const Transfer& other) {
      return !other.compute && &other != &transfer && other.outside <= transfer.outside &&
             hardware_.nodes[other.child].store.buffering[index(other.tensor)] == Buffering::single &&
             change(other, advance).any;
    });
  }

  void step(const Now& now, const Advance* advance, Totals& totals) {
    totals[layout_.steps()] += 1;
    totals[layout_.macs()] += at_work(now.position);
    for (const Transfer& transfer : transfers_) {
      const Change changed = change(transfer, advance);
      if (!changed.any) continue;
      const bool stalling = waits(transfer, advance);
      if (transfer.tensor != Tensor3::psum) {
        std::optional<std::size_t> sliding;
        if (transfer.slides && changed.overlaps) sliding = advance->loop;
        operand(transfer, now, sliding, stalling, totals);
      } else {
        partial_sums(transfer, now, stalling, totals);
      }
    }
  }

  std::vector<std::size_t> fanouts_between(const Transfer& transfer) const {
    std::vector<std::size_t> nodes;
    for (std::size_t n = transfer.parent; n < transfer.child; ++n) {
      if (hardware_.nodes[n].kind == NodeKind::fanout) nodes.push_back(n);
    }
    return nodes;
  }

  /// Adds words(spread of child 0 at each node on the way) to the ways of a stream.
  template <class Words>
  void pass(const Transfer& transfer, Stream stream, bool stalling, const Words& words_at, Totals& totals) {
    const auto at = static_cast<std::size_t>(&transfer - transfers_.data());
    const auto node = [&](std::size_t n) {
      if (!bandwidth(n, stream)) return;
      totals[layout_.way(at, stream == Stream::psum_up, n, stalling)] += words_at(n);
    };
    node(transfer.parent);
    for (const std::size_t f : fanouts_between(transfer)) node(f);
    if (!transfer.compute) node(transfer.child);
  }

  void operand(const Transfer& transfer, const Now& now, std::optional<std::size_t> sliding, bool stalling,
               Totals& totals) {
    const Tensor3 t = transfer.tensor;
    const auto moved = [&](std::size_t from, Spread before) {
      return words(transfer, now.position, spreads(from, before, t, Sharing::multicast), sliding);
    };
    totals[layout_.reads(transfer.parent, t)] += moved(transfer.parent, Spread::each);
    if (!transfer.compute && how_.ends != Ends::outer && how_.ends != Ends::parent) {
      totals[layout_.writes(transfer.child, t)] += words(transfer, now.position, every_child(), sliding);
    }
    for (const std::size_t f : fanouts_between(transfer)) totals[layout_.hops(f, t)] += moved(f + 1, Spread::each);
    pass(
        transfer, t == Tensor3::ifmap ? Stream::ifmap : Stream::weight, stalling,
        [&](std::size_t n) { return moved(n, Spread::first); }, totals);
  }

  /// The deepest level of stores that have a value of these words, -1 for none.
  int valued(const Transfer& transfer, const Now& now) const {
    if (!now.open) return now.valued;
    // The loops further in stand at their start: an active one separates.
    std::size_t last = loops_.size();
    while (last > 0 && (loops_[last - 1].spatial || now.at[last - 1] == 0)) --last;
    for (std::size_t i = last; i < transfer.outside; ++i) {
      if (!loops_[i].spatial && relevant(Tensor3::psum, i) && trips(i, now.position) > 1) {
        return std::max(now.valued, level_outside(i));
      }
    }
    return std::max(now.valued, static_cast<int>(transfer.level));
  }

  /// Words that have a value where the parent keeps them: of the children of each store between the one that has it and
  /// the parent only the first took it along.
  Int128 valued_words(const Transfer& transfer, const Now& now, Spreads how) {
    const bool zero = transfer.compute ? how_.first_read != FirstRead::elide : how_.first_read == FirstRead::zero;
    if (zero) return words(transfer, now.position, how, {});
    const int level = valued(transfer, now);
    if (level < 0) return 0;
    const std::size_t from = placement_.points[index(Tensor3::psum)][static_cast<std::size_t>(level)].node;
    for (std::size_t i = 0; i < loops_.size(); ++i) {
      const bool between = loops_[i].spatial && loops_[i].node >= from && loops_[i].node < transfer.parent;
      if (between && how_.read_back == ReadBack::one && !relevant(Tensor3::psum, i)) how[i] = Spread::first;
    }
    return words(transfer, now.position, how, {});
  }

  void partial_sums(const Transfer& transfer, const Now& now, bool stalling, Totals& totals) {
    constexpr Tensor3 t = Tensor3::psum;
    const bool outer_only = how_.ends == Ends::outer, outermost = transfer.level == 0;
    const auto tiles = [&](std::size_t from, Sharing sharing, Spread before = Spread::each) {
      return words(transfer, now.position, spreads(from, before, t, sharing), {});
    };
    // What the child takes from the parent: a MAC the one value it adds to, a store its tile.
    const bool each = how_.read_back == ReadBack::each && !transfer.compute;
    const Sharing down = each ? Sharing::multicast : Sharing::always;
    const Int128 read = valued_words(transfer, now, spreads(transfer.parent, Spread::each, t, down));
    const Int128 delivered = each ? valued_words(transfer, now, every_child()) : read;
    // What it gives: the parts of several children are added in the fanout, or in the parent.
    const Int128 arriving = tiles(transfer.parent, Sharing::reduction);
    const Int128 distinct = tiles(transfer.parent, Sharing::always);
    Int128& reads = totals[layout_.reads(transfer.parent, t)];
    Int128& writes = totals[layout_.writes(transfer.parent, t)];
    // In the first case less the first update of each word in a visit, see below.
    const Int128 own_reads = outer_only && !outermost ? arriving : read + (arriving - distinct);
    reads += own_reads;
    writes += arriving;
    if (transfer.compute) {
      totals[layout_.update_reads()] += own_reads;
      totals[layout_.update_writes()] += arriving;
    }
    if (!transfer.compute) {
      const Int128 all = words(transfer, now.position, every_child(), {});
      Int128& child_reads = totals[layout_.reads(transfer.child, t)];
      Int128& child_writes = totals[layout_.writes(transfer.child, t)];
      if (how_.ends == Ends::both) child_reads += all;
      if (outer_only) {
        child_reads -= all;
        child_writes -= all;
        if (transfer.child == placement_.points[index(t)].back().node) {
          totals[layout_.update_reads()] -= all;
          totals[layout_.update_writes()] -= all;
        }
      } else if (how_.ends != Ends::parent) {
        child_writes += delivered;
      }
    }
    for (const std::size_t f : fanouts_between(transfer)) {
      const Int128 in = tiles(f + 1, Sharing::reduction);
      totals[layout_.hops(f, t)] += outer_only ? in - tiles(f, Sharing::reduction) : in + delivered;
    }
    pass(
        transfer, Stream::psum_down, stalling,
        [&](std::size_t n) { return valued_words(transfer, now, spreads(n, Spread::first, t, down)); }, totals);
    pass(
        transfer, Stream::psum_up, stalling, [&](std::size_t n) { return tiles(n, Sharing::reduction, Spread::first); },
        totals);
  }

  // ---- time --------------------------------------------------------------------------------------------------------

  std::optional<Bandwidth> bandwidth(std::size_t node, Stream stream) const {
    return hardware_.nodes[node].bandwidth.of(stream);
  }

  static Stream stream_of(const Transfer& transfer, bool up) {
    if (transfer.tensor == Tensor3::psum) return up ? Stream::psum_up : Stream::psum_down;
    return transfer.tensor == Tensor3::ifmap ? Stream::ifmap : Stream::weight;
  }

  /// Bits in parts of OffchipCode::kWhole.
  Int128 bits(const Transfer& transfer, std::size_t node, Int128 words) const {
    const bool coded = hardware_.nodes[node].store.offchip;
    const std::size_t t = index(transfer.tensor);
    return words * hardware_.bits[t] * (coded ? offchip_.parts[t] : OffchipCode::kWhole);
  }

  Int128 cycles(Int128 bits, const Bandwidth& b) const {
    if (b.per == Bandwidth::Per::second) bits *= Int128(std::llround(hardware_.clock.value));
    const Int128 capacity = Int128(b.bits) * OffchipCode::kWhole;
    return (bits + capacity - 1) / capacity;
  }

  std::int64_t cycles_of(const Totals& totals, bool offchip) const {
    std::map<std::pair<std::size_t, std::size_t>, Int128> busy;  // by node and channel
    Int128 stalled = 0;
    for (std::size_t i = 0; i < transfers_.size(); ++i) {
      for (const bool up : {false, true}) {
        const Stream stream = stream_of(transfers_[i], up);
        Int128 slowest = 0;
        for (std::size_t n = 0; n < layout_.nodes; ++n) {
          const auto b = bandwidth(n, stream);
          if (!b || (!offchip && hardware_.nodes[n].store.offchip)) continue;
          const Int128 stalling = bits(transfers_[i], n, totals[layout_.way(i, up, n, true)]);
          const std::size_t channel = hardware_.nodes[n].bandwidth.shared ? 0 : static_cast<std::size_t>(stream);
          busy[{n, channel}] += bits(transfers_[i], n, totals[layout_.way(i, up, n, false)]) +
                                (how_.overlap == Overlap::perfect ? stalling : 0);
          slowest = std::max(slowest, cycles(stalling, *b));
        }
        stalled += slowest;
      }
    }
    Int128 work = steps_ ? Int128(*steps_) : totals[layout_.steps()];
    for (const auto& [channel, sum] : busy) {
      work = std::max(work, cycles(sum, *bandwidth(channel.first, static_cast<Stream>(channel.second))));
    }
    if (how_.overlap == Overlap::buffered) work += stalled;
    return static_cast<std::int64_t>(work);
  }

  Counts counts(const Totals& totals) const {
    Counts result;
    result.stores.resize(layout_.nodes);
    result.hops.resize(layout_.nodes);
    for (std::size_t n = 0; n < layout_.nodes; ++n) {
      for (const Tensor3 t : kAllTensors) {
        result.stores[n][index(t)] = {totals[layout_.reads(n, t)], totals[layout_.writes(n, t)]};
        result.hops[n][index(t)] = totals[layout_.hops(n, t)];
      }
    }
    result.steps = steps_ ? *steps_ : static_cast<std::int64_t>(totals[layout_.steps()]);
    result.macs = totals[layout_.macs()];
    result.updates = {totals[layout_.update_reads()], totals[layout_.update_writes()]};
    result.active_pes = active_;
    result.processing_cycles = cycles_of(totals, false);
    result.latency_cycles = cycles_of(totals, true);
    return result;
  }

  const LoopProblem& problem_;
  const std::vector<PlacedLoop>& loops_;
  const Placement& placement_;
  const Hardware& hardware_;
  const Conventions& how_;
  const OffchipCode& offchip_;
  const std::optional<std::int64_t> steps_;
  std::vector<Transfer> transfers_;
  std::vector<const Axis*> windows_;
  Layout layout_;
  std::int64_t active_ = 0;
  std::map<std::vector<std::int64_t>, std::int64_t> axis_words_;
  std::map<std::vector<std::int64_t>, Totals> rests_;
};

}  // namespace

Counts walk(const LoopProblem& problem, const Placement& placement, const Hardware& hardware,
            const Conventions& conventions, const OffchipCode& offchip, std::optional<std::int64_t> steps) {
  return Walker(problem, placement, hardware, conventions, offchip, steps).run();
}

}  // namespace weft
