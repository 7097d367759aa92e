// SPDX-License-Identifier: Apache-2.0
// What the dataflow comparison of ISCA 2016 shows (Chen, Emer, Sze; the survey's Figs. 33 to 35 and Section V-B), on
// AlexNet at equal area. The mapper finds the least energy of each dataflow, the authors' search came within a few
// percent of it.
#include <array>
#include <catch2/catch.hpp>
#include <map>

#include "weft/metrics/comparison.h"
#include "weft/network/zoo.h"

namespace weft {
namespace {

const std::array<std::string, 3> kOutputStationary = {"OSA", "OSB", "OSC"};

/// The points of one setting by dataflow.
using Points = std::map<std::string, ComparisonPoint>;

/// Both kinds of layers of one setting are compared at once.
Points compared(LayerKind layers, std::int64_t pes, std::int64_t batch) {
  static std::map<std::pair<std::int64_t, std::int64_t>, std::vector<ComparisonPoint>> seen;
  std::vector<ComparisonPoint>& all = seen[{pes, batch}];
  if (all.empty()) {
    ComparisonOptions options;
    options.pes = {pes};
    options.batches = {batch};
    all = compare(zoo_network("alexnet"), load_comparison("isca16"), options).points;
  }
  Points points;
  for (const ComparisonPoint& point : all) {
    if (point.layers == layers) points.emplace(point.dataflow.name, point);
  }
  return points;
}

double per_mac(Int128 energy, const ComparisonPoint& point) { return double(energy) / 1e6 / double(point.energy.macs); }
double total(const ComparisonPoint& point) { return per_mac(point.energy.total, point); }
double level(const ComparisonPoint& point, Level l) { return per_mac(point.energy.by_level[std::size_t(l)], point); }
double tensor(const ComparisonPoint& point, Tensor3 t) { return per_mac(point.energy.by_tensor[index(t)], point); }

bool is_output_stationary(const std::string& name) {
  return std::find(kOutputStationary.begin(), kOutputStationary.end(), name) != kOutputStationary.end();
}

/// Section V-B and Fig. 33, of the dataflows that fit.
void check_conv(const Points& points) {
  const ComparisonPoint& rs = points.at("RS");
  const ComparisonPoint& nlr = points.at("NLR");
  CHECK(level(rs, Level::rf) > level(rs, Level::array) + level(rs, Level::glb) + level(rs, Level::dram));
  for (const auto& [name, point] : points) {
    CAPTURE(name, point.pes, point.batch, point.reason);
    if (!point.feasible) continue;
    if (name != "RS") {
      CHECK(total(point) / total(rs) >= 1.4);  // "1.4x to 2.5x"
      CHECK(total(point) / total(rs) < 2.55);  // as printed; by the paper's formulas, too, OSC needs 2.54x at batch 1
      CHECK(level(point, Level::rf) < level(rs, Level::rf));
    }
    if (name != "NLR") {
      // With 512 PEs or more, which Fig. 33 does not show, OSA needs 1 to 9 % less, by the paper's formulas too.
      const bool beyond = name == "OSA" && point.batch >= 16 && point.pes >= 512;
      if (!beyond) CHECK(level(point, Level::dram) > level(nlr, Level::dram));
      CHECK(level(point, Level::glb) < level(nlr, Level::glb));
    }
    if (name != "WS" && points.contains("WS") && points.at("WS").feasible) {
      CHECK(tensor(point, Tensor3::weight) > tensor(points.at("WS"), Tensor3::weight));
    }
    if (is_output_stationary(name)) continue;
    for (const std::string& os : kOutputStationary) {
      if (points.contains(os)) CHECK(tensor(point, Tensor3::psum) > tensor(points.at(os), Tensor3::psum));
    }
  }
}

const Points& conv_256_16() {
  static const Points points = compared(LayerKind::conv, 256, 16);
  return points;
}
const Points& fc_256_16() {
  static const Points points = compared(LayerKind::fc, 256, 16);
  return points;
}

}  // namespace

TEST_CASE("CONV layers, 256 PEs, batch 16: row stationary needs least, for the reasons that Fig. 33 shows") {
  check_conv(conv_256_16());
  // An exhaustive search by the paper's formulas finds 1.42x (OSA) to 2.16x (NLR) there.
  const auto ratio = [](const char* name) { return total(conv_256_16().at(name)) / total(conv_256_16().at("RS")); };
  if (conv_256_16().contains("OSA")) CHECK(ratio("OSA") == Approx(1.42).margin(0.02));
  CHECK(ratio("NLR") == Approx(2.16).margin(0.02));
  // All weights of a filter are at work: r t R S is at most 2 x 121, 10 x 25 and 28 x 9.
  if (conv_256_16().contains("WS")) CHECK(conv_256_16().at("WS").active_pes >= 2 * 121);
}

TEST_CASE("AlexNet on the row-stationary machine: CONV layers take around 80 %, of RF; FC layers are DRAM (Fig. 35)") {
  const ComparisonPoint &conv = conv_256_16().at("RS"), &fc = fc_256_16().at("RS");
  CHECK(double(conv.energy.total) / double(conv.energy.total + fc.energy.total) == Approx(0.8).margin(0.05));
  CHECK(level(conv, Level::rf) > total(conv) / 2);
  CHECK(level(fc, Level::dram) > total(fc) / 2);
}

/// Row stationary, 256 PEs, batch 16, in 1e9 MAC units: stored values of an independent tool
/// (`stanford-mast/nn_dataflow`, its tests). It counts four accesses of the register file for each MAC.
struct Row {
  const char* layer;
  double alu, dram, rf;
};
constexpr std::array<Row, 8> kRows = {{{"conv1", 1.69, 2.46, 6.75},
                                       {"conv2", 3.58, 2.27, 14.33},
                                       {"conv3", 2.39, 2.02, 9.57},
                                       {"conv4", 1.79, 1.57, 7.18},
                                       {"conv5", 1.20, 1.05, 4.78},
                                       {"fc6", .60, 7.78, 2.42},
                                       {"fc7", .27, 3.39, 1.07},
                                       {"fc8", .07, .84, .26}}};

TEST_CASE("row stationary, 256 PEs, batch 16, layer by layer") {
  // The paper's equation 4 leaves out two register file accesses for each partial sum that comes to a register file and
  // goes: those are the words that cross the array, reach the buffer, or are final.
  std::vector<LayerEnergy> layers = conv_256_16().at("RS").by_layer;
  const auto& fc = fc_256_16().at("RS").by_layer;
  layers.insert(layers.end(), fc.begin(), fc.end());
  REQUIRE(layers.size() == kRows.size());
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    const auto units = [&](Level l) { return double(layers[i].energy.by_level[std::size_t(l)]) / 1e15; };
    CAPTURE(kRows[i].layer);
    REQUIRE(layers[i].layer == kRows[i].layer);
    CHECK(units(Level::alu) == Approx(kRows[i].alu).margin(0.1));
    CHECK(units(Level::dram) <= kRows[i].dram + 0.1);
    CHECK(units(Level::rf) <= kRows[i].rf + 0.1);
    CHECK(units(Level::rf) >= kRows[i].rf / 2 - 0.1);  // ifmap and weight of each MAC are there in either count
  }
}

TEST_CASE(
    "row stationary, layer by layer, as the machine's file and that tool count: where it is served, four accesses a "
    "MAC") {
  const Hardware machine = load_hardware("eyeriss-isca16");
  const Evaluation evaluation = evaluate(with_batch(zoo_network("alexnet"), 16), machine, {});
  const auto node = [&](const char* name) { return std::size_t(machine.find(name) - machine.nodes.data()); };
  REQUIRE(evaluation.layers.size() == kRows.size());
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    const std::vector<Int128> energy = totals(evaluation.layers[i], machine).energy_by_node;
    const auto units = [&](const char* name) { return double(energy[node(name)]) / 1e15; };
    CAPTURE(kRows[i].layer);
    REQUIRE(evaluation.layers[i].layer.name == kRows[i].layer);
    CHECK(units("alu") == Approx(kRows[i].alu).margin(0.1));
    CHECK(units("rf") == Approx(kRows[i].rf).margin(0.01));
    CHECK(units("dram") <= kRows[i].dram + 0.1);
  }
}

TEST_CASE("weight stationary with 256 PEs does not fit its buffer at batch 64: CONV1's psums alone are too many") {
  // One filter at a time is the least that the dataflow allows: N E F words of 2 B.
  const Hardware machine = at_equal_area(load_hardware("isca16-ws"), load_comparison("isca16"), 256);
  CHECK(64 * 55 * 55 * 2 > machine.find("glb")->store.capacity->value);
  ComparisonOptions options;
  options.dataflows = {"WS"};
  options.batches = {64};
  Points points;
  points.emplace("WS", compare(zoo_network("alexnet"), load_comparison("isca16"), options).points.front());
  points = std::move(points);
  if (points.empty()) return;
  CHECK_FALSE(points.at("WS").feasible);
  CHECK(points.at("WS").reason.find("conv1") != std::string::npos);
}

TEST_CASE("CONV layers at every number of PEs and batch", "[.every-point]") {
  const std::int64_t pes = GENERATE(256, 512, 1024), batch = GENERATE(1, 16, 64);
  check_conv(compared(LayerKind::conv, pes, batch));
}

TEST_CASE("FC layers: row stationary needs least, OSC less than OSA", "[.every-point]") {
  const std::int64_t pes = GENERATE(256, 512, 1024), batch = GENERATE(16, 64, 256);
  const Points points = compared(LayerKind::fc, pes, batch);
  for (const auto& [name, point] : points) {
    CAPTURE(name, pes, batch);
    if (name == "RS" || !point.feasible) continue;
    CHECK(total(point) > total(points.at("RS")));
    // "At least 1.3x", as printed; by the paper's formulas, too, OSC needs 1.28x.
    if (pes == 1024 && batch == 16) CHECK(total(point) / total(points.at("RS")) >= 1.25);
  }
  if (points.contains("OSA") && points.contains("OSC")) CHECK(total(points.at("OSC")) < total(points.at("OSA")));
}

}  // namespace weft
