// SPDX-License-Identifier: Apache-2.0
#include "weft/placement/placement.h"

#include <catch2/catch.hpp>
#include <set>

#include "weft/base/error_testing.h"

namespace weft {
namespace {

using testing::Ids;
using testing::ids_of;
using testing::problems_of;

HardwareNode store(const std::string& name, std::optional<Bytes> capacity, TensorFlags keeps = {true, true, true}) {
  HardwareNode node{.name = name, .kind = NodeKind::store};
  node.store.capacity = capacity;
  node.store.keeps = keeps;
  return node;
}

HardwareNode fanout(const std::string& name, std::vector<FanoutAxis> axes) {
  HardwareNode node{.name = name, .kind = NodeKind::fanout};
  node.fanout.axes = std::move(axes);
  return node;
}

/// dram; glb for ifmaps and psums; an array of 3 x 2; a spad in each PE; 16-bit words.
Hardware machine() {
  Hardware hardware;
  hardware.name = "toy";
  hardware.nodes = {store("dram", std::nullopt),
                    store("glb", Bytes{64}, {true, false, true}),
                    fanout("array", {{"x", 3}, {"y", 2}}),
                    store("spad", Bytes{1024}),
                    {.name = "mac", .kind = NodeKind::compute}};
  return hardware;
}

/// 6 filters of 4 channels, 1x1, on 10 ofmap rows.
LoopProblem problem() { return loop_problem({.M = 6, .C = 4, .H = 10, .E = 10}, "toy", Padding::implicit); }

const std::string kDram = "- {store: dram, keeps: [ifmap, weight, psum]}\n";

Mapping mapping(const std::string& steps) {
  return parse_mappings("kind: mapping\nversion: 1\nnest:\n" + steps, "toy.yaml").front().mapping;
}
Placement placed(const std::string& steps) { return place(problem(), mapping(steps), machine()); }
Ids ids_of_steps(const std::string& steps) {
  return ids_of([&] { placed(steps); });
}
const std::string kAll = "- {for: M, bound: 6}\n- {for: C, bound: 4}\n- {for: E, bound: 10}\n";

}  // namespace

TEST_CASE("a mapping is resolved to indices; loops of bound 1 do nothing") {
  const Placement p = placed(kDram +
                             "- {for: E, bound: 3}\n"
                             "- {for: N, bound: 1}\n"
                             "- {store: glb, keeps: [psum]}\n"
                             "- {for: M, bound: 3, at: array.x}\n"
                             "- {for: M, bound: 2}\n"
                             "- {for: C, bound: 4}\n"
                             "- {for: E, bound: 4}\n");
  REQUIRE(p.loops.size() == 5);
  CHECK(p.loops[0] == PlacedLoop{.dim = Dim::E, .bound = 3, .tile = 4});
  CHECK(p.loops[1] == PlacedLoop{.dim = Dim::M, .bound = 3, .tile = 2, .spatial = true, .node = 2, .axis = 0});
  CHECK(p.points[index(Tensor3::psum)] == std::vector<PlacedPoint>{{0, 0}, {1, 1}});
  CHECK(p.points[index(Tensor3::ifmap)] == std::vector<PlacedPoint>{{0, 0}});
}

TEST_CASE("a nest names stores, fanouts and axes that the machine has") {
  CHECK(ids_of_steps(kDram + "- {store: gbl, keeps: [psum]}\n" + kAll) == Ids{"mapping.unknown-store"});
  CHECK(ids_of_steps(kDram + "- {store: array, keeps: [psum]}\n" + kAll) == Ids{"mapping.unknown-store"});
  CHECK(ids_of_steps(kDram + kAll + "- {for: M, bound: 1, at: aray.x}\n") == Ids{"mapping.unknown-fanout"});
  CHECK(ids_of_steps(kDram + kAll + "- {for: M, bound: 1, at: glb.x}\n") == Ids{"mapping.unknown-fanout"});
  CHECK(ids_of_steps(kDram + kAll + "- {for: M, bound: 1, at: array.z}\n") == Ids{"mapping.bad-axis"});
  CHECK(ids_of_steps(kDram + "- {store: glb, keeps: [weight]}\n" + kAll) == Ids{"mapping.not-kept"});
  CHECK(ids_of_steps(kDram + "- {store: gbl, keeps: [psum]}\n- {store: glb, keeps: [weight]}\n") ==
        Ids{"mapping.unknown-store", "mapping.not-kept"});
}

TEST_CASE("the loops over a dimension cover its indices and no more than the last tile needs") {
  const std::string rest = "- {for: M, bound: 6}\n- {for: C, bound: 4}\n";
  const auto ids = [&](const std::string& rows) { return ids_of_steps(kDram + rest + rows); };
  CHECK(ids("- {for: E, bound: 10}\n").empty());
  CHECK(ids("- {for: E, bound: 9}\n") == Ids{"mapping.bound-short"});
  CHECK(ids("") == Ids{"mapping.bound-short"});
  CHECK(ids("- {for: E, bound: 11}\n") == Ids{"mapping.bound-long"});
  // Imperfect: 4 tiles of 3, the last of 1; 5 tiles of 3 would leave the last empty.
  CHECK(ids("- {for: E, bound: 4}\n- {for: E, bound: 3}\n").empty());
  CHECK(ids("- {for: E, bound: 3}\n- {for: E, bound: 3}\n") == Ids{"mapping.bound-short"});
  CHECK(ids("- {for: E, bound: 5}\n- {for: E, bound: 3}\n") == Ids{"mapping.bound-long"});
  CHECK(ids("- {for: E, bound: 2}\n- {for: E, bound: 10}\n") == Ids{"mapping.bound-long"});
  CHECK(ids("- {for: E, bound: 1099511627776}\n- {for: E, bound: 1099511627776}\n") == Ids{"mapping.bound-long"});
  CHECK(ids("- {for: E, bound: 10}\n- {for: N, bound: 2}\n") == Ids{"mapping.bound-long"});
}

TEST_CASE("storage points follow the tree") {
  CHECK(ids_of_steps(kAll) == Ids(3, "mapping.order"));  // no tensor begins at the dram
  CHECK(ids_of_steps("- {for: M, bound: 6}\n" + kDram + "- {for: C, bound: 4}\n- {for: E, bound: 10}\n") ==
        Ids(3, "mapping.order"));
  CHECK(ids_of_steps(kDram + "- {store: spad, keeps: [psum]}\n- {store: glb, keeps: [psum]}\n" + kAll) ==
        Ids{"mapping.order"});
  CHECK(ids_of_steps(kDram + "- {store: glb, keeps: [psum]}\n- {store: glb, keeps: [psum]}\n" + kAll) ==
        Ids{"mapping.order"});
  CHECK(ids_of_steps(kDram + "- {store: glb, keeps: [psum]}\n- {store: spad, keeps: [psum]}\n" + kAll).empty());
}

TEST_CASE("a spatial loop stands between what is outside its fanout and what is inside") {
  const std::string before = kDram + "- {for: M, bound: 2}\n";
  const std::string after = "- {for: C, bound: 4}\n- {for: E, bound: 10}\n";
  const std::string parallel = "- {for: M, bound: 3, at: array.x}\n";
  CHECK(ids_of_steps(before + "- {store: glb, keeps: [psum]}\n" + parallel + "- {store: spad, keeps: [psum]}\n" + after)
            .empty());
  CHECK(ids_of_steps(before + parallel + "- {store: glb, keeps: [psum]}\n" + after) == Ids{"mapping.order"});
  CHECK(ids_of_steps(before + "- {store: spad, keeps: [psum]}\n" + parallel + after) == Ids{"mapping.order"});
}

TEST_CASE("the loops of an outer fanout come first") {
  Hardware two = machine();
  two.nodes.insert(two.nodes.begin() + 4, fanout("lanes", {{"l", 2}}));
  const auto ids = [&](const std::string& steps) {
    return ids_of(
        [&] { place(problem(), mapping(kDram + steps + "- {for: M, bound: 6}\n- {for: E, bound: 10}\n"), two); });
  };
  const std::string outer = "- {for: C, bound: 2, at: array.x}\n", inner = "- {for: C, bound: 2, at: lanes.l}\n";
  CHECK(ids(outer + inner).empty());
  CHECK(ids(inner + outer) == Ids{"mapping.order"});
}

TEST_CASE("spatial loops may fill an axis but not exceed it") {
  const auto ids = [](const std::string& loops) {
    return ids_of_steps(kDram + loops + "- {for: C, bound: 4}\n- {for: E, bound: 10}\n");
  };
  CHECK(ids("- {for: M, bound: 2}\n- {for: M, bound: 3, at: array.x}\n").empty());
  CHECK(ids("- {for: M, bound: 2}\n- {for: M, bound: 3, at: array.y}\n") == Ids{"mapping.fanout-overflow"});
  CHECK(ids("- {for: M, bound: 2, at: array.y}\n- {for: M, bound: 3, at: array.x}\n").empty());
  CHECK(ids("- {for: M, bound: 2, at: array.x}\n- {for: M, bound: 3, at: array.x}\n") ==
        Ids{"mapping.fanout-overflow"});
}

TEST_CASE("a tile may fill its store but not exceed it") {
  // glb: 64 B = 32 words of 16 bits. psum tile: M x E words.
  const auto nest = [](int M) {
    return kDram + "- {for: M, bound: " + std::to_string(6 / M) + "}\n- {for: E, bound: 2}\n" +
           "- {store: glb, keeps: [psum]}\n- {for: M, bound: " + std::to_string(M) +
           "}\n- {for: C, bound: 4}\n- {for: E, bound: 5}\n";
  };
  const Hardware hardware = machine();
  CHECK_FALSE(overflow(problem(), placed(nest(6)), hardware));  // 30 words
  Hardware smaller = hardware;
  smaller.nodes[1].store.capacity = Bytes{60};
  CHECK_FALSE(overflow(problem(), placed(nest(6)), smaller));  // exactly
  smaller.nodes[1].store.capacity = Bytes{59};
  const auto over = overflow(problem(), placed(nest(6)), smaller);
  REQUIRE(over);
  CHECK(over->node == 1);
  CHECK(over->needed_bits == 480);
  CHECK(over->capacity_bits == 472);
  CHECK_FALSE(overflow(problem(), placed(nest(3)), smaller));  // 15 words

  const std::vector<Problem> problems = problems_of([&] { require_fits(problem(), placed(nest(6)), smaller, {}); });
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].id == "mapping.tile-too-large");
  CHECK(problems[0].what == "store 'glb' holds 59 B, but the tiles of toy kept there need 60 B");
}

TEST_CASE("distinct sums of two strides are as many as enumeration finds") {
  for (std::int64_t a = 1; a <= 6; ++a) {
    for (std::int64_t b = 1; b <= 6; ++b) {
      for (std::int64_t m = 1; m <= 7; ++m) {
        for (std::int64_t n = 1; n <= 7; ++n) {
          std::set<std::int64_t> sums;
          for (std::int64_t i = 0; i < m; ++i)
            for (std::int64_t j = 0; j < n; ++j) sums.insert(a * i + b * j);
          CAPTURE(a, b, m, n);
          REQUIRE(distinct_sums(a, m, b, n) == std::int64_t(sums.size()));
        }
      }
    }
  }
}

TEST_CASE("a window tile is as large as the rows it touches, and no larger than the ifmap") {
  // Eyeriss's CONV1: 7 rows of outputs at stride 4 touch (7 - 1) 4 + 11 = 35 rows of 227 words.
  const LoopProblem conv1 = loop_problem(
      {.N = 4, .M = 96, .C = 3, .H = 227, .W = 227, .R = 11, .S = 11, .E = 55, .F = 55, .U_h = 4, .U_w = 4}, "conv1",
      Padding::stored);
  CHECK(tile_words(conv1, Tensor3::ifmap, {1, 1, 1, 1, 7, 55, 11, 11}) == 35 * 227);
  CHECK(tile_words(conv1, Tensor3::ifmap, {1, 1, 1, 1, 55, 55, 11, 11}) == 227 * 227);
  CHECK(tile_words(conv1, Tensor3::psum, {1, 1, 96, 1, 7, 55, 11, 11}) == 96 * 7 * 55);
  CHECK(tile_words(conv1, Tensor3::weight, {4, 1, 16, 1, 7, 55, 1, 11}) == 16 * 11);
}

TEST_CASE("children without work are not active") {
  // 10 rows on 3 children of 4: all have some. On 3 x 2 children of 2 rows, 5 have.
  const std::string rest = "- {for: M, bound: 6}\n- {for: C, bound: 4}\n";
  CHECK(active_pes(problem(), placed(kDram + rest + "- {for: E, bound: 3, at: array.x}\n- {for: E, bound: 4}\n")) == 3);
  CHECK(active_pes(problem(), placed(kDram + rest +
                                     "- {for: E, bound: 3, at: array.x}\n- {for: E, bound: 2, at: array.y}\n"
                                     "- {for: E, bound: 2}\n")) == 5);
}

}  // namespace weft
