// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <vector>

#include "weft/network/network.h"
#include "weft/network/node_reader.h"

/// Shape functions of the operator table, by family: each gives the types of the node's outputs (see operators.h).
/// Meanings are those of the ONNX operator documentation; names of operands are given as there.
namespace weft::shape_rules {

using Types = std::vector<TensorType>;

// shape_window.cc: x [N, C, spatial...]
Types conv(const NodeReader& node);            ///< x, w [M, C/group, kernel...], bias [M] -> [N, M, spatial...]
Types conv_transpose(const NodeReader& node);  ///< x, w [C, M/group, kernel...], bias [M] -> [N, M, spatial...]
Types pool(const NodeReader& node);            ///< x -> [N, C, spatial...]; MaxPool also the int64 indices
Types global_pool(const NodeReader& node);     ///< x -> [N, C, 1...]
Types qlinear_conv(const NodeReader& node);

// shape_arithmetic.cc
Types same(const NodeReader& node);       ///< operand 0's type
Types broadcast(const NodeReader& node);  ///< all operands, as numpy broadcasts
Types prelu(const NodeReader& node);      ///< the slope broadcasts to x, not x to the slope
Types clip(const NodeReader& node);       ///< scalar limits
Types softmax(const NodeReader& node);
Types gemm(const NodeReader& node);    ///< a [M, K], b [K, N], each perhaps transposed, c broadcast to [M, N]
Types matmul(const NodeReader& node);  ///< as numpy.matmul
Types qlinear_matmul(const NodeReader& node);
Types batch_normalization(const NodeReader& node);
Types dropout(const NodeReader& node);
Types reduce(const NodeReader& node);
Types quantize(const NodeReader& node);
Types dequantize(const NodeReader& node);
Types cast(const NodeReader& node);

// shape_data.cc
Types concat(const NodeReader& node);
Types split(const NodeReader& node);
Types slice(const NodeReader& node);
Types pad(const NodeReader& node);
Types flatten(const NodeReader& node);
Types reshape(const NodeReader& node);
Types squeeze(const NodeReader& node);
Types unsqueeze(const NodeReader& node);
Types transpose(const NodeReader& node);
Types gather(const NodeReader& node);
Types shape_of(const NodeReader& node);
Types constant(const NodeReader& node);
Types constant_of_shape(const NodeReader& node);

/// One axis of a Slice: `count` elements from `start`, `step` apart (step may be negative).
struct SlicedAxis {
  std::size_t axis;
  std::int64_t start, step, count;
};
std::vector<SlicedAxis> sliced_axes(const NodeReader& node);

/// The shape that both broadcast to (numpy's rule), or nothing.
std::optional<Shape> broadcast_shapes(const Shape& a, const Shape& b);

}  // namespace weft::shape_rules

/// Values of shape arithmetic, folded (see operators.h, FoldFn). They work on integer tensors of at most kMostFolded
/// elements; those that only rename or reshape work on tensors of any size, since the values are shared.
namespace weft::folding {

inline constexpr std::int64_t kMostFolded = 4096;
using Folded = std::optional<ConstantTensor>;

Folded reshaped(const NodeReader& node, const TensorType& output);  ///< Identity, Reshape, Flatten, Squeeze, Unsqueeze
Folded constant(const NodeReader& node, const TensorType& output);
Folded constant_of_shape(const NodeReader& node, const TensorType& output);
Folded shape_of(const NodeReader& node, const TensorType& output);
Folded gather(const NodeReader& node, const TensorType& output);
Folded concat(const NodeReader& node, const TensorType& output);
Folded slice(const NodeReader& node, const TensorType& output);
Folded cast(const NodeReader& node, const TensorType& output);
Folded add(const NodeReader& node, const TensorType& output);
Folded subtract(const NodeReader& node, const TensorType& output);
Folded multiply(const NodeReader& node, const TensorType& output);
Folded maximum(const NodeReader& node, const TensorType& output);
Folded divide(const NodeReader& node, const TensorType& output);  ///< towards zero; a zero divisor is not folded

}  // namespace weft::folding
