// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <fmt/format.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "weft/base/error.h"
#include "weft/network/network.h"

/// For tests: networks of one node, and what they answer.
namespace weft::testing {

/// An operand: a run-time tensor, a constant, or left out.
struct Operand {
  TensorType type;
  std::optional<ConstantTensor> constant;
  bool omitted = false;
};
inline Operand tensor(Shape shape, ElementType type = ElementType::float32) { return {{type, std::move(shape)}, {}}; }
inline Operand constant(ConstantTensor values) { return {values.type, values}; }
inline Operand integers(std::vector<std::int64_t> values) {
  return constant(stored_integers({std::int64_t(values.size())}, values));
}
inline Operand omitted() { return {.omitted = true}; }

struct OneNode {
  std::string op;
  int opset = 13;
  std::vector<Operand> inputs;
  std::map<std::string, Attribute> attributes = {};
  int outputs = 1;
};

inline Network network_of(const OneNode& wanted) {
  Network net{.name = "one", .opset = wanted.opset, .nodes = {Node{.name = "it", .op = wanted.op}}};
  Node& node = net.nodes[0];
  for (const Operand& operand : wanted.inputs) {
    node.inputs.push_back(operand.omitted ? kNoValue : ValueId(net.values.size()));
    if (operand.omitted) continue;
    if (!operand.constant) net.inputs.push_back(ValueId(net.values.size()));
    net.values.push_back({fmt::format("in{}", net.values.size()), operand.type, operand.constant});
  }
  for (int i = 0; i < wanted.outputs; ++i) {
    node.outputs.push_back(ValueId(net.values.size()));
    net.outputs.push_back(ValueId(net.values.size()));
    net.values.push_back({.name = fmt::format("out{}", i)});
  }
  node.attributes = wanted.attributes;
  return net;
}

/// The type of output i.
inline TensorType type_of(const OneNode& wanted, std::size_t i = 0) {
  Network net = network_of(wanted);
  infer_shapes(net);
  return net.values[std::size_t(net.outputs[i])].type;
}
inline Shape shape_of(const OneNode& wanted, std::size_t i = 0) { return type_of(wanted, i).shape; }

/// The folded value of output 0, if it is one of integers.
inline std::optional<std::vector<std::int64_t>> folded(const OneNode& wanted) {
  Network net = network_of(wanted);
  infer_shapes(net);
  const auto& constant = net.values[std::size_t(net.outputs[0])].constant;
  return constant ? std::optional(weft::integers(*constant)) : std::nullopt;
}

/// The id of the first problem, or "" if there is none.
inline std::string problem_of_network(Network net) {
  try {
    infer_shapes(net);
    return "";
  } catch (const Error& error) {
    return error.problems().front().id;
  }
}
inline std::string problem_of(const OneNode& wanted) { return problem_of_network(network_of(wanted)); }

}  // namespace weft::testing
