// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <vector>

#include "weft/mapper/free_machine.h"

namespace weft::free_search {

inline constexpr int kCompute = -1;

/// The way of a tensor's words between a store, or the compute node, and the next store outside that keeps it: what is
/// the same for every mapping with these stores.
struct Way {
  int child = kCompute;
  std::size_t parent = 0;
  bool crosses = false, slides = false, every_step = false, outermost = false;
  double child_cost = 0;     ///< of a word that visits the child
  double parent_cost = 0;    ///< of a word that the parent reads, or of an update
  double distinct_cost = 0;  ///< of a distinct word of partial sums at the parent
  double spared = 0;         ///< for each visit of partial sums that starts without a value though others have one
  double constant = 0;       ///< less what the first update of each word does not read
  double least = 0;          ///< energy at least, of a way that no nest has begun
  /// By clock, of the same words; and of a word of the first tile, which always stalls.
  bool counted = false;  ///< some clock counts them
  Cycles parent_cycles{}, distinct_cycles{}, constant_cycles{}, first_cycles{}, least_cycles{};
  Cycles again_cycles{};  ///< of a word with a value, where the stream into the child starts anew
  bool stalls = false;    ///< single-buffered: a new tile starts the streams anew that end further in
  /// Its first tile is known later than the point; and it is taken in again wherever the stream starts anew.
  bool pends = false, restarts = false;
  double cycles(std::size_t clock) const { return parent_cycles[clock] + distinct_cycles[clock]; }
};

/// One choice of the stores that keep each tensor; the others are passed by. Which points of a region a nest has
/// passed, from the inside out, is a code.
struct StoreChoice {
  struct Here {
    std::array<std::vector<std::size_t>, kTensors> stores;   ///< innermost first
    std::array<std::size_t, kTensors> inner{};               ///< stores of the tensor in the regions further in
    std::array<std::uint8_t, kTensors> unit{};               ///< what one point more adds to a code
    std::vector<std::array<std::uint8_t, kTensors>> passed;  ///< points of each tensor, by code; the last: all
  };
  std::vector<Here> regions;
  std::array<std::vector<Way>, kTensors> ways;  ///< into the compute node, into its innermost store, and so on
  std::array<std::size_t, kTensors> pending{};  ///< the level of the way that pends; 0: none

  /// Ways that a nest has left behind or is on.
  std::size_t level(std::size_t region, std::uint8_t code, Tensor3 t) const {
    return regions[region].inner[index(t)] + regions[region].passed[code][index(t)];
  }
  const Way& way(std::size_t region, std::uint8_t code, Tensor3 t) const {
    return ways[index(t)][level(region, code, t)];
  }
  /// The way that pends, if a nest is on it or has left it behind.
  const Way* pending_way(std::size_t region, std::uint8_t code, Tensor3 t) const {
    const std::size_t way = pending[index(t)];
    return way > 0 && way <= level(region, code, t) ? &ways[index(t)][way] : nullptr;
  }
};

/// Which stores keep which tensors, by node.
using Kept = std::vector<TensorFlags>;
/// Every choice, those that keep most first.
std::vector<Kept> choices_of_stores(const Machine& machine);

StoreChoice choose(const Kept& kept, const Machine& machine, const Hardware& hardware, const Conventions& how,
                   const Tiles& tiles);

}  // namespace weft::free_search
