// SPDX-License-Identifier: Apache-2.0
// Three routes to every count: the closed forms of model/, and the walks of simulator/ by words and by tiles, on random
// machines.
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "random_nest.h"
#include "weft/model/counts.h"
#include "weft/simulator/walk.h"
#include "weft/simulator/walk_words.h"

namespace weft {
namespace {

std::string show(const Counts& counts, const Hardware& hardware) {
  std::string text = fmt::format("macs {} active {} steps {} processing {} latency {}\n", to_string(counts.macs),
                                 counts.active_pes, counts.steps, counts.processing_cycles, counts.latency_cycles);
  for (std::size_t n = 0; n < hardware.nodes.size(); ++n) {
    for (const Tensor3 t : kAllTensors) {
      const Accesses& a = counts.stores[n][index(t)];
      if (a.reads != 0 || a.writes != 0 || counts.hops[n][index(t)] != 0) {
        text += fmt::format("  {} {} reads {} writes {} hops {}\n", hardware.nodes[n].name, name(t), to_string(a.reads),
                            to_string(a.writes), to_string(counts.hops[n][index(t)]));
      }
    }
  }
  return text;
}

}  // namespace

TEST_CASE("closed forms and walks of the nest count the same on random problems, machines and mappings") {
  Random random(2017);
  for (int trial = 0; trial < agree::trials(2000); ++trial) {
    const ConvShape shape = agree::random_shape(random);
    const Hardware hardware = agree::random_hardware(random);
    const Conventions how = agree::random_conventions(random);
    const LoopProblem problem = loop_problem(shape, "random", how.padding);
    const Mapping mapping = agree::random_mapping(random, problem, hardware);
    INFO("trial " << trial << "\n" << agree::describe(shape, hardware, mapping, how));
    const Placement placement = place(problem, mapping, hardware);
    const Counts closed = count(problem, placement, hardware, how);
    const Counts words = walk_words(problem, placement, hardware, how);
    const Counts tiles = walk(problem, placement, hardware, how);
    INFO("closed form\n"
         << show(closed, hardware) << "by words\n"
         << show(words, hardware) << "by tiles\n"
         << show(tiles, hardware));
    REQUIRE(closed == words);
    REQUIRE(tiles == words);
    OffchipCode coded;
    for (std::int64_t& parts : coded.parts) parts = random.between(1, 2 * OffchipCode::kWhole);
    REQUIRE(count(problem, placement, hardware, how, coded) == walk(problem, placement, hardware, how, coded));
  }
}

}  // namespace weft
