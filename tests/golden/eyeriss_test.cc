// SPDX-License-Identifier: Apache-2.0
// The Eyeriss chip as published: Chen, Krishna, Emer, Sze, "Eyeriss: an energy-efficient reconfigurable accelerator",
// JSSC 52(1) 2017 (JSSC17). Table III gives its mappings of AlexNet at batch 4
// (data/mappings/eyeriss-alexnet-jssc17.yaml), Table V what was measured at 1 V, core 200 MHz, link 60 MHz.
#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "weft/base/data_dir.h"
#include "weft/metrics/evaluation.h"
#include "weft/model/counts.h"
#include "weft/network/zoo.h"

namespace weft {
namespace {

/// Tables III and V of JSSC17, a row a layer.
struct Published {
  const char* layer;
  std::int64_t H, R, E, U;           // Table III; H with padding
  std::int64_t m, n, e, p, q, r, t;  // Table III
  double glb_ifmap_KB, glb_psum_KB;  // Table III; 1 KB = 1024 B
  std::int64_t active_pes;           // Table V
  double power_mW, processing_ms;    // Table V
  double glb_MB;                     // Table V; 1 MB = 1e6 B
};
constexpr std::array<Published, 5> kPublished = {{
    {"conv1", 227, 11, 55, 4, 96, 1, 7, 16, 1, 1, 2, 15.5, 72.2, 154, 332, 16.5, 18.5},
    {"conv2", 31, 5, 27, 1, 64, 1, 27, 16, 2, 1, 1, 3.8, 91.1, 135, 288, 39.2, 77.6},
    {"conv3", 15, 3, 13, 1, 64, 4, 13, 16, 4, 1, 4, 7.0, 84.5, 156, 266, 21.8, 50.2},
    {"conv4", 15, 3, 13, 1, 64, 4, 13, 16, 3, 2, 2, 10.5, 84.5, 156, 235, 16.0, 37.4},
    {"conv5", 15, 3, 13, 1, 64, 4, 13, 16, 3, 2, 2, 10.5, 84.5, 156, 236, 10.0, 24.9},
}};
constexpr std::size_t kLayers = kPublished.size();

/// The layers with the chip's mappings.
Evaluation with_chip_mappings(const Hardware& hardware) {
  EvaluationOptions options;
  options.mappings = read_mappings(data_directory() + "/mappings/eyeriss-alexnet-jssc17.yaml");
  options.layers = {"conv"};
  options.statistics = published_statistics("alexnet");
  options.check = true;
  return evaluate(with_batch(zoo_network("alexnet"), 4), hardware, options);
}

const Evaluation& chip() {
  static const Evaluation evaluation = with_chip_mappings(load_hardware("eyeriss"));
  return evaluation;
}

std::size_t node(const std::string& name) {
  return static_cast<std::size_t>(chip().hardware.find(name) - chip().hardware.nodes.data());
}

std::int64_t bytes_kept(const LayerEvaluation& layer, const std::string& store, Tensor3 t) {
  for (const PlacedPoint& point : layer.placement.points[index(t)]) {
    if (point.node != node(store)) continue;
    return 2 * tile_words(layer.problem, t, tile_at(layer.problem, layer.placement, point.loops_outside));
  }
  return 0;
}

double megabytes(Int128 words) { return 2e-6 * static_cast<double>(words); }

/// Off-chip bytes of a layer.
double offchip_MB(const LayerEvaluation& layer) {
  const Totals t = totals(layer, chip().hardware);
  return static_cast<double>(t.offchip_read_bytes + t.offchip_write_bytes) * 1e-6;
}

/// As the paper's "global buffer accesses": partial sums in and out, and ifmaps read.
double glb_traffic(const Counts& counts) {
  const auto& glb = counts.stores[node("glb")];
  const Accesses& psum = glb[index(Tensor3::psum)];
  return megabytes(glb[index(Tensor3::ifmap)].reads + psum.reads + psum.writes);
}

}  // namespace

TEST_CASE("the chip's mappings fill the global buffer as Table III prints it") {
  for (std::size_t i = 0; i < kLayers; ++i) {
    const Published& row = kPublished[i];
    CAPTURE(row.layer);
    const std::int64_t psum = bytes_kept(chip().layers[i], "glb", Tensor3::psum);
    const std::int64_t ifmap = bytes_kept(chip().layers[i], "glb", Tensor3::ifmap);
    CHECK(psum == row.m * row.n * row.E * row.e * 2);
    CHECK(ifmap == row.n * row.q * row.r * row.H * ((row.e - 1) * row.U + row.R) * 2);
    CHECK(double(psum) / 1024 == Approx(row.glb_psum_KB).margin(0.05));
    CHECK(double(ifmap) / 1024 == Approx(row.glb_ifmap_KB).margin(0.05));
  }
}

TEST_CASE("walking the chip's nests counts what the closed forms do") {
  for (const LayerEvaluation& layer : chip().layers) CHECK(layer.check == WalkCheck::agrees);
}

TEST_CASE("the chip's mappings use as many PEs as Table V prints") {
  for (std::size_t i = 0; i < kLayers; ++i) {
    const Published& row = kPublished[i];
    CAPTURE(row.layer);
    CHECK(chip().layers[i].counts.active_pes == row.active_pes);
    CHECK(row.R * row.e * row.r * row.t == row.active_pes);  // the table agrees with itself
  }
  CHECK(totals(chip()).active_pes == 148);  // Table V, total
}

TEST_CASE("global buffer traffic is that measured, but for CONV3") {
  // 2 O ceil(C / (q r)) words of partial sums in and out, and the ifmap once for each p t of the M filters.
  constexpr std::array<double, kLayers> kFormula = {18.45, 77.57, 69.2, 37.37, 24.92};
  for (std::size_t i = 0; i < kLayers; ++i) {
    CAPTURE(kPublished[i].layer);
    const double traffic = glb_traffic(chip().layers[i].counts);
    CHECK(traffic == Approx(kFormula[i]).margin(i == 2 ? 0.05 : 0.005));
    if (i != 2) CHECK(traffic == Approx(kPublished[i].glb_MB).margin(0.1));
  }
}

TEST_CASE("CONV3 with three channels in a PE, two channel sets and two filter sets moves what was measured") {
  // Table III prints q, r, t = 4, 1, 4 for CONV3, which moves 69.2 MB; Table V measures 50.2. With q, r, t = 3, 2, 2
  // (those of CONV4) the 256 channels take ceil(256 / 6) = 43 passes, the last one with 4 channels:
  //   psum   2 x 259,584 words x 43 passes x 2 B = 44.65 MB
  //   ifmap  4 x 256 x 15 x 15 words x 384 / (16 x 2) x 2 B = 5.53 MB
  // 50.18 MB in all, so the two tables of the paper disagree on this layer. (Without rounding up it would be 49.83.)
  const std::string text = R"(
kind: mapping
version: 1
nest:
  - {store: dram, keeps: [ifmap, weight, psum]}
  - {for: M, bound: 6}
  - {store: glb, keeps: [psum]}
  - {for: C, bound: 43}
  - {store: glb, keeps: [ifmap]}
  - {for: M, bound: 2}
  - {store: filter_buffer, keeps: [weight]}
  - {for: C, bound: 2, at: array.y}
  - {for: M, bound: 2, at: array.y}
  - {for: R, bound: 3, at: array.y}
  - {for: E, bound: 13, at: array.x}
  - {store: weight_spad, keeps: [weight]}
  - {for: N, bound: 4}
  - {for: F, bound: 13}
  - {store: ifmap_spad, keeps: [ifmap]}
  - {store: psum_spad, keeps: [psum]}
  - {for: C, bound: 3}
  - {for: S, bound: 3}
  - {for: M, bound: 16}
)";
  EvaluationOptions options;
  options.mappings = parse_mappings(text, "conv3.yaml");
  options.layers = {"conv3"};
  const Evaluation other = evaluate(with_batch(zoo_network("alexnet"), 4), chip().hardware, options);
  CHECK(glb_traffic(other.layers[0].counts) == Approx(50.18).margin(0.005));
  CHECK(other.layers[0].counts.active_pes == 156);
}

TEST_CASE("off-chip bytes without compression") {
  // filters x (N / n) x strips + padded ifmap, strips' overlap included, x (M / m) + ofmap. The
  // measured 5.0, 4.0, 3.0, 2.1 and 1.3 MB are compressed, 1.21 to 2.01 times.
  constexpr std::array<double, kLayers> kUncompressed = {6.06, 5.43, 5.05, 3.92, 2.61};
  for (std::size_t i = 0; i < kLayers; ++i) {
    CAPTURE(kPublished[i].layer);
    LayerEvaluation dense = chip().layers[i];
    dense.offchip = {};
    CHECK(offchip_MB(dense) == Approx(kUncompressed[i]).margin(0.005));
  }
}

TEST_CASE("off-chip bytes with run-length coding, by the published zeros") {
  // A share z of independent zeros takes 64/3 (1-z) / (1 - z^32) bits a value. CONV2: z = .387, 13.08 b, .8174 of
  // dense; CONV3 .3667, CONV4 .2761, CONV5 .2988. CONV1's input would grow, and stays dense. The ofmaps of CONV2..4
  // have the zeros of the next row; those of CONV1 and CONV5 are what the paper's savings leave: z = .6, .5333 of
  // dense, and z = .83, .2273. In MB, filters + ifmap + ofmap:
  //   2.230 + 1.510 + 2.323 x .5333, 2.458 + 1.476 x .8174 + 1.493 x .3667, ..., .885 + 1.382 x .2988 + .346 x .2273
  constexpr std::array<double, kLayers> kCoded = {4.98, 4.21, 2.93, 2.05, 1.38};
  constexpr std::array<double, kLayers> kMeasured = {5.0, 4.0, 3.0, 2.1, 1.3};  // Table V
  double sum = 0, measured = 0;
  for (std::size_t i = 0; i < kLayers; ++i) {
    CAPTURE(kPublished[i].layer);
    const double MB = offchip_MB(chip().layers[i]);
    CHECK(MB == Approx(kCoded[i]).margin(0.01));
    CHECK(MB == Approx(kMeasured[i]).epsilon(0.1));
    sum += MB;
    measured += kMeasured[i];
  }
  CHECK(sum == Approx(measured).epsilon(0.1));
}

TEST_CASE("the zeros of CONV1's and CONV5's ofmaps are what the paper's savings leave") {
  // "1.2 x to 1.9 x" of all off-chip bytes, "~30 %" of CONV1's feature maps: each to the digits printed.
  const auto ofmap_share = [](double words, double z) {
    return words * 2 * (4.0 / 3) * (1 - z) / (1 - std::pow(z, 32));
  };
  const ActivationStatistics zeros = *published_statistics("alexnet");
  const double conv1 = 2.230 + 1.504 + ofmap_share(1.1616, zeros.ofmap_zeros.at("conv1"));
  CHECK(6.06 / conv1 == Approx(1.2).margin(0.05));
  CHECK((conv1 - 2.230) / (6.06 - 2.230) == Approx(0.7).margin(0.05));
  const double conv5 = .885 + 1.382 * .2988 + ofmap_share(.173056, zeros.ofmap_zeros.at("conv5"));
  CHECK(2.61 / conv5 == Approx(1.9).margin(0.05));
}

TEST_CASE("with off-chip memory a batch takes within a tenth of the time that was measured") {
  CHECK(double(totals(chip()).latency_cycles) / 200e3 == Approx(115.3).epsilon(0.1));  // Table V, total, in ms
}

TEST_CASE("processing takes within a twentieth of the time that was measured, CONV5 within a tenth") {
  for (std::size_t i = 0; i < kLayers; ++i) {
    CAPTURE(kPublished[i].layer);
    const double ms = double(chip().layers[i].counts.processing_cycles) / 200e3;
    CHECK(ms == Approx(kPublished[i].processing_ms).epsilon(i == 4 ? 0.1 : 0.05));
  }
}

/// The chip without compression: a link that takes the words as they are.
const Evaluation& dense_chip() {
  static const Evaluation evaluation = [] {
    Hardware dense = chip().hardware;
    for (HardwareNode& node : dense.nodes) node.store.codec.reset();
    return with_chip_mappings(dense);
  }();
  return evaluation;
}

/// Power of every layer over what was measured.
std::vector<double> power_ratios(const Evaluation& evaluation) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < kLayers; ++i) {
    const auto power = chip_power(totals(evaluation.layers[i], evaluation.hardware), evaluation.hardware);
    REQUIRE(power);
    ratios.push_back(power->value * 1e3 / kPublished[i].power_mW);
  }
  return ratios;
}

TEST_CASE("power is within a fifth of what was measured, with compression, which shortens the time, and without") {
  for (const Evaluation* evaluation : {&dense_chip(), &chip()}) {
    const std::vector<double> ratios = power_ratios(*evaluation);
    for (std::size_t i = 0; i < kLayers; ++i) {
      CAPTURE(kPublished[i].layer);
      CHECK(ratios[i] == Approx(1).margin(0.2));
    }
  }
}

TEST_CASE("gating saves 45 % of a PE's power, as published, by AlexNet's zeros") {
  // JSSC17, Section V-E. A PE: its MAC and its three scratch pads.
  const auto pe_energy = [](const Evaluation& evaluation) {
    const std::set<std::string> of_pe = {"ifmap_spad", "weight_spad", "psum_spad", "mac"};
    Int128 energy = 0;
    for (std::size_t n = 0; n < evaluation.hardware.nodes.size(); ++n) {
      if (!of_pe.contains(evaluation.hardware.nodes[n].name)) continue;
      for (const LayerEvaluation& layer : evaluation.layers) energy += layer.cost.of_node(n);
    }
    return double(energy);
  };
  Hardware without = load_hardware("eyeriss");
  without.gates_zeros = false;
  CHECK(1 - pe_energy(chip()) / pe_energy(with_chip_mappings(without)) == Approx(0.45).margin(0.04));
}

TEST_CASE("the mapper's mappings are never worse than those the chip used, with compression and without") {
  const Evaluation& chips = GENERATE(std::cref(dense_chip()), std::cref(chip()));
  for (const Objective objective : {Objective::energy, Objective::latency, Objective::edp}) {
    EvaluationOptions options;
    options.objective = objective;
    options.layers = {"conv"};
    options.statistics = published_statistics("alexnet");
    const Evaluation found = evaluate(with_batch(zoo_network("alexnet"), 4), chips.hardware, options);
    for (std::size_t i = 0; i < kLayers; ++i) {
      CAPTURE(kPublished[i].layer, to_string(objective));
      const LayerEvaluation &ours = found.layers[i], &theirs = chips.layers[i];
      CHECK(objective_value(objective, ours.cost, ours.counts) <=
            objective_value(objective, theirs.cost, theirs.counts));
      CHECK(ours.certificate->optimal);
      CHECK(ours.certificate->objective_value == objective_value(objective, ours.cost, ours.counts));
    }
  }
}

TEST_CASE("core area, multipliers and on-chip memory are those of the survey's Table V") {
  const Hardware& hardware = chip().hardware;
  CHECK(hardware.pes() == 168);
  REQUIRE(core_area(hardware));
  CHECK(core_area(hardware)->area.value == Approx(12.25));
  CHECK(core_area(hardware)->published);
  // 108 KiB of global buffer and 520 B in each PE: 193.3 KiB. The survey prints 192 kB, with 0.5 kB in each PE.
  CHECK(onchip_memory(hardware).value == 108 * 1024 + 168 * 520);
}

}  // namespace weft
