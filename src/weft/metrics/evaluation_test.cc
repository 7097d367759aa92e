// SPDX-License-Identifier: Apache-2.0
#include "weft/metrics/evaluation.h"

#include <catch2/catch.hpp>

#include "weft/base/error_testing.h"
#include "weft/network/build.h"
#include "weft/network/zoo.h"

namespace weft {
namespace {

using testing::Ids;
using testing::ids_of;
using testing::problems_of;

/// Two FC layers of 6 -> 4 -> 4 with a Relu between, batch 3. FC layers are loops over N, M and C.
Network toy() {
  Network net = build::start("toy");
  build::Fmap x = build::flatten(net, build::input(net, "data", 6, 1, 1));
  x = build::fc(net, "a", x, 4);
  x = build::fc(net, "b", build::relu(net, x), 4);
  return with_batch(build::finish(std::move(net), x), 3);
}

/// Everything straight from and to the dram, one word at a time.
Mapping from_dram(std::int64_t N, std::int64_t M, std::int64_t C) {
  return {{StoragePoint{"dram", Tensor3::ifmap}, StoragePoint{"dram", Tensor3::weight},
           StoragePoint{"dram", Tensor3::psum}, Loop{Dim::N, N, "", ""}, Loop{Dim::M, M, "", ""},
           Loop{Dim::C, C, "", ""}}};
}

EvaluationOptions given() {
  EvaluationOptions options;
  options.mappings = {{"a", from_dram(3, 4, 6), {}}, {"b", from_dram(3, 4, 4), {}}};
  return options;
}

const Hardware& eyeriss() {
  static const Hardware hardware = load_hardware("eyeriss");
  return hardware;
}

Evaluation toy_evaluated(const EvaluationOptions& options = given()) { return evaluate(toy(), eyeriss(), options); }

}  // namespace

TEST_CASE("every layer that multiplies is evaluated, in the order of the network") {
  const Evaluation e = toy_evaluated();
  CHECK(e.network == "toy");
  CHECK(e.batch == 3);
  REQUIRE(e.layers.size() == 2);
  CHECK(e.layers[0].layer.name == "a");
  CHECK(e.layers[0].counts.macs == 3 * 4 * 6);
  CHECK(e.layers[1].counts.macs == 3 * 4 * 4);
  CHECK_FALSE(e.layers[0].certificate);
  CHECK(e.dataflow.empty());
}

TEST_CASE("off-chip bytes and energy of a nest that keeps nothing on the chip, by hand") {
  const Evaluation e = toy_evaluated();
  const Totals a = totals(e.layers[0], eyeriss());
  // Each of 72 MACs reads an ifmap value and a weight and writes its psum; all but the first of 12 sums' updates read
  // it.
  CHECK(a.offchip_read_bytes == 2 * (72 + 72 + 60));
  CHECK(a.offchip_write_bytes == 2 * 72);
  CHECK(a.energy_by_node[0] == Int128{460} * (72 + 72 + 60 + 72) * kEnergyScale);
  CHECK(a.compute_energy == Int128{2} * 72 * kEnergyScale);
  CHECK(a.active_pes == 1);
  CHECK(a.steps == 72);
}

TEST_CASE("totals are the sums of the layers, and their parts add up") {
  const Evaluation e = toy_evaluated();
  const Totals all = totals(e), a = totals(e.layers[0], eyeriss()), b = totals(e.layers[1], eyeriss());
  CHECK(all.macs == a.macs + b.macs);
  CHECK(all.energy == a.energy + b.energy);
  CHECK(all.latency_cycles == a.latency_cycles + b.latency_cycles);
  CHECK(all.offchip_read_bytes == a.offchip_read_bytes + b.offchip_read_bytes);
  CHECK(all.active_pes == 1);
  Int128 nodes = 0, parts = all.compute_energy + all.static_energy;
  for (const Int128 energy : all.energy_by_node) nodes += energy;
  for (const Int128 energy : all.energy_by_tensor) parts += energy;
  CHECK(nodes == all.energy);
  CHECK(parts == all.energy);
  CHECK(all.chip_energy == all.energy - all.energy_by_node[0]);
}

TEST_CASE("power is chip energy over time; normalised energies have none") {
  Totals t;
  t.chip_energy = Int128{278'000'000} * kEnergyScale;  // 278 uJ
  t.latency_cycles = 200'000;                          // 1 ms at 200 MHz
  REQUIRE(chip_power(t, eyeriss()));
  CHECK(chip_power(t, eyeriss())->value == Approx(0.278));
  CHECK_FALSE(chip_power(t, load_hardware("eyeriss-isca16")));
  CHECK_FALSE(chip_power({}, eyeriss()));
}

TEST_CASE("layers that do not multiply move their activations and parameters; renaming ones nothing") {
  Hardware hardware = eyeriss();
  hardware.bits = {8, 4, 32};
  const Network lenet = zoo_network("lenet5");
  EvaluationOptions options;
  for (const Layer& layer : layers(lenet)) {
    const ConvShape& s = layer.shape;
    if (!multiplies(layer.kind)) continue;
    Mapping mapping = from_dram(s.N, s.M, s.C);
    for (const auto& [dim, bound] : {std::pair{Dim::E, s.E}, {Dim::F, s.F}, {Dim::R, s.R}, {Dim::S, s.S}}) {
      mapping.steps.emplace_back(Loop{dim, bound, "", ""});
    }
    options.mappings.push_back({layer.name, mapping, {}});
  }
  const Evaluation e = evaluate(lenet, hardware, options);
  const auto other = [&](const std::string& name) {
    return *std::find_if(e.other_layers.begin(), e.other_layers.end(),
                         [&](const auto& o) { return o.layer.name == name; });
  };
  // S2: 4,704 values in and 1,176 out of a mean over 2 x 2; then 6 scales, of 4 bits each.
  CHECK(other("s2/mean").read_bytes == 4704);
  CHECK(other("s2/mean").write_bytes == 1176);
  CHECK(other("s2/scale").read_bytes == 1176 + 3);
  for (const OtherLayer& o : e.other_layers) {
    if (o.layer.kind == LayerKind::data) CHECK(o.read_bytes + o.write_bytes == 0);
  }
  const OtherTotals sum = totals(e.other_layers);
  CHECK(sum.operations == 6304 + 8084 + 1576 + 1576);  // as `weft inspect lenet5` sums them
  options.layers = {"c1"};
  CHECK(evaluate(lenet, hardware, options).other_layers.empty());
}

TEST_CASE("layers are chosen by name or by kind") {
  EvaluationOptions options = given();
  const auto names = [&](std::vector<std::string> wanted) {
    options.layers = std::move(wanted);
    std::vector<std::string> result;
    for (const LayerEvaluation& layer : toy_evaluated(options).layers) result.push_back(layer.layer.name);
    return result;
  };
  CHECK(names({"b"}) == std::vector<std::string>{"b"});
  CHECK(names({"b", "a"}) == std::vector<std::string>{"a", "b"});
  CHECK(names({"fc"}) == std::vector<std::string>{"a", "b"});
  CHECK(ids_of([&] { names({"conv"}); }) == Ids{"evaluation.unknown-layer"});
}

TEST_CASE("a layer that is named but not there is refused, with the nearest name") {
  const Network alexnet = zoo_network("alexnet");
  const auto mend = [&](const EvaluationOptions& options) {
    const std::vector<Problem> problems = problems_of([&] { evaluate(alexnet, eyeriss(), options); });
    REQUIRE(problems.size() == 1);
    CHECK(problems[0].id == "evaluation.unknown-layer");
    return problems[0].mend;
  };
  EvaluationOptions wanted, mapped, measured;
  wanted.layers = {"con1"};
  CHECK(mend(wanted) == "did you mean 'conv1'?");
  mapped.mappings = {{"conv22", from_dram(1, 1, 1), {}}};
  CHECK(mend(mapped) == "did you mean 'conv2'?");
  measured.statistics = ActivationStatistics{.network = "alexnet", .source = "here", .ifmap_zeros = {{"fc66", 0.5}}};
  CHECK(mend(measured) == "did you mean 'fc6'?");
  wanted.layers = {"conv1/relu"};  // it is there, but does not multiply
  CHECK(ids_of([&] { evaluate(alexnet, eyeriss(), wanted); }) == Ids{"evaluation.unknown-layer"});
}

TEST_CASE("a mapping without a layer's name is for one layer") {
  EvaluationOptions options;
  options.mappings = {{"", from_dram(3, 4, 4), {}}};
  CHECK(ids_of([&] { toy_evaluated(options); }) == Ids{"evaluation.unnamed-mapping"});
  options.layers = {"b"};
  CHECK(toy_evaluated(options).layers.size() == 1);
}

TEST_CASE("a mapping that does not suit its layer is refused") {
  EvaluationOptions options = given();
  options.mappings[1].mapping = from_dram(3, 4, 6);
  CHECK(ids_of([&] { toy_evaluated(options); }) == Ids{"mapping.bound-long"});
}

TEST_CASE("a machine that names no dataflow may be mapped in any way") {
  Hardware hardware = eyeriss();
  hardware.dataflow = "";
  EvaluationOptions free;
  free.dataflow = "free";
  const Evaluation unnamed = evaluate(toy(), hardware, {}), named = evaluate(toy(), eyeriss(), free);
  for (std::size_t i = 0; i < unnamed.layers.size(); ++i) CHECK(unnamed.layers[i].mapping == named.layers[i].mapping);
  CHECK(ids_of([&] { evaluate(toy(), hardware, given()); }).empty());
  EvaluationOptions options;
  options.dataflow = "row-stationery";
  CHECK(ids_of([&] { evaluate(toy(), hardware, options); }) == Ids{"dataflow.unknown"});
}

TEST_CASE("a network without layers that multiply is refused") {
  Network net = build::start("idle");
  const build::Fmap x = build::relu(net, build::input(net, "data", 1, 2, 2));
  net = build::finish(std::move(net), x);
  CHECK(ids_of([&] { evaluate(net, eyeriss(), {}); }) == Ids{"evaluation.no-layers"});
}

TEST_CASE("conventions are the machine's own, with options on top") {
  EvaluationOptions options = given();
  CHECK(to_string(toy_evaluated(options).conventions) == "weft,padding=stored");
  options.conventions = "ends=outer";
  CHECK(toy_evaluated(options).conventions == parse_conventions("isca16"));
  options.conventions = "timeloop";
  CHECK(toy_evaluated(options).conventions == parse_conventions("timeloop"));
}

TEST_CASE("zeros are those of the statistics, by layer; a MAC counts as non-zero by its ifmap value") {
  EvaluationOptions options = given();
  options.statistics = ActivationStatistics{.network = "toy", .source = "here", .ifmap_zeros = {{"b", 0.25}}};
  const Evaluation e = toy_evaluated(options);
  CHECK(e.zeros_source == "here");
  CHECK(e.layers[0].ifmap_zeros == 0);
  CHECK(e.layers[1].ifmap_zeros == 0.25);
  CHECK(nonzero_macs(e) == 72 + 36);
  CHECK(totals(e.layers[1], eyeriss()).compute_energy == Int128{2} * 36 * kEnergyScale);
}

TEST_CASE("nests are walked when asked, also those of large layers") {
  EvaluationOptions options = given();
  CHECK(toy_evaluated(options).layers[0].check == WalkCheck::not_asked);
  options.check = true;
  CHECK(toy_evaluated(options).layers[0].check == WalkCheck::agrees);
  EvaluationOptions fc6;
  fc6.check = true;
  fc6.layers = {"fc6"};
  Mapping mapping = from_dram(1, 4096, 256);
  mapping.steps.emplace_back(Loop{Dim::R, 6, "", ""});
  mapping.steps.emplace_back(Loop{Dim::S, 6, "", ""});
  fc6.mappings = {{"fc6", mapping, {}}};
  CHECK(evaluate(zoo_network("alexnet"), eyeriss(), fc6).layers[0].check == WalkCheck::agrees);
}

TEST_CASE("a walk takes as long as the nest is various, not as long as it is; only a very long map is too large") {
  const auto check = [](std::int64_t C, std::int64_t W) {
    Network net = build::start("long");
    net = build::finish(std::move(net),
                        build::conv(net, "a", build::input(net, "data", C, 1, W), {.M = 1, .R = 1, .S = 2}));
    Mapping mapping = from_dram(1, 1, C);
    mapping.steps.emplace_back(Loop{Dim::F, W - 1, "", ""});
    mapping.steps.emplace_back(Loop{Dim::S, 2, "", ""});
    EvaluationOptions options;
    options.mappings = {{"a", mapping, {}}};
    options.check = true;
    return evaluate(net, eyeriss(), options).layers[0].check;
  };
  CHECK(check(1 << 20, 1000) == WalkCheck::agrees);
  CHECK(check(1, kMostWalked) == WalkCheck::agrees);
  CHECK(check(1, kMostWalked + 1) == WalkCheck::too_large);
}

TEST_CASE("equal layers are searched once") {
  // Of VGG-16's third block conv3_2 and conv3_3 are equal; conv3_1 has half the channels.
  EvaluationOptions options;
  options.layers = {"conv3_1", "conv3_2", "conv3_3"};
  options.budget = 1e-3;  // what is found does not matter here
  std::vector<std::size_t> done;
  options.progress = [&](std::size_t n, std::size_t of) {
    CHECK(of == 2);
    done.push_back(n);
  };
  const Evaluation e = evaluate(zoo_network("vgg16"), eyeriss(), options);
  CHECK(done == std::vector<std::size_t>{0, 1, 2});
  CHECK(e.layers[1].mapping == e.layers[2].mapping);
  CHECK(e.layers[1].layer.name == "conv3_2");
  CHECK(e.layers[2].layer.name == "conv3_3");
  CHECK(e.layers[2].problem.name == "conv3_3");
  // Unless their zeros differ.
  options.layers = {"conv3_2", "conv3_3"};
  options.statistics = ActivationStatistics{.network = "vgg16", .source = "here", .ifmap_zeros = {{"conv3_3", 0.5}}};
  CHECK(evaluate(zoo_network("vgg16"), eyeriss(), options).layers[1].ifmap_zeros == 0.5);
}

}  // namespace weft
