// SPDX-License-Identifier: Apache-2.0
#include "weft/simulator/occupancy.h"

#include <catch2/catch.hpp>

namespace weft {

TEST_CASE("a pass lists the PEs that have work, and how long it takes") {
  Hardware hardware;
  hardware.nodes = {{.name = "dram", .kind = NodeKind::store},
                    {.name = "array", .kind = NodeKind::fanout},
                    {.name = "mac", .kind = NodeKind::compute}};
  hardware.nodes[1].fanout.axes = {{"y", 2}, {"x", 3}};
  const LoopProblem problem = loop_problem({.M = 5, .C = 4, .H = 3, .E = 3}, "toy", Padding::implicit);
  // 5 filters as 2 passes of 3 PEs along x, the last with 2; 3 rows over 2 PEs along y, the fold takes a second pass.
  Mapping mapping;
  for (const Tensor3 t : kAllTensors) mapping.steps.emplace_back(StoragePoint{"dram", t});
  mapping.steps.emplace_back(Loop{Dim::M, 2, "", ""});
  mapping.steps.emplace_back(Loop{Dim::E, 2, "", ""});
  mapping.steps.emplace_back(Loop{Dim::E, 2, "array", "y"});
  mapping.steps.emplace_back(Loop{Dim::M, 3, "array", "x"});
  mapping.steps.emplace_back(Loop{Dim::C, 4, "", ""});
  const Occupancy all = occupancy(problem, place(problem, mapping, hardware), hardware, 100);
  CHECK(all.complete);
  REQUIRE(all.passes.size() == 4);
  CHECK(all.passes[0].pes == std::vector<std::int64_t>{0, 1, 2, 3, 4, 5});
  CHECK(all.passes[1].pes == std::vector<std::int64_t>{0, 1, 2});
  CHECK(all.passes[2].pes == std::vector<std::int64_t>{0, 1, 3, 4});
  CHECK(all.passes[3].pes == std::vector<std::int64_t>{0, 1});
  CHECK(all.passes[3].start == 12);
  CHECK(all.passes[3].steps == 4);
  CHECK(all.passes[3].at == std::vector<std::int64_t>{1, 1});
  CHECK(pe_name(hardware, 4) == "array.y 1, array.x 1");
  const Occupancy two = occupancy(problem, place(problem, mapping, hardware), hardware, 2);
  CHECK(two.passes.size() == 2);
  CHECK_FALSE(two.complete);
}

}  // namespace weft
