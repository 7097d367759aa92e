// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "weft/tensor/tensor.h"

namespace weft {

/// Index of a Value in Network::values; kNoValue stands for an optional operand that is left out.
using ValueId = int;
inline constexpr ValueId kNoValue = -1;

/// One tensor that flows: a graph input, a constant (weight), or the output of a node.
struct Value {
  std::string name;
  TensorType type;                         ///< of a node's output: filled in by infer_shapes
  std::optional<ConstantTensor> constant;  ///< weights, biases, and what shape inference could fold
};

/// An attribute as ONNX has them (graphs as attributes are not supported).
using Attribute = std::variant<std::int64_t, float, std::string, std::vector<std::int64_t>, std::vector<float>,
                               std::vector<std::string>, ConstantTensor>;

/// One operator of the graph. `op` is the name in the ONNX operator set (default domain); its meaning is that of
/// opset version Network::opset. network/operators.h has the table of the operators that Weft knows.
struct Node {
  std::string name;  ///< unique and not empty: given a name by the importer if the file has none
  std::string op;
  std::vector<ValueId> inputs;   ///< kNoValue for an omitted optional operand
  std::vector<ValueId> outputs;  ///< kNoValue for one nobody wants
  std::map<std::string, Attribute> attributes;
};

/// A network: an acyclic graph of operators over values, in topological order. A plain value.
struct Network {
  std::string name;
  int opset = 13;
  std::vector<Value> values;
  std::vector<Node> nodes;      ///< each after the nodes whose outputs it reads
  std::vector<ValueId> inputs;  ///< fed at run time (constants are not listed)
  std::vector<ValueId> outputs;
};

/// Fills in the type of every value from the types of the inputs and constants, folding what shape arithmetic
/// needs (Shape, Gather, Concat, Slice, Cast ... on small integer tensors; Identity, Reshape ... on any constant).
/// Types and constants of node outputs are made anew, so it can be called again after a change. Throws Error naming the
/// node and operator. First everything that is wrong with the graph (network.bad-graph, .unsupported-opset), then
/// everything with single nodes (.unknown-operator, .unknown-attribute, .missing-attribute, .bad-attribute,
/// .bad-operands), then the first contradiction between shapes (.bad-shape, .type-mismatch, .bad-attribute,
/// .runtime-shape, .too-large: 2^40 elements or 64 axes). Cost: linear in nodes; weights are not looked at.
void infer_shapes(Network& network);

/// The same network with batch N: axis 0 of every input becomes N, shapes are inferred again. Reshape targets in which
/// the exporter wrote the old batch as first extent get the new one. Throws Error network.bad-batch if N < 1 or an
/// input is a scalar.
Network with_batch(Network network, std::int64_t N);

/// What with_batch sets: the extent of axis 0 of the first input. 1 if there is none, and never less.
std::int64_t batch_size(const Network& network);

}  // namespace weft
