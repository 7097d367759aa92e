// SPDX-License-Identifier: Apache-2.0
#include "weft/hardware/hardware.h"

#include <catch2/catch.hpp>

#include "weft/base/error_testing.h"

namespace weft {
namespace {

using testing::Folder;
using testing::Ids;
using testing::ids_of;
using testing::problems_of;

const std::string kLibrary = R"(kind: components
version: 1
name: toy
sources: {here: "a test"}
prices:
  - {component: dram, action: read, energy: 100 pJ, width_bits: 64, source: here}
  - {component: dram, action: write, energy: 100 pJ, width_bits: 64, source: here}
  - {component: noc, action: hop, energy: 1 pJ, source: here}
  - {component: spad, action: read, energy: 1 pJ, source: here}
  - {component: spad, action: write, energy: 2 pJ, source: here}
  - {component: mac, action: mac, energy: 1 pJ, source: here}
  - {component: clock, action: cycle, energy: 5 pJ, source: here}
)";

const std::string kHead = "kind: hardware\nversion: 1\nname: toy\nclock: 100 MHz\ncomponents: library\n";
const std::string kDram = "  - {store: dram, component: dram, offchip: true}\n";
const std::string kArray = "  - {fanout: array, component: noc, shape: {x: 3, y: 2}}\n";
const std::string kSpad = "  - {store: spad, component: spad, capacity: 64 B}\n";
const std::string kMac = "  - {compute: mac, component: mac}\n";

Hardware read(const std::string& text) {
  const Folder folder;
  folder.file("library.yaml", kLibrary);
  return read_hardware(folder.file("toy.yaml", text));
}
/// The smallest machine, with more keys of the file and of its off-chip store.
std::string hardware_of(const std::string& keys, const std::string& of_dram) {
  return kHead + keys + "nodes:\n  - {store: dram, component: dram, offchip: true" + (of_dram.empty() ? "" : ", ") +
         of_dram + "}\n" + kMac;
}
Ids ids_of_nodes(const std::string& nodes) {
  return ids_of([&] { read(kHead + "nodes:\n" + nodes); });
}

}  // namespace

TEST_CASE("a machine is a list of nodes, outermost first; a fanout multiplies what is inside") {
  const Hardware toy = read(kHead + "nodes:\n" + kDram + kArray + kSpad + kMac);
  REQUIRE(toy.nodes.size() == 4);
  CHECK(toy.compute_index() == 3);
  CHECK(toy.instances(0) == 1);
  CHECK(toy.instances(1) == 1);
  CHECK(toy.instances(2) == 6);
  CHECK(toy.pes() == 6);
  CHECK(toy.find("spad") == &toy.nodes[2]);
  CHECK(toy.find("glb") == nullptr);
  CHECK(toy.clock.value == 100e6);
  CHECK(toy.conventions == "weft");
  CHECK(toy.bits == std::array<std::int64_t, 3>{16, 16, 16});
  CHECK_FALSE(toy.nodes[0].store.capacity);
  CHECK(toy.nodes[2].store.capacity == Bytes{64});
  CHECK(toy.nodes[2].store.buffering[0] == Buffering::single);
}

TEST_CASE("the settings of a store and of a fanout are read") {
  const Hardware toy = read(
      kHead + "bits: {psum: 32}\ngates_zeros: true\npublished_area: 12.25 mm2\nnodes:\n" + kDram +
      "  - store: glb\n    component: spad\n    capacity: 1 KiB\n    keeps: [ifmap, psum]\n"
      "    buffering: {ifmap: double, psum: stream}\n    halo: refetch\n    hold: iteration\n    bandwidth: 1 GB/s\n"
      "  - fanout: array\n    component: noc\n    shape: {x: 2}\n    multicast: [weight]\n"
      "    reduces: true\n    bandwidth: {ifmap: 16 b/cycle}\n" +
      kMac);
  const StoreNode& glb = toy.nodes[1].store;
  CHECK(glb.keeps == TensorFlags{true, false, true});
  CHECK(glb.buffering == std::array{Buffering::ahead, Buffering::single, Buffering::stream});
  CHECK(glb.refetch_halo);
  CHECK(glb.hold_iteration);
  CHECK(toy.nodes[1].bandwidth.shared == Bandwidth{8'000'000'000, Bandwidth::Per::second});
  const HardwareNode& array = toy.nodes[2];
  CHECK(array.fanout.multicast == TensorFlags{false, true, false});
  CHECK(array.fanout.reduces == kAddsAll);
  CHECK(array.bandwidth.own[0] == Bandwidth{16, Bandwidth::Per::cycle});
  CHECK_FALSE(array.bandwidth.own[1]);
  CHECK(toy.bits == std::array<std::int64_t, 3>{16, 16, 32});
  CHECK(toy.gates_zeros);
  CHECK(toy.published_area->value == Approx(12.25));
}

TEST_CASE("the machines that come with weft read") {
  for (const std::string& name : hardware_names()) {
    CAPTURE(name);
    CHECK(load_hardware(name).name == name);
  }
  const Hardware eyeriss = load_hardware("eyeriss");
  CHECK(eyeriss.pes() == 168);
  CHECK(load_hardware("eyeriss-isca16").pes() == 256);
}

TEST_CASE("an unknown machine is refused with the nearest name") {
  const std::vector<Problem> problems = problems_of([] { load_hardware("eyeris"); });
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].id == "hardware.unknown");
  CHECK(problems[0].mend == "did you mean 'eyeriss'?");
}

TEST_CASE("a tree that is no machine is refused") {
  CHECK(ids_of_nodes(kDram + kMac).empty());
  CHECK(ids_of_nodes(kDram) == Ids{"hardware.no-compute"});
  CHECK(ids_of_nodes(kDram + kMac + "  - {compute: other, component: mac}\n") ==
        Ids{"hardware.no-compute", "hardware.after-compute"});
  CHECK(ids_of_nodes(kDram + kMac + kSpad) == Ids{"hardware.after-compute"});
  CHECK(ids_of_nodes(kDram + kMac + "  - {static: clock, component: clock}\n").empty());
  CHECK(ids_of_nodes(kDram + kSpad + kSpad + kMac) == Ids{"hardware.duplicate-node"});
  CHECK(ids_of_nodes("  - {buffer: glb, component: spad}\n" + kMac) == Ids{"hardware.unknown-node"});
  CHECK(ids_of_nodes(kDram + "  - {store: glb, component: spad, keeps: [ofmap]}\n" + kMac) ==
        Ids{"hardware.unknown-tensor"});
  const std::string array = "  - {fanout: array, component: noc, shape: {x: 2}, reduces: ";
  CHECK(ids_of_nodes(kDram + array + "[C, M]}\n" + kMac) == Ids{"hardware.unknown-reduction"});
  CHECK(read(kHead + "nodes:\n" + kDram + array + "[S, C]}\n" + kMac).nodes[1].fanout.reduces ==
        ReductionFlags{true, false, true});
}

TEST_CASE("every tensor begins in one store without limit, outside the fanouts") {
  const Ids all(3, "hardware.no-outermost-store");
  CHECK(ids_of_nodes(kMac) == all);
  CHECK(ids_of_nodes(kSpad + kMac) == all);           // with a capacity
  CHECK(ids_of_nodes(kArray + kDram + kMac) == all);  // several of them
  CHECK(ids_of_nodes("  - {store: dram, component: dram, keeps: [ifmap, psum]}\n" + kMac) ==
        Ids{"hardware.no-outermost-store"});
}

TEST_CASE("a fanout has one to three axes and at most 2^24 children") {
  const auto ids = [](const std::string& shape) {
    return ids_of_nodes(kDram + "  - {fanout: array, component: noc, shape: {" + shape + "}}\n" + kMac);
  };
  CHECK(ids("x: 1").empty());
  CHECK(ids("x: 2, y: 2, z: 2").empty());
  CHECK(ids("x: 2, y: 2, z: 2, w: 2") == Ids{"hardware.bad-shape"});
  CHECK(ids("") == Ids{"hardware.bad-shape"});
  CHECK(ids("x: 4096, y: 4096").empty());
  CHECK(ids("x: 4096, y: 4097") == Ids{"hardware.bad-shape"});
  CHECK(ids("x: 0") == Ids{"yaml.out-of-range"});
}

TEST_CASE("the fanouts of a machine multiply to at most 2^24 children") {
  const auto array = [](const std::string& name, int size) {
    return "  - {fanout: " + name + ", component: noc, shape: {x: " + std::to_string(size) + "}}\n";
  };
  CHECK(ids_of_nodes(kDram + array("a", 4096) + array("b", 4096) + kMac).empty());
  CHECK(ids_of_nodes(kDram + array("a", 4096) + array("b", 4097) + kMac) == Ids{"hardware.bad-shape"});
  CHECK(ids_of_nodes(kDram + array("a", 1 << 20) + array("b", 1 << 20) + array("c", 1 << 20) + array("d", 1 << 20) +
                     kMac) == Ids{"hardware.bad-shape"});
}

TEST_CASE("a clock ticks at least once a second") {
  const auto ids = [](const std::string& clock) {
    return ids_of([&] {
      read("kind: hardware\nversion: 1\nname: toy\nclock: " + clock + "\ncomponents: library\nnodes:\n" + kDram + kMac);
    });
  };
  CHECK(ids("1 Hz").empty());
  CHECK(ids("0.999 Hz") == Ids{"hardware.bad-clock"});
  CHECK(ids("0 Hz") == Ids{"yaml.out-of-range"});
}

TEST_CASE("nothing is free because its price was forgotten") {
  CHECK(ids_of_nodes(kDram + "  - {store: spad, component: spat, capacity: 1 B}\n" + kMac) ==
        Ids{"components.no-price"});
  CHECK(ids_of_nodes(kDram + "  - {fanout: array, component: spad, shape: {x: 2}}\n" + kMac) ==
        Ids{"components.no-price"});
  CHECK(ids_of_nodes(kDram + "  - {compute: mac, component: noc}\n") == Ids{"components.no-price"});
  CHECK(ids_of_nodes(kDram + kMac + "  - {static: leakage, component: mac}\n") == Ids{"components.no-price"});
}

TEST_CASE("a component library is found by its name, and must be there") {
  const Ids unknown{"components.unknown"};
  const auto ids = [](const std::string& name) {
    return ids_of([&] {
      read("kind: hardware\nversion: 1\nname: toy\nclock: 1 MHz\ncomponents: " + name + "\nnodes:\n" + kDram + kMac);
    });
  };
  CHECK(ids("library").empty());
  CHECK(ids("libary") == unknown);
  CHECK(ids("../library") == unknown);
  CHECK(ids("toy") == unknown);  // the hardware file itself is no library
}

TEST_CASE("a MAC's arithmetic and the link's codec are read; what is left out is wide, rounded and dense") {
  const Hardware plain = read(hardware_of("", ""));
  CHECK(plain.accumulator_bits() == 16);  // those of `bits: {psum}`
  CHECK(plain.arithmetic.products == Rounding::nearest);
  CHECK(plain.codec() == nullptr);
  CHECK_FALSE(plain.gates_zeros);
  CHECK(read(hardware_of("skips_zeros: true\n", "")).gates_zeros);
  const Hardware chip = load_hardware("eyeriss");
  CHECK(chip.accumulator_bits() == 16);
  CHECK(chip.arithmetic.products == Rounding::truncate);
  REQUIRE(chip.codec() != nullptr);
  CHECK(chip.codec()->run_bits == 5);
  CHECK(chip.codec()->tensors == TensorFlags{true, false, true});
  const Hardware wide = read(hardware_of("arithmetic: {accumulator_bits: 24, overflow: wrap}\n", ""));
  CHECK(wide.accumulator_bits() == 24);
  CHECK(wide.arithmetic.overflow == Excess::wrap);
  CHECK(ids_of([] { read(hardware_of("arithmetic: {bits: 24, products: up}\n", "")); }) ==
        Ids{"yaml.bad-choice", "yaml.unknown-key"});
  CHECK(ids_of([] { read(hardware_of("", "codec: {run_bits: 5}")); }).empty());
  CHECK(ids_of([] { read(hardware_of("", "codec: {run_bits: 17, tensors: [weight]}")); }) ==
        Ids{"yaml.out-of-range", "hardware.codec-on-chip"});
  CHECK(ids_of_nodes(kDram + "  - {store: glb, component: spad, capacity: 1 KiB, codec: {}}\n" + kMac) ==
        Ids{"hardware.codec-on-chip"});
}

TEST_CASE("everything wrong with a hardware file is told at once") {
  CHECK(ids_of([] {
          read(
              "kind: hardware\nversion: 1\nclock: 0 Hz\nsped: 1\ncomponents: library\nnodes:\n"
              "  - {store: dram, component: dram, capcity: 1 KiB}\n"
              "  - {store: glb, component: spad, capacity: -1 B}\n");
        }) == Ids{"yaml.missing-key", "yaml.out-of-range", "yaml.unknown-key", "yaml.out-of-range", "yaml.unknown-key",
                  "hardware.no-compute"});
}

TEST_CASE("what can be read but not meant is a doubt") {
  const auto doubted = [](const std::string& nodes) {
    Ids ids;
    for (const Problem& problem : doubts(read(kHead + "nodes:\n" + kDram + nodes + kMac))) {
      CHECK(problem.where.line > 0);
      ids.push_back(problem.id);
    }
    return ids;
  };
  const std::string fanout = "  - {fanout: array, component: noc, shape: {x: ";
  CHECK(doubted(fanout + "2}}\n").empty());
  CHECK(doubted(fanout + "1}}\n") == Ids{"hardware.one-child"});
  const std::string store = "  - {store: buffer, component: spad, ";
  CHECK(doubted(store + "capacity: 2 B}\n").empty());  // a word of 16 b
  CHECK(doubted(store + "capacity: 1 B, keeps: [weight]}\n") == Ids{"hardware.small-store"});
  CHECK(doubted(store + "capacity: 2 B, keeps: []}\n") == Ids{"hardware.keeps-nothing"});
  CHECK(doubted(store + "capacity: 2 B, keeps: [psum], bandwidth: {psum_up: 1 b/cycle}}\n").empty());
  CHECK(doubted(store + "capacity: 2 B, keeps: [psum], bandwidth: {weight: 1 b/cycle}}\n") ==
        Ids{"hardware.idle-bandwidth"});
}

TEST_CASE("the price of an access is shared by the words it moves; an element is never split") {
  const Price price{.energy = 100, .width_bits = 64};
  CHECK(energy_per_word(price, 16) == 25);
  CHECK(energy_per_word(price, 64) == 100);
  CHECK(energy_per_word(price, 65) == 100);  // one word an access, however wide
  CHECK(energy_per_word(price, 24) == 50);   // two whole ones in 64 bits
  CHECK(energy_per_word(price, 20) == 33);   // three, rounded to a millionth
  CHECK(energy_per_word({.energy = 100, .width_bits = 0}, 16) == 100);
}

TEST_CASE("the area table leaves out what is off chip and what has no row") {
  const Hardware isca = load_hardware("eyeriss-isca16");
  // references B.1: 256 PEs of 20,000 um2 with 512 B at 20.87 um2 a byte, and 128 KiB at 12.70.
  double sum = 0;
  for (const AreaLine& line : area_table(isca)) sum += line.total.value;
  CHECK(sum == Approx((256 * (20000 + 512 * 20.87) + 131072 * 12.70) / 1e6));
  CHECK(area_table(isca).size() == 3);
}

}  // namespace weft
