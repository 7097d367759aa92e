// SPDX-License-Identifier: Apache-2.0
#include "weft/runtime/operators.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "weft/base/error.h"
#include "weft/kernels/convolution.h"
#include "weft/kernels/matrix.h"
#include "weft/kernels/normalization.h"
#include "weft/kernels/pooling.h"
#include "weft/network/shape_rules.h"
#include "weft/network/window.h"

namespace weft {
namespace {

// ---- windows

/// The planar shape of a window over `planes` planes. `in` has the extents of the tensor that it slides over.
ConvShape planar(const Computation& c, const Window& w) {
  if (w.kernel.size() > 2) {
    throw Error(Problem{"runtime.unsupported-operator",
                        describe(c.network, c.node) + ": windows over three or more axes are not computed yet",
                        {},
                        "use a network of one- or two-dimensional feature maps"});
  }
  const Shape& x = c.in(0).shape;
  const auto at = [](const std::vector<std::int64_t>& v, std::size_t back, std::int64_t otherwise) {
    return back < v.size() ? v[v.size() - 1 - back] : otherwise;
  };
  const bool one = w.kernel.size() == 1;
  return {.H = one ? 1 : x[2],
          .W = x.back(),
          .R = at(w.kernel, 1, 1),
          .S = at(w.kernel, 0, 1),
          .E = at(w.output, 1, 1),
          .F = at(w.output, 0, 1),
          .U_h = at(w.stride, 1, 1),
          .U_w = at(w.stride, 0, 1),
          .D_h = at(w.dilation, 1, 1),
          .D_w = at(w.dilation, 0, 1),
          .pad_top = at(w.pad_begin, 1, 0),
          .pad_left = at(w.pad_begin, 0, 0),
          .pad_bottom = at(w.pad_end, 1, 0),
          .pad_right = at(w.pad_end, 0, 0)};
}

void conv(const Computation& c) {
  ConvShape s = planar(c, window(c.network, c.node));
  s.N = c.in(0).shape[0];
  s.G = c.reader.integer("group", 1);
  s.M = c.in(1).shape[0] / s.G;
  s.C = c.in(1).shape[1];
  conv_im2col(s, c.in(0).values, c.in(1).values,
              c.has(2) ? std::span<const float>(c.in(2).values) : std::span<const float>(), c.out().values);
}

ConvShape planes(const Computation& c) {
  ConvShape s = planar(c, window(c.network, c.node));
  s.N = c.in(0).shape[0] * c.in(0).shape[1];
  return s;
}

void pool_max(const Computation& c) { max_pool(planes(c), c.in(0).values, c.out().values); }
void pool_mean(const Computation& c) {
  average_pool(planes(c), c.reader.flag("count_include_pad", false), c.in(0).values, c.out().values);
}

// ---- matrix products

void gemm(const Computation& c) {
  const FloatTensor &a = c.in(0), &b = c.in(1);
  const Shape& out = c.out().shape;
  const std::int64_t rows = out[0], columns = out[1];
  const bool flip_a = c.reader.flag("transA", false), flip_b = c.reader.flag("transB", false);
  const std::int64_t K = a.shape[flip_a ? 0 : 1];
  const float alpha = c.reader.number("alpha", 1), beta = c.reader.number("beta", 1);
  std::vector<float> left(a.values);
  if (flip_a) transpose(K, rows, a.values.data(), left.data());
  if (flip_b) {  // rows of a meet rows of b
    conv_im2col({.N = rows, .M = columns, .C = K}, left, b.values, {}, c.out().values);
  } else {
    multiply_add(rows, K, columns, left.data(), b.values.data(), c.out().values.data());
  }
  const bool has_c = c.has(2);
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < columns; ++j) {
      float& value = c.out().values[std::size_t(i * columns + j)];
      value *= alpha;
      if (!has_c) continue;
      const Shape& s = c.in(2).shape;
      const std::int64_t height = s.size() > 1 ? s[s.size() - 2] : 1, width = s.empty() ? 1 : s.back();
      const std::int64_t y = height == 1 ? 0 : i, x = width == 1 ? 0 : j;
      value += beta * c.in(2).values[std::size_t(y * width + x)];
    }
  }
}

/// Position in an operand of shape `from` (aligned at the last axis, extents 1 repeated) of each element of `to`.
std::vector<std::size_t> broadcast_positions(const Shape& from, const Shape& to) {
  std::vector<std::size_t> positions(std::size_t(elements(to)), 0);
  std::int64_t inner = 1, stride = 1;  // of `to`, of `from`
  for (std::size_t back = 0; back < from.size(); ++back) {
    const std::int64_t extent = from[from.size() - 1 - back], wide = to[to.size() - 1 - back];
    if (extent != 1) {
      for (std::size_t i = 0; i < positions.size(); ++i) {
        positions[i] += std::size_t(std::int64_t(i) / inner % wide * stride);
      }
    }
    inner *= wide;
    stride *= extent;
  }
  return positions;
}

void matmul(const Computation& c) {
  Shape a = c.in(0).shape, b = c.in(1).shape;
  if (a.size() == 1) a.insert(a.begin(), 1);
  if (b.size() == 1) b.push_back(1);
  const std::int64_t rows = a[a.size() - 2], K = a.back(), columns = b.back();
  const Shape batch_a(a.begin(), a.end() - 2), batch_b(b.begin(), b.end() - 2);
  const Shape batch = *shape_rules::broadcast_shapes(batch_a, batch_b);
  const auto of_a = broadcast_positions(batch_a, batch), of_b = broadcast_positions(batch_b, batch);
  for (std::size_t i = 0; i < of_a.size(); ++i) {
    multiply_add(rows, K, columns, c.in(0).values.data() + std::int64_t(of_a[i]) * rows * K,
                 c.in(1).values.data() + std::int64_t(of_b[i]) * K * columns,
                 c.out().values.data() + std::int64_t(i) * rows * columns);
  }
}

// ---- functions of one variable

template <class Function>
void each(const Computation& c, Function f) {
  std::transform(c.in(0).values.begin(), c.in(0).values.end(), c.out().values.begin(), f);
}

void relu(const Computation& c) {
  each(c, [](float x) { return x < 0 ? 0.0F : x; });
}
void leaky_relu(const Computation& c) {
  each(c, [alpha = c.reader.number("alpha", 0.01F)](float x) { return x < 0 ? alpha * x : x; });
}
void elu(const Computation& c) {
  each(c, [alpha = c.reader.number("alpha", 1)](float x) { return x < 0 ? alpha * std::expm1(x) : x; });
}
void sigmoid(const Computation& c) {
  each(c, [](float x) { return 1 / (1 + std::exp(-x)); });
}
void tanh(const Computation& c) {
  each(c, [](float x) { return std::tanh(x); });
}
void hard_sigmoid(const Computation& c) {
  each(c, [alpha = c.reader.number("alpha", 0.2F), beta = c.reader.number("beta", 0.5F)](float x) {
    return std::clamp(alpha * x + beta, 0.0F, 1.0F);
  });
}
void hard_swish(const Computation& c) {
  each(c, [](float x) { return x * std::clamp(x / 6 + 0.5F, 0.0F, 1.0F); });
}
void copy(const Computation& c) {
  each(c, [](float x) { return x; });
}

void clip(const Computation& c) {
  constexpr float kMost = std::numeric_limits<float>::max();
  const bool old = c.reader.opset() < 11;
  const float least = old ? c.reader.number("min", -kMost) : c.has(1) ? c.in(1).values[0] : -kMost;
  const float most = old ? c.reader.number("max", kMost) : c.has(2) ? c.in(2).values[0] : kMost;
  each(c, [=](float x) { return std::min(std::max(x, least), most); });
}

// ---- several operands

template <class Function>
void together(const Computation& c, Function f) {
  for (std::size_t i = 0; i < c.inputs.size(); ++i) {
    const auto positions = broadcast_positions(c.in(i).shape, c.out().shape);
    for (std::size_t k = 0; k < positions.size(); ++k) {
      float& value = c.out().values[k];
      const float x = c.in(i).values[positions[k]];
      value = i == 0 ? x : f(value, x);
    }
  }
}

void add(const Computation& c) {
  together(c, [](float a, float b) { return a + b; });
}
void subtract(const Computation& c) {
  together(c, [](float a, float b) { return a - b; });
}
void multiply(const Computation& c) {
  together(c, [](float a, float b) { return a * b; });
}
void divide(const Computation& c) {
  together(c, [](float a, float b) { return a / b; });
}
void maximum(const Computation& c) {
  together(c, [](float a, float b) { return std::max(a, b); });
}
void prelu(const Computation& c) {
  together(c, [](float x, float slope) { return x < 0 ? slope * x : x; });
}

// ---- along an axis

AxisView view(const Shape& shape, std::size_t axis) {
  AxisView v{.C = shape[axis]};
  for (std::size_t i = 0; i < axis; ++i) v.outer *= shape[i];
  for (std::size_t i = axis + 1; i < shape.size(); ++i) v.inner *= shape[i];
  return v;
}

void local_response(const Computation& c) {
  lrn(view(c.in(0).shape, 1),
      {.size = c.reader.integer("size", 1),
       .alpha = c.reader.number("alpha", 1e-4F),
       .beta = c.reader.number("beta", 0.75F),
       .bias = c.reader.number("bias", 1)},
      c.in(0).values, c.out().values);
}

void batch_normalization(const Computation& c) {
  batch_norm(view(c.in(0).shape, 1),
             {.scale = c.in(1).values,
              .shift = c.in(2).values,
              .mean = c.in(3).values,
              .variance = c.in(4).values,
              .epsilon = c.reader.number("epsilon", 1e-5F)},
             c.in(0).values, c.out().values);
}

/// Before opset 13 the axes from `axis` on count as one.
void any_softmax(const Computation& c, bool logarithm) {
  const Shape& shape = c.in(0).shape;
  if (c.out().values.empty()) return;
  if (c.reader.opset() >= 13) {
    const AxisView v =
        shape.empty() ? AxisView{} : view(shape, c.reader.axis(c.reader.integer("axis", -1), shape.size()));
    return softmax(v, logarithm, c.in(0).values, c.out().values);
  }
  const std::int64_t given = c.reader.integer("axis", 1);
  const std::size_t axis = given == std::int64_t(shape.size()) ? shape.size() : c.reader.axis(given, shape.size());
  AxisView v;
  for (std::size_t i = 0; i < shape.size(); ++i) (i < axis ? v.outer : v.C) *= shape[i];
  softmax(v, logarithm, c.in(0).values, c.out().values);
}
void softmax_linear(const Computation& c) { any_softmax(c, false); }
void softmax_logarithm(const Computation& c) { any_softmax(c, true); }

void concat(const Computation& c) {
  const std::size_t axis = c.reader.axis(c.reader.integer("axis", 1), c.out().shape.size());
  const AxisView whole = view(c.out().shape, axis);
  std::int64_t first = 0;
  for (const FloatTensor* part : c.inputs) {
    const std::int64_t run = part->shape[axis] * whole.inner;
    for (std::int64_t o = 0; o < whole.outer; ++o) {
      std::copy_n(part->values.begin() + o * run, run, c.out().values.begin() + o * whole.C * whole.inner + first);
    }
    first += run;
  }
}

void split(const Computation& c) {
  const std::size_t axis = c.reader.axis(c.reader.integer("axis", 0), c.in(0).shape.size());
  const AxisView whole = view(c.in(0).shape, axis);
  std::int64_t first = 0;
  for (std::size_t i = 0; i < c.outputs.size(); ++i) {
    FloatTensor& part = c.outputs[i];
    if (c.node.outputs[i] == kNoValue) part.shape = {};
    const std::int64_t run = elements(part.shape) / std::max<std::int64_t>(1, whole.outer);
    for (std::int64_t o = 0; o < whole.outer; ++o) {
      std::copy_n(c.in(0).values.begin() + o * whole.C * whole.inner + first, run, part.values.begin() + o * run);
    }
    first += run;
  }
}

/// out[i...] = in[sum of start + step i over the axes of strides].
void gather_strided(const FloatTensor& in, std::int64_t start, const std::vector<std::int64_t>& strides,
                    FloatTensor& out) {
  if (out.values.empty()) return;
  std::vector<std::int64_t> at(out.shape.size(), 0);
  std::int64_t from = start;
  for (float& value : out.values) {
    value = in.values[std::size_t(from)];
    for (std::size_t a = at.size(); a-- > 0;) {
      from += strides[a];
      if (++at[a] < out.shape[a]) break;
      from -= strides[a] * out.shape[a];
      at[a] = 0;
    }
  }
}

std::vector<std::int64_t> dense_strides(const Shape& shape) {
  std::vector<std::int64_t> strides(shape.size(), 1);
  for (std::size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * shape[i];
  return strides;
}

void transpose_axes(const Computation& c) {
  const std::size_t rank = c.in(0).shape.size();
  const auto given = c.reader.integers("perm");
  const std::vector<std::int64_t> dense = dense_strides(c.in(0).shape);
  std::vector<std::int64_t> strides;
  for (std::size_t i = 0; i < rank; ++i) strides.push_back(dense[given ? std::size_t((*given)[i]) : rank - 1 - i]);
  gather_strided(c.in(0), 0, strides, c.out());
}

void slice(const Computation& c) {
  std::vector<std::int64_t> strides = dense_strides(c.in(0).shape);
  std::int64_t start = 0;
  const std::vector<std::int64_t> dense = strides;
  for (const shape_rules::SlicedAxis& axis : shape_rules::sliced_axes(c.reader)) {
    start += axis.start * dense[axis.axis];
    strides[axis.axis] = dense[axis.axis] * axis.step;
  }
  gather_strided(c.in(0), start, strides, c.out());
}

void mean(const Computation& c) {
  // With the reduced axes kept as 1, the output broadcasts to the input.
  const Shape& in = c.in(0).shape;
  const auto given = c.reader.attribute_or_operand("axes", 1);
  Shape kept = in;
  if (given && !given->empty()) {
    for (const std::size_t axis : c.reader.axes(*given, in.size())) kept[axis] = 1;
  } else if (!c.reader.flag("noop_with_empty_axes", false)) {
    std::fill(kept.begin(), kept.end(), 1);
  }
  std::vector<double> sums(c.out().values.size(), 0);
  const auto positions = broadcast_positions(kept, in);
  for (std::size_t i = 0; i < positions.size(); ++i) sums[positions[i]] += double(c.in(0).values[i]);
  const double count = sums.empty() ? 1 : double(positions.size()) / double(sums.size());
  for (std::size_t i = 0; i < sums.size(); ++i) c.out().values[i] = float(sums[i] / count);
}

struct ComputeRow {
  std::string_view op;
  ComputeFn compute;
};

constexpr std::array kCompute{
    ComputeRow{"Add", add},
    ComputeRow{"AveragePool", pool_mean},
    ComputeRow{"BatchNormalization", batch_normalization},
    ComputeRow{"Clip", clip},
    ComputeRow{"Concat", concat},
    ComputeRow{"Conv", conv},
    ComputeRow{"Div", divide},
    ComputeRow{"Dropout", copy},
    ComputeRow{"Elu", elu},
    ComputeRow{"Flatten", copy},
    ComputeRow{"Gemm", gemm},
    ComputeRow{"GlobalAveragePool", pool_mean},
    ComputeRow{"GlobalMaxPool", pool_max},
    ComputeRow{"HardSigmoid", hard_sigmoid},
    ComputeRow{"HardSwish", hard_swish},
    ComputeRow{"Identity", copy},
    ComputeRow{"LRN", local_response},
    ComputeRow{"LeakyRelu", leaky_relu},
    ComputeRow{"LogSoftmax", softmax_logarithm},
    ComputeRow{"MatMul", matmul},
    ComputeRow{"Max", maximum},
    ComputeRow{"MaxPool", pool_max},
    ComputeRow{"Mul", multiply},
    ComputeRow{"PRelu", prelu},
    ComputeRow{"ReduceMean", mean},
    ComputeRow{"Relu", relu},
    ComputeRow{"Reshape", copy},
    ComputeRow{"Sigmoid", sigmoid},
    ComputeRow{"Slice", slice},
    ComputeRow{"Softmax", softmax_linear},
    ComputeRow{"Split", split},
    ComputeRow{"Squeeze", copy},
    ComputeRow{"Sub", subtract},
    ComputeRow{"Sum", add},
    ComputeRow{"Tanh", tanh},
    ComputeRow{"Transpose", transpose_axes},
    ComputeRow{"Unsqueeze", copy},
};

}  // namespace

ComputeFn find_compute(std::string_view op) {
  const auto* row = std::find_if(kCompute.begin(), kCompute.end(), [op](const ComputeRow& r) { return r.op == op; });
  return row == kCompute.end() ? nullptr : row->compute;
}

}  // namespace weft
