// SPDX-License-Identifier: Apache-2.0
#include "weft/runtime/run.h"

#include <catch2/catch.hpp>

#include "weft/base/error_testing.h"
#include "weft/network/one_node_testing.h"
#include "weft/network/zoo.h"

namespace weft {
namespace {

using testing::Ids;
using testing::ids_of;
using testing::network_of;
using testing::OneNode;
using testing::tensor;

Network inferred(const OneNode& wanted) {
  Network network = network_of(wanted);
  infer_shapes(network);
  return network;
}
Ids ids_of_preparing(const OneNode& wanted) {
  return ids_of([&] { prepare(inferred(wanted)); });
}

}  // namespace

TEST_CASE("a network runs node by node; a hook sees every activation, and may compute a node itself") {
  const Program program = prepare(inferred({.op = "Add", .inputs = {tensor({2, 1}), tensor({3})}}));
  const std::vector<FloatTensor> inputs{{{2, 1}, {10, 20}}, {{3}, {1, 2, 3}}};
  CHECK(run(program, inputs)[0] == FloatTensor{{2, 3}, {11, 12, 13, 21, 22, 23}});

  std::vector<ValueId> seen;
  RunHooks hooks;
  hooks.seen = [&](ValueId id, FloatTensor& values) {
    seen.push_back(id);
    if (id == 0) values.values[0] = 0;
  };
  CHECK(run(program, inputs, hooks)[0].values[0] == 1);
  CHECK(seen == std::vector<ValueId>{0, 1, 2});
  hooks.instead = [](std::size_t, const auto&, std::vector<FloatTensor>& out) { return out[0].values[5] = 7, true; };
  CHECK(run(program, inputs, hooks)[0].values == std::vector<float>{0, 0, 0, 0, 0, 7});
}

TEST_CASE("the zoo's LeNet runs with its random weights, the same every time") {
  const Program program = prepare(zoo_network("lenet5"));
  const Shape shape = program.network.values[std::size_t(program.network.inputs[0])].type.shape;
  const FloatTensor image{shape, std::vector<float>(std::size_t(elements(shape)), 0.5F)};
  const auto once = run(program, {image});
  CHECK(once == run(program, {image}));
  CHECK(once[0].values[0] != once[0].values[1]);
}

TEST_CASE("what cannot be computed is refused before anything runs") {
  CHECK(ids_of_preparing({.op = "ConvTranspose", .inputs = {tensor({1, 1, 2, 2}), tensor({1, 1, 2, 2})}}) ==
        Ids{"runtime.unsupported-operator"});
  CHECK(ids_of_preparing(
            {.op = "Dropout",
             .inputs = {tensor({2}), testing::omitted(),
                        testing::constant(stored_integers(ElementType::boolean, {}, std::vector<std::int64_t>{1}))}}) ==
        Ids{"runtime.unsupported-operator"});
  CHECK(ids_of_preparing({.op = "Relu", .opset = 14, .inputs = {tensor({2}, ElementType::int32)}}) ==
        Ids(2, "runtime.not-float32"));
  CHECK(ids_of_preparing({.op = "Relu", .inputs = {tensor({kMostRunElements})}}).empty());
  CHECK(ids_of_preparing({.op = "Relu", .inputs = {tensor({kMostRunElements + 1})}}) == Ids(2, "runtime.too-large"));
}

TEST_CASE("inputs must have the network's shapes") {
  const Program program = prepare(inferred({.op = "Relu", .inputs = {tensor({2})}}));
  CHECK(ids_of([&] { run(program, {}); }) == Ids{"runtime.bad-input"});
  CHECK(ids_of([&] { run(program, {{{1}, {0}}}); }) == Ids{"runtime.bad-input"});
  CHECK(ids_of([&] { run(program, {{{2}, {0, 0}}}); }).empty());
}

}  // namespace weft
