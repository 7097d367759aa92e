// SPDX-License-Identifier: Apache-2.0
#include "weft/network/layer.h"

#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "weft/base/error.h"
#include "weft/network/build.h"
#include "weft/network/operators.h"

using namespace weft;

namespace {

/// A network made of bare operators.
struct Bench {
  Network net{.name = "bench"};

  ValueId value(Value v) {
    if (v.name.empty()) v.name = "v" + std::to_string(net.values.size());
    net.values.push_back(std::move(v));
    return static_cast<ValueId>(net.values.size() - 1);
  }
  ValueId input(Shape shape, ElementType type = ElementType::float32) {
    const ValueId id = value({.type = {type, std::move(shape)}});
    net.inputs.push_back(id);
    return id;
  }
  ValueId weights(Shape shape, ElementType type = ElementType::float32) {
    ConstantTensor tensor{{type, std::move(shape)}, FilledValues{1}};
    return value({.type = tensor.type, .constant = tensor});
  }
  ValueId stored(const ConstantTensor& tensor) { return value({.type = tensor.type, .constant = tensor}); }
  ValueId node(const std::string& op, std::vector<ValueId> inputs, std::map<std::string, Attribute> attributes = {}) {
    const ValueId output = value({});
    net.nodes.push_back({.name = op + std::to_string(net.nodes.size()),
                         .op = op,
                         .inputs = std::move(inputs),
                         .outputs = {output},
                         .attributes = std::move(attributes)});
    return output;
  }
  std::vector<Layer> measure() {
    net.outputs = {net.nodes.back().outputs[0]};
    infer_shapes(net);
    return layers(net);
  }
  Layer last() { return measure().back(); }
};

using Integers = std::vector<std::int64_t>;
Attribute integers(Integers v) { return v; }
Attribute integer(std::int64_t v) { return v; }

std::string id_of_failure(Bench& bench) {
  try {
    bench.measure();
  } catch (const Error& error) {
    return error.problems().front().id;
  }
  return "";
}

}  // namespace

TEST_CASE("a convolution is measured in the survey's letters") {
  Bench b;
  b.node("Conv", {b.input({2, 6, 9, 12}), b.weights({8, 3, 3, 2}), b.weights({8})},
         {{"group", integer(2)},
          {"strides", integers({2, 3})},
          {"dilations", integers({1, 2})},
          {"pads", integers({1, 0, 2, 1})}});
  const Layer layer = b.last();
  // E = (9 + 1 + 2 - 3) / 2 + 1, F = (12 + 0 + 1 - ((2 - 1) * 2 + 1)) / 3 + 1
  const ConvShape expected{.N = 2,
                           .G = 2,
                           .M = 4,
                           .C = 3,
                           .H = 9,
                           .W = 12,
                           .R = 3,
                           .S = 2,
                           .E = 5,
                           .F = 4,
                           .U_h = 2,
                           .U_w = 3,
                           .D_h = 1,
                           .D_w = 2,
                           .pad_top = 1,
                           .pad_left = 0,
                           .pad_bottom = 2,
                           .pad_right = 1};
  CHECK(layer.shape == expected);
  CHECK(layer.kind == LayerKind::conv);
  CHECK(layer.planar);
  CHECK(layer.weights == 8 * 3 * 3 * 2);
  CHECK(layer.parameters == layer.weights + 8);
  CHECK(layer.macs == 2 * 8 * 5 * 4 * 3 * 3 * 2);
  CHECK(layer.operations == 0);
  CHECK(layer.input_elements == 2 * 6 * 9 * 12);
  CHECK(layer.output_elements == 2 * 8 * 5 * 4);
  CHECK(layer.input_bytes == 4 * layer.input_elements);
  CHECK(layer.parameter_bytes == 4 * layer.parameters);
  CHECK(layer.depth == 1);
}

TEST_CASE("a convolution over one axis has a height of 1") {
  Bench b;
  b.node("Conv", {b.input({1, 4, 10}), b.weights({5, 4, 3})}, {{"strides", integers({2})}});
  const ConvShape s = b.last().shape;
  CHECK(s.H == 1);
  CHECK(s.R == 1);
  CHECK(s.E == 1);
  CHECK(s.W == 10);
  CHECK(s.S == 3);
  CHECK(s.F == 4);
  CHECK(s.U_h == 1);
  CHECK(s.U_w == 2);
}

TEST_CASE("a convolution over three axes is counted, but its shape is refused to those who need its reuse") {
  Bench b;
  b.node("Conv", {b.input({1, 2, 5, 6, 7}), b.weights({4, 2, 3, 3, 3})});
  const Layer layer = b.last();
  CHECK(layer.weights == 4 * 2 * 27);
  CHECK(layer.macs == 4 * 2 * 27 * 3 * 4 * 5);
  CHECK(layer.shape.macs() == layer.macs);
  CHECK(layer.shape.weights() == layer.weights);
  CHECK_FALSE(layer.planar);
  try {
    planar_shape(layer);
    FAIL("accepted");
  } catch (const Error& error) {
    CHECK(error.problems().front().id == "layer.not-2d");
  }
  Bench flat;
  flat.node("Conv", {flat.input({1, 2, 5, 6}), flat.weights({4, 2, 3, 3})});
  const Layer planar = flat.last();
  CHECK(planar_shape(planar) == planar.shape);
}

TEST_CASE("a transposed convolution is the convolution with the same MACs, run backwards") {
  Bench b;
  b.node("ConvTranspose", {b.input({1, 6, 5, 5}), b.weights({6, 2, 4, 4})},
         {{"group", integer(2)}, {"strides", integers({2, 2})}, {"pads", integers({1, 1, 1, 1})}});
  const Layer layer = b.last();
  CHECK(layer.macs == 5 * 5 * 6 * 2 * 4 * 4);  // each input element meets each weight of its channel once
  CHECK(layer.weights == 6 * 2 * 4 * 4);
  const ConvShape s = layer.shape;
  CHECK(s.G == 2);
  CHECK(s.M == 3);
  CHECK(s.C == 2);
  CHECK(s.H == 10);  // (5 - 1) * 2 + 4 - 1 - 1
  CHECK(s.E == 5);
  CHECK((s.H + s.pad_top + s.pad_bottom - s.R) / s.U_h + 1 == s.E);
}

TEST_CASE("an integer convolution counts the weights that differ from their zero point") {
  const auto nonzero = [](const Integers& zero_points) {
    Bench b;
    const ValueId x = b.input({1, 1, 4, 4}, ElementType::uint8);
    const ValueId scale = b.weights({}), zero = b.stored(stored_integers(ElementType::uint8, {}, Integers{0}));
    const ValueId w =
        b.stored(stored_integers(ElementType::uint8, {2, 1, 2, 2}, Integers{0, 7, 128, 128, 128, 0, 0, 0}));
    const Shape shape = zero_points.size() == 1 ? Shape{} : Shape{2};
    const ValueId w_scale = b.weights(shape);
    const ValueId w_zero = b.stored(stored_integers(ElementType::uint8, shape, zero_points));
    b.node("QLinearConv", {x, scale, zero, w, w_scale, w_zero, scale, zero});
    const Layer layer = b.last();
    CHECK(layer.weights == 8);
    CHECK(layer.parameters == 8);
    CHECK(layer.parameter_bytes == 8);
    CHECK(layer.element_bits == 8);
    CHECK(layer.input_bytes == 16);
    return layer.nonzero_weights;
  };
  CHECK(nonzero({0}) == 4);
  CHECK(nonzero({128}) == 5);
  CHECK(nonzero({128, 0}) == 2 + 1);
}

TEST_CASE("weights behind a DequantizeLinear are the layer's weights, and the node that makes them is no layer") {
  Bench b;
  const ValueId x = b.input({1, 1, 4, 4});
  const ValueId w = b.stored(stored_integers(ElementType::int8, {1, 1, 2, 2}, Integers{3, 0, 0, 5}));
  const ValueId zero = b.stored(stored_integers(ElementType::int8, {}, Integers{3}));
  const ValueId real = b.node("DequantizeLinear", {w, b.weights({}), zero});
  b.node("Conv", {x, real});
  const std::vector<Layer> all = b.measure();
  CHECK(all[0].kind == LayerKind::data);
  CHECK(all[0].operations == 0);
  CHECK(all[0].parameters == 0);
  CHECK(all[1].weights == 4);
  CHECK(all[1].nonzero_weights == 3);
  CHECK(all[1].parameter_bytes == 4);
  CHECK(all[1].input_elements == 16);
}

TEST_CASE("zero points are found through a transposition, and with one for each column") {
  const Integers stored{3, 0, 9, 3, 3, 9};  // 3 x 2 with the zero points 3 | 9: 3 0 | 9 3 | 3 9 has three that differ
  Bench b;
  const ValueId x = b.input({1, 2});
  const ValueId w = b.stored(stored_integers(ElementType::uint8, {3, 2}, stored));
  const ValueId zero = b.stored(stored_integers(ElementType::uint8, {2}, Integers{3, 9}));
  const ValueId real = b.node("DequantizeLinear", {w, b.weights({2}), zero}, {{"axis", integer(1)}});
  b.node("MatMul", {x, b.node("Transpose", {real})});
  const Layer layer = b.last();
  CHECK(layer.kind == LayerKind::fc);
  CHECK(layer.weights == 6);
  CHECK(layer.nonzero_weights == 3);
}

TEST_CASE("zero points are compared beyond the first part of a large tensor") {
  Integers many(200'000, 5);  // 200 x 1000
  many.front() = 4;
  many[65'536] = 4;
  many.back() = 4;
  Bench b;
  const ValueId scale = b.weights({}), zero = b.stored(stored_integers(ElementType::int8, {}, Integers{5}));
  const ValueId w = b.stored(stored_integers(ElementType::int8, {200, 1000}, many));
  b.node("QLinearMatMul", {b.input({1, 200}, ElementType::int8), scale, zero, w, scale, zero, scale, zero});
  CHECK(b.last().nonzero_weights == 3);
}

TEST_CASE("filters that are fed at run time are activations") {
  Bench b;
  b.node("Conv", {b.input({1, 1, 4, 4}), b.input({2, 1, 3, 3})});
  const Layer layer = b.last();
  CHECK(layer.macs == 2 * 9 * 4);
  CHECK(layer.weights == 0);
  CHECK(layer.nonzero_weights == 0);
  CHECK(layer.input_elements == 16 + 18);
}

TEST_CASE("a matrix product with a constant is an fc, whichever operand is the constant and however it is turned") {
  const ConvShape expected{.N = 3, .M = 4, .C = 5};
  SECTION("Gemm") {
    Bench b;
    b.node("Gemm", {b.input({3, 5}), b.weights({5, 4})});
    CHECK(b.last().shape == expected);
  }
  SECTION("Gemm, both turned, with a bias") {
    Bench b;
    b.node("Gemm", {b.input({5, 3}), b.weights({4, 5}), b.weights({4})},
           {{"transA", integer(1)}, {"transB", integer(1)}});
    const Layer layer = b.last();
    CHECK(layer.shape == expected);
    CHECK(layer.parameters == 24);
  }
  SECTION("MatMul") {
    Bench b;
    b.node("MatMul", {b.input({3, 5}), b.weights({5, 4})});
    CHECK(b.last().shape == expected);
  }
  SECTION("MatMul with the constant first") {
    Bench b;
    b.node("MatMul", {b.weights({4, 5}), b.input({5, 3})});
    const Layer layer = b.last();
    CHECK(layer.shape == expected);
    CHECK(layer.weights == 20);
    CHECK(layer.nonzero_weights == 20);
  }
  SECTION("MatMul by a column") {
    Bench b;
    b.node("MatMul", {b.input({3, 5}), b.weights({5})});
    const ConvShape column{.N = 3, .M = 1, .C = 5};
    CHECK(b.last().shape == column);
  }
  SECTION("QLinearMatMul") {
    Bench b;
    const ValueId scale = b.weights({}), zero = b.stored(stored_integers(ElementType::int8, {}, Integers{0}));
    b.node("QLinearMatMul", {b.input({3, 5}, ElementType::int8), scale, zero, b.weights({5, 4}, ElementType::int8),
                             scale, zero, scale, zero});
    const Layer layer = b.last();
    CHECK(layer.shape == expected);
    CHECK(layer.weights == 20);
  }
}

TEST_CASE("an fc over a batch of sequences has one matrix, an fc over heads one for each") {
  Bench sequences;
  sequences.node("MatMul", {sequences.input({2, 7, 5}), sequences.weights({5, 4})});
  const ConvShape one{.N = 14, .M = 4, .C = 5};
  CHECK(sequences.last().shape == one);

  Bench heads;
  heads.node("MatMul", {heads.input({2, 3, 7, 5}), heads.weights({3, 5, 4})});
  const Layer layer = heads.last();
  const ConvShape each{.N = 14, .G = 3, .M = 4, .C = 5};
  CHECK(layer.shape == each);
  CHECK(layer.weights == 60);
  CHECK(layer.macs == 2 * 3 * 7 * 5 * 4);
}

TEST_CASE("a matrix product of two activations has no weights") {
  Bench b;
  b.node("MatMul", {b.input({2, 3, 7, 5}), b.input({2, 3, 5, 4})});
  const Layer layer = b.last();
  const ConvShape expected{.N = 7, .G = 6, .M = 4, .C = 5};
  CHECK(layer.kind == LayerKind::matmul);
  CHECK(layer.shape == expected);
  CHECK(layer.weights == 0);
  CHECK(layer.macs == 6 * 7 * 5 * 4);
  CHECK(layer.input_elements == 210 + 120);
}

TEST_CASE("an fc sees the feature map that was flattened for it, unless something came between") {
  const auto shape_after = [](bool relu_between) {
    Network net = build::start("toy");
    build::Fmap x = build::input(net, "data", 3, 4, 5);
    if (relu_between) x = build::relu(net, x);
    x = build::dropout(net, build::flatten(net, x, 4 * 5));
    x = build::fc(net, "fc", x, 7);
    if (relu_between) x = build::fc(net, "fc2", build::relu(net, x), 2);
    return layers(build::finish(std::move(net), x));
  };
  const ConvShape expected{.M = 7, .C = 3, .H = 4, .W = 5, .R = 4, .S = 5};
  CHECK(shape_after(false).back().shape == expected);
  const ConvShape second{.M = 2, .C = 7};
  CHECK(shape_after(true).back().shape == second);

  Bench turned;  // the order of the elements changed, so the map's extents say nothing about the matrix
  const ValueId nhwc = turned.node("Transpose", {turned.input({1, 3, 4, 5})}, {{"perm", integers({0, 2, 3, 1})}});
  turned.node("Gemm", {turned.node("Flatten", {nhwc}), turned.weights({60, 7})});
  CHECK(turned.last().shape.C == 4);
}

TEST_CASE("the other layers count their operations by the window, the element or the operand") {
  const auto operations = [](const std::string& op, const Shape& shape,
                             std::map<std::string, Attribute> attributes = {}, int operands = 1) {
    Bench b;
    const ValueId x = b.input(shape);
    b.node(op, std::vector<ValueId>(static_cast<std::size_t>(operands), x), std::move(attributes));
    return b.last().operations;
  };
  const Shape x{1, 2, 6, 6};
  const std::map<std::string, Attribute> window{{"kernel_shape", integers({3, 3})}, {"strides", integers({3, 3})}};
  CHECK(operations("MaxPool", x, window) == 9 * 2 * 2 * 2);
  CHECK(operations("AveragePool", x, window) == 9 * 2 * 2 * 2);
  CHECK(operations("GlobalAveragePool", x) == 36 * 2);
  CHECK(operations("ReduceMean", x, {{"axes", integers({2, 3})}}) == 72);
  CHECK(operations("LRN", x, {{"size", integer(5)}}) == (5 + 3) * 72);
  CHECK(operations("Softmax", x) == 3 * 72);
  CHECK(operations("Relu", x) == 72);
  CHECK(operations("Add", x, {}, 2) == 72);
  CHECK(operations("Sum", x, {}, 4) == 3 * 72);
  CHECK(operations("Identity", x) == 0);
}

TEST_CASE("normalisation has a trained scale and shift, and statistics that are not counted") {
  Bench b;
  const ValueId p = b.weights({2});
  b.node("BatchNormalization", {b.input({1, 2, 6, 6}), p, p, p, p});
  const Layer layer = b.last();
  CHECK(layer.kind == LayerKind::norm);
  CHECK(layer.parameters == 4);
  CHECK(layer.operations == 2 * 72);
  CHECK(layer.weights == 0);
}

TEST_CASE("what is computed from shapes alone is no work") {
  Bench b;
  const ValueId x = b.input({2, 3, 4});
  b.node("Reshape", {x, b.node("Shape", {x})});
  const std::vector<Layer> all = b.measure();
  CHECK(all[0].input_elements == 0);
  CHECK(all[0].output_elements == 0);
  CHECK(all[1].parameters == 0);
  CHECK(all[1].input_elements == 24);
}

TEST_CASE("depth counts convolutions on the longest path") {
  Network net = build::start("branches");
  const build::Fmap x = build::input(net, "data", 4, 8, 8);
  const build::Fmap longer = build::conv(net, "b", build::relu(net, build::conv(net, "a", x, {.M = 4})), {.M = 4});
  const build::Fmap both = build::add(net, "sum", longer, build::conv(net, "shortcut", x, {.M = 4}));
  const std::vector<Layer> all = layers(build::finish(std::move(net), build::conv(net, "last", both, {.M = 4})));
  for (const Layer& layer : all) {
    if (layer.name == "shortcut") CHECK(layer.depth == 1);
    if (layer.name == "sum") CHECK(layer.depth == 2);
    if (layer.name == "last") CHECK(layer.depth == 3);
  }
  CHECK(totals(all).conv_depth == 3);
  CHECK(totals(all).conv_layers == 4);
}

TEST_CASE("a layer that multiplies must not be empty") {
  Bench one;
  one.node("MatMul", {one.input({1, 5}), one.weights({5, 4})});
  CHECK(id_of_failure(one).empty());
  Bench none;
  none.node("MatMul", {none.input({0, 5}), none.weights({5, 4})});
  CHECK(id_of_failure(none) == "layer.empty");
}

TEST_CASE("a layer's MACs reach 2^62 but do not pass it") {
  const auto failure = [](std::int64_t C) {
    constexpr std::int64_t kPad = (std::int64_t{1} << 19) - 1;
    Bench b;  // a 1x1 convolution of one pixel in a frame of zeros: 2^20 x 2^20 outputs of C products
    b.node("Conv", {b.input({1, C, 1, 1}), b.input({1, C, 1, 1})},
           {{"pads", integers({kPad, kPad, kPad + 1, kPad + 1})}});
    return id_of_failure(b);
  };
  CHECK(failure(1 << 22).empty());
  CHECK(failure(1 << 23) == "layer.too-large");
}

TEST_CASE("a network whose MACs together pass 2^62 is refused") {
  Layer half{.kind = LayerKind::matmul, .macs = std::int64_t{1} << 61};
  CHECK(totals({half, half}).macs == std::int64_t{1} << 62);
  Layer one{.kind = LayerKind::matmul, .macs = 1};
  try {
    totals({half, half, one});
    FAIL("accepted");
  } catch (const Error& error) {
    CHECK(error.problems().front().id == "layer.too-large");
  }
}

TEST_CASE("every operator that shape inference knows is counted as something") {
  for (const OperatorRow& row : operators()) {
    CAPTURE(std::string(row.name));
    CHECK(kind_of(row.name).has_value());
  }
  CHECK_FALSE(kind_of("NoSuchOperator").has_value());
}
