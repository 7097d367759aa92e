// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "weft/base/error.h"
#include "weft/network/network.h"

namespace weft {

class NodeReader;

/// Versions of ONNX's default operator set that Weft reads. 28 is that of ONNX 1.23.
inline constexpr int kOldestOpset = 7;
inline constexpr int kNewestOpset = 28;

/// In the order of Attribute's alternatives.
enum class AttributeKind { integer, number, text, integers, numbers, texts, tensor };
std::string_view name(AttributeKind kind);

struct AttributeRule {
  std::string_view name;
  AttributeKind kind;
  bool required = false;
};

/// How many operands a node may list. Omitted optional operands at the end need not be listed.
struct OperandCount {
  std::size_t least;
  std::size_t most;
};
inline constexpr std::size_t kAnyNumber = std::numeric_limits<std::size_t>::max();

/// Which element types operand 0 may have: floats of 16 bits or more; those and integers of 8 bits or more; anything.
enum class ElementSet { floats, arithmetic, any };

/// The types of a node's outputs, as many as the operator can have. Throws Error.
using InferFn = std::vector<TensorType> (*)(const NodeReader& node);
/// The value of output 0, if it is known already. `output` is its inferred type.
using FoldFn = std::optional<ConstantTensor> (*)(const NodeReader& node, const TensorType& output);

/// What an operator means from one opset version on, until the next row of the same name. Versions of ONNX that only
/// allow more element types have no row of their own.
struct OperatorRow {
  std::string_view name;
  int since;  ///< opset version; those up to kOldestOpset are where ONNX introduced the meaning
  OperandCount inputs;
  OperandCount outputs;
  ElementSet elements;
  std::size_t alike;  ///< so many leading operands have the same element type
  std::vector<AttributeRule> attributes;
  InferFn infer;
  FoldFn fold = nullptr;
};

/// Every operator that Weft knows, sorted by name and version. Shape inference, the importer and the documentation read
/// this table: a new operator is its rows and a shape function.
std::span<const OperatorRow> operators();

/// The row that holds at that opset version, or nullptr.
const OperatorRow* find_operator(std::string_view name, int opset);

/// What is wrong with a node before any shape is known: unknown operator or attribute, wrong kind of attribute, missing
/// attribute or operand (network.unknown-operator, .unknown-attribute, .bad-attribute, .missing-attribute,
/// .bad-operands).
std::vector<Problem> check_node(const Network& network, const Node& node);

}  // namespace weft
