// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "weft/dataflow/mapping.h"
#include "weft/hardware/hardware.h"

namespace weft {

/// A loop of a mapping with its fanout found and its tile computed.
struct PlacedLoop {
  Dim dim = Dim::N;
  std::int64_t bound = 1;
  std::int64_t tile = 1;  ///< indices of `dim` that the loops inside cover: one step of this loop
  bool spatial = false;
  std::size_t node = 0;  ///< of a spatial loop: its fanout in Hardware::nodes
  std::size_t axis = 0;  ///< and the axis of it
  bool operator==(const PlacedLoop&) const = default;
};

/// A storage point: loops[0 .. loops_outside) are outside it.
struct PlacedPoint {
  std::size_t node = 0;
  std::size_t loops_outside = 0;
  bool operator==(const PlacedPoint&) const = default;
};

/// A mapping on a machine: indices instead of names, everything checked but the capacities. Loops of bound 1 are gone.
struct Placement {
  std::vector<PlacedLoop> loops;                          ///< outermost first
  std::array<std::vector<PlacedPoint>, kTensors> points;  ///< the stores that keep each tensor, outermost first
  bool operator==(const Placement&) const = default;
};

/// Resolves and checks a mapping. Collects every problem before it throws Error: mapping.unknown-store,
/// mapping.unknown-fanout, mapping.bad-axis, mapping.not-kept, mapping.order, mapping.bound-short, mapping.bound-long,
/// mapping.fanout-overflow. `where` is the nest in its file, for messages.
Placement place(const LoopProblem& problem, const Mapping& mapping, const Hardware& hardware, const Place& where = {});

/// Distinct values of a*i + b*j for 0 <= i < m, 0 <= j < n and a, b >= 1: m n - (m - b')+ (n - a')+ with a' = a/gcd, b'
/// = b/gcd, since (i, j) and (i + b', j - a') meet.
std::int64_t distinct_sums(std::int64_t a, std::int64_t m, std::int64_t b, std::int64_t n);

/// Extent in every dimension of the tile inside a storage point (of the loops from `loops_outside` on).
DimSizes tile_at(const LoopProblem& problem, const Placement& placement, std::size_t loops_outside);

/// Words of tensor t in the largest tile of that extent: what room must be kept for it.
std::int64_t tile_words(const LoopProblem& problem, Tensor3 t, const DimSizes& tile);

/// Whether a fanout adds the partial sums of children that differ in a dimension; true of those that have other sums.
bool adds(const FanoutNode& fanout, Dim d);

/// A store whose tiles do not fit.
struct Overflow {
  std::size_t node = 0;
  std::int64_t needed_bits = 0;
  std::int64_t capacity_bits = 0;
};
/// The first store, outermost first, that cannot hold its tiles; nothing if all fit.
std::optional<Overflow> overflow(const LoopProblem& problem, const Placement& placement, const Hardware& hardware);
/// The same question about a mapping somebody wrote: throws Error (mapping.tile-too-large).
void require_fits(const LoopProblem& problem, const Placement& placement, const Hardware& hardware, const Place& where);

/// Children that have work in the fullest step: PEs in use.
std::int64_t active_pes(const LoopProblem& problem, const Placement& placement);

}  // namespace weft
