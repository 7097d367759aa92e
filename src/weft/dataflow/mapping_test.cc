// SPDX-License-Identifier: Apache-2.0
#include "weft/dataflow/mapping.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "weft/base/error_testing.h"

namespace weft {
namespace {

using testing::Ids;
using testing::ids_of;

const std::string kHead = "kind: mapping\nversion: 1\n";

std::vector<LayerMapping> nest(const std::string& steps) {
  return parse_mappings(kHead + "nest:\n" + steps, "nest.yaml");
}

Ids ids_of_nest(const std::string& steps) {
  return ids_of([&] { nest(steps); });
}

}  // namespace

TEST_CASE("a nest is a list of storage points and loops, outermost first") {
  const std::vector<LayerMapping> read = nest(
      "  - {store: dram, keeps: [ifmap, weight]}\n"
      "  - {for: N, bound: 4}\n"
      "  - {for: E, bound: 7, at: array.x}\n");
  REQUIRE(read.size() == 1);
  CHECK(read[0].layer.empty());
  CHECK(read[0].where.line == 4);
  const std::vector<Mapping::Step> steps = {StoragePoint{"dram", Tensor3::ifmap}, StoragePoint{"dram", Tensor3::weight},
                                            Loop{.dim = Dim::N, .bound = 4},
                                            Loop{.dim = Dim::E, .bound = 7, .fanout = "array", .axis = "x"}};
  CHECK(read[0].mapping.steps == steps);
}

TEST_CASE("a file may hold a nest for each layer") {
  const auto read = parse_mappings(kHead +
                                       "layers:\n"
                                       "  conv1: [{for: N, bound: 1}]\n"
                                       "  conv2: [{for: N, bound: 2}]\n",
                                   "layers.yaml");
  REQUIRE(read.size() == 2);
  CHECK(read[0].layer == "conv1");
  CHECK(read[1].layer == "conv2");
  CHECK(std::get<Loop>(read[1].mapping.steps[0]).bound == 2);
}

TEST_CASE("what weft prints as JSON reads back") {
  const Mapping mapping = nest(
                              "  - {store: glb, keeps: [psum, ifmap]}\n"
                              "  - {for: M, bound: 3}\n"
                              "  - {store: glb, keeps: [weight]}\n"
                              "  - {store: spad, keeps: [weight]}\n"
                              "  - {for: R, bound: 11, at: array.y}\n")[0]
                              .mapping;
  const nlohmann::ordered_json printed = {
      {"schema", "weft.mapping/1"},
      {"layers", {{{"name", "conv1"}, {"mapping", to_json(mapping)}, {"certificate", nullptr}}}}};
  const auto read = parse_mappings(printed.dump(2), "printed.json");
  REQUIRE(read.size() == 1);
  CHECK(read[0].layer == "conv1");
  CHECK(read[0].mapping == mapping);
  CHECK(grouped(mapping).size() == 5);  // one line for the two tensors of the first step
}

TEST_CASE("a step names what there is") {
  CHECK(ids_of_nest("  - {for: N, bound: 4, at: array}\n") == Ids{"mapping.bad-axis"});
  CHECK(ids_of_nest("  - {for: N, bound: 4, at: .x}\n") == Ids{"mapping.bad-axis"});
  CHECK(ids_of_nest("  - {for: N, bound: 4, at: array.}\n") == Ids{"mapping.bad-axis"});
  CHECK(ids_of_nest("  - {store: glb, keeps: [ofmap]}\n") == Ids{"mapping.unknown-tensor"});
  CHECK(ids_of_nest("  - {for: H, bound: 4}\n") == Ids{"yaml.bad-choice"});
  CHECK(ids_of_nest("  - {for: N, bond: 4}\n") == Ids{"yaml.missing-key", "yaml.unknown-key"});
}

TEST_CASE("a bound is at least 1 and at most 2^40") {
  CHECK(ids_of_nest("  - {for: N, bound: 1}\n").empty());
  CHECK(ids_of_nest("  - {for: N, bound: 1099511627776}\n").empty());
  CHECK(ids_of_nest("  - {for: N, bound: 0}\n") == Ids{"yaml.out-of-range"});
  CHECK(ids_of_nest("  - {for: N, bound: 1099511627777}\n") == Ids{"yaml.out-of-range"});
}

TEST_CASE("a nest is a list of at most 256 steps") {
  const auto steps = [](int n) {
    std::string text;
    for (int i = 0; i < n; ++i) text += "  - {for: N, bound: 1}\n";
    return text;
  };
  CHECK(ids_of_nest(steps(256)).empty());
  CHECK(ids_of_nest(steps(257)) == Ids{"mapping.not-a-list"});
  CHECK(ids_of_nest("  for: N\n") == Ids{"mapping.not-a-list"});
}

TEST_CASE("a file without a nest is refused") {
  CHECK(ids_of([] { parse_mappings(kHead, "empty.yaml"); }) == Ids{"mapping.empty"});
  CHECK(ids_of([] { parse_mappings(kHead + "layers: {}\n", "empty.yaml"); }) == Ids{"mapping.empty"});
  CHECK(ids_of([] { parse_mappings(R"({"schema": "weft.mapping/1", "layers": []})", "empty.json"); }) ==
        Ids{"mapping.empty"});
  CHECK(ids_of([] { parse_mappings("kind: hardware\nversion: 1\nnest: []\n", "other.yaml"); }) ==
        Ids{"file.wrong-kind"});
}

}  // namespace weft
