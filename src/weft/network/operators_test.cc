// SPDX-License-Identifier: Apache-2.0
#include "weft/network/operators.h"

#include <catch2/catch.hpp>
#include <set>

#include "weft/network/element_number.h"
#include "weft/network/one_node_testing.h"

namespace weft {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)
using Integers = std::vector<std::int64_t>;
using Attributes = std::map<std::string, Attribute>;

constexpr std::int64_t one = 1, zero = 0;

Attributes axis(std::int64_t at) { return {{"axis", at}}; }
Operand scalar_int8() { return tensor({}, ElementType::int8); }

}  // namespace

TEST_CASE("the table is sorted by name and version, and every row is whole") {
  const OperatorRow* last = nullptr;
  for (const OperatorRow& row : operators()) {
    CAPTURE(row.name, row.since);
    CHECK(row.infer != nullptr);
    CHECK(row.inputs.least <= row.inputs.most);
    CHECK((last == nullptr || last->name < row.name || (last->name == row.name && last->since < row.since)));
    std::set<std::string_view> names;
    for (const AttributeRule& rule : row.attributes) CHECK(names.insert(rule.name).second);
    last = &row;
  }
}

TEST_CASE("a row holds until the next version of its operator") {
  CHECK(find_operator("Clip", 10)->since == 6);
  CHECK(find_operator("Clip", 11)->since == 11);
  CHECK(find_operator("Clip", 28)->since == 11);
  CHECK(find_operator("HardSwish", 13) == nullptr);
  CHECK(find_operator("HardSwish", 14) != nullptr);
  CHECK(find_operator("LSTM", 13) == nullptr);
}

TEST_CASE("element types keep ONNX's numbers") {
  for (int number = 1; number <= 28; ++number) CHECK(number_of_element(element_of_number(number).value()) == number);
  CHECK(element_of_number(1) == ElementType::float32);
  CHECK(element_of_number(28) == ElementType::float6e3m2);
  CHECK_FALSE(element_of_number(0));
  CHECK_FALSE(element_of_number(29));
}

TEST_CASE("operators with a value per element keep the shape") {
  for (const char* op : {"Relu", "Sigmoid", "Tanh", "Elu", "LeakyRelu", "HardSigmoid", "HardSwish", "Identity",
                         "Softmax", "LogSoftmax"}) {
    CAPTURE(op);
    CHECK(shape_of({op, 14, {tensor({2, 3, 4})}}) == Shape{2, 3, 4});
  }
  CHECK(shape_of({"LRN", 13, {tensor({1, 96, 55, 55})}, {{"size", std::int64_t{5}}}}) == Shape{1, 96, 55, 55});
  CHECK(problem_of({"LRN", 13, {tensor({1, 96, 55, 55})}}) == "network.missing-attribute");
  CHECK(problem_of({"Softmax", 13, {tensor({2, 3})}, axis(2)}) == "network.bad-attribute");
  CHECK(shape_of({"Softmax", 13, {tensor({2, 3})}, axis(-2)}) == Shape{2, 3});
}

TEST_CASE("operands broadcast as in numpy") {
  const auto add = [](Shape a, Shape b) { return OneNode{"Add", 13, {tensor(a), tensor(b)}}; };
  CHECK(shape_of(add({8, 1, 6, 1}, {7, 1, 5})) == Shape{8, 7, 6, 5});  // the example of numpy's manual
  CHECK(shape_of(add({}, {2})) == Shape{2});
  CHECK(shape_of(add({0}, {1})) == Shape{0});
  CHECK(problem_of(add({2, 1}, {8, 4, 3})) == "network.bad-shape");  // likewise
  CHECK(problem_of(add({3}, {4})) == "network.bad-shape");
  CHECK(shape_of({"Sum", 13, {tensor({3, 1}), tensor({1, 4}), tensor({2, 1, 1})}}) == Shape{2, 3, 4});
  CHECK(shape_of({"Max", 13, {tensor({3, 1}), tensor({4})}}) == Shape{3, 4});
  CHECK(problem_of({"Max", 13, {tensor({3}), omitted()}}) == "network.bad-operands");
}

TEST_CASE("the slope of PRelu broadcasts to the input, not the other way") {
  CHECK(shape_of({"PRelu", 13, {tensor({2, 3, 4, 4}), tensor({3, 1, 1})}}) == Shape{2, 3, 4, 4});
  CHECK(problem_of({"PRelu", 13, {tensor({3, 1, 1}), tensor({2, 3, 4, 4})}}) == "network.bad-shape");
}

TEST_CASE("Clip takes its limits from attributes, from opset 11 on from operands") {
  CHECK(shape_of({"Clip", 10, {tensor({3})}, {{"min", 0.0f}, {"max", 6.0f}}}) == Shape{3});
  CHECK(problem_of({"Clip", 11, {tensor({3})}, {{"min", 0.0f}}}) == "network.unknown-attribute");
  CHECK(shape_of({"Clip", 11, {tensor({3}), omitted(), tensor({})}}) == Shape{3});
  CHECK(problem_of({"Clip", 10, {tensor({3}), tensor({})}}) == "network.bad-operands");
  CHECK(problem_of({"Clip", 11, {tensor({3}), tensor({3})}}) == "network.bad-shape");
}

TEST_CASE("Gemm multiplies as transA and transB say") {
  CHECK(shape_of({"Gemm", 13, {tensor({4, 9216}), tensor({4096, 9216}), tensor({4096})}, {{"transB", one}}}) ==
        Shape{4, 4096});
  CHECK(shape_of({"Gemm", 13, {tensor({3, 2}), tensor({3, 5})}, {{"transA", one}}}) == Shape{2, 5});
  CHECK(problem_of({"Gemm", 13, {tensor({4, 9216}), tensor({4096, 9216})}}) == "network.bad-shape");
  CHECK(problem_of({"Gemm", 10, {tensor({3, 2}), tensor({2, 5})}}) ==
        "network.bad-operands");  // C became optional in 11
  CHECK(problem_of({"Gemm", 13, {tensor({3, 2}), tensor({2, 5}), tensor({3})}}) == "network.bad-shape");
  CHECK(problem_of({"Gemm", 13, {tensor({3, 2}), tensor({2, 5})}, {{"transA", std::int64_t{2}}}}) ==
        "network.bad-attribute");
  CHECK(problem_of({"Gemm", 13, {tensor({1, 3, 2}), tensor({2, 5})}}) == "network.bad-shape");
}

TEST_CASE("MatMul follows numpy.matmul") {
  const auto product = [](Shape a, Shape b) { return OneNode{"MatMul", 13, {tensor(a), tensor(b)}}; };
  CHECK(shape_of(product({9, 5, 7, 4}, {9, 5, 4, 3})) == Shape{9, 5, 7, 3});  // numpy's manual
  CHECK(shape_of(product({4}, {4})) == Shape{});
  CHECK(shape_of(product({4}, {2, 4, 3})) == Shape{2, 3});
  CHECK(shape_of(product({2, 7, 4}, {4})) == Shape{2, 7});
  CHECK(shape_of(product({5, 1, 7, 4}, {3, 4, 2})) == Shape{5, 3, 7, 2});
  CHECK(problem_of(product({2, 3}, {4, 5})) == "network.bad-shape");
  CHECK(problem_of(product({}, {4})) == "network.bad-shape");
}

TEST_CASE("batch normalisation has one parameter for each channel") {
  const Operand p = tensor({3});
  CHECK(shape_of({"BatchNormalization", 15, {tensor({2, 3, 4, 5}), p, p, p, p}}) == Shape{2, 3, 4, 5});
  CHECK(problem_of({"BatchNormalization", 15, {tensor({2, 4, 4, 5}), p, p, p, p}}) == "network.bad-shape");
  OneNode training{"BatchNormalization", 15, {tensor({2, 3, 4, 5}), p, p, p, p}, {{"training_mode", one}}, 3};
  CHECK(shape_of(training, 2) == Shape{3});
  training.opset = 13;
  CHECK(problem_of(training) == "network.unknown-attribute");
  const Operand each = tensor({3, 4, 5});
  CHECK(shape_of({"BatchNormalization", 7, {tensor({2, 3, 4, 5}), each, each, each, each}, {{"spatial", zero}}}) ==
        Shape{2, 3, 4, 5});
}

TEST_CASE("Dropout's mask became boolean in opset 10, its ratio an operand in 12") {
  CHECK(type_of({"Dropout", 9, {tensor({3})}, {{"ratio", 0.5f}}, 2}, 1).type == ElementType::float32);
  CHECK(type_of({"Dropout", 10, {tensor({3})}, {{"ratio", 0.5f}}, 2}, 1).type == ElementType::boolean);
  CHECK(problem_of({"Dropout", 12, {tensor({3})}, {{"ratio", 0.5f}}}) == "network.unknown-attribute");
  CHECK(shape_of({"Dropout", 12, {tensor({3}), tensor({})}}) == Shape{3});
}

TEST_CASE("ReduceMean drops or keeps the axes it averages over") {
  const Operand x = tensor({2, 3, 4});
  CHECK(shape_of({"ReduceMean", 13, {x}, {{"axes", Integers{-1, 0}}}}) == Shape{1, 3, 1});
  CHECK(shape_of({"ReduceMean", 13, {x}, {{"axes", Integers{2}}, {"keepdims", zero}}}) == Shape{2, 3});
  CHECK(shape_of({"ReduceMean", 13, {x}}) == Shape{1, 1, 1});
  CHECK(shape_of({"ReduceMean", 18, {x, testing::integers({1})}}) == Shape{2, 1, 4});
  CHECK(shape_of({"ReduceMean", 18, {x}, {{"noop_with_empty_axes", one}}}) == Shape{2, 3, 4});
  CHECK(problem_of({"ReduceMean", 18, {x}, {{"axes", Integers{1}}}}) == "network.unknown-attribute");
  CHECK(problem_of({"ReduceMean", 13, {x}, {{"axes", Integers{3}}}}) == "network.bad-attribute");
  CHECK(problem_of({"ReduceMean", 13, {x}, {{"axes", Integers{1, -2}}}}) == "network.bad-attribute");
}

TEST_CASE("Concat adds the extents of its axis") {
  CHECK(
      shape_of({"Concat", 13, {tensor({1, 64, 28, 28}), tensor({1, 128, 28, 28}), tensor({1, 32, 28, 28})}, axis(1)}) ==
      Shape{1, 224, 28, 28});
  CHECK(problem_of({"Concat", 13, {tensor({1, 64, 28, 28}), tensor({1, 128, 27, 28})}, axis(1)}) ==
        "network.bad-shape");
  CHECK(problem_of({"Concat", 13, {tensor({1, 64}), tensor({64})}, axis(0)}) == "network.bad-shape");
  CHECK(problem_of({"Concat", 13, {tensor({1})}}) == "network.missing-attribute");
  CHECK(problem_of({"Concat", 13, {tensor({1}), tensor({1}, ElementType::int8)}, axis(0)}) == "network.type-mismatch");
}

TEST_CASE("Split's parts come from an attribute, an operand, or the number of outputs") {
  const Operand x = tensor({2, 7});
  CHECK(shape_of({"Split", 11, {x}, {{"axis", one}, {"split", Integers{3, 4}}}, 2}, 1) == Shape{2, 4});
  CHECK(shape_of({"Split", 13, {x, testing::integers({5, 2})}, axis(1), 2}, 0) == Shape{2, 5});
  CHECK(shape_of({"Split", 18, {x}, {{"axis", one}, {"num_outputs", std::int64_t{3}}}, 3}, 2) ==
        Shape{2, 1});  // 3 + 3 + 1
  CHECK(shape_of({"Split", 13, {x}, axis(0), 2}, 1) == Shape{1, 7});
  CHECK(problem_of({"Split", 13, {x}, axis(1), 2}) == "network.bad-shape");
  CHECK(problem_of({"Split", 13, {x, testing::integers({5, 3})}, axis(1), 2}) == "network.bad-shape");
  CHECK(problem_of({"Split", 13, {x, testing::integers({INT64_MAX, INT64_MAX})}, axis(1), 2}) == "network.bad-shape");
  CHECK(problem_of({"Split", 18, {x}, {{"axis", one}, {"num_outputs", std::int64_t{2}}}, 3}) ==
        "network.bad-attribute");
}

TEST_CASE("Slice counts as Python's slices do") {
  const auto sliced = [](std::int64_t extent, std::int64_t start, std::int64_t end, std::int64_t step) {
    return shape_of({"Slice",
                     13,
                     {tensor({extent}), testing::integers({start}), testing::integers({end}), testing::integers({0}),
                      testing::integers({step})}})[0];
  };
  // len(range(n)[start:end:step]) for every combination, counted by walking.
  for (std::int64_t n = 0; n <= 5; ++n) {
    for (std::int64_t start = -7; start <= 7; ++start) {
      for (std::int64_t end = -7; end <= 7; ++end) {
        for (const std::int64_t step : {-3, -1, 1, 2}) {
          const auto clip = [&](std::int64_t at) {
            if (at < 0) at += n;
            return step > 0 ? std::min(std::max<std::int64_t>(at, 0), n)
                            : std::min(std::max<std::int64_t>(at, -1), n - 1);
          };
          std::int64_t count = 0;
          // ONNX clamps a start before the front to 0 when stepping back; Python to -1, which is empty either way but
          // for n > 0.
          const std::int64_t from = step < 0 ? std::max<std::int64_t>(clip(start), 0) : clip(start);
          for (std::int64_t at = from; n > 0 && (step > 0 ? at < clip(end) : at > clip(end)); at += step) ++count;
          CAPTURE(n, start, end, step);
          CHECK(sliced(n, start, end, step) == count);
        }
      }
    }
  }
  CHECK(sliced(10, 0, INT64_MAX, 1) == 10);
  CHECK(sliced(10, -1, INT64_MIN, -1) == 10);
  CHECK(sliced(10, 9, INT64_MIN, INT64_MIN) == 1);
}

TEST_CASE("Slice's operands were attributes up to opset 9") {
  CHECK(shape_of({"Slice", 9, {tensor({4, 6})}, {{"starts", Integers{1, 2}}, {"ends", Integers{3, -1}}}}) ==
        Shape{2, 3});
  CHECK(shape_of(
            {"Slice", 10, {tensor({4, 6}), testing::integers({1}), testing::integers({5}), testing::integers({-1})}}) ==
        Shape{4, 4});
  CHECK(problem_of({"Slice", 9, {tensor({4, 6})}, {{"starts", Integers{1, 2}}, {"ends", Integers{3}}}}) ==
        "network.bad-shape");
  CHECK(problem_of({"Slice",
                    13,
                    {tensor({4}), testing::integers({0}), testing::integers({1}), testing::integers({0}),
                     testing::integers({0})}}) == "network.bad-attribute");
}

TEST_CASE("Pad grows and, with negative pads, crops") {
  const Operand x = tensor({2, 3});
  CHECK(shape_of({"Pad", 10, {x}, {{"pads", Integers{0, 1, 0, 2}}}}) == Shape{2, 6});
  CHECK(shape_of({"Pad", 13, {x, testing::integers({-1, 0, 0, 5})}}) == Shape{1, 8});
  CHECK(shape_of({"Pad", 18, {x, testing::integers({1, 1}), omitted(), testing::integers({-1})}}) == Shape{2, 5});
  CHECK(problem_of({"Pad", 13, {x, testing::integers({-3, 0, 0, 0})}}) == "network.bad-shape");
  CHECK(problem_of({"Pad", 13, {x, testing::integers({INT64_MAX, 0, INT64_MAX, 0})}}) == "network.bad-shape");
  CHECK(problem_of({"Pad", 13, {x, testing::integers({1, 1})}}) == "network.bad-shape");
  CHECK(problem_of({"Pad", 18, {x, testing::integers({0, 0, 0, 0})}, {{"mode", "wrap"}}}) == "network.bad-attribute");
  CHECK(shape_of({"Pad", 19, {x, testing::integers({0, 0, 1, 0})}, {{"mode", "wrap"}}}) == Shape{3, 3});
}

TEST_CASE("Flatten makes a matrix of the axes before and after one") {
  CHECK(shape_of({"Flatten", 13, {tensor({2, 3, 4, 5})}}) == Shape{2, 60});
  CHECK(shape_of({"Flatten", 13, {tensor({2, 3, 4, 5})}, axis(0)}) == Shape{1, 120});
  CHECK(shape_of({"Flatten", 13, {tensor({2, 3, 4, 5})}, axis(4)}) == Shape{120, 1});
  CHECK(shape_of({"Flatten", 13, {tensor({2, 3, 4, 5})}, axis(-1)}) == Shape{24, 5});
  CHECK(problem_of({"Flatten", 13, {tensor({2, 3, 4, 5})}, axis(5)}) == "network.bad-attribute");
}

TEST_CASE("Reshape copies an extent for 0 and finds the one for -1") {
  const auto reshaped = [](Shape x, Integers target) {
    return OneNode{"Reshape", 13, {tensor(x), testing::integers(target)}};
  };
  CHECK(shape_of(reshaped({4, 256, 6, 6}, {0, -1})) == Shape{4, 9216});
  CHECK(shape_of(reshaped({2, 3, 4}, {4, 2, 3})) == Shape{4, 2, 3});
  CHECK(shape_of(reshaped({}, {1, 1})) == Shape{1, 1});
  CHECK(shape_of(reshaped({0, 3}, {3, -1})) == Shape{3, 0});
  CHECK(problem_of(reshaped({2, 3}, {-1, 4})) == "network.bad-shape");
  CHECK(problem_of(reshaped({2, 3}, {-1, -1})) == "network.bad-shape");
  CHECK(problem_of(reshaped({2, 3}, {7})) == "network.bad-shape");
  CHECK(problem_of(reshaped({2, 3}, {-2, -3})) == "network.bad-shape");
  CHECK(problem_of(reshaped({6}, {1, 0})) == "network.bad-shape");
  CHECK(problem_of(reshaped({6}, {INT64_MAX, INT64_MAX})) == "network.bad-shape");
  const Attributes allow{{"allowzero", one}};
  CHECK(shape_of({"Reshape", 14, {tensor({0, 10}), testing::integers({3, 0})}, allow}) == Shape{3, 0});
  CHECK(problem_of({"Reshape", 13, {tensor({0, 10}), testing::integers({3, 0})}, allow}) ==
        "network.unknown-attribute");
}

TEST_CASE("a shape computed at run time is refused by name") {
  CHECK(problem_of({"Reshape", 13, {tensor({6}), tensor({2}, ElementType::int64)}}) == "network.runtime-shape");
  CHECK(problem_of({"Reshape", 13, {tensor({6}), tensor({2})}}) == "network.type-mismatch");
  CHECK(problem_of({"Reshape", 13, {tensor({6}), tensor({2, 2}, ElementType::int64)}}) == "network.bad-shape");
}

TEST_CASE("Squeeze and Unsqueeze take axes from an attribute, from opset 13 on from an operand") {
  CHECK(shape_of({"Squeeze", 11, {tensor({1, 3, 1})}, {{"axes", Integers{-1}}}}) == Shape{1, 3});
  CHECK(shape_of({"Squeeze", 13, {tensor({1, 3, 1}), testing::integers({0})}}) == Shape{3, 1});
  CHECK(shape_of({"Squeeze", 13, {tensor({1, 3, 1})}}) == Shape{3});
  CHECK(problem_of({"Squeeze", 11, {tensor({1, 3, 1})}, {{"axes", Integers{1}}}}) == "network.bad-shape");
  CHECK(problem_of({"Squeeze", 13, {tensor({1})}, {{"axes", Integers{0}}}}) == "network.unknown-attribute");
  CHECK(shape_of({"Unsqueeze", 11, {tensor({3})}, {{"axes", Integers{0, 2}}}}) == Shape{1, 3, 1});
  CHECK(shape_of({"Unsqueeze", 13, {tensor({3, 4}), testing::integers({-1, 1})}}) == Shape{3, 1, 4, 1});
  CHECK(problem_of({"Unsqueeze", 11, {tensor({3})}}) == "network.missing-attribute");
  CHECK(problem_of({"Unsqueeze", 13, {tensor({3}), testing::integers({0, 0})}}) == "network.bad-attribute");
}

TEST_CASE("Transpose reverses the axes unless told otherwise") {
  CHECK(shape_of({"Transpose", 13, {tensor({2, 3, 4})}}) == Shape{4, 3, 2});
  CHECK(shape_of({"Transpose", 13, {tensor({2, 3, 4})}, {{"perm", Integers{0, 2, 1}}}}) == Shape{2, 4, 3});
  CHECK(problem_of({"Transpose", 13, {tensor({2, 3, 4})}, {{"perm", Integers{0, 1}}}}) == "network.bad-attribute");
  CHECK(problem_of({"Transpose", 13, {tensor({2, 3, 4})}, {{"perm", Integers{0, 1, 1}}}}) == "network.bad-attribute");
}

TEST_CASE("Gather puts the indices' shape in place of the axis") {
  const Operand indices = tensor({2, 2}, ElementType::int64);
  CHECK(shape_of({"Gather", 13, {tensor({5, 6, 7}), indices}, axis(1)}) == Shape{5, 2, 2, 7});
  CHECK(shape_of({"Gather", 13, {tensor({5, 6}), tensor({}, ElementType::int32)}}) == Shape{6});
  CHECK(problem_of({"Gather", 13, {tensor({5, 6}), tensor({2})}}) == "network.type-mismatch");
  CHECK(problem_of({"Gather", 13, {tensor({}), indices}}) == "network.bad-attribute");
}

TEST_CASE("Cast names its type by ONNX's number") {
  CHECK(type_of({"Cast", 13, {tensor({3})}, {{"to", std::int64_t{7}}}}) == TensorType{ElementType::int64, {3}});
  CHECK(type_of({"Cast", 23, {tensor({3})}, {{"to", std::int64_t{23}}}}).type == ElementType::float4e2m1);
  CHECK(problem_of({"Cast", 13, {tensor({3})}, {{"to", std::int64_t{0}}}}) == "network.bad-attribute");
  CHECK(problem_of({"Cast", 13, {tensor({3})}, {{"to", std::int64_t{99}}}}) == "network.bad-attribute");
}

TEST_CASE("quantised tensors have the zero point's type, uint8 by default") {
  const Operand x = tensor({2, 3, 4}), scale = tensor({});
  CHECK(type_of({"QuantizeLinear", 13, {x, scale}}).type == ElementType::uint8);
  CHECK(type_of({"QuantizeLinear", 13, {x, scale, scalar_int8()}}).type == ElementType::int8);
  CHECK(type_of({"QuantizeLinear", 21, {x, scale}, {{"output_dtype", std::int64_t{22}}}}).type == ElementType::int4);
  CHECK(problem_of({"QuantizeLinear", 21, {x, scale, scalar_int8()}, {{"output_dtype", std::int64_t{22}}}}) ==
        "network.type-mismatch");
  CHECK(problem_of({"QuantizeLinear", 13, {x, tensor({4})}}) == "network.bad-shape");  // axis 1 has 3
  CHECK(problem_of({"QuantizeLinear", 13, {x, tensor({3}), tensor({2}, ElementType::int8)}, axis(1)}) ==
        "network.bad-shape");
  CHECK(shape_of({"QuantizeLinear", 21, {x, tensor({2, 2, 4})}, {{"axis", one}, {"block_size", std::int64_t{2}}}}) ==
        Shape{2, 3, 4});
  CHECK(problem_of({"QuantizeLinear", 21, {x, tensor({2, 2, 4})}, {{"axis", one}, {"block_size", INT64_MAX}}}) ==
        "network.bad-shape");
  CHECK(problem_of({"QuantizeLinear", 21, {x, tensor({2, 2, 4})}, {{"axis", one}, {"block_size", std::int64_t{-2}}}}) ==
        "network.bad-shape");
}

TEST_CASE("dequantised tensors have the scale's type") {
  const Operand x = tensor({2, 3}, ElementType::int8);
  CHECK(type_of({"DequantizeLinear", 19, {x, tensor({}, ElementType::float16)}}).type == ElementType::float16);
  CHECK(type_of({"DequantizeLinear", 23, {x, tensor({})}, {{"output_dtype", std::int64_t{10}}}}).type ==
        ElementType::float16);
  CHECK(problem_of({"DequantizeLinear", 13, {x, tensor({}), tensor({}, ElementType::uint8)}}) ==
        "network.type-mismatch");
}

TEST_CASE("quantised convolution and product have the last zero point's type") {
  const Operand s = tensor({}), z = tensor({}, ElementType::uint8);
  const OneNode conv{
      "QLinearConv",
      10,
      {tensor({1, 1, 7, 7}, ElementType::uint8), s, z, tensor({2, 1, 3, 3}, ElementType::int8), s, scalar_int8(), s, z},
      {{"strides", Integers{2, 2}}}};
  CHECK(type_of(conv) == TensorType{ElementType::uint8, {1, 2, 3, 3}});
  const OneNode product{"QLinearMatMul",
                        10,
                        {tensor({2, 4}, ElementType::uint8), s, z, tensor({4, 3}, ElementType::int8), s, scalar_int8(),
                         s, scalar_int8()}};
  CHECK(type_of(product) == TensorType{ElementType::int8, {2, 3}});
}

TEST_CASE("Shape, from opset 15 on a part of it") {
  CHECK(folded({"Shape", 13, {tensor({2, 3, 4})}}) == Integers{2, 3, 4});
  CHECK(folded({"Shape", 15, {tensor({2, 3, 4})}, {{"start", std::int64_t{-2}}, {"end", std::int64_t{2}}}}) ==
        Integers{3});
  CHECK(folded({"Shape", 15, {tensor({2, 3, 4})}, {{"start", std::int64_t{9}}}}) == Integers{});
  CHECK(folded({"Shape", 15, {tensor({2, 3, 4})}, {{"start", INT64_MIN}, {"end", INT64_MAX}}}) == Integers{2, 3, 4});
  CHECK(problem_of({"Shape", 14, {tensor({2})}, {{"start", zero}}}) == "network.unknown-attribute");
}

TEST_CASE("Constant takes one of its value attributes") {
  CHECK(type_of({"Constant", 13, {}, {{"value", stored_floats({2}, std::vector<float>{1, 2})}}}) ==
        TensorType{ElementType::float32, {2}});
  CHECK(folded({"Constant", 13, {}, {{"value_ints", Integers{4, 5}}}}) == Integers{4, 5});
  CHECK(folded({"Constant", 13, {}, {{"value_int", one}}}) == Integers{1});
  CHECK(type_of({"Constant", 13, {}, {{"value_float", 1.0f}}}) == TensorType{ElementType::float32, {}});
  CHECK(type_of({"Constant", 13, {}, {{"value_floats", std::vector<float>{1, 2}}}}) ==
        TensorType{ElementType::float32, {2}});
  CHECK(type_of({"Constant", 13, {}, {{"value_string", "a"}}}) == TensorType{ElementType::string, {}});
  CHECK(type_of({"Constant", 13, {}, {{"value_strings", std::vector<std::string>{"a", "b"}}}}) ==
        TensorType{ElementType::string, {2}});
  CHECK(problem_of({"Constant", 13, {}}) == "network.missing-attribute");
  CHECK(problem_of({"Constant", 13, {}, {{"value_int", one}, {"value_ints", Integers{4, 5}}}}) ==
        "network.bad-attribute");
  CHECK(problem_of({"Constant", 11, {}, {{"value_int", one}}}) == "network.unknown-attribute");
}

TEST_CASE("ConstantOfShape fills without taking memory") {
  OneNode node{"ConstantOfShape", 9, {testing::integers({1 << 20, 1 << 20})}};
  CHECK(type_of(node) == TensorType{ElementType::float32, {1 << 20, 1 << 20}});  // 4 TiB, were it stored
  node.inputs = {testing::integers({3})};
  node.attributes = {{"value", stored_integers({1}, Integers{7})}};
  CHECK(folded(node) == Integers{7, 7, 7});
  node.attributes = {{"value", stored_integers({1}, Integers{(std::int64_t{1} << 60) + 1})}};  // no float
  CHECK(folded(node)->at(2) == (std::int64_t{1} << 60) + 1);
  node.attributes = {{"value", stored_integers({2}, Integers{7, 8})}};
  CHECK(problem_of(node) == "network.bad-attribute");
  node.attributes = {};
  node.inputs = {testing::integers({-1})};
  CHECK(problem_of(node) == "network.too-large");
}

TEST_CASE("shape arithmetic is folded") {
  const auto fold2 = [](const char* op, Integers a, Integers b) {
    return folded({op, 13, {testing::integers(a), testing::integers(b)}});
  };
  CHECK(fold2("Add", {1, 2}, {10}) == Integers{11, 12});
  CHECK(fold2("Sub", {1, 2}, {10, 20}) == Integers{-9, -18});
  CHECK(fold2("Mul", {INT64_MAX}, {2}) == Integers{-2});  // modulo 2^64
  CHECK(fold2("Div", {-7, 7}, {2}) == Integers{-3, 3});   // towards zero
  CHECK(fold2("Div", {INT64_MIN}, {-1}) == Integers{INT64_MIN});
  CHECK(fold2("Div", {1}, {0}) == std::nullopt);
  CHECK(fold2("Max", {1, 9}, {5}) == Integers{5, 9});
  CHECK(fold2("Gather", {10, 20, 30}, {-1, 0}) == Integers{30, 10});
  CHECK(folded({"Concat", 13, {testing::integers({1}), testing::integers({-1, 3})}, axis(0)}) == Integers{1, -1, 3});
  CHECK(folded({"Slice",
                13,
                {testing::integers({1, 2, 3, 4}), testing::integers({3}), testing::integers({-9}),
                 testing::integers({0}), testing::integers({-2})}}) == Integers{4, 2});
  CHECK(folded({"Cast", 13, {testing::integers({(std::int64_t{1} << 32) + 5})}, {{"to", std::int64_t{6}}}}) ==
        Integers{5});
  CHECK(folded({"Unsqueeze", 13, {testing::integers({4}), testing::integers({0})}}) == Integers{4});
  CHECK(folded({"Identity", 13, {testing::integers({4})}}) == Integers{4});
  CHECK(problem_of({"Gather", 13, {testing::integers({10, 20}), testing::integers({2})}}) == "network.bad-shape");
}

TEST_CASE("a matrix of integers is gathered and sliced along the right axis") {
  const Operand matrix = constant(stored_integers({2, 3}, Integers{1, 2, 3, 4, 5, 6}));
  CHECK(folded({"Gather", 13, {matrix, testing::integers({2, 0})}, axis(1)}) == Integers{3, 1, 6, 4});
  CHECK(folded({"Slice", 13, {matrix, testing::integers({1}), testing::integers({2}), testing::integers({0})}}) ==
        Integers{4, 5, 6});
  const Operand column = constant(stored_integers({2, 1}, Integers{10, 20}));
  CHECK(folded({"Add", 13, {matrix, column}}) == Integers{11, 12, 13, 24, 25, 26});
}

TEST_CASE("the exporters' way of flattening: Shape, Gather, Unsqueeze, Concat, Reshape") {
  Network net{.name = "flatten", .opset = 11};
  const auto value = [&](const char* name) {
    net.values.push_back({.name = name});
    return ValueId(net.values.size() - 1);
  };
  const ValueId x = value("x"), index = value("index"), rest = value("rest"), shape = value("shape"),
                batch = value("batch"), list = value("list"), target = value("target"), y = value("y");
  net.values[std::size_t(x)].type.shape = {5, 16, 4, 4};
  net.values[std::size_t(index)].constant = stored_integers({}, Integers{0});
  net.values[std::size_t(rest)].constant = stored_integers({1}, Integers{-1});
  net.inputs = {x};
  net.outputs = {y};
  net.nodes = {{"a", "Shape", {x}, {shape}, {}},
               {"b", "Gather", {shape, index}, {batch}, {}},
               {"c", "Unsqueeze", {batch}, {list}, {{"axes", Integers{0}}}},
               {"d", "Concat", {list, rest}, {target}, axis(0)},
               {"e", "Reshape", {x, target}, {y}, {}}};
  infer_shapes(net);
  CHECK(net.values[std::size_t(y)].type.shape == Shape{5, 256});
  CHECK(with_batch(net, 9).values[std::size_t(y)].type.shape == Shape{9, 256});
}

}  // namespace weft
