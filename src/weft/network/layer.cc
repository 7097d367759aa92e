// SPDX-License-Identifier: Apache-2.0
#include "weft/network/layer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "weft/base/error.h"
#include "weft/base/units.h"
#include "weft/network/node_reader.h"
#include "weft/network/window.h"

namespace weft {
namespace {

/// How the operations of a node are counted; see Layer::operations.
enum class Work { none, window, inputs, operands, lrn, once, twice, thrice };

/// Operands that hold parameters when they are constant, as a set of indices below 32.
constexpr unsigned operand(unsigned i) { return 1U << i; }
constexpr unsigned kEvery = ~0U;

struct OpRow {
  std::string_view op;
  LayerKind kind;
  Work work;
  unsigned parameters = 0;
};

/// What each operator is. Gemm and its kin are fc or matmul, as their operands are.
constexpr std::array kOps{
    OpRow{"Add", LayerKind::elementwise, Work::operands, kEvery},
    OpRow{"AveragePool", LayerKind::pool, Work::window},
    OpRow{"BatchNormalization", LayerKind::norm, Work::twice, operand(1) | operand(2)},
    OpRow{"Cast", LayerKind::data, Work::none},
    OpRow{"Clip", LayerKind::activation, Work::once},
    OpRow{"Concat", LayerKind::data, Work::none, kEvery},
    OpRow{"Constant", LayerKind::data, Work::none},
    OpRow{"ConstantOfShape", LayerKind::data, Work::none},
    OpRow{"Conv", LayerKind::conv, Work::none, operand(1) | operand(2)},
    OpRow{"ConvTranspose", LayerKind::conv, Work::none, operand(1) | operand(2)},
    OpRow{"DequantizeLinear", LayerKind::elementwise, Work::once},
    OpRow{"Div", LayerKind::elementwise, Work::operands, kEvery},
    OpRow{"Dropout", LayerKind::data, Work::none},
    OpRow{"Elu", LayerKind::activation, Work::once},
    OpRow{"Flatten", LayerKind::data, Work::none},
    OpRow{"Gather", LayerKind::data, Work::none, operand(0)},
    OpRow{"Gemm", LayerKind::fc, Work::none, operand(0) | operand(1) | operand(2)},
    OpRow{"GlobalAveragePool", LayerKind::pool, Work::window},
    OpRow{"GlobalMaxPool", LayerKind::pool, Work::window},
    OpRow{"HardSigmoid", LayerKind::activation, Work::once},
    OpRow{"HardSwish", LayerKind::activation, Work::once},
    OpRow{"Identity", LayerKind::data, Work::none},
    OpRow{"LRN", LayerKind::norm, Work::lrn},
    OpRow{"LeakyRelu", LayerKind::activation, Work::once},
    OpRow{"LogSoftmax", LayerKind::activation, Work::thrice},
    OpRow{"MatMul", LayerKind::fc, Work::none, operand(0) | operand(1)},
    OpRow{"Max", LayerKind::elementwise, Work::operands, kEvery},
    OpRow{"MaxPool", LayerKind::pool, Work::window},
    OpRow{"Mul", LayerKind::elementwise, Work::operands, kEvery},
    OpRow{"PRelu", LayerKind::activation, Work::once, operand(1)},
    OpRow{"Pad", LayerKind::data, Work::none},
    OpRow{"QLinearConv", LayerKind::conv, Work::none, operand(3) | operand(8)},
    OpRow{"QLinearMatMul", LayerKind::fc, Work::none, operand(0) | operand(3)},
    OpRow{"QuantizeLinear", LayerKind::elementwise, Work::once},
    OpRow{"ReduceMean", LayerKind::pool, Work::inputs},
    OpRow{"Relu", LayerKind::activation, Work::once},
    OpRow{"Reshape", LayerKind::data, Work::none},
    OpRow{"Shape", LayerKind::data, Work::none},
    OpRow{"Sigmoid", LayerKind::activation, Work::once},
    OpRow{"Slice", LayerKind::data, Work::none},
    OpRow{"Softmax", LayerKind::activation, Work::thrice},
    OpRow{"Split", LayerKind::data, Work::none},
    OpRow{"Squeeze", LayerKind::data, Work::none},
    OpRow{"Sub", LayerKind::elementwise, Work::operands, kEvery},
    OpRow{"Sum", LayerKind::elementwise, Work::operands, kEvery},
    OpRow{"Tanh", LayerKind::activation, Work::once},
    OpRow{"Transpose", LayerKind::data, Work::none},
    OpRow{"Unsqueeze", LayerKind::data, Work::none},
};

const OpRow* find_op(std::string_view op) {
  const auto* row = std::find_if(kOps.begin(), kOps.end(), [op](const OpRow& r) { return r.op == op; });
  return row == kOps.end() ? nullptr : row;
}

const OpRow& op_row(std::string_view op) {
  static constexpr OpRow kUnknown{"", LayerKind::data, Work::none};
  const OpRow* row = find_op(op);
  WEFT_ASSERT(row != nullptr, "shape inference has refused operators that are not in the table");
  return row == nullptr ? kUnknown : *row;
}

/// Operators that only rename the elements of operand 0, in their order: a feature map can be seen through them.
bool keeps_order(std::string_view op) {
  constexpr std::array<std::string_view, 8> kOrderly{"Cast",     "DequantizeLinear", "Dropout", "Flatten",
                                                     "Identity", "QuantizeLinear",   "Reshape", "Squeeze"};
  return op == "Unsqueeze" || std::find(kOrderly.begin(), kOrderly.end(), op) != kOrderly.end();
}

/// Saturates at 2^63: kernels of many axes, all of them padding, would overflow even 128 bits.
Int128 product(std::span<const std::int64_t> extents) {
  constexpr Int128 kMost = Int128{1} << 63;
  if (std::find(extents.begin(), extents.end(), 0) != extents.end()) return 0;
  Int128 n = 1;
  for (const std::int64_t extent : extents) n = std::min(n * extent, kMost);
  return n;
}

/// `n` as 64 bits, or layer.too-large.
std::int64_t narrow(Int128 n, std::string_view what, std::string_view whose) {
  constexpr Int128 kMost = Int128{1} << 62;
  if (n <= kMost) return static_cast<std::int64_t>(n);
  throw Error({.id = "layer.too-large",
               .what = fmt::format("{} {} {}; the limit is 2^62 = {}", whose, what, to_string(n), to_string(kMost)),
               .where = {},
               .mend = "use a smaller batch or smaller feature maps"});
}

/// What all layers need to know of the graph, found once.
class Graph {
 public:
  explicit Graph(const Network& network)
      : network_(network), producer_(network.values.size(), kNone), source_(network.values.size(), kNoValue) {
    for (std::size_t id = 0; id < network.values.size(); ++id) {
      if (network.values[id].constant) source_[id] = static_cast<ValueId>(id);
    }
    for (std::size_t i = 0; i < network.nodes.size(); ++i) add(i);
  }

  const Network& network() const { return network_; }
  const Value& value(ValueId id) const { return network_.values[static_cast<std::size_t>(id)]; }
  const Shape& shape(ValueId id) const { return value(id).type.shape; }
  /// The node that makes the value, or nullptr for inputs and constants of the file.
  const Node* producer(ValueId id) const {
    const std::size_t node = producer_[static_cast<std::size_t>(id)];
    return node == kNone ? nullptr : &network_.nodes[node];
  }
  /// The constant that the value is, or is made of by nodes that read only constants; kNoValue for an activation.
  ValueId source(ValueId id) const { return source_[static_cast<std::size_t>(id)]; }
  bool is_activation(ValueId id) const { return id != kNoValue && source(id) == kNoValue; }

 private:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  void add(std::size_t index) {
    const Node& node = network_.nodes[index];
    const bool fixed =
        !node.inputs.empty() && node.inputs[0] != kNoValue &&
        std::none_of(node.inputs.begin(), node.inputs.end(), [&](ValueId id) { return is_activation(id); });
    for (const ValueId output : node.outputs) {
      if (output == kNoValue) continue;
      producer_[static_cast<std::size_t>(output)] = index;
      ValueId& source = source_[static_cast<std::size_t>(output)];
      if (fixed && source == kNoValue) source = this->source(node.inputs[0]);
    }
  }

  const Network& network_;
  std::vector<std::size_t> producer_;
  std::vector<ValueId> source_;
};

bool makes_only_constants(const Graph& graph, const Node& node) {
  return std::none_of(node.outputs.begin(), node.outputs.end(), [&](ValueId id) { return graph.is_activation(id); });
}

// ---- shapes

/// Everything but the last two of `extents`: the axes that a planar shape cannot say.
std::span<const std::int64_t> outer(std::span<const std::int64_t> extents) {
  return extents.first(extents.size() < 2 ? 0 : extents.size() - 2);
}

/// The last-but-`back` entry, or `otherwise` for an axis that is not there (H of a 1-D convolution).
std::int64_t from_back(std::span<const std::int64_t> v, std::size_t back, std::int64_t otherwise = 1) {
  return back < v.size() ? v[v.size() - 1 - back] : otherwise;
}

/// A convolution's shape from its window: `large` and `small` are the spatial extents of what the window slides over
/// and of its positions.
ConvShape windowed_shape(const Window& w, std::span<const std::int64_t> large, std::span<const std::int64_t> small,
                         const std::string& whose) {
  ConvShape s;
  s.N = narrow(product(outer(small)), "folds its outer axes into a batch of", whose);
  s.C = narrow(product(outer(w.kernel)), "folds its outer axes into channels:", whose);
  s.H = from_back(large, 1), s.W = from_back(large, 0);
  s.R = from_back(w.kernel, 1), s.S = from_back(w.kernel, 0);
  s.E = from_back(small, 1), s.F = from_back(small, 0);
  s.U_h = from_back(w.stride, 1), s.U_w = from_back(w.stride, 0);
  s.D_h = from_back(w.dilation, 1), s.D_w = from_back(w.dilation, 0);
  s.pad_top = from_back(w.pad_begin, 1, 0), s.pad_left = from_back(w.pad_begin, 0, 0);
  s.pad_bottom = from_back(w.pad_end, 1, 0), s.pad_right = from_back(w.pad_end, 0, 0);
  return s;
}

/// The two operands that are multiplied.
struct Operands {
  std::size_t first, second;
};
Operands operands(const Node& node) {
  const bool quantized = node.op.starts_with("QLinear");  // each operand is followed by its scale and zero point
  return {0, quantized ? std::size_t{3} : std::size_t{1}};
}

ConvShape conv_shape(const Graph& graph, const Node& node, const std::string& whose) {
  const Operands at = operands(node);
  const NodeReader reader(graph.network(), node);
  const Shape& x = reader.shape(at.first);
  const Shape& filters = reader.shape(at.second);  // Conv: M, C/G, kernel; ConvTranspose: C, M/G, kernel
  const Window w = window(graph.network(), node);
  const std::span<const std::int64_t> read(x.begin() + 2, x.end());
  ConvShape s =
      node.op == "ConvTranspose" ? windowed_shape(w, w.output, read, whose) : windowed_shape(w, read, w.output, whose);
  s.G = reader.integer("group", 1);
  s.N = narrow(Int128{s.N} * x[0], "has a batch of", whose);
  s.M = filters[0] / s.G;
  s.C = narrow(Int128{s.C} * filters[1], "has channels:", whose);
  return s;
}

/// A matrix product with the batches of its two operands: rows x K times K x columns.
struct Product {
  std::int64_t rows, K, columns;
  Int128 all, first, second;  ///< matrices in the result and in each operand
};

Product gemm_product(const NodeReader& reader) {
  const Shape& a = reader.shape(0);
  const Shape& b = reader.shape(1);
  const bool flip_a = reader.integer("transA", 0) != 0, flip_b = reader.integer("transB", 0) != 0;
  return {.rows = a[flip_a ? 1 : 0],
          .K = a[flip_a ? 0 : 1],
          .columns = b[flip_b ? 0 : 1],
          .all = 1,
          .first = 1,
          .second = 1};
}

/// numpy's matmul: an operand with one axis is a row (first) or a column (second); axes before the last two are
/// broadcast.
Product matmul_product(Shape a, Shape b, Int128 result_elements) {
  if (a.size() == 1) a.insert(a.begin(), 1);
  if (b.size() == 1) b.push_back(1);
  Product p{.rows = a[a.size() - 2],
            .K = a.back(),
            .columns = b.back(),
            .all = 1,
            .first = product(outer(a)),
            .second = product(outer(b))};
  const Int128 matrix = Int128{p.rows} * p.columns;
  p.all = matrix == 0 ? 0 : result_elements / matrix;
  return p;
}

/// The activation C x H x W that a row of K elements was before it was flattened, if it was a feature map.
std::optional<Shape> feature_map(const Graph& graph, ValueId row, std::int64_t rows, std::int64_t K) {
  for (ValueId id = row; id != kNoValue;) {
    const Shape& shape = graph.shape(id);
    if (shape.size() == 4 && shape[0] == rows && shape[1] * shape[2] * shape[3] == K) return shape;
    const Node* made_by = graph.producer(id);
    if (made_by == nullptr || !keeps_order(made_by->op)) return std::nullopt;
    id = made_by->inputs[0];
  }
  return std::nullopt;
}

/// An fc: the constant's columns (or rows, if it is the first operand) are the filters.
ConvShape fc_shape(const Graph& graph, ValueId activation, const Product& p, bool constant_first,
                   const std::string& whose) {
  ConvShape s;
  const Int128 different = constant_first ? p.first : p.second;
  const std::int64_t rows = constant_first ? p.columns : p.rows;
  s.G = narrow(different, "has different matrices:", whose);
  s.M = constant_first ? p.rows : p.columns;
  s.N = narrow(different == 0 ? 0 : p.all / different * rows, "has a batch of", whose);
  s.C = p.K;
  const auto map = constant_first ? std::nullopt : feature_map(graph, activation, s.N, p.K);
  if (map && s.G == 1) {
    s.C = (*map)[1];
    s.H = s.R = (*map)[2];
    s.W = s.S = (*map)[3];
  }
  return s;
}

ConvShape matmul_shape(const Product& p, const std::string& whose) {
  ConvShape s;
  s.G = narrow(p.all, "has matrices:", whose);
  s.N = p.rows;
  s.M = p.columns;
  s.C = p.K;
  return s;
}

void require_not_empty(const ConvShape& s, const std::string& whose) {
  if (std::min({s.N, s.G, s.M, s.C, s.H, s.W, s.R, s.S, s.E, s.F}) >= 1) return;
  throw Error({.id = "layer.empty",
               .what = fmt::format("{} has an extent of 0: N={} G={} M={} C={} H={} W={} R={} S={} E={} F={}", whose,
                                   s.N, s.G, s.M, s.C, s.H, s.W, s.R, s.S, s.E, s.F),
               .where = {},
               .mend = "give the network an input in which every extent is at least 1"});
}

// ---- weights

/// The operand that holds the weights, or nothing if both are activations.
std::optional<std::size_t> weights_operand(const Graph& graph, const Node& node) {
  const Operands at = operands(node);
  if (!graph.is_activation(node.inputs[at.second])) return at.second;
  if (!graph.is_activation(node.inputs[at.first])) return at.first;
  return std::nullopt;
}

/// How many integers of the tensor differ from their zero point: one for all, or one for each position on `axis`.
/// Looks at a part at a time: as 64-bit numbers a whole tensor would take up to eight times its memory.
std::int64_t count_away_from(const ConstantTensor& tensor, const std::vector<std::int64_t>& zero_points,
                             std::size_t axis) {
  constexpr std::int64_t kPart = 1 << 16;
  const Shape& shape = tensor.type.shape;
  const std::int64_t all = elements(shape), size = bits(tensor.type.type) / 8;
  std::int64_t inner = 1, n = 0;
  for (std::size_t a = axis + 1; a < shape.size(); ++a) inner *= shape[a];
  for (std::int64_t first = 0; first < all; first += kPart) {
    std::vector<std::byte> bytes(static_cast<std::size_t>(std::min(kPart, all - first) * size));
    materialise_part(tensor, first * size, bytes);
    const ConstantTensor part{{tensor.type.type, {static_cast<std::int64_t>(bytes.size()) / size}},
                              StoredValues{std::make_shared<const std::vector<std::byte>>(std::move(bytes))}};
    for (std::int64_t i = first; const std::int64_t value : integers(part)) {
      n += value != zero_points[static_cast<std::size_t>(i++ / inner) % zero_points.size()] ? 1 : 0;
    }
  }
  return n;
}

/// The zero points of integer weights, and the axis they go along if there are several.
struct ZeroPoints {
  const ConstantTensor* points = nullptr;
  std::size_t axis = 0;
};

/// The DequantizeLinear that a constant went through, or nullptr.
const Node* dequantizer(const Graph& graph, ValueId weights) {
  const Node* node = graph.producer(weights);
  while (node != nullptr && node->op != "DequantizeLinear") node = graph.producer(node->inputs[0]);
  return node;
}

/// Those of the node itself (QLinearConv, QLinearMatMul), or of the DequantizeLinear that makes its weights.
ZeroPoints zero_points(const Graph& graph, const Node& node, std::size_t operand) {
  const NodeReader reader(graph.network(), node);
  if (node.op.starts_with("QLinear")) {
    if (!reader.has(operand + 2)) return {};
    const std::size_t rank = reader.rank(operand);
    const std::size_t axis = node.op == "QLinearConv" || rank < 2 ? 0 : operand == 0 ? rank - 2 : rank - 1;
    return {reader.constant(operand + 2), axis};
  }
  const Node* made_by = dequantizer(graph, node.inputs[operand]);
  if (made_by == nullptr) return {};
  const NodeReader dequantize(graph.network(), *made_by);
  if (!dequantize.has(2) || dequantize.rank(2) > 1)
    return {};  // blocks of weights with a zero point each are not looked into
  const ConstantTensor* points = dequantize.constant(2);
  const bool one = points == nullptr || elements(points->type.shape) == 1;
  return {points, one ? 0 : dequantize.axis(dequantize.integer("axis", 1), dequantize.rank(0))};
}

std::int64_t nonzero_weights(const Graph& graph, const Node& node, std::size_t operand) {
  const ValueId id = node.inputs[operand];
  const ConstantTensor& tensor = *graph.value(graph.source(id)).constant;
  const std::int64_t weights = elements(graph.shape(id));
  if (elements(tensor.type.shape) != weights) return weights;  // computed from something else, e.g. from a shape
  const auto [points, axis] = zero_points(graph, node, operand);
  const bool whole_bytes = is_integer(tensor.type.type) && bits(tensor.type.type) >= 8;
  if (points == nullptr || !whole_bytes || count_nonzero(*points) == 0) return count_nonzero(tensor);
  return count_away_from(tensor, integers(*points), axis);
}

// ---- one node

bool holds_parameters(const OpRow& row, std::size_t operand) {
  return row.parameters == kEvery || (operand < 32 && (row.parameters >> operand & 1U) != 0);
}

/// Activations and parameters that the node reads and writes.
void count_traffic(const Graph& graph, const Node& node, const OpRow& row, Layer& layer, const std::string& whose) {
  Int128 in = 0, in_bytes = 0, out = 0, out_bytes = 0, parameters = 0, parameter_bytes = 0;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    const ValueId id = node.inputs[i];
    if (id == kNoValue) continue;
    const TensorType& type = graph.value(id).type;
    if (graph.is_activation(id)) {
      in += elements(type.shape);
      in_bytes += byte_size(type);
    } else if (holds_parameters(row, i)) {
      parameters += elements(type.shape);
      const TensorType& stored = graph.value(graph.source(id)).type;
      parameter_bytes += byte_size(elements(stored.shape) == elements(type.shape) ? stored : type);
    }
  }
  for (const ValueId id : node.outputs) {
    if (id == kNoValue) continue;
    out += elements(graph.shape(id));
    out_bytes += byte_size(graph.value(id).type);
  }
  layer.input_elements = narrow(in, "reads activations:", whose);
  layer.input_bytes = narrow(in_bytes, "reads bytes:", whose);
  layer.output_elements = narrow(out, "writes activations:", whose);
  layer.output_bytes = narrow(out_bytes, "writes bytes:", whose);
  layer.parameters = narrow(parameters, "has parameters:", whose);
  layer.parameter_bytes = narrow(parameter_bytes, "has bytes of parameters:", whose);
}

std::int64_t operations(const Graph& graph, const Node& node, Work work, const Layer& layer, const std::string& whose) {
  const Int128 out = layer.output_elements;
  const auto times = [&](Int128 each) { return narrow(out * each, "has operations:", whose); };
  switch (work) {
    case Work::none:
      return 0;
    case Work::once:
      return layer.output_elements;
    case Work::twice:
      return times(2);
    case Work::thrice:
      return times(3);
    case Work::inputs:
      return layer.input_elements;
    case Work::operands:
      return times(static_cast<std::int64_t>(node.inputs.size()) - 1);
    case Work::lrn:
      return times(Int128{NodeReader(graph.network(), node).integer("size", 1)} + 3);
    case Work::window:
      return times(product(window(graph.network(), node).kernel));
  }
  return 0;
}

/// Of Gemm, MatMul and QLinearMatMul; `weights` is the operand that holds them.
ConvShape product_shape(const Graph& graph, const Node& node, std::optional<std::size_t> weights,
                        const std::string& whose) {
  const Operands at = operands(node);
  const NodeReader reader(graph.network(), node);
  const Int128 result = elements(graph.shape(node.outputs[0]));
  const Product p = node.op == "Gemm" ? gemm_product(reader)
                                      : matmul_product(reader.shape(at.first), reader.shape(at.second), result);
  if (!weights) return matmul_shape(p, whose);
  return fc_shape(graph, node.inputs[at.first], p, /*constant_first=*/*weights == at.first, whose);
}

/// Fills in what conv, fc and matmul have beyond the others.
void measure_product(const Graph& graph, const Node& node, bool count_zeros, Layer& layer, const std::string& whose) {
  auto weights = weights_operand(graph, node);
  if (layer.kind == LayerKind::conv) {
    if (weights != operands(node).second) weights = std::nullopt;  // the filters are fed, whatever they slide over
    layer.shape = conv_shape(graph, node, whose);
    layer.planar = graph.shape(node.inputs[0]).size() <= 4;
  } else {
    if (!weights) layer.kind = LayerKind::matmul;
    layer.shape = product_shape(graph, node, weights, whose);
  }
  const ConvShape& s = layer.shape;
  require_not_empty(s, whose);
  layer.macs = narrow(Int128{s.N} * s.E * s.F * (Int128{s.G} * s.M) * (Int128{s.C} * s.R * s.S), "has MACs:", whose);
  if (!weights) return;
  layer.weights = elements(graph.shape(node.inputs[*weights]));
  layer.nonzero_weights = count_zeros ? nonzero_weights(graph, node, *weights) : layer.weights;
}

Layer measure(const Graph& graph, std::size_t index, bool count_zeros) {
  const Node& node = graph.network().nodes[index];
  Layer layer{.node = index, .name = node.name, .op = node.op};
  if (makes_only_constants(graph, node)) return layer;
  const std::string whose = describe(graph.network(), node);
  const OpRow& row = op_row(node.op);
  layer.kind = row.kind;
  if (!node.inputs.empty() && node.inputs[0] != kNoValue)
    layer.element_bits = bits(graph.value(node.inputs[0]).type.type);
  count_traffic(graph, node, row, layer, whose);
  layer.operations = operations(graph, node, row.work, layer, whose);
  if (multiplies(row.kind)) measure_product(graph, node, count_zeros, layer, whose);
  return layer;
}

/// One more than the deepest activation that a convolution reads; others add nothing.
void measure_depths(const Network& network, std::vector<Layer>& layers) {
  std::vector<int> depth(network.values.size(), 0);
  for (Layer& layer : layers) {
    const Node& node = network.nodes[layer.node];
    for (const ValueId id : node.inputs) {
      if (id != kNoValue) layer.depth = std::max(layer.depth, depth[static_cast<std::size_t>(id)]);
    }
    layer.depth += layer.kind == LayerKind::conv ? 1 : 0;
    for (const ValueId id : node.outputs) {
      if (id != kNoValue) depth[static_cast<std::size_t>(id)] = layer.depth;
    }
  }
}

}  // namespace

std::string_view name(LayerKind kind) {
  constexpr std::array<std::string_view, 8> kNames{"conv", "fc",         "matmul",      "pool",
                                                   "norm", "activation", "elementwise", "data"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::optional<LayerKind> kind_of(std::string_view op) {
  const OpRow* row = find_op(op);
  return row == nullptr ? std::nullopt : std::optional(row->kind);
}

std::vector<Layer> layers(const Network& network, bool count_zeros) {
  const Graph graph(network);
  std::vector<Layer> all;
  all.reserve(network.nodes.size());
  for (std::size_t i = 0; i < network.nodes.size(); ++i) all.push_back(measure(graph, i, count_zeros));
  measure_depths(network, all);
  return all;
}

const ConvShape& planar_shape(const Layer& layer) {
  if (layer.planar) return layer.shape;
  throw Error(
      {.id = "layer.not-2d",
       .what = fmt::format("layer '{}' ({}) slides its window over more than two axes, and the letters of the survey "
                           "have only H and W",
                           layer.name, layer.op),
       .where = {},
       .mend = "choose a layer of one or two spatial axes with --layer; 'inspect' counts this one all the same"});
}

NetworkTotals totals(const std::vector<Layer>& layers) {
  Int128 weights = 0, nonzero = 0, parameters = 0, macs = 0, conv_weights = 0, conv_macs = 0, fc_weights = 0,
         fc_macs = 0;
  NetworkTotals t;
  for (const Layer& layer : layers) {
    weights += layer.weights;
    nonzero += layer.nonzero_weights;
    parameters += layer.parameters;
    macs += layer.macs;
    t.conv_depth = std::max<std::int64_t>(t.conv_depth, layer.depth);
    if (layer.kind == LayerKind::conv) {
      ++t.conv_layers;
      conv_weights += layer.weights;
      conv_macs += layer.macs;
    }
    if (layer.kind == LayerKind::fc) {
      ++t.fc_layers;
      fc_weights += layer.weights;
      fc_macs += layer.macs;
    }
  }
  const auto total = [](Int128 n, std::string_view what) { return narrow(n, what, "the network"); };
  t.weights = total(weights, "has weights:");
  t.nonzero_weights = total(nonzero, "has non-zero weights:");
  t.parameters = total(parameters, "has parameters:");
  t.macs = total(macs, "has MACs:");
  t.conv_weights = total(conv_weights, "has CONV weights:");
  t.conv_macs = total(conv_macs, "has CONV MACs:");
  t.fc_weights = total(fc_weights, "has FC weights:");
  t.fc_macs = total(fc_macs, "has FC MACs:");
  return t;
}

}  // namespace weft
