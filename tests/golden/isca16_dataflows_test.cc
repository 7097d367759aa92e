// SPDX-License-Identifier: Apache-2.0
// The closed formulas of the ISCA 2016 dataflow comparison (Chen, Emer, Sze, "Eyeriss: a spatial architecture for
// energy-efficient dataflow", equations 3 and 4; the terms of each dataflow as in its authors' mapping simulator,
// `ominux/eyeriss-dataflow`) against the counts of the nests that its parameters mean on the machines of
// data/hardware/isca16-*.yaml. The formulas are written here anew, from words and without any nest.
#include <fmt/format.h>

#include <array>
#include <catch2/catch.hpp>
#include <sstream>
#include <string>

#include "weft/model/cost.h"
#include "weft/model/counts.h"
#include "weft/simulator/walk.h"

namespace weft {
namespace {

/// Words by level, then tensor. Every move between two levels counts once, at the outer one.
struct Moves {
  std::array<std::int64_t, kTensors> dram{}, glb{}, array{}, rf{};
  bool operator==(const Moves&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Moves& moves) {
  const auto print = [&out](const char* level, const std::array<std::int64_t, kTensors>& words) {
    out << level << ' ' << words[0] << ' ' << words[1] << ' ' << words[2] << "; ";
  };
  print("dram", moves.dram);
  print("glb", moves.glb);
  print("array", moves.array);
  print("rf", moves.rf);
  return out;
}

/// A square layer: every quotient below divides, and is more than 1 where a nest would otherwise skip a refetch.
struct Square {
  std::int64_t G, N, M, C, E, R, U;
  std::int64_t H() const { return extent(E); }
  /// Rows of the ifmap that e rows of the ofmap need.
  std::int64_t extent(std::int64_t e) const { return (e - 1) * U + R; }
  std::int64_t weights() const { return G * M * C * R * R; }
  std::int64_t outputs() const { return G * N * M * E * E; }
  std::int64_t macs() const { return outputs() * C * R * R; }
  std::int64_t channels() const { return G * N * C; }  ///< planes of the ifmap
};

/// The parameters of the paper; those that a dataflow does not have stay 1.
struct Parameters {
  std::int64_t m = 1, n = 1, e = 1, f = 1, p = 1, q = 1, r = 1, t = 1;
};

// Each formula: ifmap, weight, psum. I a/b of the paper is the planes times strips times their extent.

Moves row_stationary(const Square& l, const Parameters& k) {
  const std::int64_t strips = l.E / k.e * l.extent(k.e) * l.H() * l.channels();
  return {.dram = {strips * (l.M / k.m), l.weights() * (l.N / k.n) * (l.E / k.e), l.outputs()},
          .glb = {strips * (l.M / (k.p * k.t)), 0, 2 * l.outputs() * (l.C / (k.q * k.r) - 1)},
          .array = {l.channels() * l.R * l.E * l.H() * (l.M / k.p), l.weights() * (l.N / k.n) * l.E,
                    l.outputs() * (l.R * l.C / k.q - l.C / (k.q * k.r))},
          .rf = {l.macs(), l.macs(), 2 * l.outputs() * (l.C * l.R * l.R - l.R * l.C / k.q)}};
}

Moves weight_stationary(const Square& l, const Parameters& k) {
  const std::int64_t rows = l.R * l.C / k.r;
  return {.dram = {l.channels() * l.H() * l.H() * (l.M / k.t), l.weights(), l.outputs()},
          .glb = {0, 0, 2 * l.outputs() * (rows - 1)},
          .array = {l.macs(), 0, l.outputs() * (l.C * l.R * l.R - rows)},
          .rf = {0, l.macs(), 0}};
}

/// What the three output-stationary dataflows share; `passes` over the weights, ifmap words out of DRAM and buffer.
Moves output_stationary(const Square& l, std::int64_t dram_ifmap, std::int64_t glb_ifmap, std::int64_t passes) {
  return {.dram = {dram_ifmap, l.weights(), l.outputs()},
          .glb = {glb_ifmap, l.weights() * passes, 0},
          .array = {l.macs(), l.macs(), 0},
          .rf = {0, 0, 2 * l.outputs() * (l.C * l.R * l.R - 1)}};
}

Moves output_stationary_a(const Square& l, const Parameters& k) {
  const std::int64_t regions = l.channels() * (l.E / k.e * l.extent(k.e)) * (l.E / k.f * l.extent(k.f));
  return output_stationary(l, regions * (l.M / k.m), regions * l.M, (l.N / k.n) * (l.E / k.e) * (l.E / k.f));
}

Moves output_stationary_b(const Square& l, const Parameters& k) {
  const std::int64_t rows = l.channels() * l.R * l.E * (l.E / k.f * l.extent(k.f));
  return output_stationary(l, rows * (l.M / k.m), rows * (l.M / k.p), (l.N / k.n) * l.E * (l.E / k.f));
}

Moves output_stationary_c(const Square& l, const Parameters& k) {
  const std::int64_t windows = l.channels() * l.R * l.R * l.E * l.E;
  return output_stationary(l, windows * (l.M / k.m), windows * (l.M / k.p), (l.N / k.n) * l.E * l.E);
}

Moves no_local_reuse(const Square& l, const Parameters& k) {
  const std::int64_t regions = l.channels() * (l.E / k.e * l.extent(k.e)) * (l.E / k.f * l.extent(k.f));
  const std::int64_t sums = l.R * l.R * l.C / k.q;
  return {.dram = {regions * (l.M / k.m), l.weights() * (l.N / k.n) * (l.E / k.e) * (l.E / k.f), l.outputs()},
          .glb = {l.macs() / k.p, l.macs(), 2 * l.outputs() * (sums - 1)},
          .array = {l.macs(), 0, l.outputs() * (l.C * l.R * l.R - sums)},
          .rf = {}};
}

// ---- the nests

/// `keep WHERE TENSORS`, `for D BOUND` and `at D BOUND` (over the array), one a line.
Mapping nest(const std::string& text) {
  std::string yaml = "kind: mapping\nversion: 1\nnest:\n  - {store: dram, keeps: [ifmap, weight, psum]}\n";
  std::istringstream words(text);
  for (std::string verb, what, value; words >> verb >> what >> value;) {
    if (verb == "keep") yaml += fmt::format("  - {{store: {}, keeps: [{}]}}\n", what, value);
    if (verb == "for") yaml += fmt::format("  - {{for: {}, bound: {}}}\n", what, value);
    if (verb == "at") yaml += fmt::format("  - {{for: {}, bound: {}, at: array.pe}}\n", what, value);
  }
  return parse_mappings(yaml, "nest.yaml").front().mapping;
}

std::string row_stationary_nest(const Square& l, const Parameters& k) {
  return fmt::format(
      "for G {} for M {} for N {} for E {} keep glb psum for C {} keep glb ifmap for M {} for N {} "
      "at M {} at C {} at E {} at R {} keep rf weight for F {} keep rf ifmap keep rf psum for C {} for S {} for M {}",
      l.G, l.M / k.m, l.N / k.n, l.E / k.e, l.C / (k.q * k.r), k.m / (k.p * k.t), k.n, k.t, k.r, k.e, l.R, l.E, k.q,
      l.R, k.p);
}

std::string weight_stationary_nest(const Square& l, const Parameters& k) {
  return fmt::format(
      "for G {} for M {} keep glb psum for C {} keep broadcast ifmap "
      "at C {} at M {} at R {} at S {} keep rf weight for N {} for E {} for F {}",
      l.G, l.M / k.t, l.C / k.r, k.r, k.t, l.R, l.R, l.N, l.E, l.E);
}

std::string output_stationary_a_nest(const Square& l, const Parameters& k) {
  return fmt::format(
      "for G {} for M {} keep glb weight for N {} for E {} for F {} keep glb ifmap for M {} for C {} "
      "at N {} at E {} at F {} keep links ifmap for R {} for S {} keep rf psum",
      l.G, l.M / k.m, l.N / k.n, l.E / k.e, l.E / k.f, k.m, l.C, k.n, k.e, k.f, l.R, l.R);
}

std::string output_stationary_b_nest(const Square& l, const Parameters& k) {
  return fmt::format(
      "for G {} for M {} keep glb weight for N {} for E {} for F {} keep glb ifmap for M {} for C {} for R {} "
      "at N {} at M {} at F {} keep links ifmap for S {} keep rf psum",
      l.G, l.M / k.m, l.N / k.n, l.E, l.E / k.f, k.m / k.p, l.C, l.R, k.n, k.p, k.f, l.R);
}

std::string output_stationary_c_nest(const Square& l, const Parameters& k) {
  return fmt::format(
      "for G {} for M {} keep glb weight for N {} for E {} for F {} keep glb ifmap for M {} for C {} for R {} for S {} "
      "at N {} at M {} keep rf psum",
      l.G, l.M / k.m, l.N / k.n, l.E, l.E, k.m / k.p, l.C, l.R, l.R, k.n, k.p);
}

std::string no_local_reuse_nest(const Square& l, const Parameters& k) {
  return fmt::format(
      "for G {} for M {} for N {} for E {} for F {} keep glb psum for C {} keep glb ifmap for M {} keep glb weight "
      "for N {} for E {} for F {} at M {} at C {} for R {} for S {}",
      l.G, l.M / k.m, l.N / k.n, l.E / k.e, l.E / k.f, l.C / k.q, k.m / k.p, k.n, k.e, k.f, k.p, k.q, l.R, l.R);
}

// ---- the counts

/// Words that a node moves, if it has a price for them: what is on its way over links costs nothing and is no level.
Moves counted(const Square& l, const std::string& nest_text, const Hardware& hardware) {
  const Conventions how = parse_conventions("isca16");
  const ConvShape shape{.N = l.N,
                        .G = l.G,
                        .M = l.M,
                        .C = l.C,
                        .H = l.H(),
                        .W = l.H(),
                        .R = l.R,
                        .S = l.R,
                        .E = l.E,
                        .F = l.E,
                        .U_h = l.U,
                        .U_w = l.U};
  const LoopProblem problem = loop_problem(shape, "layer", how.padding);
  const Placement placement = place(problem, nest(nest_text), hardware);
  const Counts counts = count(problem, placement, hardware, how);
  if (l.U == 1) CHECK(counts == walk(problem, placement, hardware, how));  // the slower route
  const std::vector<NodePrices> price = prices(hardware);
  Moves moves;
  for (std::size_t n = 0; n < hardware.nodes.size(); ++n) {
    const std::string& name = hardware.nodes[n].name;
    for (const Tensor3 t : kAllTensors) {
      const Accesses& a = counts.stores[n][index(t)];
      const auto words = std::int64_t(a.reads + a.writes);
      if (name == "dram") moves.dram[index(t)] = words;
      if (name == "glb") moves.glb[index(t)] = words;
      if (name == "rf") moves.rf[index(t)] = words;
      if (name == "array" && price[n].hop[index(t)] > 0) moves.array[index(t)] = std::int64_t(counts.hops[n][index(t)]);
      if (name == "links" || name == "broadcast" || name == "filters") CHECK(price[n].read[index(t)] == 0);
    }
  }
  return moves;
}

struct Case {
  const char* machine;
  Moves (*formula)(const Square&, const Parameters&);
  std::string (*nest)(const Square&, const Parameters&);
  Parameters parameters;
};

const std::array<Case, 6> kCases = {{
    {"eyeriss-isca16", row_stationary, row_stationary_nest, {.m = 8, .n = 2, .e = 2, .p = 2, .q = 2, .r = 2, .t = 2}},
    {"isca16-ws", weight_stationary, weight_stationary_nest, {.r = 4, .t = 4}},
    {"isca16-osa", output_stationary_a, output_stationary_a_nest, {.m = 4, .n = 2, .e = 2, .f = 4}},
    {"isca16-osb", output_stationary_b, output_stationary_b_nest, {.m = 8, .n = 2, .f = 2, .p = 4}},
    {"isca16-osc", output_stationary_c, output_stationary_c_nest, {.m = 8, .n = 2, .p = 4}},
    {"isca16-nlr", no_local_reuse, no_local_reuse_nest, {.m = 8, .n = 2, .e = 2, .f = 4, .p = 4, .q = 4}},
}};

}  // namespace

TEST_CASE("the nest of each dataflow moves what the formulas of ISCA 2016 say, term by term") {
  const Case& dataflow = GENERATE(from_range(kCases));
  const Square layer = GENERATE(Square{.G = 2, .N = 4, .M = 16, .C = 8, .E = 4, .R = 3, .U = 1},
                                Square{.G = 1, .N = 4, .M = 16, .C = 8, .E = 4, .R = 3, .U = 2});
  CAPTURE(dataflow.machine, layer.U);
  const Hardware hardware = load_hardware(dataflow.machine);
  CHECK(counted(layer, dataflow.nest(layer, dataflow.parameters), hardware) ==
        dataflow.formula(layer, dataflow.parameters));
}

}  // namespace weft
