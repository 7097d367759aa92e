// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "weft/base/ceil_div.h"
#include "weft/network/element_number.h"
#include "weft/network/shape_rules.h"

namespace weft::shape_rules {
namespace {

/// Operand `i` broadcasts to `target` without growing it (ONNX's "unidirectional" rule).
void require_broadcasts_to(const NodeReader& node, std::size_t i, const Shape& target) {
  if (broadcast_shapes(node.shape(i), target) == target) return;
  node.bad_shape(fmt::format("operand {} has shape {}, which does not broadcast to {}", i, to_string(node.shape(i)),
                             to_string(target)),
                 "each of its extents, counted from the last, must be 1 or the same");
}

Shape matrix_product(const NodeReader& node, std::size_t left, std::size_t right) {
  node.require_least_rank(left, 1);
  node.require_least_rank(right, 1);
  Shape a = node.shape(left), b = node.shape(right);
  const bool row = a.size() == 1, column = b.size() == 1;  // a vector is a matrix of one row, or of one column, for now
  if (row) a.insert(a.begin(), 1);
  if (column) b.push_back(1);
  const auto batch = broadcast_shapes({a.begin(), a.end() - 2}, {b.begin(), b.end() - 2});
  if (!batch || a.back() != b[b.size() - 2]) {
    node.bad_shape(
        fmt::format("{} times {}", to_string(node.shape(left)), to_string(node.shape(right))),
        "the left one's last extent must be the right one's last but one, and the leading ones must broadcast");
  }
  Shape out = *batch;
  if (!row) out.push_back(a[a.size() - 2]);
  if (!column) out.push_back(b.back());
  return out;
}

ElementType element_attribute(const NodeReader& node, std::string_view name, ElementType otherwise) {
  const std::int64_t number = node.integer(name, 0);
  if (number == 0 && name != "to") return otherwise;
  const auto type = element_of_number(number);
  if (!type) {
    node.bad_attribute(fmt::format("attribute '{}' is {}, which is no element type", name, number),
                       "use one of ONNX's TensorProto.DataType numbers, 1..28");
  }
  return *type;
}

/// A scalar, or a list of one.
bool is_one_number(const Shape& shape) { return shape.size() <= 1 && elements(shape) == 1; }

/// Blocked quantization: the scale has x's shape but on `axis`, where one entry serves several. `block` says how many;
/// if it is 0, the shapes do.
bool is_blocked_scale(const Shape& scale, const Shape& x, std::size_t axis, std::int64_t block) {
  if (scale.size() != x.size() || scale[axis] < 1 || block < 0) return false;
  if (block == 0) block = std::max<std::int64_t>(ceil_div(x[axis], scale[axis]), 1);
  Shape expected = x;
  expected[axis] = ceil_div(x[axis], block);
  return scale == expected;
}

/// The scale (operand 1) is one number, one per entry of the axis, or one per block.
bool scale_fits(const NodeReader& node) {
  const Shape &x = node.shape(0), &scale = node.shape(1);
  if (is_one_number(scale)) return true;
  const std::size_t axis = node.axis(node.integer("axis", 1), x.size());
  if (scale.size() == 1) return scale[0] == x[axis];
  return is_blocked_scale(scale, x, axis, node.integer("block_size", 0));
}

void require_scale(const NodeReader& node) {
  if (!scale_fits(node)) {
    node.bad_shape(
        fmt::format("its scale has shape {} and its input {}", to_string(node.shape(1)), to_string(node.shape(0))),
        "a scale is one number, one for each entry of the axis, or one for each block");
  }
  if (node.has(2) && node.shape(2) != node.shape(1) &&
      !(is_one_number(node.shape(1)) && is_one_number(node.shape(2)))) {
    node.bad_shape(
        fmt::format("its zero point has shape {} and its scale {}", to_string(node.shape(2)), to_string(node.shape(1))),
        "both must have the same shape");
  }
}

/// Axes that a reduction removes; all of them by default.
std::vector<std::size_t> reduced_axes(const NodeReader& node) {
  const auto given = node.attribute_or_operand("axes", 1);
  if (given && !given->empty()) return node.axes(*given, node.rank(0));
  std::vector<std::size_t> all(node.flag("noop_with_empty_axes", false) ? 0 : node.rank(0));
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
  return all;
}

}  // namespace

std::optional<Shape> broadcast_shapes(const Shape& a, const Shape& b) {
  const Shape& longer = a.size() >= b.size() ? a : b;
  const Shape& shorter = a.size() >= b.size() ? b : a;
  Shape out = longer;
  for (std::size_t i = 0; i < shorter.size(); ++i) {
    std::int64_t& extent = out[longer.size() - shorter.size() + i];
    if (extent != shorter[i] && extent != 1 && shorter[i] != 1) return std::nullopt;
    if (extent == 1) extent = shorter[i];
  }
  return out;
}

Types same(const NodeReader& node) { return {node.type(0)}; }

Types broadcast(const NodeReader& node) {
  Shape shape = node.shape(0);
  for (std::size_t i = 1; i < node.inputs(); ++i) {
    const auto joined = broadcast_shapes(shape, node.shape(i));
    if (!joined) {
      node.bad_shape(fmt::format("shapes {} and {} do not broadcast", to_string(shape), to_string(node.shape(i))),
                     "their extents, counted from the last, must be equal, or one of them 1");
    }
    shape = *joined;
  }
  return {{node.type(0).type, shape}};
}

Types prelu(const NodeReader& node) {
  require_broadcasts_to(node, 1, node.shape(0));
  return same(node);
}

Types clip(const NodeReader& node) {
  for (std::size_t i = 1; i < node.inputs(); ++i) {
    if (node.has(i) && elements(node.shape(i)) != 1) {
      node.bad_shape(fmt::format("its limit (operand {}) has shape {}", i, to_string(node.shape(i))),
                     "it must be one number");
    }
  }
  return same(node);
}

Types softmax(const NodeReader& node) {
  if (node.rank(0) > 0) node.axis(node.integer("axis", node.opset() < 13 ? 1 : -1), node.rank(0));
  return same(node);
}

Types gemm(const NodeReader& node) {
  node.require_rank(0, 2);
  node.require_rank(1, 2);
  Shape a = node.shape(0), b = node.shape(1);
  if (node.flag("transA", false)) std::swap(a[0], a[1]);
  if (node.flag("transB", false)) std::swap(b[0], b[1]);
  if (a[1] != b[0]) {
    node.bad_shape(fmt::format("{} times {} (as transA and transB say)", to_string(a), to_string(b)),
                   "the left one's columns must be the right one's rows");
  }
  const Shape out{a[0], b[1]};
  if (node.has(2)) require_broadcasts_to(node, 2, out);
  return {{node.type(0).type, out}};
}

Types matmul(const NodeReader& node) { return {{node.type(0).type, matrix_product(node, 0, 1)}}; }

Types qlinear_matmul(const NodeReader& node) { return {{node.type(7).type, matrix_product(node, 0, 3)}}; }

Types batch_normalization(const NodeReader& node) {
  node.require_least_rank(0, 1);
  const Shape& x = node.shape(0);
  // Up to opset 8, spatial = 0 normalises every position of a feature map by itself.
  const bool spatial = node.flag("spatial", true);
  const Shape parameters = x.size() == 1 ? Shape{1} : spatial ? Shape{x[1]} : Shape(x.begin() + 1, x.end());
  for (std::size_t i = 1; i < node.inputs(); ++i) {
    if (node.shape(i) == parameters) continue;
    node.bad_shape(fmt::format("operand {} has shape {}", i, to_string(node.shape(i))),
                   fmt::format("for input {} it must be {}", to_string(x), to_string(parameters)));
  }
  const TensorType mean{node.type(3).type, parameters}, variance{node.type(4).type, parameters};
  return {node.type(0), mean, variance, mean, variance};
}

Types dropout(const NodeReader& node) {
  const ElementType mask = node.opset() < 10 ? node.type(0).type : ElementType::boolean;
  return {node.type(0), {mask, node.shape(0)}};
}

Types reduce(const NodeReader& node) {
  const bool keep = node.flag("keepdims", true);
  const std::vector<std::size_t> axes = reduced_axes(node);
  Shape out;
  for (std::size_t i = 0; i < node.rank(0); ++i) {
    const bool reduced = std::find(axes.begin(), axes.end(), i) != axes.end();
    if (!reduced) out.push_back(node.shape(0)[i]);
    if (reduced && keep) out.push_back(1);
  }
  return {{node.type(0).type, out}};
}

Types quantize(const NodeReader& node) {
  require_scale(node);
  const ElementType by_zero_point = node.has(2) ? node.type(2).type : ElementType::uint8;
  const ElementType out = element_attribute(node, "output_dtype", by_zero_point);
  if (node.has(2) && out != by_zero_point) {
    node.type_mismatch(fmt::format("output_dtype is {}, but its zero point is {}", name(out), name(by_zero_point)),
                       "both must be the same type");
  }
  return {{out, node.shape(0)}};
}

Types dequantize(const NodeReader& node) {
  require_scale(node);
  if (node.has(2) && node.type(2).type != node.type(0).type) {
    node.type_mismatch(
        fmt::format("its zero point is {}, but its input {}", name(node.type(2).type), name(node.type(0).type)),
        "both must be the same type");
  }
  return {{element_attribute(node, "output_dtype", node.type(1).type), node.shape(0)}};
}

Types cast(const NodeReader& node) { return {{element_attribute(node, "to", ElementType::float32), node.shape(0)}}; }

}  // namespace weft::shape_rules
