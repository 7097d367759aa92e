// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <numeric>

#include "weft/base/ceil_div.h"
#include "weft/base/units.h"
#include "weft/network/shape_rules.h"

namespace weft::shape_rules {
namespace {

using Integers = std::vector<std::int64_t>;

/// Parts of equal size; the last one may be smaller if the operator set allows it.
Integers equal_parts(const NodeReader& node, std::int64_t extent) {
  const auto parts = std::int64_t(node.outputs());
  const std::int64_t size = ceil_div(extent, parts);
  const bool last_may_be_smaller = node.has_attribute("num_outputs");
  const std::int64_t last = extent - size * (parts - 1);
  if (last < 0 || (last != size && !last_may_be_smaller)) {
    node.bad_shape(fmt::format("an extent of {} does not split into {} equal parts", extent, parts),
                   "give the parts' sizes");
  }
  Integers out(std::size_t(parts), size);
  out.back() = last;
  return out;
}

Integers parts(const NodeReader& node, std::int64_t extent) {
  const auto n = std::int64_t(node.outputs());
  if (node.integer("num_outputs", n) != n) {
    node.bad_attribute(fmt::format("num_outputs is {}, but the node has {} outputs", node.integer("num_outputs", n), n),
                       "make both the same");
  }
  const auto given = node.attribute_or_operand("split", 1);
  if (!given) return equal_parts(node, extent);
  Int128 sum = 0;
  for (const std::int64_t part : *given) sum += part < 0 ? kMaxElements + 1 : part;
  if (std::int64_t(given->size()) != n || sum != extent) {
    node.bad_shape(fmt::format("parts of {} for {} outputs of an extent of {}", fmt::join(*given, " + "), n, extent),
                   "there must be one part for each output, and they must add up to the extent");
  }
  return *given;
}

/// A list operand or attribute of Slice; `otherwise` if it is left out.
Integers slice_list(const NodeReader& node, std::string_view name, std::size_t operand, const Integers& otherwise) {
  return node.attribute_or_operand(name, operand).value_or(otherwise);
}

Integers counting(std::size_t n) {
  Integers out(n);
  std::iota(out.begin(), out.end(), 0);
  return out;
}

/// numpy's slice arithmetic on one axis of that extent.
SlicedAxis sliced(std::size_t axis, std::int64_t extent, std::int64_t start, std::int64_t end, std::int64_t step) {
  if (extent == 0) return {axis, 0, step, 0};
  const auto bounded = [&](std::int64_t at, std::int64_t least, std::int64_t most) {
    return std::clamp(at < 0 ? std::max(at, -extent - 1) + extent : at, least, most);
  };
  const bool forward = step > 0;
  start = forward ? bounded(start, 0, extent) : bounded(start, 0, extent - 1);
  end = forward ? bounded(end, 0, extent) : bounded(end, -1, extent - 1);
  const std::int64_t distance = forward ? end - start : start - end;
  // A step beyond the extent takes one element; the clamp keeps -step in range.
  const std::int64_t stride = forward ? step : -std::max(step, -kMaxElements);
  return {axis, start, step, distance <= 0 ? 0 : ceil_div(distance, stride)};
}

/// Pads of every axis, begins then ends; zero for axes that are not named.
Integers all_pads(const NodeReader& node) {
  const std::size_t rank = node.rank(0);
  const Integers given = node.attribute_or_operand("pads", 1).value_or(Integers{});
  const auto axes = node.axes(node.has(3) ? node.known_integers(3, "axes") : counting(rank), rank);
  if (given.size() != 2 * axes.size()) {
    node.bad_shape(fmt::format("{} pads for {} axes", given.size(), axes.size()),
                   "there must be a begin and an end for each axis");
  }
  Integers out(2 * rank, 0);
  for (std::size_t i = 0; i < axes.size(); ++i) {
    out[axes[i]] = given[i];
    out[axes[i] + rank] = given[i + axes.size()];
  }
  return out;
}

void require_pad_mode(const NodeReader& node) {
  const std::string mode = node.text("mode", "constant");
  if (mode == "constant" || mode == "reflect" || mode == "edge" || (mode == "wrap" && node.opset() >= 19)) return;
  node.bad_attribute(fmt::format("mode is '{}'", mode),
                     "it must be constant, reflect, edge or, from opset 19 on, wrap");
}

/// Reshape's target with 0 (copy) and -1 (whatever is left) still in it.
Integers reshape_target(const NodeReader& node) {
  Integers target = node.known_integers(1, "target shape");
  const bool zero_copies = !node.flag("allowzero", false);
  for (std::size_t i = 0; i < target.size(); ++i) {
    if (target[i] != 0 || !zero_copies) continue;
    if (i >= node.rank(0)) {
      node.bad_shape(fmt::format("its target copies axis {} of {}", i, to_string(node.shape(0))),
                     "there is no such axis");
    }
    target[i] = node.shape(0)[i];
  }
  return target;
}

[[noreturn]] void refuse_reshape(const NodeReader& node, const Integers& target) {
  node.bad_shape(fmt::format("{} does not reshape to [{}]", to_string(node.shape(0)), fmt::join(target, ", ")),
                 "both must have as many elements, and at most one extent may be -1");
}

/// Constant has exactly one of its value attributes.
void require_one_value(const NodeReader& node) {
  constexpr std::array kNames{"value",      "value_float",  "value_floats", "value_int",
                              "value_ints", "value_string", "value_strings"};
  const auto given =
      std::count_if(kNames.begin(), kNames.end(), [&](const char* name) { return node.has_attribute(name); });
  if (given == 0) node.fail("network.missing-attribute", "it has no value", "give it the attribute 'value'");
  if (given > 1) node.bad_attribute(fmt::format("it has {} values", given), "keep one of its value attributes");
}

std::vector<std::size_t> required_axes(const NodeReader& node, std::size_t rank) {
  return node.axes(node.attribute_or_operand("axes", 1).value_or(Integers{}), rank);
}

bool equal_except(const Shape& a, const Shape& b, std::size_t axis) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (i != axis && a[i] != b[i]) return false;
  }
  return true;
}

bool contains(const std::vector<std::size_t>& axes, std::size_t axis) {
  return std::find(axes.begin(), axes.end(), axis) != axes.end();
}

}  // namespace

Types concat(const NodeReader& node) {
  Shape out = node.shape(0);
  const std::size_t axis = node.axis(node.integer("axis", 0), out.size());
  for (std::size_t i = 1; i < node.inputs(); ++i) {
    if (!equal_except(out, node.shape(i), axis)) {
      node.bad_shape(fmt::format("operands of shape {} and {} on axis {}", to_string(node.shape(0)),
                                 to_string(node.shape(i)), axis),
                     "they must be equal on every other axis");
    }
    out[axis] += node.shape(i)[axis];
  }
  return {{node.type(0).type, out}};
}

Types split(const NodeReader& node) {
  const std::size_t axis = node.axis(node.integer("axis", 0), node.rank(0));
  Types out;
  for (const std::int64_t part : parts(node, node.shape(0)[axis])) {
    out.push_back(node.type(0));
    out.back().shape[axis] = part;
  }
  return out;
}

std::vector<SlicedAxis> sliced_axes(const NodeReader& node) {
  const Integers starts = slice_list(node, "starts", 1, {}), ends = slice_list(node, "ends", 2, {});
  const Integers named = slice_list(node, "axes", 3, counting(starts.size()));
  const Integers steps = slice_list(node, "steps", 4, Integers(starts.size(), 1));
  if (ends.size() != starts.size() || named.size() != starts.size() || steps.size() != starts.size()) {
    node.bad_shape(
        fmt::format("{} starts, {} ends, {} axes and {} steps", starts.size(), ends.size(), named.size(), steps.size()),
        "there must be as many of each");
  }
  const auto axes = node.axes(named, node.rank(0));
  std::vector<SlicedAxis> out;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    if (steps[i] == 0) node.bad_attribute("a step is 0", "steps are positive or negative");
    out.push_back(sliced(axes[i], node.shape(0)[axes[i]], starts[i], ends[i], steps[i]));
  }
  return out;
}

Types slice(const NodeReader& node) {
  TensorType out = node.type(0);
  for (const SlicedAxis& axis : sliced_axes(node)) out.shape[axis.axis] = axis.count;
  return {out};
}

Types pad(const NodeReader& node) {
  require_pad_mode(node);
  const Integers pads = all_pads(node);
  TensorType out = node.type(0);
  const std::size_t rank = node.rank(0);
  for (std::size_t i = 0; i < rank; ++i) {
    const Int128 extent = Int128{out.shape[i]} + pads[i] + pads[i + rank];
    if (extent < 0 || extent > kMaxElements) {
      node.bad_shape(
          fmt::format("axis {} of {} padded by {} and {}", i, to_string(node.shape(0)), pads[i], pads[i + rank]),
          fmt::format("the padded extent must lie in 0..{}", kMaxElements));
    }
    out.shape[i] = std::int64_t(extent);
  }
  return {out};
}

Types flatten(const NodeReader& node) {
  const auto rank = std::int64_t(node.rank(0));
  const std::int64_t given = node.integer("axis", 1);
  const auto axis = given == rank ? rank : std::int64_t(node.axis(given, std::size_t(rank)));
  const Shape& x = node.shape(0);
  return {{node.type(0).type, {elements({x.begin(), x.begin() + axis}), elements({x.begin() + axis, x.end()})}}};
}

Types reshape(const NodeReader& node) {
  Integers target = reshape_target(node);
  const std::int64_t n = elements(node.shape(0));
  const auto free = std::find(target.begin(), target.end(), -1);
  if (free != target.end()) {
    *free = 1;
    const auto rest = checked_elements(target);
    *free = -1;
    if (!rest || *rest == 0 || n % *rest != 0) refuse_reshape(node, target);
    *free = n / *rest;
  }
  if (checked_elements(target) != n) refuse_reshape(node, target);
  return {{node.type(0).type, target}};
}

Types squeeze(const NodeReader& node) {
  const Shape& x = node.shape(0);
  const auto given = node.attribute_or_operand("axes", 1);
  const std::vector<std::size_t> axes = given ? node.axes(*given, x.size()) : std::vector<std::size_t>{};
  Shape out;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const bool removed = given ? contains(axes, i) : x[i] == 1;
    if (removed && x[i] != 1) {
      node.bad_shape(fmt::format("axis {} of {} cannot be squeezed", i, to_string(x)), "only an extent of 1 can");
    }
    if (!removed) out.push_back(x[i]);
  }
  return {{node.type(0).type, out}};
}

Types unsqueeze(const NodeReader& node) {
  const auto count = node.attribute_or_operand("axes", 1).value_or(Integers{}).size();
  const std::size_t rank = node.rank(0) + count;
  const auto axes = required_axes(node, rank);
  Shape out;
  auto next = node.shape(0).begin();
  for (std::size_t i = 0; i < rank; ++i) out.push_back(contains(axes, i) ? 1 : *next++);
  return {{node.type(0).type, out}};
}

Types transpose(const NodeReader& node) {
  const Shape& x = node.shape(0);
  Integers order = counting(x.size());
  std::reverse(order.begin(), order.end());
  order = node.integers("perm").value_or(order);
  const auto axes = node.axes(order, x.size());
  if (axes.size() != x.size()) {
    node.bad_attribute(fmt::format("perm lists {} axes of {}", axes.size(), to_string(x)),
                       "it must list each axis once");
  }
  Shape out;
  for (const std::size_t axis : axes) out.push_back(x[axis]);
  return {{node.type(0).type, out}};
}

Types gather(const NodeReader& node) {
  const Shape &x = node.shape(0), &indices = node.shape(1);
  if (node.type(1).type != ElementType::int32 && node.type(1).type != ElementType::int64) {
    node.type_mismatch(fmt::format("its indices are {}", name(node.type(1).type)), "they must be int32 or int64");
  }
  const auto axis = std::ptrdiff_t(node.axis(node.integer("axis", 0), x.size()));
  Shape out(x.begin(), x.begin() + axis);
  out.insert(out.end(), indices.begin(), indices.end());
  out.insert(out.end(), x.begin() + axis + 1, x.end());
  return {{node.type(0).type, out}};
}

/// Shape's `start` and `end`, clamped as in a Python slice.
Types shape_of(const NodeReader& node) {
  const auto rank = std::int64_t(node.rank(0));
  const auto bounded = [&](std::int64_t at) {
    return std::clamp<std::int64_t>(at < 0 ? std::max(at, -rank) + rank : at, 0, rank);
  };
  const std::int64_t start = bounded(node.integer("start", 0)), end = bounded(node.integer("end", rank));
  return {{ElementType::int64, {std::max<std::int64_t>(end - start, 0)}}};
}

Types constant(const NodeReader& node) {
  require_one_value(node);
  if (const auto* tensor = node.attribute<ConstantTensor>("value")) return {tensor->type};
  if (node.has_attribute("value_int")) return {{ElementType::int64, {}}};
  if (node.has_attribute("value_float")) return {{ElementType::float32, {}}};
  if (node.has_attribute("value_string")) return {{ElementType::string, {}}};
  if (const auto list = node.integers("value_ints")) return {{ElementType::int64, {std::int64_t(list->size())}}};
  if (const auto* list = node.attribute<std::vector<float>>("value_floats")) {
    return {{ElementType::float32, {std::int64_t(list->size())}}};
  }
  return {{ElementType::string, {std::int64_t(node.attribute<std::vector<std::string>>("value_strings")->size())}}};
}

Types constant_of_shape(const NodeReader& node) {
  const auto* value = node.attribute<ConstantTensor>("value");
  if (value != nullptr && elements(value->type.shape) != 1) {
    node.bad_attribute(fmt::format("attribute 'value' has shape {}", to_string(value->type.shape)),
                       "it must be one number");
  }
  return {{value ? value->type.type : ElementType::float32, node.known_integers(0, "shape")}};
}

}  // namespace weft::shape_rules
