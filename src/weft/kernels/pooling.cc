// SPDX-License-Identifier: Apache-2.0
#include "weft/kernels/pooling.h"

#include <limits>

namespace weft {
namespace {

/// Calls `take(value)` for each position of window (e, f) inside the plane, and `pad()` for each in the padding.
template <class Take, class Pad>
void for_window(const ConvShape& s, const float* plane, std::int64_t e, std::int64_t f, Take take, Pad pad) {
  for (std::int64_t r = 0; r < s.R; ++r) {
    const std::int64_t y = s.U_h * e + s.D_h * r - s.pad_top;
    for (std::int64_t k = 0; k < s.S; ++k) {
      const std::int64_t x = s.U_w * f + s.D_w * k - s.pad_left;
      if (y >= 0 && y < s.H && x >= 0 && x < s.W) {
        take(plane[y * s.W + x]);
      } else if (y < s.H + s.pad_bottom && x < s.W + s.pad_right) {
        pad();
      }
    }
  }
}

/// pool(plane, e, f) for each output.
template <class Pool>
void for_outputs(const ConvShape& s, std::span<const float> in, std::span<float> out, Pool pool) {
  std::size_t at = 0;
  for (std::int64_t n = 0; n < s.N; ++n) {
    for (std::int64_t e = 0; e < s.E; ++e) {
      for (std::int64_t f = 0; f < s.F; ++f) out[at++] = pool(in.data() + n * s.H * s.W, e, f);
    }
  }
}

}  // namespace

void max_pool(const ConvShape& s, std::span<const float> in, std::span<float> out) {
  for_outputs(s, in, out, [&](const float* plane, std::int64_t e, std::int64_t f) {
    float most = -std::numeric_limits<float>::infinity();
    for_window(
        s, plane, e, f, [&](float x) { most = x > most || x != x ? x : most; }, [] {});
    return most;
  });
}

void average_pool(const ConvShape& s, bool count_padding, std::span<const float> in, std::span<float> out) {
  for_outputs(s, in, out, [&](const float* plane, std::int64_t e, std::int64_t f) {
    float sum = 0;
    std::int64_t count = 0;
    for_window(
        s, plane, e, f, [&](float x) { sum += x, ++count; }, [&] { count += count_padding ? 1 : 0; });
    return count == 0 ? 0.0F : sum / float(count);
  });
}

}  // namespace weft
