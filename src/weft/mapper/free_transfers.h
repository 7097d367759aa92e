// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <bit>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "weft/mapper/free_stores.h"

namespace weft::free_search {

/// What nests so far are compared by; less is better in each. A transfer is *open* while its store's tile stays, that
/// is until the first loop outside that its tensor depends on *decides* it.
///   open      a figure is what the transfer will cost for each base word (Tiles::base) of the tile it is decided at
///   decided   it is words that have still to cross an array
/// A stream starts anew wherever a single-buffered store that is not further in gets a new tile
/// (docs/formulas.md, "Time"): from the first such loop out, all that moves its tile stalls. Until it comes, the first
/// tile is carried along.
enum Figure : std::uint8_t {
  kCost,                   ///< energy decided so far
  kX0,                     ///< by tensor. Open: cost (of ifmaps: of what does not slide). Decided: words
  kSlide = kX0 + 3,        ///< open: cost of the ifmaps that slide, a word that is new to the tile
  kSlideEach,              ///< the same of children of an array, a word that is new to one of them
  kSlideShared,            ///< and a word that is new to any of them
  kWindow0,                ///< decided: less the words along each window that are in kX0
  kRatio0 = kWindow0 + 2,  ///< by tensor. Open: words that are to cross an array
  kUpdates = kRatio0 + 3,  ///< partial sums that the parent is to add, open or decided
  kVisits,                 ///< less the visits of partial sums to the child, open or decided
  kUsed0,                  ///< bits used of the region's shared stores
  kClock0 = kUsed0 + kMaxShared,
  kFiguresOfClock = 3 + kTensors,
  /// By tensor, of the way that pends. Open: words at its parent for each base word. Decided: words of the first tile,
  /// for all children once the array is crossed (before that of ifmaps, but along the windows); where the stream has
  /// started anew before that, of all first tiles. After clock 0: one clock alone has no transfers.
  kFirst0 = kClock0 + kFiguresOfClock,
  kFigures = kFirst0 + kTensors + (kMaxClocks - 1) * kFiguresOfClock
};
using Figures = std::array<double, kFigures>;

/// Cycles of clock k decided so far.
constexpr std::size_t decided_cycles(std::size_t k) { return kClock0 + k * kFiguresOfClock + (k > 0 ? kTensors : 0); }
/// Figures that so many clocks use.
constexpr std::size_t used_figures(std::size_t clocks) {
  return clocks == 1 ? std::size_t(kFirst0) : decided_cycles(clocks);
}
/// Open: cycles; of tensor t (of ifmaps: of what does not slide).
constexpr std::size_t open_cycles(std::size_t k, Tensor3 t) { return decided_cycles(k) + 1 + index(t); }
/// Open: cycles of the ifmaps that slide, a word that is new to the tile.
constexpr std::size_t sliding_cycles(std::size_t k) { return decided_cycles(k) + 1 + kTensors; }
/// The same of children of an array, a word that is new to any of them.
constexpr std::size_t shared_cycles(std::size_t k) { return decided_cycles(k) + 2 + kTensors; }

/// What the clocks have decided so far; of figures or of as many of them as these clocks use.
inline Cycles all_decided(const double* f, std::size_t clocks) {
  Cycles cycles;
  for (std::size_t k = 0; k < clocks; ++k) cycles[k] = f[decided_cycles(k)];
  return cycles;
}

/// What must be equal for two nests of one tile to be compared.
struct Key {
  std::uint8_t code = 0;  ///< points passed in the region
  std::uint8_t open = 0;  ///< tensors whose last transfer is open, a bit each
  bool fresh = true;      ///< no loop since the last point
  /// The dimension that an array folds and that no loop moves before the tensor is decided that does not depend on it:
  /// its bit.
  std::uint8_t frozen = 0;
  /// By tensor, a bit each, where streams are counted. Of the way that pends: whether it is decided, whether all of it
  /// stalls, and whether the single-buffered tile that was open as it began is further in. Of single-buffered ways:
  /// whether one is open, and whether loops stand outside it.
  std::uint8_t waits = 0, stalled = 0, exempt = 0, single = 0, moved = 0;
  bool turned = false;  ///< whether a loop moves the dimension that an array folds
  bool rough = false;   ///< whether the words of some first tile are only bounded
  /// What the ifmaps that are still to cross an array, or to be moved outside it, take in: the part
  /// (Tiles::window_part) of one child and, if a loop has moved it already, of the tile it slides over. 0 where that is
  /// bounded instead.
  std::uint16_t child = 0, slid = 0;

  static bool has(std::uint8_t of_tensors, Tensor3 t) { return (of_tensors >> index(t) & 1u) != 0; }
  static void set(std::uint8_t& of_tensors, Tensor3 t) { of_tensors |= std::uint8_t(1u << index(t)); }
  static void clear(std::uint8_t& of_tensors, Tensor3 t) { of_tensors &= std::uint8_t(~(1u << index(t))); }
  bool is_open(Tensor3 t) const { return has(open, t); }
  bool is_frozen(std::size_t d) const { return (frozen >> d & 1u) != 0; }
  std::uint64_t packed() const {
    const auto bits = [](unsigned of_tensors, int at) { return std::uint64_t(of_tensors) << at; };
    const unsigned either = moved | (open & ~unsigned(single));  // what moved is single, and what is single open
    return std::uint64_t(code) | bits(either, 8) | std::uint64_t(fresh) << 11 |
           std::uint64_t(std::bit_width(frozen)) << 12 | bits(waits, 16) | bits(stalled, 19) | bits(exempt, 22) |
           bits(single, 25) | std::uint64_t(turned) << 28 | std::uint64_t(rough) << 29 | std::uint64_t(child) << 32 |
           std::uint64_t(slid) << 48;
  }
  static Key unpacked(std::uint64_t p) {
    const auto bits = [p](int at) { return std::uint8_t(p >> at & 7u); };
    return {.code = std::uint8_t(p),
            .open = std::uint8_t(bits(8) | bits(25)),
            .fresh = (p >> 11 & 1) != 0,
            .frozen = std::uint8_t(1u << (p >> 12 & 15u) >> 1),
            .waits = bits(16),
            .stalled = bits(19),
            .exempt = bits(22),
            .single = bits(25),
            .moved = std::uint8_t(bits(8) & bits(25)),
            .turned = (p >> 28 & 1) != 0,
            .rough = (p >> 29 & 1) != 0,
            .child = std::uint16_t(p >> 32),
            .slid = std::uint16_t(p >> 48)};
  }
};

/// An array put around a nest: its children's number along each dimension, the tiles of one and of all, and the
/// dimension that it folds.
struct Crossed {
  DimSizes children;
  std::uint32_t inner = 0, outer = 0;
  std::optional<std::size_t> folded;
  /// Whether a loop over that dimension comes next to the open tensor that does not depend on it, if there is one: that
  /// stays, so all children have a tile of it in every step of that loop but the last, where those at the end have none
  /// to do. Else the last fold has only some at work.
  bool moves = false;
};

/// How a nest's figures change as a point, a loop or an array is put around it. They are lower bounds, and exact where
/// there is one array and `counts_windows`.
class Transfers {
 public:
  Transfers(const Hardware& hardware, const Conventions& how, const Machine& machine, const Tiles& tiles);

  /// The stores from now on; whether what slides across an array is counted or only bounded, and whether cycles are.
  void use(const StoreChoice& stores, bool counts_windows, bool counts_cycles);
  bool counts_windows() const { return counts_windows_; }

  /// The MACs alone.
  void start(Figures& f, Key& key) const;
  /// A storage point, whose tile stays inside `way`.
  void begin(Figures& f, Key& key, Tensor3 t, const Way& way, std::uint32_t tile) const;
  /// A loop over d, from `tile` to the tile `to`: decides the transfers of the tensors that it moves.
  void turn(Figures& f, Key& key, std::size_t region, std::size_t d, std::uint32_t tile, std::uint32_t to);
  /// No loop is left: decides the transfers that are open.
  void close(Figures& f, Key& key, std::size_t region, std::uint32_t tile);
  /// The array outside `region`.
  void cross(Figures& f, Key& key, std::size_t region, const Crossed& crossed);
  /// Whether it matters what loop comes next.
  bool may_move(const Key& key, std::size_t region, const Crossed& crossed) const;

  /// Whether what a decided transfer of ifmaps takes in across the only array is counted.
  bool counts_share(const Key& key) const { return !key.is_open(Tensor3::ifmap) && key.child != 0; }
  /// Along the windows: what is new to any child as a share of what is new to each, and how much that is.
  std::pair<double, double> counted_share(const Key& key, std::uint32_t inner, std::uint32_t outer);

 private:
  void add_parent(Figures& f, bool open, Tensor3 t, const Way& way, double distinct, double updates,
                  double visits) const;
  void add_cycles(Figures& f, const Cycles& of_word, double words) const;
  const Way* pending(Tensor3 t, const Key& key, std::size_t region) const;
  void stall(Figures& f, Tensor3 t, const Way& way, double words, double with_value, bool exact) const;
  struct Restarts {
    double all = 1, without_value = 1;  ///< the latter: of partial sums
  };
  Restarts restarts(std::uint32_t tile) const;
  double started(Tensor3 t, const Key& key, std::uint32_t tile) const;
  void restart(Figures& f, Key& key, std::size_t region, std::uint32_t tile) const;
  void restart_inside(Figures& f, Tensor3 t, const Way& way, std::uint32_t tile) const;
  bool streams_follow(const Key& key, std::size_t region) const;
  bool bounds_first(Tensor3 t, bool open, std::size_t fanout) const;
  void cross_pending(Figures& f, Key& key, Tensor3 t, const Way& way, std::size_t fanout, const Crossed& crossed);
  template <class Open>
  void decide_cycles(Figures& f, Tensor3 t, double words, const Open& open) const;
  void decide(Figures& f, Key& key, Tensor3 t, std::size_t region, std::uint32_t tile, std::uint32_t slid);
  void decide_pending(Figures& f, Key& key, Tensor3 t, const Way& way, bool crosses, std::uint32_t tile) const;
  bool visits_cost(const Way& way) const;
  double sliding(std::size_t w, std::uint32_t tile, std::uint32_t slid);
  double decide_ifmap(Figures& f, Key& key, const Way& way, std::uint32_t tile, std::uint32_t slid);
  void decide_children(Figures& f, Key& key, std::uint32_t tile, std::uint32_t slid);
  double copies(Tensor3 t, const Crossed& crossed) const;
  void cross_open(Figures& f, Tensor3 t, const Way& way, std::size_t fanout, const Crossed& crossed) const;
  void cross_decided(Figures& f, const Key& key, Tensor3 t, std::size_t fanout, const Crossed& crossed);
  std::pair<double, double> bounded_share(Figures& f, const DimSizes& children, std::uint32_t outer) const;
  void cross_psum(Figures& f, bool open, std::size_t fanout, const Crossed& crossed) const;
  void meet(Figures& f, bool open, Tensor3 t, const Way& way) const;

  struct WindowWords {
    double each = 1, shared = 1, first_each = 1, first_shared = 1;
  };
  using WindowParts = std::array<std::uint16_t, 5>;  ///< resident, child, all, stride and slid of a WindowNest
  struct Recent {
    WindowParts parts{};
    WindowWords words;
  };
  struct HashNest {
    std::size_t operator()(const WindowNest& nest) const;
  };
  WindowWords window_words(const WindowParts& parts);

  const Hardware& hardware_;
  const Conventions& how_;
  const Machine& machine_;
  const Tiles& tiles_;
  const StoreChoice* stores_ = nullptr;
  bool counts_windows_ = false, counts_cycles_ = false;
  bool may_restart_ = false;  ///< some stream is counted
  std::array<std::unordered_map<WindowNest, SlidingWords, HashNest>, kMaxWindows> nest_words_;  ///< those met
  std::vector<Recent> recent_;  ///< met last, by the part of all children
  /// Words that one tile takes in as it slides over another, by their window numbers; negative: not known yet.
  std::array<std::vector<double>, kMaxWindows> sliding_;
};

}  // namespace weft::free_search
