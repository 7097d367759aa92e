// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <vector>

#include "weft/mapper/free_tiles.h"
#include "weft/mapper/mapper.h"
#include "weft/mapper/spatial.h"
#include "weft/model/cost.h"

namespace weft::free_search {

/// One way to share the work out over an array. With a fold, how many children there are along its dimension hangs on
/// the tile of one (Machine::children).
struct SpatialChoice {
  DimSizes children;                       ///< along the dimension of a fold: others, and at most
  AxisBounds axes;                         ///< without that of a fold
  std::array<double, kTensors> sharing{};  ///< children that may want one word of a tensor, at most
  double steps = 0;                        ///< of the whole layer, if this is the only array; with a fold, at least
  struct Fold {
    std::size_t dim, axis;
    FoldRoom room;
  };
  std::optional<Fold> fold;
};

/// The stores between two arrays, and the array outside them.
struct Region {
  std::optional<std::size_t> fanout;
  std::array<std::vector<std::size_t>, kTensors> stores;  ///< that may keep the tensor, innermost first
  std::vector<SpatialChoice> spread;
  std::vector<std::size_t> widest;  ///< of `spread`: no other shares more in fewer steps
  double children = 1;              ///< of the array
  double least_idle = 1;            ///< children by those that can have work
};

/// Stores that several tensors may fill are at most so many in a region: their use is a figure of each label.
inline constexpr std::size_t kMaxShared = 2;
inline constexpr int kNotShared = -1;

/// A bandwidth outside the PEs: of a node, for all that passes it or for one stream.
struct Channel {
  std::size_t node = 0;
  std::optional<Stream> stream;

  bool carries(std::size_t n, Stream s) const { return n == node && (!stream || *stream == s); }
};

/// A mapping takes as long as the slowest of its clocks. Clock 0 counts the steps, clock 1 + c the transfers through
/// channel c that hide behind others' work; what stalls the machine is in all of them.
inline constexpr std::size_t kMaxChannels = 5, kMaxClocks = 1 + kMaxChannels;
using Cycles = std::array<double, kMaxClocks>;

inline constexpr double kRounding = 1e-11;  ///< of sums and products of a few dozen doubles

/// Energy and cycles that a mapping has at least.
struct Least {
  double cost = 0, time = 0;
};

/// A machine for one layer. Each tensor is wholly in the outermost store that keeps it.
struct Machine {
  std::vector<Region> regions;  ///< outermost first
  std::array<std::size_t, kTensors> outermost{};
  std::vector<double> room;       ///< by node: bits, less those of tensors that are wholly there
  std::vector<int> shared;        ///< by node: its number among the shared stores of its region, or kNotShared
  std::vector<NodePrices> price;  ///< by node
  std::vector<Channel> channels;  ///< those that take longest to move each word once
  std::size_t clocks = 1;         ///< in use
  /// Energy of a cycle; where there are channels too, which clock decides is known at the end.
  double power = 0, power_at_end = 0;
  double mac_cost = 0;  ///< of all MACs
  double worked = 1;    ///< share of MACs that are not gated
  /// Share that compression leaves of a word off chip, if partial sums leave once.
  std::array<double, kTensors> coded{1, 1, 1};
  /// Bits of a word where it passes a node; `coded`: what compression leaves of it off chip.
  static double word_bits(std::size_t node, Tensor3 t, const Hardware& hardware, double coded) {
    return double(hardware.bits[index(t)]) * (hardware.nodes[node].store.offchip ? coded : 1);
  }
  double pes = 1, steps_of_one = 1;  ///< PEs; steps of the layer on one of them
  double ofmap = 0;                  ///< words of partial sums

  /// What an array that is not full adds: steps of the layer if it is the only one, else how many times more. `steps`:
  /// of the layer if there were no other array.
  double idle(std::size_t region, double steps) const {
    return regions.size() == 2 ? idle_steps(steps) : regions[region].children * steps / steps_of_one;
  }
  /// How many times more at least for all arrays from `region` out.
  double least_idle(std::size_t region) const {
    double idle = 1;
    for (std::size_t r = 1; r <= region; ++r) idle *= regions[r].least_idle;
    return idle;
  }
  /// What a nest with these figures takes. Where transfers take time, it is rounded up.
  Least least(double cost, const Cycles& cycles) const {
    if (clocks == 1) return {cost, cycles[0]};
    const double slowest = *std::max_element(cycles.begin(), cycles.begin() + std::ptrdiff_t(clocks));
    const double time = std::ceil(slowest * (1 - kRounding));
    return {cost + power_at_end * time, time};
  }
  /// Steps of the layer on the only array beyond those if all PEs worked.
  double idle_steps(double steps) const { return steps - steps_of_one / pes; }
  std::size_t first_fanout() const { return regions.size() > 1 ? *regions[1].fanout : room.size(); }
};

/// The children along each dimension that work through `tile` each; none where a fold would leave nothing over.
std::optional<DimSizes> children_around(std::uint32_t tile, const SpatialChoice& choice, const Tiles& tiles);
/// The tile of all those children together, if there is one.
std::optional<std::uint32_t> tile_of_all(std::uint32_t tile, const SpatialChoice& choice, const DimSizes& children,
                                         const Tiles& tiles);

/// Rooms for folds over the outermost array; none: all bounds divide.
FoldRooms fold_rooms(const LoopProblem& problem, const Hardware& hardware);

/// Throws Error: infeasible.capacity if an outermost store is too small, mapper.unsupported for machines whose arrays
/// stand outside a tensor's outermost store, or with too many stores to choose from.
Machine machine(const LoopProblem& problem, const Hardware& hardware, const MapOptions& options, const Tiles& tiles,
                bool with_folds);

}  // namespace weft::free_search
