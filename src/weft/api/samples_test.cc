// SPDX-License-Identifier: Apache-2.0
#include "weft/api/samples.h"

#include <catch2/catch.hpp>

#include "weft/base/error_testing.h"
#include "weft/network/build.h"
#include "weft/network/one_node_testing.h"

namespace weft {
namespace {

using testing::Ids;
using testing::ids_of;

Network of_batch(std::int64_t N) {
  Network net = build::start("toy");
  const build::Fmap x = build::relu(net, build::input(net, "data", 1, 28, 28));
  return with_batch(build::finish(std::move(net), x), N);
}

}  // namespace

TEST_CASE("samples come in whole batches, with their labels") {
  const Batches digits = load_batches(of_batch(2), "toy", "digits", 6);
  REQUIRE(digits.inputs.size() == 3);
  CHECK(digits.inputs[2][0].shape == Shape{2, 1, 28, 28});
  CHECK(std::vector(digits.labels.begin(), digits.labels.begin() + 6) == std::vector<std::int64_t>{0, 1, 2, 3, 4, 5});
  // Batches are cut from one sequence.
  const Batches whole = load_batches(of_batch(6), "toy", "digits", 6);
  CHECK(std::equal(digits.inputs[0][0].values.begin(), digits.inputs[0][0].values.end(),
                   whole.inputs[0][0].values.begin()));
  CHECK(random_batches(of_batch(2), 4, 1).inputs[0] != random_batches(of_batch(2), 4, 1).inputs[1]);
  CHECK(random_batches(of_batch(2), 4, 1).inputs == random_batches(of_batch(2), 4, 1).inputs);
}

TEST_CASE("samples that do not fill their batches are refused") {
  CHECK(ids_of([] { load_batches(of_batch(4), "toy", "digits", 6); }) == Ids{"simulation.bad-samples"});
  CHECK(ids_of([] { load_batches(of_batch(4), "toy", "digits:count=6", 8); }) == Ids{"simulation.bad-samples"});
  CHECK(ids_of([] { random_batches(of_batch(4), 6, 1); }) == Ids{"simulation.bad-samples"});
  Network two = testing::network_of({.op = "Add", .inputs = {testing::tensor({1, 2}), testing::tensor({1, 2})}});
  infer_shapes(two);
  CHECK(ids_of([&] { load_batches(two, "toy", "digits", 1); }) == Ids{"simulation.bad-samples"});
}

}  // namespace weft
