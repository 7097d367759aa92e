// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "weft/base/units.h"
#include "weft/dataflow/loop_problem.h"

namespace weft {

/// Words read from and written to a store.
struct Accesses {
  Int128 reads = 0;
  Int128 writes = 0;
  bool operator==(const Accesses&) const = default;
};

/// The share of its dense width that a word takes on its way to and from off-chip memory when it is compressed there,
/// in parts of kWhole, by tensor. It changes time, off-chip bytes and off-chip energy; the words counted are the same.
struct OffchipCode {
  static constexpr std::int64_t kWhole = std::int64_t{1} << 20;
  std::array<std::int64_t, kTensors> parts{kWhole, kWhole, kWhole};
  bool operator==(const OffchipCode&) const = default;
};

/// What a mapping does, as exact integers. Words, not accesses: energy_per_word knows how many words an access moves.
struct Counts {
  std::vector<std::array<Accesses, kTensors>> stores;  ///< by node of the hardware, then tensor
  std::vector<std::array<Int128, kTensors>> hops;      ///< words that cross a fanout, by node and tensor
  Accesses updates;                                    ///< of the innermost store of partial sums, those that MACs make
  Int128 macs = 0;
  std::int64_t active_pes = 0;
  std::int64_t steps = 0;              ///< cycles in which the compute nodes work: steps of the temporal loops
  std::int64_t processing_cycles = 0;  ///< with every off-chip transfer hidden
  std::int64_t latency_cycles = 0;     ///< with what cannot be hidden of them
  bool operator==(const Counts&) const = default;
};

}  // namespace weft
