// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "weft/network/network.h"
#include "weft/network/one_node_testing.h"
#include "weft/network/operators.h"

namespace weft {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)
using Integers = std::vector<std::int64_t>;

/// x -> Relu -> y -> Relu -> z
Network two_relus() {
  Network net{.name = "two", .values = {{"x", {ElementType::float32, {2, 3}}, {}}, {.name = "y"}, {.name = "z"}}};
  net.nodes = {{"first", "Relu", {0}, {1}, {}}, {"second", "Relu", {1}, {2}, {}}};
  net.inputs = {0};
  net.outputs = {2};
  return net;
}

Error error_of(Network net) {
  try {
    infer_shapes(net);
  } catch (const Error& error) {
    return error;
  }
  FAIL("no error");
  throw;
}

}  // namespace

TEST_CASE("types flow from the inputs to the outputs") {
  Network net = two_relus();
  infer_shapes(net);
  CHECK(net.values[2].type == TensorType{ElementType::float32, {2, 3}});
}

TEST_CASE("an unknown operator is named with its node and opset, and a near one is suggested") {
  Network net = two_relus();
  net.nodes[1].op = "Reul";
  const Problem problem = error_of(net).problems().front();
  CHECK(problem.id == "network.unknown-operator");
  CHECK(problem.what == "node 'second' (Reul, opset 13): Weft does not know the operator 'Reul'");
  CHECK(problem.mend.find("did you mean 'Relu'?") != std::string::npos);
}

TEST_CASE("an operator that begins with a later opset says which") {
  Network net = two_relus();
  net.nodes[0].op = "HardSwish";
  const Problem problem = error_of(net).problems().front();
  CHECK(problem.id == "network.unknown-operator");
  CHECK(problem.what.find("begins with opset 14") != std::string::npos);
}

TEST_CASE("all nodes are checked before the first shape is inferred") {
  Network net = two_relus();
  net.nodes[0].attributes = {{"alpha", 1.0f}};
  net.nodes[1].inputs = {1, 1};
  const Error error = error_of(net);
  REQUIRE(error.problems().size() == 2);
  CHECK(error.problems()[0].id == "network.unknown-attribute");
  CHECK(error.problems()[1].id == "network.bad-operands");
}

TEST_CASE("an attribute of the wrong kind is refused, never converted") {
  CHECK(problem_of({"Softmax", 13, {tensor({2})}, {{"axis", 0.0f}}}) == "network.bad-attribute");
  CHECK(problem_of({"Softmax", 13, {tensor({2})}, {{"axis", Integers{0}}}}) == "network.bad-attribute");
  CHECK(problem_of({"Softmax", 13, {tensor({2})}, {{"axes", std::int64_t{0}}}}) == "network.unknown-attribute");
}

TEST_CASE("operands are counted and must be there") {
  CHECK(problem_of({"Add", 13, {tensor({2})}}) == "network.bad-operands");
  CHECK(problem_of({"Add", 13, {tensor({2}), omitted()}}) == "network.bad-operands");
  CHECK(problem_of({"Relu", 13, {tensor({2})}, {}, 2}) == "network.bad-operands");
}

TEST_CASE("operators refuse element types they have no meaning for") {
  CHECK(problem_of({"Sigmoid", 13, {tensor({2}, ElementType::int32)}}) == "network.type-mismatch");
  CHECK(problem_of({"Sigmoid", 13, {tensor({2}, ElementType::bfloat16)}}) == "");
  CHECK(problem_of({"Relu", 14, {tensor({2}, ElementType::int32)}}) == "");
  CHECK(problem_of({"Relu", 14, {tensor({2}, ElementType::string)}}) == "network.type-mismatch");
  CHECK(problem_of({"Relu", 14, {tensor({2}, ElementType::int4)}}) == "network.type-mismatch");
  CHECK(problem_of({"Add", 13, {tensor({2}), tensor({2}, ElementType::float64)}}) == "network.type-mismatch");
}

TEST_CASE("operator sets 7 to 28 are read, 6 and 29 are not") {
  for (const int opset : {kOldestOpset, kNewestOpset}) CHECK(problem_of({"Relu", opset, {tensor({2})}}) == "");
  for (const int opset : {kOldestOpset - 1, kNewestOpset + 1, 0, -5}) {
    CHECK(problem_of({"Relu", opset, {tensor({2})}}) == "network.unsupported-opset");
  }
}

TEST_CASE("a tensor has at most 2^40 elements") {
  const std::int64_t half = std::int64_t{1} << 20;
  CHECK(problem_of({"Add", 13, {tensor({half, 1}), tensor({1, half})}}) == "");
  CHECK(problem_of({"Add", 13, {tensor({half, 1}), tensor({1, half + 1})}}) == "network.too-large");
  CHECK(problem_of({"Relu", 13, {tensor({std::int64_t{1} << 62})}}) == "network.too-large");
  CHECK(problem_of({"Relu", 13, {tensor({-1})}}) == "network.too-large");
}

TEST_CASE("a graph must define each value once, before it is read") {
  Network twice = two_relus();
  twice.nodes[1].outputs = {1};
  CHECK(problem_of_network(twice) == "network.bad-graph");
  Network backwards = two_relus();
  std::swap(backwards.nodes[0], backwards.nodes[1]);
  CHECK(problem_of_network(backwards) == "network.bad-graph");
  Network out_of_range = two_relus();
  out_of_range.nodes[0].inputs = {7};
  CHECK(problem_of_network(out_of_range) == "network.bad-graph");
  Network nowhere = two_relus();
  nowhere.nodes[1].outputs = {9};
  CHECK(problem_of_network(nowhere) == "network.bad-graph");
  Network same_name = two_relus();
  same_name.nodes[1].name = "first";
  CHECK(problem_of_network(same_name) == "network.bad-graph");
  Network no_output = two_relus();
  no_output.outputs = {-1};
  CHECK(problem_of_network(no_output) == "network.bad-graph");
}

TEST_CASE("what was folded is forgotten when shapes are inferred again") {
  Network net = network_of({"Shape", 13, {tensor({2, 3})}});
  infer_shapes(net);
  net.values[0].type.shape = {5, 3};
  infer_shapes(net);
  CHECK(weft::integers(*net.values[1].constant) == Integers{5, 3});
}

TEST_CASE("with_batch changes the batch everywhere, also where an exporter wrote it into a Reshape") {
  Network net = network_of({"Reshape", 13, {tensor({1, 256, 6, 6}), testing::integers({1, 9216})}});
  const Network four = with_batch(net, 4);
  CHECK(four.values[std::size_t(four.outputs[0])].type.shape == Shape{4, 9216});
  CHECK(weft::integers(*four.values[1].constant) == Integers{1, 9216});  // others may read the old one
  CHECK(with_batch(four, 4).values.size() == four.values.size());
}

TEST_CASE("a batch is at least 1 and needs an axis") {
  CHECK_THROWS_AS(with_batch(two_relus(), 0), Error);
  try {
    with_batch(network_of({"Relu", 13, {tensor({})}}), 2);
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.problems().front().id == "network.bad-batch");
  }
}

}  // namespace weft
