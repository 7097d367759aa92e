// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <span>
#include <string>
#include <string_view>

#include "weft/dataflow/loop_problem.h"

namespace weft {

/// When a store gives its tile up. `as_store`, here and below, leaves it to each store of the hardware file (`relevant`
/// and `slide` unless it says).
enum class Hold : std::uint8_t {
  as_store,
  relevant,  ///< when a loop moved that the tensor depends on
  iteration  ///< at every step of the loops outside
};
/// What is fetched when a window slides.
enum class Halo : std::uint8_t { as_store, slide, refetch };
/// Which shared words one read of the parent serves.
enum class Multicast : std::uint8_t {
  exact,    ///< every word that several children want in the same step, also along a diagonal
  per_loop  ///< a word shared across spatial loops that its tensor does not depend on
};
/// The first update of a partial sum that has no value yet.
enum class FirstRead : std::uint8_t {
  elide,  ///< it is only a write
  zero,   ///< it reads a zero
  mac     ///< a MAC reads a zero, a transfer between stores brings none
};
/// Who takes the value read back when several children hold the same partial sum.
enum class ReadBack : std::uint8_t { one, each };
/// Which ends of a transfer count.
enum class Ends : std::uint8_t {
  both,
  no_drain_read,  ///< a drain does not read the inner store
  outer,          ///< the outer store's, and of partial sums what ISCA 2016's equation 4 counts
  parent          ///< the outer store's
};
/// What time the transfers cost.
enum class Overlap : std::uint8_t {
  buffered,  ///< filling, draining and what single buffering cannot hide is paid
  perfect    ///< the slowest node alone decides
};

/// How accesses and time are counted. Peers differ on every one of these, so each is printed with every result.
/// docs/formulas.md says what each changes.
struct Conventions {
  Hold hold = Hold::as_store;
  Halo halo = Halo::as_store;
  Multicast multicast = Multicast::exact;
  FirstRead first_read = FirstRead::elide;
  ReadBack read_back = ReadBack::one;
  Ends ends = Ends::both;
  Padding padding = Padding::implicit;
  Overlap overlap = Overlap::buffered;
  bool operator==(const Conventions&) const = default;
};

/// Whether the first update of a partial sum reads a zero: a MAC's, or what a transfer between stores takes along.
constexpr bool reads_zero(const Conventions& how, bool by_mac) {
  return how.first_read == FirstRead::zero || (how.first_read == FirstRead::mac && by_mac);
}
/// Whether a transfer's fills and read backs count as writes of the inner store.
constexpr bool counts_fills(const Conventions& how) {
  return how.ends == Ends::both || how.ends == Ends::no_drain_read;
}

struct ConventionPreset {
  std::string_view name;
  Conventions conventions;
  std::string_view of;  ///< whose way of counting it is
};
/// `weft` (the default), `isca16`, `nn_dataflow`, `timeloop`, `accelforge`: the table of docs/formulas.md.
std::span<const ConventionPreset> convention_presets();

/// "timeloop,halo=refetch": a preset (else `base`) with options set on top. Throws Error (conventions.unknown) with
/// near spellings.
Conventions parse_conventions(std::string_view text, const Conventions& base = {});

/// "weft,padding=stored": the nearest preset and what differs from it; parse_conventions reads it back.
std::string to_string(const Conventions& conventions);

}  // namespace weft
