// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "weft/network/network.h"
#include "weft/tensor/conv_shape.h"

namespace weft {

/// What a node of the network is, as the survey's Section III sorts layers.
///   conv         Conv, ConvTranspose, QLinearConv
///   fc, matmul   Gemm, MatMul, QLinearMatMul: fc if one operand is constant, else matmul
///   pool         maxima and means over windows, whole maps or axes (ReduceMean)
///   norm         BatchNormalization, LRN
///   activation   functions of one variable (Relu .. Clip), Softmax and LogSoftmax
///   elementwise  Add .. Div, Sum, Max, QuantizeLinear, DequantizeLinear
///   data         what only names, moves or chooses: Reshape, Concat, Pad, Cast ..
/// A node that reads nothing but constants is `data`, whatever its operator.
enum class LayerKind { conv, fc, matmul, pool, norm, activation, elementwise, data };
std::string_view name(LayerKind kind);
/// The kind by the operator alone (fc for all matrix products), or nothing for an operator that is not counted yet.
std::optional<LayerKind> kind_of(std::string_view op);
/// Layers that multiply and accumulate, and so become a LoopProblem.
inline bool multiplies(LayerKind kind) {
  return kind == LayerKind::conv || kind == LayerKind::fc || kind == LayerKind::matmul;
}

/// One node, measured. For conv, fc and matmul `shape` is meaningful:
///   - A 1-D convolution has H = R = E = 1.
///   - ConvTranspose is the convolution that has the same MACs, whose data gradient it is: M, E, F belong to the tensor
///     that is read; C, H, W to the one that is made.
///   - A matrix product A[N' x K] B[K x M] without constant operand has C = K, M = M, N = its rows, G = its batch of
///     matrices, and no weights. With a constant operand (fc) G is the number of different constant matrices.
///   - An fc whose input is a flattened feature map C x H x W keeps R = H, S = W (survey, Section III).
///   - Convolutions over three or more axes are not `planar`. The outer axes are folded so that weights and MACs are
///     right (C times the kernel's outer extents, N times the ofmap's); the reuse along them has no letters.
/// The addition of a bias is part of its layer and no operation of its own. Weights behind DequantizeLinear, Reshape,
/// Transpose .. of a constant count as the constant. A constant that two nodes read is counted with each; filters that
/// are fed at run time are activations.
struct Layer {
  std::size_t node = 0;  ///< index in Network::nodes
  std::string name;
  std::string op;
  LayerKind kind = LayerKind::data;
  ConvShape shape;
  bool planar = true;                ///< false: see above
  std::int64_t weights = 0;          ///< filter weights, without bias and normalisation, as the survey counts them
  std::int64_t nonzero_weights = 0;  ///< of integers: those that differ from their zero point
  std::int64_t parameters = 0;       ///< weights, biases, scales and shifts, slopes, tables; not running statistics
  std::int64_t macs = 0;             ///< 0 unless multiplies(kind)
  /// Elementary operations of the other kinds. For each output: a pool has one for each element of the window; LRN its
  /// size + 3 (scale, power, divide); BatchNormalization 2 (multiply, add); Softmax 3 (exponential, sum, divide); n
  /// operands n - 1; other functions 1. ReduceMean has one for each input; data none.
  std::int64_t operations = 0;
  std::int64_t input_elements = 0;  ///< activations read, constants left out
  std::int64_t output_elements = 0;
  std::int64_t input_bytes = 0;  ///< of these elements, dense, in their own types; likewise the next two
  std::int64_t output_bytes = 0;
  std::int64_t parameter_bytes = 0;
  int element_bits = 32;  ///< of operand 0
  int depth = 0;          ///< CONV layers on the longest path from an input up to and including this node
};

/// Every node in order. Needs inferred shapes. `count_zeros` looks at the weights' values for nonzero_weights (else it
/// is weights). Errors: layer.empty (a layer that multiplies has an extent of 0), layer.too-large (a count passes
/// 2^62).
std::vector<Layer> layers(const Network& network, bool count_zeros = true);

/// The shape of a layer that multiplies, for those who need all its reuse: layer.not-2d unless it is planar.
const ConvShape& planar_shape(const Layer& layer);

/// The rows of Table II and the totals of `weft inspect`.
struct NetworkTotals {
  std::int64_t weights = 0, nonzero_weights = 0, parameters = 0, macs = 0;
  std::int64_t conv_weights = 0, conv_macs = 0, fc_weights = 0, fc_macs = 0;
  std::int64_t conv_layers = 0, conv_depth = 0, fc_layers = 0;
  bool operator==(const NetworkTotals&) const = default;
};
/// Matrix products without weights count in `macs` only. Error: layer.too-large.
NetworkTotals totals(const std::vector<Layer>& layers);

}  // namespace weft
