// SPDX-License-Identifier: Apache-2.0
// A machine small enough to price by hand: 3 filters of 2 channels, 1x1, on 4 pixels; ifmaps and psums straight from
// and to the dram, filters kept in a spad.
#include "weft/model/cost.h"

#include <catch2/catch.hpp>

#include "weft/model/counts.h"

namespace weft {
namespace {

constexpr Int128 kUnit = kEnergyScale;  // one picojoule

PriceRow row(const std::string& component, const std::string& action, Int128 energy, std::int64_t width_bits = 0) {
  return {.component = component, .action = action, .width_bits = width_bits, .energy = energy};
}

Hardware machine() {
  Hardware hardware;
  hardware.clock = Hertz{1e6};
  hardware.bits = {8, 16, 32};
  hardware.nodes.resize(5);
  hardware.nodes[0] = {.name = "dram", .kind = NodeKind::store, .component = "dram"};
  hardware.nodes[0].store.offchip = true;
  hardware.nodes[1] = {.name = "array", .kind = NodeKind::fanout, .component = "noc"};
  hardware.nodes[1].fanout.axes = {{"x", 3}};
  hardware.nodes[1].fanout.multicast = {true, true, true};
  hardware.nodes[2] = {.name = "spad", .kind = NodeKind::store, .component = "spad"};
  hardware.nodes[2].store.capacity = Bytes{1024};
  hardware.nodes[3] = {.name = "mac", .kind = NodeKind::compute, .component = "mac"};
  hardware.nodes[4] = {.name = "leakage", .kind = NodeKind::statics, .component = "leakage"};
  hardware.components.prices = {
      row("dram", "read", 320 * kUnit, 64),     row("dram", "write", 640 * kUnit, 64), row("noc", "hop", 3 * kUnit),
      row("spad", "read", 5 * kUnit),           row("spad", "write", 7 * kUnit),       row("mac", "mac", 2 * kUnit),
      row("leakage", "leak", 9'000'000 * kUnit)};  // of a second: 9 pJ a cycle at 1 MHz
  return hardware;
}

LoopProblem problem() { return loop_problem({.M = 3, .C = 2, .W = 4, .F = 4}, "toy", Padding::implicit); }

Placement placement() {
  const Mapping mapping{{StoragePoint{"dram", Tensor3::ifmap}, StoragePoint{"dram", Tensor3::weight},
                         StoragePoint{"dram", Tensor3::psum}, Loop{Dim::M, 3, "array", "x"},
                         StoragePoint{"spad", Tensor3::weight}, Loop{Dim::F, 4, "", ""}, Loop{Dim::C, 2, "", ""}}};
  return place(problem(), mapping, machine());
}

Cost priced(const Hardware& hardware, double zeros = 0) {
  return cost(count(problem(), placement(), hardware, {}), placement(), hardware, zeros);
}

}  // namespace

TEST_CASE("prices are those of a word: an access is shared by the words it moves") {
  const std::vector<NodePrices> price = prices(machine());
  CHECK(price[0].read[index(Tensor3::ifmap)] == 40 * kUnit);   // 320 / (64 / 8)
  CHECK(price[0].read[index(Tensor3::weight)] == 80 * kUnit);  // 320 / (64 / 16)
  CHECK(price[0].write[index(Tensor3::psum)] == 320 * kUnit);  // 640 / (64 / 32)
  CHECK(price[1].hop[index(Tensor3::psum)] == 3 * kUnit);
  CHECK(price[2].write[index(Tensor3::weight)] == 7 * kUnit);
  CHECK(price[3].mac == 2 * kUnit);
  CHECK(price[4].cycle == 9 * kUnit);
}

TEST_CASE("energy is counts times prices, by node and by tensor") {
  const Cost c = priced(machine());
  // Filters: 6 words, read once from the dram, each over a hop to its PE, written there; read by each of 24 MACs.
  CHECK(c.by_node[0][index(Tensor3::weight)] == 6 * 80 * kUnit);
  CHECK(c.by_node[1][index(Tensor3::weight)] == 6 * 3 * kUnit);
  CHECK(c.by_node[2][index(Tensor3::weight)] == (6 * 7 + 24 * 5) * kUnit);
  // Ifmaps: in each of 8 steps one word, multicast to the three PEs: one read, three deliveries.
  CHECK(c.by_node[0][index(Tensor3::ifmap)] == 8 * 40 * kUnit);
  CHECK(c.by_node[1][index(Tensor3::ifmap)] == 24 * 3 * kUnit);
  // Psums: 24 updates, written each time; the second of each sum reads the first. Both ways are hops.
  CHECK(c.by_node[0][index(Tensor3::psum)] == (24 * 320 + 12 * 160) * kUnit);
  CHECK(c.by_node[1][index(Tensor3::psum)] == (24 + 12) * 3 * kUnit);
  // 24 MACs; 8 cycles of leakage.
  CHECK(c.other[3] == 24 * 2 * kUnit);
  CHECK(c.other[4] == 8 * 9 * kUnit);
}

TEST_CASE("the parts of a cost add up; the chip is all but the off-chip memory") {
  const Cost c = priced(machine());
  Int128 nodes = 0, tensors = 0;
  for (std::size_t n = 0; n < 5; ++n) nodes += c.of_node(n);
  for (const Tensor3 t : kAllTensors) tensors += c.of_tensor(t);
  CHECK(nodes == c.total);
  CHECK(tensors + c.other[3] + c.other[4] == c.total);
  CHECK(c.chip == c.total - c.of_node(0));
}

TEST_CASE("zeros cost less only where the machine gates them") {
  Hardware hardware = machine();
  const Cost dense = priced(hardware);
  CHECK(priced(hardware, 0.25) == dense);
  hardware.gates_zeros = true;
  CHECK(priced(hardware, 0) == dense);
  const Cost gated = priced(hardware, 0.25);
  CHECK(gated.other[3] == 18 * 2 * kUnit);                                      // 24 x 0.75 MACs
  CHECK(gated.by_node[2][index(Tensor3::weight)] == (6 * 7 + 18 * 5) * kUnit);  // and their filter reads
  CHECK(gated.by_node[0] == dense.by_node[0]);
  CHECK(gated.by_node[1] == dense.by_node[1]);
  // Partial sums are kept outside the array: no PE leaves its own alone.
  const Cost none = priced(hardware, 1);
  CHECK(none.other[3] == 0);
  CHECK(none.by_node[2][index(Tensor3::weight)] == 6 * 7 * kUnit);
}

TEST_CASE("a gated MAC leaves the partial sum of its PE alone") {
  Hardware hardware = machine();
  hardware.gates_zeros = true;
  for (HardwareNode& node : hardware.nodes) {
    if (node.name == "spad") node.store.keeps[index(Tensor3::psum)] = true;
  }
  const Mapping mapping{{StoragePoint{"dram", Tensor3::ifmap}, StoragePoint{"dram", Tensor3::weight},
                         StoragePoint{"dram", Tensor3::psum}, Loop{Dim::M, 3, "array", "x"},
                         StoragePoint{"spad", Tensor3::weight}, Loop{Dim::F, 4, "", ""},
                         StoragePoint{"spad", Tensor3::psum}, Loop{Dim::C, 2, "", ""}}};
  const Placement at = place(problem(), mapping, hardware);
  const Counts counts = count(problem(), at, hardware, {});
  // 24 MACs: the first of each of 12 sums only writes. A sum goes up once.
  CHECK(counts.updates == Accesses{12, 24});
  const auto psum = [&](double zeros) { return cost(counts, at, hardware, zeros).by_node[2][index(Tensor3::psum)]; };
  const NodePrices spad = prices(hardware)[2];
  const Int128 read = spad.read[index(Tensor3::psum)], write = spad.write[index(Tensor3::psum)];
  CHECK(psum(0) == (12 + 12) * read + 24 * write);
  CHECK(psum(0.25) == (9 + 12) * read + 18 * write);
  CHECK(psum(1) == 12 * read);
}

}  // namespace weft
