// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "weft/dataflow/dataflow.h"
#include "weft/mapper/spatial.h"
#include "weft/placement/placement.h"

namespace weft {

inline constexpr std::size_t kMaxSlots = 32, kMaxWindowSlots = 8;  ///< in all, and over both dimensions of a window

/// Whether a set, a bit for each of its members, has `i`.
constexpr bool has(std::uint32_t set, std::size_t i) { return (set >> i & 1u) != 0; }

/// A place in a dataflow's nest where one dimension may have a loop.
struct Slot {
  Dim dim = Dim::N;
  std::size_t step = 0;  ///< of the dataflow
  bool spatial = false;
  bool any_order = false;   ///< may change places with its neighbours of the same step
  bool inside_all = false;  ///< no storage point is further in
  std::size_t fanout = 0;   ///< of a spatial one: node of its array
};

/// Slot indices, outermost first: a permutation of the first ones.
using LoopOrder = std::array<std::uint8_t, kMaxSlots>;

/// A choice of bounds for the slots, and the order of those that may change places.
struct Choice {
  std::array<std::int64_t, kMaxSlots> bound{};
  LoopOrder order{};
  std::size_t slots = 0;
  bool operator==(const Choice&) const = default;
};

/// A dataflow on a machine: slots in their given order, and the storage points between them. Its `spatial:` step goes
/// over the innermost array, the one of PEs. An array outside that has loops over the dimensions of the step that
/// follows the stores outside it.
struct Skeleton {
  struct Point {
    std::size_t node = 0;
    std::size_t slots_outside = 0;
  };
  std::vector<Slot> slots;
  std::array<std::vector<Point>, kTensors> points;  ///< outermost first
  std::size_t fanout = 0;                           ///< node of the array of PEs

  /// An array outside that of the PEs: its slots, and the children that it is given before the search.
  struct Outer {
    std::size_t node = 0, begin = 0, end = 0;
    AxisBounds axes;
  };
  std::vector<Outer> outer;                            ///< outermost first
  DimSizes outside{1, 1, 1, 1, 1, 1, 1, 1};            ///< their children along each dimension, all of them together
  const Outer* outer_of(std::size_t slot) const;       ///< none: a slot of the array of PEs, or a temporal one
  std::int64_t given(std::size_t slot) const;          ///< bound of a slot of such an array
  DimSizes extents(const LoopProblem& problem) const;  ///< of each dimension, what one of those children has at least

  /// What each dimension's slots are for: its outermost loop takes what the others leave; one over the array, one in
  /// the PEs, and one free loop between. -1: it has none.
  std::array<int, kDims> outermost{}, spatial{}, inside{};  ///< none of the arrays outside
  std::vector<std::size_t> free;                            ///< slots
  std::vector<std::size_t> slots_of(Dim d) const;           ///< outermost first
  bool has_free(Dim d) const;
  bool pes_keep() const;  ///< whether a storage point is inside the array of PEs
  /// All bounds 1 but those over the array and in the PEs.
  Choice core(const DimSizes& children, const DimSizes& inside) const;
  /// Tiles of dimension `d` that the loops inside its outermost one leave.
  std::int64_t left(const Choice& choice, const LoopProblem& problem, std::size_t d) const;
  /// Gives every outermost loop what is left.
  void close(Choice& choice, const LoopProblem& problem) const;
};

/// Throws Error (mapper.unsupported) for machines without a fanout, dataflows with more than one free bound between the
/// array and the outermost loop of a dimension, and those that keep something inside an array before all that they keep
/// outside it.
Skeleton skeleton(const Dataflow& dataflow, const Hardware& hardware);

/// The skeleton with each choice of children that the arrays outside that of the PEs have room for, such that all of
/// them can have work; those that leave least to each first.
std::vector<Skeleton> with_outer_children(const Skeleton& skeleton, const LoopProblem& problem,
                                          const Hardware& hardware);

/// The choice as a mapping, with its spatial loops laid on the axes of the array.
Mapping to_mapping(const Skeleton& skeleton, const Choice& choice, const AxisBounds& axes, const Hardware& hardware);

}  // namespace weft
