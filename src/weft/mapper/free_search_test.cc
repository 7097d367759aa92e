// SPDX-License-Identifier: Apache-2.0
#include "weft/mapper/free_search.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <variant>

#include "weft/base/error.h"
#include "weft/mapper/free_tiles.h"

namespace weft {
namespace {

constexpr TensorFlags kAll{true, true, true};

HardwareNode store(const std::string& name, TensorFlags keeps, std::optional<std::int64_t> bytes) {
  HardwareNode node{.name = name, .kind = NodeKind::store, .component = name == "dram" ? "far" : "near"};
  node.store.keeps = keeps;
  if (bytes) node.store.capacity = Bytes{*bytes};
  return node;
}

HardwareNode fanout(const std::string& name, std::int64_t children) {
  HardwareNode node{.name = name, .kind = NodeKind::fanout, .component = "net"};
  node.fanout.axes = {{"x", children}};
  return node;
}

/// A word costs 10 far away, 1 near, and a MAC nothing.
Hardware machine(std::vector<HardwareNode> nodes) {
  Hardware h;
  h.name = "small";
  h.nodes = std::move(nodes);
  h.nodes.push_back({.name = "mac", .kind = NodeKind::compute, .component = "mac"});
  for (const char* action : {"read", "write"}) {
    h.components.prices.push_back({.component = "far", .action = action, .energy = 10});
    h.components.prices.push_back({.component = "near", .action = action, .energy = 1});
  }
  h.components.prices.push_back({.component = "net", .action = "hop", .energy = 0});
  h.components.prices.push_back({.component = "mac", .action = "mac", .energy = 0});
  return h;
}

/// M = C = 4: 4 words of ifmap, 16 weights, 4 partial sums, 16 MACs.
LoopProblem four_by_four() { return loop_problem({.M = 4, .C = 4}, "fc", Padding::implicit); }

bool uses(const Mapping& mapping, const std::string& name) {
  return std::any_of(mapping.steps.begin(), mapping.steps.end(), [&](const Mapping::Step& step) {
    const StoragePoint* point = std::get_if<StoragePoint>(&step);
    return point != nullptr && point->store == name;
  });
}

Problem refusal(const LoopProblem& problem, const Hardware& hardware) {
  try {
    find_free_mapping(problem, hardware, {});
  } catch (const Error& error) {
    return error.problems().front();
  }
  return {};
}

}  // namespace

TEST_CASE("without an inner store every MAC goes to the outermost one") {
  const MappingResult found = find_free_mapping(four_by_four(), machine({store("dram", kAll, {})}), {});
  // 16 ifmap values, 16 weights, 16 sums written, and read but for the 4 first updates.
  CHECK(found.certificate.objective_value == 10 * (16 + 16 + 16 + 12));
  CHECK(found.certificate.optimal);
  CHECK(found.certificate.space == 6);  // MC, CM, MCM, CMC, MCMC, CMCM
}

TEST_CASE("a store too small for one word is passed by; one word more is used") {
  const auto with_buffer = [](std::int64_t bytes) {
    return find_free_mapping(four_by_four(), machine({store("dram", kAll, {}), store("buffer", kAll, bytes)}), {});
  };
  CHECK_FALSE(uses(with_buffer(1).mapping, "buffer"));
  CHECK(with_buffer(1).certificate.objective_value == 600);
  const MappingResult one_word = with_buffer(2);
  CHECK(uses(one_word.mapping, "buffer"));
  // A partial sum stays for its 4 MACs: 16 near writes, 12 near reads, and one of 4 as it drains; far 4 writes, and 16
  // ifmap values and weights each.
  CHECK(one_word.certificate.objective_value == 16 + 12 + 4 + 10 * (4 + 16 + 16));
  CHECK(one_word.certificate.optimal);
  // Two loops of 2 over M and two over C in any order, side by side one loop; each tensor has no point, or one of 5
  // gaps.
  CHECK(one_word.certificate.space == 6 * 6 * 6 * 6);
}

TEST_CASE("an outermost store that cannot hold its tensors is named with what it lacks") {
  const auto with_dram = [](std::int64_t bytes) {
    return machine({store("dram", kAll, bytes), store("buffer", kAll, 8)});
  };
  const Problem problem = refusal(four_by_four(), with_dram(47));  // 24 words of 2 B
  CHECK(problem.id == "infeasible.capacity");
  CHECK_THAT(problem.what,
             Catch::Contains("ifmap, weight, psum need 48 B in store 'dram'") && Catch::Contains("which holds 47 B"));
  CHECK_THAT(problem.mend, Catch::Contains("give 'dram' 1 B more"));
  CHECK(refusal(four_by_four(), with_dram(48)).id.empty());
}

TEST_CASE("a store that is outermost for one tensor has less room for the others") {
  // The ifmap is only in the buffer: 8 B of it; with 9 B there is no room for a weight or a sum, with 10 B there is.
  const auto buffered = [](std::int64_t bytes) {
    return find_free_mapping(four_by_four(),
                             machine({store("dram", {false, true, true}, {}), store("buffer", kAll, bytes)}), {});
  };
  CHECK(buffered(9).certificate.objective_value == 16 + 10 * (16 + 16 + 12));
  CHECK(buffered(10).certificate.objective_value == 16 + 16 + 12 + 4 + 10 * (16 + 4));
  CHECK(buffered(10).certificate.optimal);
}

TEST_CASE("a dimension that does not divide is folded over the array") {
  // Seven sums on four children: four at once, then three, of two channels each.
  const LoopProblem seven = loop_problem({.M = 7, .C = 2}, "fc", Padding::implicit);
  const Hardware four = machine({store("dram", kAll, {}), fanout("array", 4), store("rf", kAll, 8)});
  const MappingResult folded = find_free_mapping(seven, four, {.objective = Objective::latency});
  CHECK(folded.certificate.objective_value == 2 * 2);
  CHECK(folded.certificate.optimal);
  CHECK(folded.certificate.folds);
  const MappingResult even = find_free_mapping(seven, four, {.objective = Objective::latency, .perfect = true});
  CHECK(even.certificate.objective_value == 7);  // both channels at once
  CHECK_FALSE(even.certificate.folds);
  CHECK(even.certificate.space < folded.certificate.space);
}

TEST_CASE("a fold takes the room there is, or as many children as make as many folds") {
  CHECK(free_search::fold_bound(13, 12) == 7);  // 7 + 6
  CHECK(free_search::fold_bound(13, 7) == 7);
  CHECK(free_search::fold_bound(13, 6) == 5);   // 5 + 5 + 3
  CHECK(free_search::fold_bound(13, 13) == 0);  // no fold
  CHECK(free_search::fold_bound(12, 7) == 0);   // 6 + 6: it divides
  CHECK(free_search::fold_bound(13, 1) == 0);
}

TEST_CASE("a loop that cuts folds has the least bound for its tiles, and two steps in the last") {
  CHECK(free_search::is_outer_step(7, 4));        // 4 + 3
  CHECK_FALSE(free_search::is_outer_step(7, 5));  // 5 + 2, as many tiles
  CHECK_FALSE(free_search::is_outer_step(7, 3));  // 3 + 3 + 1
  CHECK_FALSE(free_search::is_outer_step(7, 7));
}

TEST_CASE("register files listed in another order give the same answer") {
  const LoopProblem problem =
      loop_problem({.M = 4, .C = 2, .H = 6, .W = 4, .R = 3, .S = 1, .E = 4, .F = 4}, "conv", Padding::implicit);
  std::vector<HardwareNode> files = {store("ifmap_rf", {true, false, false}, 6),
                                     store("weight_rf", {false, true, false}, 12),
                                     store("psum_rf", {false, false, true}, 4)};
  std::array<int, 3> order{0, 1, 2};
  std::optional<Certificate> first;
  do {
    const MappingResult found = find_free_mapping(
        problem,
        machine({store("dram", kAll, {}), store("glb", {true, false, true}, 32), fanout("array", 4),
                 files[std::size_t(order[0])], files[std::size_t(order[1])], files[std::size_t(order[2])]}),
        {});
    if (!first) first = found.certificate;
    CHECK(found.certificate.objective_value == first->objective_value);
    CHECK(found.certificate.lower_bound == first->lower_bound);
    CHECK(found.certificate.optimal);
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST_CASE("what an array spares the stores inside it counts before they are in the nest") {
  // 4 MACs on one sum. Each of 2 PEs writes its sum twice and reads it once, the array adds the two, and the outermost
  // store is written once. On one PE the sum is read 3 times: that is more than a register for weights costs.
  HardwareNode sums = store("psum_rf", {false, false, true}, 4), weights = store("weight_rf", {false, true, false}, 4);
  sums.component = "sums";
  weights.component = "weights";
  HardwareNode array = fanout("array", 2);
  array.fanout.reduces = kAddsAll;
  Hardware hardware = machine({store("dram", kAll, {}), array, weights, sums});
  hardware.components.prices.push_back({.component = "sums", .action = "read", .energy = 5});
  hardware.components.prices.push_back({.component = "sums", .action = "write", .energy = 1});
  hardware.components.prices.push_back({.component = "weights", .action = "read", .energy = 1});
  hardware.components.prices.push_back({.component = "weights", .action = "write", .energy = 0});
  const LoopProblem four = loop_problem({.C = 4}, "dot", Padding::implicit);
  const MapOptions options{.conventions = {.ends = Ends::no_drain_read}, .top = 2};
  const MappingResult found = find_free_mapping(four, hardware, options);
  const Int128 least = 10 * (4 + 4 + 1) + 2 * (2 * 1 + 5);
  CHECK(to_string(found.certificate.objective_value) == to_string(least));
  CHECK(found.certificate.optimal);
  // The same with the point of the sums around one loop more or less.
  REQUIRE(found.next.size() == 1);
  CHECK(found.next_proven);
  CHECK(to_string(found.next[0].certificate.objective_value) == to_string(least));
}

TEST_CASE("what an array does not add up comes back") {
  // 4 MACs on one sum, on 4 PEs without stores. If the array adds along C, one sum is written; along R only, 4 sums are
  // written and 3 read back.
  HardwareNode array = fanout("array", 4);
  const LoopProblem four = loop_problem({.C = 4}, "dot", Padding::implicit);
  const auto value = [&](ReductionFlags reduces) {
    array.fanout.reduces = reduces;
    return find_free_mapping(four, machine({store("dram", kAll, {}), array}), {}).certificate.objective_value;
  };
  CHECK(value({true, false, false}) == 10 * (4 + 4 + 1));
  CHECK(value({false, true, false}) == 10 * (4 + 4 + 4 + 3));
}

TEST_CASE("machines and layers with too much to choose from are refused") {
  const std::vector<HardwareNode> inside = {fanout("array", 2), store("dram", kAll, {})};
  CHECK(refusal(four_by_four(), machine(inside)).id == "mapper.unsupported");
  std::vector<HardwareNode> shared = {store("dram", kAll, {})};
  for (const char* name : {"a", "b", "c"}) shared.push_back(store(name, {true, true, false}, 8));
  CHECK(refusal(four_by_four(), machine(shared)).id == "mapper.unsupported");
  std::vector<HardwareNode> many = {store("dram", kAll, {})};
  for (const char* name : {"a", "b", "c", "d", "e"}) many.push_back(store(name, kAll, {}));
  CHECK(refusal(four_by_four(), machine(many)).id == "mapper.unsupported");
  const LoopProblem huge = loop_problem({.M = std::int64_t{1} << 41}, "huge", Padding::implicit);
  CHECK(refusal(huge, machine({store("dram", kAll, {})})).id == "mapper.unsupported");
}

TEST_CASE("a search that runs out of time still answers, with a bound that holds") {
  const LoopProblem problem =
      loop_problem({.M = 16, .C = 12, .H = 14, .W = 14, .R = 3, .S = 3, .E = 12, .F = 12}, "conv", Padding::implicit);
  const Hardware hardware =
      machine({store("dram", kAll, {}), store("glb", kAll, 512), fanout("array", 8), store("rf", kAll, 32)});
  const MappingResult best = find_free_mapping(problem, hardware, {});
  const MappingResult hasty = find_free_mapping(problem, hardware, {.budget = 1e-9});
  CHECK(best.certificate.optimal);
  CHECK_FALSE(hasty.certificate.optimal);
  CHECK(hasty.certificate.lower_bound <= best.certificate.objective_value);
  CHECK(hasty.certificate.objective_value >= best.certificate.objective_value);
  CHECK(hasty.certificate.visited < best.certificate.visited);
}

}  // namespace weft
