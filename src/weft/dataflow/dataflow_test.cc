// SPDX-License-Identifier: Apache-2.0
#include "weft/dataflow/dataflow.h"

#include <catch2/catch.hpp>

#include "weft/base/error_testing.h"

namespace weft {
namespace {

using testing::Ids;
using testing::ids_of;
using testing::problems_of;

Ids ids_of_steps(const std::string& steps) {
  return ids_of([&] { parse_dataflow("kind: dataflow\nversion: 1\nname: toy\nnest:\n" + steps, "toy.yaml"); });
}

}  // namespace

TEST_CASE("every dataflow that comes with weft reads") {
  const std::vector<std::string> names = dataflow_names();
  CHECK(std::find(names.begin(), names.end(), "row-stationary") != names.end());
  for (const std::string& name : names) {
    CAPTURE(name);
    CHECK(load_dataflow(name).name == name);
  }
}

TEST_CASE("an unknown dataflow is refused with the nearest name") {
  const std::vector<Problem> problems = problems_of([] { load_dataflow("row-stationery"); });
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].id == "dataflow.unknown");
  CHECK(problems[0].mend == "did you mean 'row-stationary'?");
}

TEST_CASE("a dataflow has one spatial step, and letters that there are, each once in a step") {
  CHECK(ids_of_steps("  - {spatial: [M]}\n").empty());
  CHECK(ids_of_steps("  - {loops: [M]}\n") == Ids{"dataflow.no-spatial"});
  CHECK(ids_of_steps("  - {spatial: [M]}\n  - {spatial: [C]}\n") == Ids{"dataflow.no-spatial"});
  CHECK(ids_of_steps("  - {spatial: [H]}\n") == Ids{"dataflow.bad-letter"});
  CHECK(ids_of_steps("  - {spatial: [M, M]}\n") == Ids{"dataflow.bad-letter"});
  CHECK(ids_of_steps("  - {spatial: [M]}\n  - {keep: [ofmap]}\n") == Ids{"dataflow.bad-letter"});
}

}  // namespace weft
