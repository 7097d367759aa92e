// SPDX-License-Identifier: Apache-2.0
#include "weft/metrics/simulation.h"

#include <catch2/catch.hpp>

#include "weft/base/error_testing.h"
#include "weft/network/build.h"
#include "weft/network/one_node_testing.h"

namespace weft {
namespace {

using testing::Ids;
using testing::ids_of;

/// 2 x 1 x 3 x 3 -> conv 2 filters of 2 x 2 and relu -> fc 3.
Network toy() {
  Network net = build::start("toy");
  build::Fmap x = build::input(net, "data", 1, 3, 3);
  x = build::relu(net, build::conv(net, "a", x, {.M = 2, .R = 2}));
  x = build::fc(net, "b", build::flatten(net, x, 4), 3);
  return with_batch(build::finish(std::move(net), x), 2);
}

Mapping from_dram(const ConvShape& s) {
  Mapping mapping;
  for (const Tensor3 t : kAllTensors) mapping.steps.emplace_back(StoragePoint{"dram", t});
  const DimSizes bounds{s.N, s.G, s.M, s.C, s.E, s.F, s.R, s.S};
  for (const Dim d : kAllDims) mapping.steps.emplace_back(Loop{d, bounds[index(d)], "", ""});
  return mapping;
}

SimulationOptions options_for(const Network& network, const std::vector<float>& pixels) {
  SimulationOptions options;
  for (const Layer& layer : layers(network)) {
    if (multiplies(layer.kind)) options.evaluation.mappings.push_back({layer.name, from_dram(layer.shape), {}});
  }
  FloatTensor input{{2, 1, 3, 3}, {}};
  for (int i = 0; i < 18; ++i) input.values.push_back(pixels[static_cast<std::size_t>(i) % pixels.size()]);
  options.batches = {{input}};
  return options;
}

Hardware eyeriss() { return load_hardware("eyeriss"); }

}  // namespace

TEST_CASE("a simulated network has the zeros that were there, and gates just those MACs") {
  const Network net = toy();
  // Every window of 2 x 2 has two zeros: half of the MACs of layer a.
  const Simulation s = simulate(net, eyeriss(), options_for(net, {0, 1}));
  REQUIRE(s.layers.size() == 2);
  const LayerSimulation& a = s.layers[0];
  CHECK(a.macs == 2 * 2 * 4 * 4);
  CHECK(a.zero_macs == a.macs / 2);
  CHECK(a.ifmap_zeros == 0.5);
  CHECK(a.gated_filter_reads == a.zero_macs);
  CHECK(a.outputs_equal);
  CHECK(s.agrees());
  CHECK(s.evaluation.batch == 2);
  CHECK(s.classes.samples == 2);
  // 18 values, every other one zero: 9 pairs, 3 words of 64 bits instead of 288.
  CHECK(a.ifmap_map.coded_bits == 192);
  CHECK(a.ifmap_map.dense_bits == 288);
  CHECK(a.ifmap_map.values.runs == 9);
  // The ofmap is written behind its relu: what b reads.
  CHECK(a.ofmap_map.values.zeros == s.layers[1].ifmap_map.values.zeros);
  // A gated MAC costs nothing: 2 pJ for each of the others.
  CHECK(s.evaluation.layers[0].cost.other[s.evaluation.hardware.compute_index()] ==
        (a.macs - a.zero_macs) * 2 * kEnergyScale);
}

TEST_CASE("batches add up, and -j changes nothing") {
  const Network net = toy();
  SimulationOptions once = options_for(net, {0, 1}), thrice = once;
  thrice.batches = {once.batches[0], once.batches[0], once.batches[0]};
  const Simulation one = simulate(net, eyeriss(), once);
  thrice.evaluation.jobs = 1;
  const Simulation three = simulate(net, eyeriss(), thrice);
  thrice.evaluation.jobs = 3;
  const Simulation again = simulate(net, eyeriss(), thrice);
  CHECK(three.layers[1].zero_macs == 3 * one.layers[1].zero_macs);
  // Off-chip energy is rounded to a millionth of a picojoule once for each node and tensor.
  CHECK(double(totals(three.evaluation).energy) == Approx(3 * double(totals(one.evaluation).energy)).epsilon(1e-9));
  CHECK(totals(three.evaluation).latency_cycles == 3 * totals(one.evaluation).latency_cycles);
  CHECK(totals(again.evaluation).energy == totals(three.evaluation).energy);
  CHECK(again.layers[1].ofmap_map == three.layers[1].ofmap_map);
}

TEST_CASE("an accumulator has room for all sums on the way to the last one") {
  // 4 + 4 - 7 = 1. With a point for 1 its 8 bits hold -2 .. 1.98, and the sums on the way overflow: three places more
  // are needed for 8.
  Network net =
      testing::network_of({.op = "Conv",
                           .inputs = {testing::tensor({1, 1, 1, 3}),
                                      testing::constant(stored_floats({1, 1, 1, 3}, std::vector<float>{4, 4, -7}))}});
  infer_shapes(net);
  Hardware narrow = eyeriss();
  narrow.arithmetic.accumulator_bits = 8;
  SimulationOptions options;
  options.batches = {{{{1, 1, 1, 3}, {1, 1, 1}}}};
  options.evaluation.mappings = {{"", from_dram(layers(net).front().shape), {}}};
  const Simulation s = simulate(net, narrow, options);
  CHECK(s.layers[0].accumulator == FixedPoint{8, 3});
  CHECK(s.layers[0].overflows == 0);
  CHECK(s.layers[0].outputs_equal);
  CHECK(s.agrees());
}

TEST_CASE("fixed point of 16 bits is float32 to a few thousandths, of 8 bits to a few hundredths") {
  const Network net = toy();
  const auto difference = [&](std::int64_t bits) {
    Hardware hardware = eyeriss();
    hardware.bits = {bits, bits, 32};
    hardware.arithmetic = {};
    SimulationOptions options = options_for(net, {0.1F, -0.7F, 1.3F, 0.9F, -2});
    const Simulation s = simulate(net, hardware, options);
    CHECK(s.layers[0].overflows == 0);
    CHECK(s.layers[0].outputs_equal);
    // Half a place of the ofmap's code, and what the operands' half places add up to.
    return std::pair(s.layers[0].ofmap, s.layers[0].ifmap);
  };
  CHECK(difference(16).first.fraction - difference(8).first.fraction == 8);
  CHECK(difference(16).second.fraction == 13);  // 2 needs 2^14 / 2^13
}

TEST_CASE("a machine that skips zeros takes fewer steps, and no more energy than one that gates them") {
  const Network net = toy();
  Hardware skips = eyeriss();
  skips.skips_zeros = true;
  for (HardwareNode& node : skips.nodes) node.bandwidth = {};  // only the PEs take time
  const Simulation s = simulate(net, skips, options_for(net, {0, 1}));
  // One PE, no pass but the one: half of the MACs are left.
  CHECK(s.evaluation.layers[0].counts.steps == 2 * 2 * 4 * 4 / 2);
  CHECK(s.evaluation.layers[0].counts.processing_cycles == s.evaluation.layers[0].counts.steps);
  CHECK(s.agrees());
  const Simulation gates = simulate(net, eyeriss(), options_for(net, {0, 1}));
  CHECK(totals(s.evaluation).compute_energy == totals(gates.evaluation).compute_energy);
  EvaluationOptions estimate = options_for(net, {0, 1}).evaluation;
  estimate.statistics = ActivationStatistics{.network = "toy", .source = "here", .ifmap_zeros = {{"a", 0.5}}};
  estimate.check = true;
  const Evaluation e = evaluate(net, skips, estimate);
  CHECK(e.layers[0].counts.steps == 32);
  CHECK(e.layers[0].check == WalkCheck::agrees);
}

TEST_CASE("measured statistics make an estimate with the same off-chip bytes and gated MACs") {
  const Network net = toy();
  const SimulationOptions options = options_for(net, {0, 1, 0, 0, 2, 0, 0});
  const Simulation s = simulate(net, eyeriss(), options);
  EvaluationOptions estimate = options.evaluation;
  estimate.statistics = measure(net, eyeriss(), options);
  const Evaluation e = evaluate(net, eyeriss(), estimate);
  CHECK(totals(e).offchip_read_bytes == totals(s.evaluation).offchip_read_bytes);
  CHECK(totals(e).offchip_write_bytes == totals(s.evaluation).offchip_write_bytes);
  CHECK(totals(e).latency_cycles == totals(s.evaluation).latency_cycles);
  CHECK(nonzero_macs(e) == s.layers[0].macs - s.layers[0].zero_macs + s.layers[1].macs - s.layers[1].zero_macs);
}

TEST_CASE("what cannot be simulated is refused before anything runs") {
  const Network net = toy();
  Hardware wide = eyeriss();
  wide.bits[0] = 17;
  CHECK(ids_of([&] { simulate(net, wide, options_for(net, {1})); }) == Ids{"simulation.too-wide"});
  wide.bits = {16, 16, 33};
  wide.arithmetic.accumulator_bits = 0;
  CHECK(ids_of([&] { simulate(net, wide, options_for(net, {1})); }) == Ids{"simulation.too-wide"});
  wide.bits = {16, 16, 32};
  CHECK(ids_of([&] { simulate(net, wide, options_for(net, {1})); }).empty());

  Network two = testing::network_of({.op = "MatMul", .inputs = {testing::tensor({2, 3}), testing::tensor({3, 2})}});
  infer_shapes(two);
  SimulationOptions options;
  options.batches = {{{{2, 3}, std::vector<float>(6, 1)}, {{3, 2}, std::vector<float>(6, 1)}}};
  options.evaluation.mappings = {{"", from_dram({.N = 2, .M = 2, .C = 3}), {}}};
  CHECK(ids_of([&] { simulate(two, eyeriss(), options); }) == Ids{"simulation.unsupported-layer"});
}

}  // namespace weft
