// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>

#include "weft/dataflow/conventions.h"
#include "weft/placement/counts.h"
#include "weft/placement/placement.h"

namespace weft {

/// Counts of a mapping in closed form: sums of products over the loops, never walking them. The meaning is that of
/// running the nest (design section 5, docs/formulas.md); simulator/walk.h does run it, and must give the same
/// integers. `problem` was made with the padding that `conventions` says.
/// `steps`: those that the work takes where zeros are skipped; else those of the nest.
Counts count(const LoopProblem& problem, const Placement& placement, const Hardware& hardware,
             const Conventions& conventions, const OffchipCode& offchip = {}, std::optional<std::int64_t> steps = {});

/// The code as it is for a layer with these counts: partial sums that come back are not compressed.
OffchipCode without_spills(OffchipCode code, const Counts& counts, const Hardware& hardware);

/// Bits of a word where it passes a node, in parts of OffchipCode::kWhole; and the cycles that so many parts take.
Int128 bit_parts(const Hardware& hardware, std::size_t node, Tensor3 t, const OffchipCode& code);
Int128 cycles_of_parts(Int128 parts, const Bandwidth& bandwidth, Hertz clock);

/// Which children share the words of a transfer: decided loop by loop.
enum class Sharing : std::uint8_t {
  multicast,  ///< on the way in, where the fanout multicasts the tensor
  reduction,  ///< on the way out, where the fanout adds partial sums
  always      ///< one copy only, whatever the fanout does
};
/// Whether the children that a loop over `d` makes in a fanout do.
bool shares(const FanoutNode& fanout, const LoopProblem& problem, Dim d, Tensor3 t, Sharing sharing,
            const Conventions& how);

/// Whether a store gives its tile of a tensor up at every step of the loops outside.
bool gives_up(const StoreNode& store, Tensor3 t, const Conventions& how);
/// Whether a store takes only what is new of an ifmap window that slides; all of it else.
bool slides(const StoreNode& store, Tensor3 t, const Conventions& how);

}  // namespace weft
