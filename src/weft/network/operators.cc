// SPDX-License-Identifier: Apache-2.0
#include "weft/network/operators.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "weft/network/node_reader.h"
#include "weft/network/shape_rules.h"

namespace weft {
namespace {

using enum AttributeKind;
using enum ElementSet;
namespace rule = shape_rules;
using Rules = std::vector<AttributeRule>;

Rules operator+(Rules a, const Rules& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

std::vector<OperatorRow> make_table() {
  constexpr bool required = true;
  const Rules none;
  const Rules strided{{"auto_pad", text}, {"pads", integers}, {"strides", integers}};
  const Rules dilations{{"dilations", integers}};
  const Rules conv = strided + dilations + Rules{{"group", integer}, {"kernel_shape", integers}};
  const Rules transposed = conv + Rules{{"output_padding", integers}, {"output_shape", integers}};
  const Rules pool = strided + Rules{{"kernel_shape", integers, required}};
  const Rules ceil{{"ceil_mode", integer}};
  const Rules average_pool = pool + Rules{{"count_include_pad", integer}};
  const Rules ordered_pool = pool + Rules{{"storage_order", integer}};
  const Rules gemm{{"alpha", number}, {"beta", number}, {"transA", integer}, {"transB", integer}};
  const Rules norm{{"epsilon", number}, {"momentum", number}};
  const Rules norm_7 = norm + Rules{{"spatial", integer}}, norm_14 = norm + Rules{{"training_mode", integer}};
  const Rules lrn{{"alpha", number}, {"beta", number}, {"bias", number}, {"size", integer, required}};
  const Rules alpha{{"alpha", number}}, alpha_beta{{"alpha", number}, {"beta", number}};
  const Rules limits{{"max", number}, {"min", number}};
  const Rules axis{{"axis", integer}}, needs_axis{{"axis", integer, required}};
  const Rules axes{{"axes", integers}}, needs_axes{{"axes", integers, required}}, keep{{"keepdims", integer}};
  const Rules reduce_18 = keep + Rules{{"noop_with_empty_axes", integer}};
  const Rules split_2 = axis + Rules{{"split", integers}}, split_18 = axis + Rules{{"num_outputs", integer}};
  const Rules slice_1 = axes + Rules{{"starts", integers, required}, {"ends", integers, required}};
  const Rules mode{{"mode", text}}, pad_2 = mode + Rules{{"pads", integers, required}, {"value", number}};
  const Rules value{{"value", tensor}}, needs_value{{"value", tensor, required}};
  const Rules some_value = value + Rules{{"value_float", number},  {"value_floats", numbers}, {"value_int", integer},
                                         {"value_ints", integers}, {"value_string", text},    {"value_strings", texts}};
  const Rules cast{{"to", integer, required}}, saturate{{"saturate", integer}};
  const Rules cast_24 = cast + saturate + Rules{{"round_mode", text}};
  const Rules block{{"block_size", integer}}, dtype{{"output_dtype", integer}};
  const Rules quantize_21 = axis + saturate + block + dtype, quantize_23 = quantize_21 + Rules{{"precision", integer}};
  const OperandCount one{1, 1}, two{2, 2}, one_or_two{1, 2}, two_or_three{2, 3}, up_to_three{1, 3},
      any_count{1, kAnyNumber};

  // Name, version, inputs, outputs, element types, how many operands are alike, attributes, shapes, values.
  // clang-format off
  return {
      {"Add", 7, two, one, arithmetic, 2, none, rule::broadcast, folding::add},
      {"AveragePool", 7, one, one, floats, 1, average_pool, rule::pool},
      {"AveragePool", 10, one, one, floats, 1, average_pool + ceil, rule::pool},
      {"AveragePool", 19, one, one, floats, 1, average_pool + ceil + dilations, rule::pool},
      {"BatchNormalization", 7, {5, 5}, {1, 5}, floats, 1, norm_7, rule::batch_normalization},
      {"BatchNormalization", 9, {5, 5}, {1, 5}, floats, 1, norm, rule::batch_normalization},
      {"BatchNormalization", 14, {5, 5}, {1, 3}, floats, 1, norm_14, rule::batch_normalization},
      {"Cast", 6, one, one, any, 1, cast, rule::cast, folding::cast},
      {"Cast", 19, one, one, any, 1, cast + saturate, rule::cast, folding::cast},
      {"Cast", 24, one, one, any, 1, cast_24, rule::cast, folding::cast},
      {"Clip", 6, one, one, arithmetic, 1, limits, rule::same},
      {"Clip", 11, up_to_three, one, arithmetic, 3, none, rule::clip},
      {"Concat", 4, any_count, one, any, kAnyNumber, needs_axis, rule::concat, folding::concat},
      {"Constant", 1, {0, 0}, one, any, 0, needs_value, rule::constant, folding::constant},
      {"Constant", 11, {0, 0}, one, any, 0, value, rule::constant, folding::constant},
      {"Constant", 12, {0, 0}, one, any, 0, some_value, rule::constant, folding::constant},
      {"ConstantOfShape", 9, one, one, any, 1, value, rule::constant_of_shape, folding::constant_of_shape},
      {"Conv", 1, two_or_three, one, floats, 3, conv, rule::conv},
      {"ConvTranspose", 1, two_or_three, one, floats, 3, transposed, rule::conv_transpose},
      {"DequantizeLinear", 10, two_or_three, one, any, 1, none, rule::dequantize},
      {"DequantizeLinear", 13, two_or_three, one, any, 1, axis, rule::dequantize},
      {"DequantizeLinear", 21, two_or_three, one, any, 1, axis + block, rule::dequantize},
      {"DequantizeLinear", 23, two_or_three, one, any, 1, axis + block + dtype, rule::dequantize},
      {"Div", 7, two, one, arithmetic, 2, none, rule::broadcast, folding::divide},
      {"Dropout", 7, one, one_or_two, floats, 1, {{"ratio", number}}, rule::dropout},
      {"Dropout", 12, up_to_three, one_or_two, floats, 1, {{"seed", integer}}, rule::dropout},
      {"Elu", 6, one, one, floats, 1, alpha, rule::same},
      {"Flatten", 1, one, one, any, 1, axis, rule::flatten, folding::reshaped},
      {"Gather", 1, two, one, any, 1, axis, rule::gather, folding::gather},
      {"Gemm", 7, {3, 3}, one, arithmetic, 3, gemm, rule::gemm},
      {"Gemm", 11, two_or_three, one, arithmetic, 3, gemm, rule::gemm},
      {"GlobalAveragePool", 1, one, one, floats, 1, none, rule::global_pool},
      {"GlobalMaxPool", 1, one, one, floats, 1, none, rule::global_pool},
      {"HardSigmoid", 6, one, one, floats, 1, alpha_beta, rule::same},
      {"HardSwish", 14, one, one, floats, 1, none, rule::same},
      {"Identity", 1, one, one, any, 1, none, rule::same, folding::reshaped},
      {"LRN", 1, one, one, floats, 1, lrn, rule::same},
      {"LeakyRelu", 6, one, one, floats, 1, alpha, rule::same},
      {"LogSoftmax", 1, one, one, floats, 1, axis, rule::softmax},
      {"MatMul", 1, two, one, arithmetic, 2, none, rule::matmul},
      {"Max", 6, any_count, one, arithmetic, kAnyNumber, none, rule::broadcast, folding::maximum},
      {"MaxPool", 1, one, one, arithmetic, 1, pool, rule::pool},
      {"MaxPool", 8, one, one_or_two, arithmetic, 1, ordered_pool, rule::pool},
      {"MaxPool", 10, one, one_or_two, arithmetic, 1, ordered_pool + ceil + dilations, rule::pool},
      {"Mul", 7, two, one, arithmetic, 2, none, rule::broadcast, folding::multiply},
      {"PRelu", 7, two, one, arithmetic, 2, none, rule::prelu},
      {"Pad", 2, one, one, any, 1, pad_2, rule::pad},
      {"Pad", 11, two_or_three, one, any, 1, mode, rule::pad},
      {"Pad", 18, {2, 4}, one, any, 1, mode, rule::pad},
      {"QLinearConv", 10, {8, 9}, one, any, 1, conv, rule::qlinear_conv},
      {"QLinearMatMul", 10, {8, 8}, one, any, 1, none, rule::qlinear_matmul},
      {"QuantizeLinear", 10, two_or_three, one, arithmetic, 1, none, rule::quantize},
      {"QuantizeLinear", 13, two_or_three, one, arithmetic, 1, axis, rule::quantize},
      {"QuantizeLinear", 19, two_or_three, one, arithmetic, 1, axis + saturate, rule::quantize},
      {"QuantizeLinear", 21, two_or_three, one, arithmetic, 1, quantize_21, rule::quantize},
      {"QuantizeLinear", 23, two_or_three, one, arithmetic, 1, quantize_23, rule::quantize},
      {"ReduceMean", 1, one, one, arithmetic, 1, axes + keep, rule::reduce},
      {"ReduceMean", 18, one_or_two, one, arithmetic, 1, reduce_18, rule::reduce},
      {"Relu", 6, one, one, arithmetic, 1, none, rule::same},
      {"Reshape", 5, two, one, any, 1, none, rule::reshape, folding::reshaped},
      {"Reshape", 14, two, one, any, 1, {{"allowzero", integer}}, rule::reshape, folding::reshaped},
      {"Shape", 1, one, one, any, 1, none, rule::shape_of, folding::shape_of},
      {"Shape", 15, one, one, any, 1, {{"start", integer}, {"end", integer}}, rule::shape_of, folding::shape_of},
      {"Sigmoid", 6, one, one, floats, 1, none, rule::same},
      {"Slice", 1, one, one, any, 1, slice_1, rule::slice, folding::slice},
      {"Slice", 10, {3, 5}, one, any, 1, none, rule::slice, folding::slice},
      {"Softmax", 1, one, one, floats, 1, axis, rule::softmax},
      {"Split", 2, one, any_count, any, 1, split_2, rule::split},
      {"Split", 13, one_or_two, any_count, any, 1, axis, rule::split},
      {"Split", 18, one_or_two, any_count, any, 1, split_18, rule::split},
      {"Squeeze", 1, one, one, any, 1, axes, rule::squeeze, folding::reshaped},
      {"Squeeze", 13, one_or_two, one, any, 1, none, rule::squeeze, folding::reshaped},
      {"Sub", 7, two, one, arithmetic, 2, none, rule::broadcast, folding::subtract},
      {"Sum", 6, any_count, one, arithmetic, kAnyNumber, none, rule::broadcast, folding::add},
      {"Tanh", 6, one, one, floats, 1, none, rule::same},
      {"Transpose", 1, one, one, any, 1, {{"perm", integers}}, rule::transpose},
      {"Unsqueeze", 1, one, one, any, 1, needs_axes, rule::unsqueeze, folding::reshaped},
      {"Unsqueeze", 13, two, one, any, 1, none, rule::unsqueeze, folding::reshaped},
  };
  // clang-format on
}

const std::vector<OperatorRow>& table() {
  static const std::vector<OperatorRow> kRows = make_table();
  return kRows;
}

std::vector<std::string> known_names() {
  std::vector<std::string> names;
  for (const OperatorRow& row : table()) {
    if (names.empty() || names.back() != row.name) names.emplace_back(row.name);
  }
  return names;
}

/// Checks one node against its row; problems carry the node's name.
class NodeCheck {
 public:
  NodeCheck(const Network& network, const Node& node) : network_(network), node_(node) {}

  std::vector<Problem> problems() {
    const OperatorRow* row = find_operator(node_.op, network_.opset);
    if (row == nullptr) {
      unknown_operator();
    } else {
      check_operands(*row);
      check_attributes(*row);
    }
    return std::move(problems_);
  }

 private:
  void add(std::string id, const std::string& what, std::string mend) {
    problems_.push_back({std::move(id), describe(network_, node_) + ": " + what, {}, std::move(mend)});
  }

  void unknown_operator() {
    for (const OperatorRow& row : table()) {
      if (row.name != node_.op) continue;
      return add("network.unknown-operator", fmt::format("operator '{}' begins with opset {}", node_.op, row.since),
                 "convert the model to that opset or a later one");
    }
    const std::string near = nearest(node_.op, known_names());
    add("network.unknown-operator", fmt::format("Weft does not know the operator '{}'", node_.op),
        (near.empty() ? "" : fmt::format("did you mean '{}'? if not, ", near)) +
            "have the exporter or a converter decompose it into basic operators (docs/operators.md lists them)");
  }

  void check_operands(const OperatorRow& row) {
    check_count("inputs", node_.inputs.size(), row.inputs);
    check_count("outputs", node_.outputs.size(), row.outputs);
    // Operators with any number of inputs have no optional ones.
    const std::size_t needed = row.inputs.most == kAnyNumber ? node_.inputs.size() : row.inputs.least;
    for (std::size_t i = 0; i < std::min(needed, node_.inputs.size()); ++i) {
      if (node_.inputs[i] == kNoValue)
        add("network.bad-operands", fmt::format("input {} is left out", i), "it is required");
    }
  }

  void check_count(std::string_view which, std::size_t n, OperandCount allowed) {
    if (n >= allowed.least && n <= allowed.most) return;
    const std::string most = allowed.most == kAnyNumber ? "any number" : std::to_string(allowed.most);
    add("network.bad-operands", fmt::format("it has {} {}", n, which),
        fmt::format("it needs {} to {}", allowed.least, most));
  }

  void check_attributes(const OperatorRow& row) {
    for (const auto& [name, value] : node_.attributes) check_attribute(row, name, value);
    for (const AttributeRule& rule : row.attributes) {
      if (rule.required && !node_.attributes.contains(std::string(rule.name))) {
        add("network.missing-attribute", fmt::format("attribute '{}' is missing", rule.name),
            fmt::format("give it ({})", weft::name(rule.kind)));
      }
    }
  }

  void check_attribute(const OperatorRow& row, const std::string& name, const Attribute& value) {
    const auto found = std::find_if(row.attributes.begin(), row.attributes.end(),
                                    [&](const AttributeRule& rule) { return rule.name == name; });
    if (found == row.attributes.end()) return unknown_attribute(row, name);
    const auto kind = AttributeKind(value.index());
    if (kind != found->kind) {
      add("network.bad-attribute", fmt::format("attribute '{}' is {}", name, weft::name(kind)),
          fmt::format("it must be {}", weft::name(found->kind)));
    }
  }

  void unknown_attribute(const OperatorRow& row, const std::string& name) {
    std::vector<std::string> known;
    for (const AttributeRule& rule : row.attributes) known.emplace_back(rule.name);
    const std::string near = nearest(name, known);
    const std::string list = known.empty() ? "none" : fmt::format("{}", fmt::join(known, ", "));
    add("network.unknown-attribute", fmt::format("attribute '{}' is not known", name),
        near.empty() ? "at this opset the operator has: " + list : fmt::format("did you mean '{}'?", near));
  }

  const Network& network_;
  const Node& node_;
  std::vector<Problem> problems_;
};

}  // namespace

std::string_view name(AttributeKind kind) {
  constexpr std::array<std::string_view, 7> kNames{
      "an integer", "a number", "a text", "a list of integers", "a list of numbers", "a list of texts", "a tensor"};
  static_assert(kNames.size() == std::variant_size_v<Attribute>);
  return kNames[std::size_t(kind)];
}

std::span<const OperatorRow> operators() { return table(); }

const OperatorRow* find_operator(std::string_view name, int opset) {
  const OperatorRow* found = nullptr;
  for (const OperatorRow& row : table()) {
    if (row.name == name && row.since <= opset) found = &row;
  }
  return found;
}

std::vector<Problem> check_node(const Network& network, const Node& node) {
  return NodeCheck(network, node).problems();
}

}  // namespace weft
