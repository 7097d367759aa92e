// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

namespace weft {

/// What is done with bits that are cut off.
enum class Rounding : std::uint8_t {
  truncate,  ///< they are dropped: towards minus infinity
  nearest    ///< half the last place is added first: ties go up
};
/// What becomes of a sum beyond the ends.
enum class Excess : std::uint8_t { saturate, wrap };

}  // namespace weft
