// SPDX-License-Identifier: Apache-2.0
#include "weft/io/onnx_write.h"

#include <catch2/catch.hpp>
#include <set>

#include "weft/io/onnx_testing.h"
#include "weft/network/element_number.h"

namespace weft {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)
using Integers = std::vector<std::int64_t>;

bool same_attribute(const Attribute& a, const Attribute& b) {
  if (a.index() != b.index()) return false;
  return std::visit(
      [&](const auto& left) {
        using T = std::decay_t<decltype(left)>;
        if constexpr (std::is_same_v<T, ConstantTensor>) {
          return same_values(left, std::get<T>(b));
        } else {
          return left == std::get<T>(b);
        }
      },
      a);
}

std::vector<std::string> names(const Network& net, const std::vector<ValueId>& ids) {
  std::vector<std::string> out;
  for (const ValueId id : ids) out.push_back(id == kNoValue ? "" : net.values[std::size_t(id)].name);
  return out;
}

/// The same nodes, attributes, types and weights under the same names; the numbering of values may differ.
void check_same(const Network& a, const Network& b) {
  CHECK(a.name == b.name);
  CHECK(a.opset == b.opset);
  CHECK(names(a, a.inputs) == names(b, b.inputs));
  CHECK(names(a, a.outputs) == names(b, b.outputs));
  REQUIRE(a.nodes.size() == b.nodes.size());
  for (std::size_t n = 0; n < a.nodes.size(); ++n) {
    CHECK(a.nodes[n].name == b.nodes[n].name);
    CHECK(a.nodes[n].op == b.nodes[n].op);
    CHECK(names(a, a.nodes[n].inputs) == names(b, b.nodes[n].inputs));
    CHECK(names(a, a.nodes[n].outputs) == names(b, b.nodes[n].outputs));
    REQUIRE(a.nodes[n].attributes.size() == b.nodes[n].attributes.size());
    for (const auto& [name, attribute] : a.nodes[n].attributes)
      CHECK(same_attribute(attribute, b.nodes[n].attributes.at(name)));
  }
  REQUIRE(a.values.size() == b.values.size());
  for (const Value& left : a.values) {
    const Value& right = value(b, left.name);
    CHECK(left.type == right.type);
    REQUIRE(left.constant.has_value() == right.constant.has_value());
    if (left.constant) CHECK(same_values(*left.constant, *right.constant));
  }
}

/// Every way of giving weights, an omitted operand, several outputs, attributes of most kinds, a scalar.
Network varied() {
  Network net{.name = "varied", .opset = 13};
  const auto add = [&](Value value) {
    net.values.push_back(std::move(value));
    return ValueId(net.values.size() - 1);
  };
  const ValueId x = add({"x", {ElementType::float32, {2, 3, 8, 8}}, {}});
  const ValueId w =
      add({"w", {}, ConstantTensor{{ElementType::float32, {4, 3, 3, 3}}, RandomValues{.seed = 5, .deviation = 0.1f}}});
  const ValueId bias = add({"bias", {}, ConstantTensor{{ElementType::float32, {4}}, FilledValues{0.5f}}});
  const ValueId six = add({"six", {}, stored_floats({}, std::vector<float>{6})});
  const ValueId target = add({"target", {}, stored_integers({2}, Integers{2, -1})});
  const ValueId a = add({.name = "a"}), b = add({.name = "b"}), p = add({.name = "p"}), i = add({.name = "i"}),
                y = add({.name = "y"}), c = add({.name = "c"});
  net.nodes = {{"conv", "Conv", {x, w, bias}, {a}, {{"pads", Integers{1, 0, 1, 0}}, {"auto_pad", "NOTSET"}}},
               {"clip", "Clip", {a, kNoValue, six}, {b}, {}},
               {"pool", "MaxPool", {b}, {p, i}, {{"kernel_shape", Integers{2, 2}}, {"ceil_mode", std::int64_t{1}}}},
               {"reshape", "Reshape", {p, target}, {y}, {}},
               {"constant", "Constant", {}, {c}, {{"value_floats", std::vector<float>{1.5f, -0.0f}}}}};
  net.inputs = {x};
  net.outputs = {y, i};
  infer_shapes(net);
  return net;
}

}  // namespace

TEST_CASE("a network written and read again is the same network") {
  const Folder folder;
  write_onnx(varied(), folder / "varied.onnx");
  check_same(varied(), read_onnx(folder / "varied.onnx"));
}

TEST_CASE("every element type survives the file") {
  const Folder folder;
  for (int number = 1; number <= 28; ++number) {
    const ElementType type = element_of_number(number).value();
    if (type == ElementType::string) continue;
    Network net{.name = "types", .opset = 28};
    const TensorType tensor{type, {3}};
    const std::vector<std::byte> bytes(std::size_t(byte_size(tensor)), std::byte{1});
    net.values = {
        {"c", tensor, ConstantTensor{tensor, StoredValues{std::make_shared<const std::vector<std::byte>>(bytes)}}},
        {.name = "y"}};
    net.nodes = {{"it", "Identity", {0}, {1}, {}}};
    net.outputs = {1};
    infer_shapes(net);
    CAPTURE(name(type));
    write_onnx(net, folder / "types.onnx");
    check_same(net, read_onnx(folder / "types.onnx"));
  }
}

TEST_CASE("the same network gives the same bytes") {
  const Folder folder;
  write_onnx(varied(), folder / "one.onnx");
  write_onnx(varied(), folder / "two.onnx");
  CHECK(read_bytes(folder / "one.onnx") == read_bytes(folder / "two.onnx"));
}

TEST_CASE("the file is a message as protobuf would write it") {
  const Folder folder;
  write_onnx(varied(), folder / "varied.onnx");
  onnx::ModelProto model;
  REQUIRE(model.ParseFromString(read_bytes(folder / "varied.onnx")));
  CHECK(model.ir_version() == 8);
  CHECK(model.graph().initializer_size() == 4);
  CHECK(model.graph().initializer(0).raw_data().size() == 4 * 3 * 3 * 3 * 4);
  CHECK(model.unknown_fields().empty());
}

TEST_CASE("weights beyond the limit go to a data file beside the model, to the byte") {
  const Folder folder;
  const std::int64_t bytes = 4 * (4 * 3 * 3 * 3 + 4 + 1) + 8 * 2;
  write_onnx(varied(), folder / "inside.onnx", bytes);
  CHECK_FALSE(std::filesystem::exists(folder / "inside.onnx.data"));
  write_onnx(varied(), folder / "beside.onnx", bytes - 1);
  CHECK(std::filesystem::exists(folder / "beside.onnx.data"));
  CHECK(read_bytes(folder / "beside.onnx").size() < std::size_t(1500));
  check_same(varied(), read_onnx(folder / "beside.onnx"));
}

TEST_CASE("values without a name of their own get one in the file") {
  const Folder folder;
  Network net = varied();
  for (Value& value : net.values) value.name = "same";
  write_onnx(net, folder / "same.onnx");
  const Network again = read_onnx(folder / "same.onnx");
  CHECK(again.values.size() == net.values.size());
  std::set<std::string> different;
  for (const Value& value : again.values) different.insert(value.name);
  CHECK(different.size() == net.values.size());
}

TEST_CASE("a network that is not sound is not written, and a file that cannot be written leaves nothing") {
  const Folder folder;
  Network broken = varied();
  broken.nodes[0].op = "Convolve";
  CHECK_THROWS_AS(write_onnx(broken, folder / "broken.onnx"), Error);
  CHECK_THROWS_AS(write_onnx(varied(), folder / "none/varied.onnx"), Error);
  CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("a full disk is an error, not a half-written model") {
  if (!std::filesystem::exists("/dev/full")) return;
  CHECK_THROWS_AS(write_onnx(varied(), "/dev/full"), Error);
}

}  // namespace weft
