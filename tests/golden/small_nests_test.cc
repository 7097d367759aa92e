// SPDX-License-Identifier: Apache-2.0
// One-line layers that can be counted on paper. Reference: the outputs that come with tutorial 01 of
// Accelergy-Project/timeloop-accelergy-exercises (conv1d with P = 16, R = 3; then with K = 32 filters), counted by
// Timeloop. P is our F, R our S, K our M.
#include <catch2/catch.hpp>

#include "weft/model/counts.h"
#include "weft/simulator/walk_words.h"

namespace weft {
namespace {

constexpr ConvShape conv1d(std::int64_t filters) { return {.M = filters, .W = 18, .S = 3, .F = 16}; }

HardwareNode store(const std::string& name, bool offchip) {
  HardwareNode node{.name = name, .kind = NodeKind::store};
  node.store.offchip = offchip;
  if (!offchip) node.store.capacity = Bytes{1 << 20};
  return node;
}

Hardware machine(bool with_buffer) {
  Hardware hardware;
  hardware.nodes.push_back(store("dram", true));
  if (with_buffer) hardware.nodes.push_back(store("buffer", false));
  hardware.nodes.push_back({.name = "mac", .kind = NodeKind::compute});
  return hardware;
}

constexpr std::size_t kBuffer = 1;  // index of the buffer's node

Loop loop(Dim d, std::int64_t bound) { return {.dim = d, .bound = bound}; }
StoragePoint keep(const std::string& store, Tensor3 t) { return {store, t}; }

/// The nest inside the points of the outermost store.
Mapping nest(std::vector<Mapping::Step> inside) {
  Mapping mapping{{keep("dram", Tensor3::ifmap), keep("dram", Tensor3::weight), keep("dram", Tensor3::psum)}};
  mapping.steps.insert(mapping.steps.end(), inside.begin(), inside.end());
  return mapping;
}

/// By the closed forms, after the walk has said the same.
Counts counted(const ConvShape& shape, const Mapping& mapping, const Hardware& hardware, const std::string& preset) {
  const Conventions how = parse_conventions(preset);
  const LoopProblem problem = loop_problem(shape, "conv1d", how.padding);
  const Placement placement = place(problem, mapping, hardware);
  const Counts counts = count(problem, placement, hardware, how);
  CHECK(counts == walk_words(problem, placement, hardware, how));
  return counts;
}

Accesses at_buffer(const Counts& counts, Tensor3 t) { return counts.stores[kBuffer][index(t)]; }

const std::vector<Mapping::Step> kKeepAll = {keep("buffer", Tensor3::ifmap), keep("buffer", Tensor3::weight),
                                             keep("buffer", Tensor3::psum)};

Mapping two_levels(std::vector<Mapping::Step> loops) {
  std::vector<Mapping::Step> steps = kKeepAll;
  steps.insert(steps.end(), loops.begin(), loops.end());
  return nest(steps);
}

const Mapping kWeightStationary = two_levels({loop(Dim::S, 3), loop(Dim::F, 16)});
const Mapping kOutputStationary = two_levels({loop(Dim::F, 16), loop(Dim::S, 3)});

}  // namespace

TEST_CASE("a 1-D convolution of 16 outputs and 3 taps does 48 MACs in 48 cycles") {
  const Counts counts = counted(conv1d(1), nest({loop(Dim::F, 16), loop(Dim::S, 3)}), machine(false), "timeloop");
  CHECK(counts.macs == 48);
  CHECK(counts.latency_cycles == 48);
}

TEST_CASE("with one buffer, weights are filled 3 times, inputs 18; psums updated 48 times") {
  const Mapping& mapping = GENERATE(kWeightStationary, kOutputStationary);
  for (const std::string preset : {"timeloop", "weft"}) {
    CAPTURE(preset);
    const Counts counts = counted(conv1d(1), mapping, machine(true), preset);
    CHECK(at_buffer(counts, Tensor3::weight).writes == 3);
    CHECK(at_buffer(counts, Tensor3::ifmap).writes == 18);
    CHECK(at_buffer(counts, Tensor3::psum).writes == 48);
    // 48 updates read what is there but the first of each of 16 sums; weft also counts the 16 reads that drain them.
    CHECK(at_buffer(counts, Tensor3::psum).reads == (preset == "weft" ? 48 : 32));
  }
}

TEST_CASE("counted where it is served, one buffer has four accesses for each of 48 MACs, and no fills or drains") {
  const Mapping& mapping = GENERATE(kWeightStationary, kOutputStationary);
  const Counts counts = counted(conv1d(1), mapping, machine(true), "nn_dataflow");
  CHECK(at_buffer(counts, Tensor3::weight) == Accesses{48, 0});
  CHECK(at_buffer(counts, Tensor3::ifmap) == Accesses{48, 0});
  CHECK(at_buffer(counts, Tensor3::psum) == Accesses{48, 48});
  CHECK(counts.stores[0][index(Tensor3::weight)] == Accesses{3, 0});
  CHECK(counts.stores[0][index(Tensor3::ifmap)] == Accesses{18, 0});
  CHECK(counts.stores[0][index(Tensor3::psum)] == Accesses{0, 16});  // no sum comes back
}

TEST_CASE("with 32 filters one after another each fetches the 18 inputs again") {
  // The input window slides inside the loop over outputs: 3 words, then 15 times one.
  const Mapping untiled = nest({loop(Dim::M, 32), keep("buffer", Tensor3::weight), loop(Dim::F, 16),
                                keep("buffer", Tensor3::ifmap), keep("buffer", Tensor3::psum), loop(Dim::S, 3)});
  const Counts counts = counted(conv1d(32), untiled, machine(true), GENERATE("timeloop", "weft"));
  CHECK(at_buffer(counts, Tensor3::ifmap).writes == 576);  // 32 x 18
  CHECK(at_buffer(counts, Tensor3::weight).writes == 96);
}

TEST_CASE("two filters at a time halve the fetches of inputs") {
  const Mapping tiled =
      nest({loop(Dim::M, 16), keep("buffer", Tensor3::weight), loop(Dim::F, 16), keep("buffer", Tensor3::ifmap),
            keep("buffer", Tensor3::psum), loop(Dim::M, 2), loop(Dim::S, 3)});
  const Counts counts = counted(conv1d(32), tiled, machine(true), GENERATE("timeloop", "weft"));
  CHECK(at_buffer(counts, Tensor3::ifmap).writes == 288);  // 16 x 18
  CHECK(at_buffer(counts, Tensor3::weight).writes == 96);
}

TEST_CASE("counts and costs are exact beyond what a double holds") {
  // ResNet-152's widest layer with an odd batch: N M C E F R S MACs, each one read of an ifmap word and of a weight.
  constexpr ConvShape kShape{.N = 4095, .M = 512, .C = 513, .H = 1057, .W = 1059, .R = 3, .S = 3, .E = 1055, .F = 1057};
  const LoopProblem problem = loop_problem(kShape, "wide", Padding::implicit);
  const Int128 macs = Int128(4095) * 512 * 513 * 1055 * 1057 * 9;
  const Int128 odd = macs + 1;
  REQUIRE(macs > Int128{1} << 53);
  REQUIRE(Int128(double(odd)) != odd);  // no double is
  Mapping mapping = nest({});
  for (const auto& [d, bound] : {std::pair{Dim::N, kShape.N},
                                 {Dim::M, kShape.M},
                                 {Dim::C, kShape.C},
                                 {Dim::E, kShape.E},
                                 {Dim::F, kShape.F},
                                 {Dim::R, kShape.R},
                                 {Dim::S, kShape.S}}) {
    mapping.steps.emplace_back(loop(d, bound));
  }
  const Hardware hardware = machine(false);
  const Counts counts = count(problem, place(problem, mapping, hardware), hardware, parse_conventions("weft"));
  CHECK(to_string(counts.macs) == to_string(macs));
  CHECK(to_string(counts.stores[0][index(Tensor3::weight)].reads) == to_string(macs));
  CHECK(to_string(counts.stores[0][index(Tensor3::ifmap)].reads) == to_string(macs));
  CHECK(to_string(counts.stores[0][index(Tensor3::psum)].writes) == to_string(macs));
  const Int128 outputs = macs / (513 * 9);
  CHECK(to_string(counts.stores[0][index(Tensor3::psum)].reads) == to_string(macs - outputs));
}

}  // namespace weft
