// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "weft/base/error.h"
#include "weft/network/network.h"
#include "weft/network/node_reader.h"
#include "weft/network/operators.h"

namespace weft {
namespace {

Problem bad_graph(const std::string& what, std::string mend) {
  return {"network.bad-graph", what, {}, std::move(mend)};
}

/// Walks the nodes in order and keeps which values are defined so far.
class GraphCheck {
 public:
  explicit GraphCheck(const Network& network) : network_(network), defined_(network.values.size(), false) {
    std::set<ValueId> written;  // what an earlier inference folded is no constant
    for (const Node& node : network.nodes) written.insert(node.outputs.begin(), node.outputs.end());
    for (std::size_t id = 0; id < defined_.size(); ++id) {
      defined_[id] = network.values[id].constant && !written.contains(ValueId(id));
    }
  }

  std::vector<Problem> problems() {
    for (const ValueId id : network_.inputs) define(id, "the network's inputs");
    for (const Node& node : network_.nodes) visit(node);
    for (const ValueId id : network_.outputs) require(id, "the network's outputs");
    return std::move(problems_);
  }

 private:
  bool in_range(ValueId id) const { return id >= 0 && std::size_t(id) < defined_.size(); }

  void visit(const Node& node) {
    const std::string who = describe(network_, node);
    if (node.name.empty() || !names_.insert(node.name).second) {
      problems_.push_back(bad_graph(who + ": its name is empty or another node's", "give every node its own name"));
    }
    for (const ValueId id : node.inputs) {
      if (id != kNoValue) require(id, who);
    }
    for (const ValueId id : node.outputs) {
      if (id != kNoValue) define(id, who);
    }
  }

  void require(ValueId id, const std::string& who) {
    if (in_range(id) && defined_[std::size_t(id)]) return;
    const std::string name = in_range(id) ? network_.values[std::size_t(id)].name : std::to_string(id);
    problems_.push_back(bad_graph(fmt::format("{}: value '{}' is read before anything defines it", who, name),
                                  "make it an input, a constant or the output of an earlier node"));
  }

  void define(ValueId id, const std::string& who) {
    if (!in_range(id)) {
      problems_.push_back(
          bad_graph(fmt::format("{}: there is no value {}", who, id), "add it to the network's values"));
    } else if (defined_[std::size_t(id)]) {
      problems_.push_back(
          bad_graph(fmt::format("{}: value '{}' is defined twice", who, network_.values[std::size_t(id)].name),
                    "each value has one origin"));
    } else {
      defined_[std::size_t(id)] = true;
    }
  }

  const Network& network_;
  std::vector<bool> defined_;
  std::set<std::string> names_;
  std::vector<Problem> problems_;
};

void throw_if_any(std::vector<Problem> problems) {
  if (!problems.empty()) throw Error(std::move(problems));
}

void check_opset(const Network& network) {
  if (network.opset >= kOldestOpset && network.opset <= kNewestOpset) return;
  throw Error(Problem{"network.unsupported-opset",
                      fmt::format("the network uses operator set version {}", network.opset),
                      {},
                      fmt::format("Weft reads {}..{}; convert the model to one of these", kOldestOpset, kNewestOpset)});
}

void check_nodes(const Network& network) {
  std::vector<Problem> problems;
  for (const Node& node : network.nodes) {
    auto found = check_node(network, node);
    std::move(found.begin(), found.end(), std::back_inserter(problems));
  }
  throw_if_any(std::move(problems));
}

Problem too_large(const std::string& whose, const Shape& shape) {
  return {
      "network.too-large",
      fmt::format("{} has shape {}", whose, to_string(shape)),
      {},
      fmt::format("extents are at least 0, and a tensor has at most {} elements and {} axes", kMaxElements, kMaxRank)};
}

/// Types of the inputs and constants are given; all others are forgotten, with what an earlier inference folded.
void reset(Network& network) {
  for (Node& node : network.nodes) {
    for (const ValueId id : node.outputs) {
      if (id == kNoValue) continue;
      network.values[std::size_t(id)].constant.reset();
      network.values[std::size_t(id)].type = {};
    }
  }
  for (Value& value : network.values) {
    if (value.constant) value.type = value.constant->type;
    if (!checked_elements(value.type.shape))
      throw Error(too_large(fmt::format("value '{}'", value.name), value.type.shape));
  }
}

bool accepts(ElementSet set, ElementType type) {
  if (set == ElementSet::any || is_float(type)) return true;
  return set == ElementSet::arithmetic && is_integer(type) && bits(type) >= 8;
}

void check_element_types(const NodeReader& node, const OperatorRow& row) {
  if (node.has(0) && !accepts(row.elements, node.type(0).type)) {
    node.type_mismatch(
        fmt::format("it does not work on {}", name(node.type(0).type)),
        row.elements == ElementSet::floats ? "cast its input to a float type" : "cast its input to a number type");
  }
  for (std::size_t i = 1; i < std::min(row.alike, node.inputs()); ++i) {
    if (!node.has(i) || node.type(i).type == node.type(0).type) continue;
    node.type_mismatch(
        fmt::format("operand {} is {}, but operand 0 is {}", i, name(node.type(i).type), name(node.type(0).type)),
        "cast one to the other's type");
  }
}

void infer_node(Network& network, const Node& node) {
  const OperatorRow& row = *find_operator(node.op, network.opset);
  const NodeReader reader(network, node);
  check_element_types(reader, row);
  std::vector<TensorType> types = row.infer(reader);
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    if (!checked_elements(types[i].shape)) {
      throw Error(too_large(fmt::format("{}: output {}", describe(network, node), i), types[i].shape));
    }
  }
  auto folded = row.fold != nullptr ? row.fold(reader, types[0]) : std::nullopt;
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    if (node.outputs[i] != kNoValue) network.values[std::size_t(node.outputs[i])].type = std::move(types[i]);
  }
  if (folded && node.outputs[0] != kNoValue) network.values[std::size_t(node.outputs[0])].constant = std::move(folded);
}

}  // namespace

void infer_shapes(Network& network) {
  check_opset(network);
  throw_if_any(GraphCheck(network).problems());
  check_nodes(network);
  reset(network);
  for (const Node& node : network.nodes) infer_node(network, node);
}

}  // namespace weft
