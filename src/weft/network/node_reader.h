// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "weft/network/network.h"

namespace weft {

/// "node 'conv1' (Conv, opset 13)": how messages name a node.
std::string describe(const Network& network, const Node& node);

/// One node as shape functions and layer counting see it: its operands' types, its attributes with their defaults, and
/// a way to refuse. The node has passed check_node: attributes have the right kind, required ones are there. Keeps
/// references.
class NodeReader {
 public:
  NodeReader(const Network& network, const Node& node) : network_(network), node_(node) {}

  const std::string& op() const { return node_.op; }
  int opset() const { return network_.opset; }
  std::size_t inputs() const { return node_.inputs.size(); }
  std::size_t outputs() const { return node_.outputs.size(); }

  /// Operand i is listed and not left out.
  bool has(std::size_t i) const { return i < node_.inputs.size() && node_.inputs[i] != kNoValue; }
  const TensorType& type(std::size_t i) const { return network_.values[std::size_t(node_.inputs[i])].type; }
  const Shape& shape(std::size_t i) const { return type(i).shape; }
  std::size_t rank(std::size_t i) const { return shape(i).size(); }
  /// The operand's values if they are known, else nullptr.
  const ConstantTensor* constant(std::size_t i) const;
  /// The values of an int32 or int64 operand that must be known to infer shapes (network.runtime-shape if they are
  /// not).
  std::vector<std::int64_t> known_integers(std::size_t i, std::string_view what) const;

  bool has_attribute(std::string_view name) const;
  std::int64_t integer(std::string_view name, std::int64_t otherwise) const;
  float number(std::string_view name, float otherwise) const;
  bool flag(std::string_view name, bool otherwise) const;  ///< 0 or 1, else network.bad-attribute
  std::string text(std::string_view name, const std::string& otherwise) const;
  std::optional<std::vector<std::int64_t>> integers(std::string_view name) const;
  template <class T>
  const T* attribute(std::string_view name) const {
    const auto found = node_.attributes.find(std::string(name));
    return found == node_.attributes.end() ? nullptr : std::get_if<T>(&found->second);
  }

  /// The axis counted from the front; it may be given from the back as -1..-rank. network.bad-attribute beyond.
  std::size_t axis(std::int64_t axis, std::size_t rank) const;
  /// The same for several, none twice.
  std::vector<std::size_t> axes(const std::vector<std::int64_t>& axes, std::size_t rank) const;
  /// `axes` of operators that took them from an attribute and later from operand `i`. Nothing if left out.
  std::optional<std::vector<std::int64_t>> attribute_or_operand(std::string_view name, std::size_t i) const;

  /// Operand i has exactly (or at least) this many axes, else network.bad-shape.
  void require_rank(std::size_t i, std::size_t rank) const;
  void require_least_rank(std::size_t i, std::size_t rank) const;

  [[noreturn]] void fail(std::string id, const std::string& what, std::string mend) const;
  [[noreturn]] void bad_shape(const std::string& what, std::string mend) const {
    fail("network.bad-shape", what, std::move(mend));
  }
  [[noreturn]] void bad_attribute(const std::string& what, std::string mend) const {
    fail("network.bad-attribute", what, std::move(mend));
  }
  [[noreturn]] void type_mismatch(const std::string& what, std::string mend) const {
    fail("network.type-mismatch", what, std::move(mend));
  }

 private:
  const Network& network_;
  const Node& node_;
};

}  // namespace weft
