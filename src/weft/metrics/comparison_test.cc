// SPDX-License-Identifier: Apache-2.0
#include "weft/metrics/comparison.h"

#include <catch2/catch.hpp>

#include "weft/base/error_testing.h"
#include "weft/network/zoo.h"

namespace weft {
namespace {

const ComparisonRule& rule() {
  static const ComparisonRule loaded = load_comparison("isca16");
  return loaded;
}

double kib(const Bytes& bytes) { return double(bytes.value) / 1024; }

Bytes buffer(const std::string& dataflow, std::int64_t pes) {
  const ComparedDataflow chosen = chosen_dataflows(rule(), {dataflow}).front();
  return *at_equal_area(load_hardware(chosen.machine), rule(), pes).find("glb")->store.capacity;
}

}  // namespace

TEST_CASE("at equal area the buffers have the sizes of the authors' mapping simulator") {
  // KiB at 256 and at 1024 PEs, as stored there (`ominux/eyeriss-dataflow`); the paper says that they differ up
  // to 2.6x.
  struct Row {
    const char* dataflow;
    double at_256, at_1024;
  };
  for (const Row& row : {Row{"RS", 128, 512}, Row{"WS", 334.3, 1337.1}, Row{"OSA", 243.9, 975.7},
                         Row{"OSB", 303.8, 1215.3}, Row{"OSC", 334.3, 1337.1}, Row{"NLR", 338.3, 1353.4}}) {
    CAPTURE(row.dataflow);
    CHECK(kib(buffer(row.dataflow, 256)) == Approx(row.at_256).margin(0.05));
    // OSB's 1215.3 was cut, not rounded: 10 B a PE at 175.275 um2/B leave 1215.36.
    CHECK(kib(buffer(row.dataflow, 1024)) == Approx(row.at_1024).margin(0.07));
    // 512 PEs have twice the storage of 256: the area of a byte no longer depends on the capacity.
    CHECK(double(buffer(row.dataflow, 512).value) == Approx(2.0 * double(buffer(row.dataflow, 256).value)).margin(2));
  }
  CHECK(buffer("RS", 256) == Bytes{128 * 1024});  // what the rule is made from
  CHECK(buffer("RS", 1024) == Bytes{512 * 1024});
  CHECK(kib(buffer("NLR", 256)) / kib(buffer("RS", 256)) == Approx(2.64).margin(0.005));
}

TEST_CASE("the files of the machines are those of 256 PEs") {
  for (const ComparedDataflow& dataflow : rule().dataflows) {
    const Hardware machine = load_hardware(dataflow.machine);
    const Hardware made = at_equal_area(machine, rule(), 256);
    CAPTURE(dataflow.machine);
    CHECK(dataflow.dataflow.starts_with(machine.dataflow));
    REQUIRE(machine.pes() == 256);
    for (std::size_t n = 0; n < machine.nodes.size(); ++n) {
      REQUIRE(machine.nodes[n].store.capacity.has_value() == made.nodes[n].store.capacity.has_value());
      if (!made.nodes[n].store.capacity) continue;
      CHECK(machine.nodes[n].store.capacity->value == made.nodes[n].store.capacity->value);
    }
  }
}

TEST_CASE("dataflows are found by either name, whatever the case") {
  CHECK(chosen_dataflows(rule(), {"all"}).size() == 6);
  CHECK(chosen_dataflows(rule(), {"os_a", "Row-Stationary-ISCA16"}).at(1).name == "RS");
  CHECK(chosen_dataflows(rule(), {"OS_A"}).at(0).dataflow == "output-stationary-a");
  CHECK(testing::ids_of([] { chosen_dataflows(rule(), {"RS", "XY"}); }) == testing::Ids{"comparison.unknown-dataflow"});
}

TEST_CASE("machines that cannot be compared are refused") {
  CHECK(testing::ids_of([] { at_equal_area(load_hardware("eyeriss"), rule(), 256); }) ==
        testing::Ids{"comparison.bad-machine"});
  Hardware machine = load_hardware("eyeriss-isca16");
  for (HardwareNode& node : machine.nodes) {
    if (node.name == "rf") node.store.capacity = Bytes{4096};
  }
  CHECK(testing::ids_of([&] { at_equal_area(machine, rule(), 256); }) == testing::Ids{"comparison.no-area"});
  machine.nodes[1].name = "buffer";
  CHECK(testing::ids_of([&] { at_equal_area(machine, rule(), 256); }) == testing::Ids{"comparison.bad-machine"});
}

TEST_CASE("a comparison adds up and does not depend on the number of threads") {
  ComparisonOptions options;
  options.dataflows = {"RS", "NLR"};
  options.pes = {64};
  options.batches = {2};
  options.jobs = 1;
  const Comparison one = compare(zoo_network("lenet5"), rule(), options);
  options.jobs = 4;
  const Comparison four = compare(zoo_network("lenet5"), rule(), options);
  REQUIRE(one.points.size() == 2 * 2);  // CONV and FC, two dataflows
  for (std::size_t i = 0; i < one.points.size(); ++i) {
    const ComparisonPoint& point = one.points[i];
    CHECK(point.feasible);
    CHECK(point.energy.total == four.points[i].energy.total);
    CHECK(point.delay_cycles == four.points[i].delay_cycles);
    Int128 by_level = 0, by_tensor = point.energy.compute, by_layer = 0, macs = 0;
    for (const Int128 energy : point.energy.by_level) by_level += energy;
    for (const Int128 energy : point.energy.by_tensor) by_tensor += energy;
    for (const LayerEnergy& layer : point.by_layer) {
      by_layer += layer.energy.total;
      macs += layer.energy.macs;
    }
    CHECK(by_level == point.energy.total);
    CHECK(by_tensor == point.energy.total);
    CHECK(by_layer == point.energy.total);
    CHECK(macs == point.energy.macs);
    CHECK(point.energy.by_level[std::size_t(Level::alu)] == macs * kEnergyScale);  // the unit is one MAC
  }
}

}  // namespace weft
