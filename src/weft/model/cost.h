// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <vector>

#include "weft/placement/counts.h"
#include "weft/placement/placement.h"

namespace weft {

/// What the actions of one node cost, ready to multiply: millionths of the library's unit, a word (store, fanout), a
/// MAC, or a cycle (static node).
struct NodePrices {
  std::array<Int128, kTensors> read{}, write{}, hop{};
  Int128 mac = 0, cycle = 0;
};
std::vector<NodePrices> prices(const Hardware& hardware);

/// Energy in millionths of the hardware's unit (picojoules, or MACs where the components are normalised).
struct Cost {
  std::vector<std::array<Int128, kTensors>> by_node;  ///< data movement, by node and tensor
  std::vector<Int128> other;                          ///< MACs and static power, by node
  Int128 total = 0;
  Int128 chip = 0;  ///< without off-chip memory

  Int128 of_node(std::size_t node) const;
  Int128 of_tensor(Tensor3 t) const;
  bool operator==(const Cost&) const = default;
};

/// MACs that are not gated, in parts of kWorkedWhole, where that share of the ifmap's values is zero: all of them where
/// the hardware gates nothing.
inline constexpr std::int64_t kWorkedWhole = 1'000'000;
std::int64_t worked_parts(const Hardware& hardware, double ifmap_zeros);

/// What of the counts the data make free or cheap; in parts of kWorkedWhole, for a share is seldom a whole number.
struct Activity {
  Int128 gated_macs = 0;          ///< that cost nothing
  Int128 gated_filter_reads = 0;  ///< of the innermost store of filters
  Accesses gated_updates;         ///< of partial sums, at their innermost store
  OffchipCode offchip;
};

/// Prices the counts, with what the data make of them.
Cost cost(const Counts& counts, const Placement& placement, const Hardware& hardware, const Activity& activity);

/// Whether a MAC on zero leaves its partial sum alone, neither read nor written: on machines that gate zeros, where
/// each compute node has a store of its own for them.
bool gates_updates(const Placement& placement, const Hardware& hardware);

/// The same by the share of zero values in the ifmap: on hardware that gates zeros, the MACs of those values, their
/// reads of the filter and their updates cost nothing (JSSC 2017, Section V-E); elsewhere it changes nothing.
Cost cost(const Counts& counts, const Placement& placement, const Hardware& hardware, double ifmap_zeros = 0,
          const OffchipCode& offchip = {});

}  // namespace weft
