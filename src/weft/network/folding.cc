// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>

#include "weft/network/shape_rules.h"

namespace weft::folding {
namespace {

using Integers = std::vector<std::int64_t>;

bool is_foldable(const TensorType& type) {
  const bool integer = type.type == ElementType::int32 || type.type == ElementType::int64;
  return integer && elements(type.shape) <= kMostFolded;
}

/// The operand's values if they are known and few enough integers.
std::optional<Integers> small_integers(const NodeReader& node, std::size_t i) {
  if (!node.has(i) || !is_foldable(node.type(i)) || node.constant(i) == nullptr) return std::nullopt;
  return integers(*node.constant(i));
}

/// Where element `flat` of `shape` reads an operand that broadcasts to it.
std::int64_t broadcast_index(std::int64_t flat, const Shape& shape, const Shape& operand) {
  std::int64_t index = 0, stride = 1;
  for (std::size_t back = 1; back <= operand.size(); ++back) {
    const std::int64_t extent = shape[shape.size() - back], own = operand[operand.size() - back];
    if (own != 1) index += flat % extent * stride;
    flat /= extent;
    stride *= own;
  }
  return index;
}

using Operation = std::optional<std::int64_t> (*)(std::int64_t, std::int64_t);

/// All operands, one after another, as numpy broadcasts them.
Folded elementwise(const NodeReader& node, const TensorType& output, Operation operation) {
  if (!is_foldable(output)) return std::nullopt;
  Integers out;
  for (std::size_t operand = 0; operand < node.inputs(); ++operand) {
    const auto values = small_integers(node, operand);
    if (!values) return std::nullopt;
    for (std::int64_t i = 0; i < elements(output.shape); ++i) {
      const std::int64_t next = (*values)[std::size_t(broadcast_index(i, output.shape, node.shape(operand)))];
      if (operand == 0) {
        out.push_back(next);
        continue;
      }
      const auto result = operation(out[std::size_t(i)], next);
      if (!result) return std::nullopt;
      out[std::size_t(i)] = *result;
    }
  }
  return stored_integers(output.type, output.shape, out);
}

// Arithmetic modulo 2^64, so that a hostile file cannot overflow; int32 keeps the low half.
std::uint64_t word(std::int64_t value) { return std::uint64_t(value); }

/// Elements before and from an axis on: a tensor seen as [outer, extent, inner].
struct AxisView {
  std::int64_t outer = 1, extent = 1, inner = 1;
};

AxisView view(const Shape& shape, std::size_t axis) {
  AxisView v;
  for (std::size_t i = 0; i < axis; ++i) v.outer *= shape[i];
  v.extent = shape[axis];
  for (std::size_t i = axis + 1; i < shape.size(); ++i) v.inner *= shape[i];
  return v;
}

/// The positions `picks` of an axis, in that order. Every pick lies within the extent.
Integers pick(const Integers& values, const AxisView& v, const Integers& picks) {
  Integers out;
  for (std::int64_t o = 0; o < v.outer; ++o) {
    for (const std::int64_t p : picks) {
      const auto first = values.begin() + (o * v.extent + p) * v.inner;
      out.insert(out.end(), first, first + v.inner);
    }
  }
  return out;
}

/// A fill converts the number it is given; a number that float cannot hold must be stored.
Folded filled(const TensorType& type, std::int64_t value) {
  if (std::int64_t{1} << 24 >= value && value >= -(std::int64_t{1} << 24))
    return ConstantTensor{type, FilledValues{float(value)}};
  if (elements(type.shape) > kMostFolded) return std::nullopt;
  return stored_integers(type.type, type.shape, Integers(std::size_t(elements(type.shape)), value));
}

template <class T>
T first_element(const ConstantTensor& tensor) {
  T value;
  std::memcpy(&value, materialise(tensor).bytes->data(), sizeof(T));
  return value;
}

}  // namespace

Folded reshaped(const NodeReader& node, const TensorType& output) {
  const ConstantTensor* constant = node.constant(0);
  if (constant == nullptr) return std::nullopt;
  return ConstantTensor{output, constant->values};
}

Folded constant(const NodeReader& node, const TensorType& output) {
  if (const auto* value = node.attribute<ConstantTensor>("value")) return *value;
  if (const auto* value = node.attribute<std::int64_t>("value_int")) return stored_integers({}, std::span(value, 1));
  if (const auto* value = node.attribute<float>("value_float")) return stored_floats({}, std::span(value, 1));
  if (const auto list = node.integers("value_ints")) return stored_integers(output.shape, *list);
  if (const auto* list = node.attribute<std::vector<float>>("value_floats")) return stored_floats(output.shape, *list);
  return std::nullopt;  // texts have no values here
}

Folded constant_of_shape(const NodeReader& node, const TensorType& output) {
  const auto* value = node.attribute<ConstantTensor>("value");
  if (value == nullptr) return ConstantTensor{output, FilledValues{0}};
  if (output.type == ElementType::float32) return ConstantTensor{output, FilledValues{first_element<float>(*value)}};
  const bool whole_bytes = bits(output.type) >= 8 && bits(output.type) <= 64;
  if ((is_integer(output.type) && whole_bytes) || output.type == ElementType::boolean) {
    return filled(output, integers(*value).front());
  }
  return std::nullopt;
}

Folded shape_of(const NodeReader& node, const TensorType& output) {
  const auto rank = std::int64_t(node.rank(0));
  const std::int64_t given = node.integer("start", 0);
  const std::int64_t start = std::clamp<std::int64_t>(given < 0 ? std::max(given, -rank) + rank : given, 0, rank);
  const auto first = node.shape(0).begin() + start;
  return stored_integers(output.shape, Integers(first, first + output.shape[0]));
}

Folded gather(const NodeReader& node, const TensorType& output) {
  const auto values = small_integers(node, 0);
  auto indices = small_integers(node, 1);
  if (!values || !indices || !is_foldable(output)) return std::nullopt;
  const AxisView v = view(node.shape(0), node.axis(node.integer("axis", 0), node.rank(0)));
  for (std::int64_t& index : *indices) {
    if (index < -v.extent || index >= v.extent) {
      node.bad_shape("an index lies outside the axis it gathers from", "indices lie in -extent..extent-1");
    }
    if (index < 0) index += v.extent;
  }
  return stored_integers(output.type, output.shape, pick(*values, v, *indices));
}

Folded concat(const NodeReader& node, const TensorType& output) {
  if (!is_foldable(output) || output.shape.size() != 1) return std::nullopt;
  Integers out;
  for (std::size_t i = 0; i < node.inputs(); ++i) {
    const auto part = small_integers(node, i);
    if (!part) return std::nullopt;
    out.insert(out.end(), part->begin(), part->end());
  }
  return stored_integers(output.type, output.shape, out);
}

Folded slice(const NodeReader& node, const TensorType& output) {
  auto values = small_integers(node, 0);
  if (!values || !is_foldable(output)) return std::nullopt;
  Shape shape = node.shape(0);
  for (const shape_rules::SlicedAxis& axis : shape_rules::sliced_axes(node)) {
    Integers picks;
    for (std::int64_t i = 0; i < axis.count; ++i) picks.push_back(axis.start + i * axis.step);
    values = pick(*values, view(shape, axis.axis), picks);
    shape[axis.axis] = axis.count;
  }
  return stored_integers(output.type, output.shape, *values);
}

Folded cast(const NodeReader& node, const TensorType& output) {
  const auto values = small_integers(node, 0);
  if (!values || !is_foldable(output)) return std::nullopt;
  return stored_integers(output.type, output.shape, *values);
}

Folded add(const NodeReader& node, const TensorType& output) {
  return elementwise(node, output,
                     [](std::int64_t a, std::int64_t b) { return std::optional(std::int64_t(word(a) + word(b))); });
}

Folded subtract(const NodeReader& node, const TensorType& output) {
  return elementwise(node, output,
                     [](std::int64_t a, std::int64_t b) { return std::optional(std::int64_t(word(a) - word(b))); });
}

Folded multiply(const NodeReader& node, const TensorType& output) {
  return elementwise(node, output,
                     [](std::int64_t a, std::int64_t b) { return std::optional(std::int64_t(word(a) * word(b))); });
}

Folded maximum(const NodeReader& node, const TensorType& output) {
  return elementwise(node, output, [](std::int64_t a, std::int64_t b) { return std::optional(std::max(a, b)); });
}

Folded divide(const NodeReader& node, const TensorType& output) {
  return elementwise(node, output, [](std::int64_t a, std::int64_t b) -> std::optional<std::int64_t> {
    if (b == 0) return std::nullopt;
    return b == -1 ? std::int64_t(-word(a)) : a / b;
  });
}

}  // namespace weft::folding
