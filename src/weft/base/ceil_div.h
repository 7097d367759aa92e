// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

namespace weft {

/// a / b rounded up, for a >= 0 and b >= 1; no sum that could overflow.
constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return a / b + (a % b != 0); }

}  // namespace weft
