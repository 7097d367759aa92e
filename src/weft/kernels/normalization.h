// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <span>

namespace weft {

/// A tensor seen as outer x C x inner, where C is the axis that a function works along.
struct AxisView {
  std::int64_t outer = 1, C = 1, inner = 1;
};

/// y = x / (bias + alpha / size * sum of x^2 over `size` neighbouring channels)^beta (Krizhevsky et al. 2012, Section
/// 3.3; ONNX LRN: floor((size-1)/2) channels before, ceil((size-1)/2) after).
struct Lrn {
  std::int64_t size = 5;
  float alpha = 1e-4F, beta = 0.75F, bias = 1;
};
void lrn(const AxisView& view, const Lrn& how, std::span<const float> in, std::span<float> out);

/// y = scale (x - mean) / sqrt(variance + epsilon) + shift, each a value a channel.
struct BatchNorm {
  std::span<const float> scale, shift, mean, variance;
  float epsilon = 1e-5F;
};
void batch_norm(const AxisView& view, const BatchNorm& how, std::span<const float> in, std::span<float> out);

/// exp(x - max) / sum along the axis, or its logarithm.
void softmax(const AxisView& view, bool logarithm, std::span<const float> in, std::span<float> out);

}  // namespace weft
