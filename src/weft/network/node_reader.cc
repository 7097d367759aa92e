// SPDX-License-Identifier: Apache-2.0
#include "weft/network/node_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "weft/base/error.h"

namespace weft {

std::string describe(const Network& network, const Node& node) {
  return fmt::format("node '{}' ({}, opset {})", node.name, node.op, network.opset);
}

const ConstantTensor* NodeReader::constant(std::size_t i) const {
  const auto& constant = network_.values[std::size_t(node_.inputs[i])].constant;
  return constant ? &*constant : nullptr;
}

std::vector<std::int64_t> NodeReader::known_integers(std::size_t i, std::string_view what) const {
  constexpr std::int64_t kMost = 1024;  // lists of axes, extents or parts
  if (type(i).type != ElementType::int64 && type(i).type != ElementType::int32) {
    type_mismatch(fmt::format("its {} (operand {}) are {}", what, i, weft::name(type(i).type)),
                  "they must be int64 or int32");
  }
  if (rank(i) > 1 || elements(shape(i)) > kMost) {
    bad_shape(fmt::format("its {} (operand {}) have shape {}", what, i, to_string(shape(i))),
              fmt::format("they must be a list of at most {} numbers", kMost));
  }
  if (constant(i) == nullptr) {
    fail("network.runtime-shape",
         fmt::format("its {} (operand {}) are computed from values not known before run time", what, i),
         "make them constant: export with fixed shapes, or fold constants with the exporter or a simplifier");
  }
  return weft::integers(*constant(i));
}

bool NodeReader::has_attribute(std::string_view name) const { return node_.attributes.contains(std::string(name)); }

std::int64_t NodeReader::integer(std::string_view name, std::int64_t otherwise) const {
  const auto* value = attribute<std::int64_t>(name);
  return value ? *value : otherwise;
}

float NodeReader::number(std::string_view name, float otherwise) const {
  const auto* value = attribute<float>(name);
  return value ? *value : otherwise;
}

bool NodeReader::flag(std::string_view name, bool otherwise) const {
  const std::int64_t value = integer(name, otherwise);
  if (value != 0 && value != 1) bad_attribute(fmt::format("attribute '{}' is {}", name, value), "it must be 0 or 1");
  return value == 1;
}

std::string NodeReader::text(std::string_view name, const std::string& otherwise) const {
  const auto* value = attribute<std::string>(name);
  return value ? *value : otherwise;
}

std::optional<std::vector<std::int64_t>> NodeReader::integers(std::string_view name) const {
  const auto* value = attribute<std::vector<std::int64_t>>(name);
  return value ? std::optional(*value) : std::nullopt;
}

std::size_t NodeReader::axis(std::int64_t axis, std::size_t rank) const {
  const auto n = std::int64_t(rank);
  if (axis < -n || axis >= n) {
    bad_attribute(fmt::format("axis {} of a tensor with {} axes", axis, rank),
                  n == 0 ? "a scalar has no axis" : fmt::format("it must lie in {}..{}", -n, n - 1));
  }
  return std::size_t(axis < 0 ? axis + n : axis);
}

std::vector<std::size_t> NodeReader::axes(const std::vector<std::int64_t>& axes, std::size_t rank) const {
  std::vector<std::size_t> out;
  for (const std::int64_t a : axes) {
    const std::size_t counted = axis(a, rank);
    if (std::find(out.begin(), out.end(), counted) != out.end()) {
      bad_attribute(fmt::format("axis {} is listed twice", a), "list each axis once");
    }
    out.push_back(counted);
  }
  return out;
}

std::optional<std::vector<std::int64_t>> NodeReader::attribute_or_operand(std::string_view name, std::size_t i) const {
  return has(i) ? known_integers(i, name) : integers(name);
}

void NodeReader::require_rank(std::size_t i, std::size_t rank) const {
  if (this->rank(i) == rank) return;
  bad_shape(fmt::format("operand {} has shape {}", i, to_string(shape(i))), fmt::format("it must have {} axes", rank));
}

void NodeReader::require_least_rank(std::size_t i, std::size_t rank) const {
  if (this->rank(i) >= rank) return;
  bad_shape(fmt::format("operand {} has shape {}", i, to_string(shape(i))),
            fmt::format("it must have at least {} axes", rank));
}

void NodeReader::fail(std::string id, const std::string& what, std::string mend) const {
  throw Error(Problem{
      .id = std::move(id), .what = describe(network_, node_) + ": " + what, .where = {}, .mend = std::move(mend)});
}

}  // namespace weft
