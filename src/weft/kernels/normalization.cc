// SPDX-License-Identifier: Apache-2.0
#include "weft/kernels/normalization.h"

#include <algorithm>
#include <cmath>

namespace weft {

void lrn(const AxisView& view, const Lrn& how, std::span<const float> in, std::span<float> out) {
  const std::int64_t before = (how.size - 1) / 2, after = how.size - 1 - before;
  for (std::int64_t o = 0; o < view.outer; ++o) {
    for (std::int64_t c = 0; c < view.C; ++c) {
      const std::int64_t first = std::max<std::int64_t>(0, c - before), last = std::min(view.C - 1, c + after);
      for (std::int64_t i = 0; i < view.inner; ++i) {
        float squares = 0;
        for (std::int64_t k = first; k <= last; ++k) {
          const float x = in[std::size_t((o * view.C + k) * view.inner + i)];
          squares += x * x;
        }
        const auto at = std::size_t((o * view.C + c) * view.inner + i);
        out[at] = in[at] / std::pow(how.bias + how.alpha / float(how.size) * squares, how.beta);
      }
    }
  }
}

void batch_norm(const AxisView& view, const BatchNorm& how, std::span<const float> in, std::span<float> out) {
  for (std::int64_t o = 0; o < view.outer; ++o) {
    for (std::int64_t c = 0; c < view.C; ++c) {
      const auto channel = std::size_t(c);
      const float scale = how.scale[channel] / std::sqrt(how.variance[channel] + how.epsilon);
      for (std::int64_t i = 0; i < view.inner; ++i) {
        const auto at = std::size_t((o * view.C + c) * view.inner + i);
        out[at] = (in[at] - how.mean[channel]) * scale + how.shift[channel];
      }
    }
  }
}

void softmax(const AxisView& view, bool logarithm, std::span<const float> in, std::span<float> out) {
  for (std::int64_t o = 0; o < view.outer; ++o) {
    for (std::int64_t i = 0; i < view.inner; ++i) {
      const auto at = [&](std::int64_t c) { return std::size_t((o * view.C + c) * view.inner + i); };
      float most = in[at(0)], sum = 0;
      for (std::int64_t c = 1; c < view.C; ++c) most = std::max(most, in[at(c)]);
      for (std::int64_t c = 0; c < view.C; ++c) sum += std::exp(in[at(c)] - most);
      for (std::int64_t c = 0; c < view.C; ++c) {
        out[at(c)] = logarithm ? in[at(c)] - most - std::log(sum) : std::exp(in[at(c)] - most) / sum;
      }
    }
  }
}

}  // namespace weft
