// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <span>

namespace weft {

/// out[rows x columns] += a[rows x K] b[K x columns], dense, last index fastest.
void multiply_add(std::int64_t rows, std::int64_t K, std::int64_t columns, const float* a, const float* b, float* out);

/// out = in with its two axes exchanged: in is rows x columns.
void transpose(std::int64_t rows, std::int64_t columns, const float* in, float* out);

}  // namespace weft
