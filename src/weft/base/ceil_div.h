// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

namespace weft {

/// a / b rounded away from zero, which is up where both have one sign; no sum that could overflow.
constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return a / b + (a % b != 0); }

}  // namespace weft
