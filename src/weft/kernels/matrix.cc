// SPDX-License-Identifier: Apache-2.0
#include "weft/kernels/matrix.h"

namespace weft {

void multiply_add(std::int64_t rows, std::int64_t K, std::int64_t columns, const float* a, const float* b, float* out) {
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t k = 0; k < K; ++k) {
      const float x = a[i * K + k];
      for (std::int64_t j = 0; j < columns; ++j) out[i * columns + j] += x * b[k * columns + j];
    }
  }
}

void transpose(std::int64_t rows, std::int64_t columns, const float* in, float* out) {
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < columns; ++j) out[j * rows + i] = in[i * columns + j];
  }
}

}  // namespace weft
