// SPDX-License-Identifier: Apache-2.0
// Named accelerators: what their papers print against what their files say. Figures from the abstract or the title of
// each paper, unless it says otherwise.
#include <catch2/catch.hpp>

#include "weft/metrics/evaluation.h"
#include "weft/network/zoo.h"

namespace weft {
namespace {

/// One multiply and one add for each PE and cycle, in 1e9 operations a second.
double peak_gops(const Hardware& machine) { return 2e-9 * double(machine.pes()) * machine.clock.value; }

std::int64_t capacity(const Hardware& machine, const std::string& store) {
  const HardwareNode* node = machine.find(store);
  REQUIRE(node != nullptr);
  return node->store.capacity->value * machine.instances(std::size_t(node - machine.nodes.data()));
}

}  // namespace

TEST_CASE("published peak throughput comes out of the files") {
  struct Row {
    const char* machine;
    std::int64_t multipliers;
    double gops;       ///< as printed
    double tolerance;  ///< of the print's last digit
  };
  for (const Row& row : {
           Row{"neuflow", 800, 227,
               0.5},  // eight engines of 100 multipliers (survey V-B); nn-X: 227 G-ops/s at 142 MHz
           Row{"origami", 196, 196, 0.5},      // 196 GOp/s
           Row{"tpu-v1", 65536, 92e3, 500},    // 65,536 8-bit MACs, 92 TeraOps/s
           Row{"ucla-fpga", 448, 89.6, 0.05},  // Tm = 64, Tn = 7 at 100 MHz; 61.62 GFLOPS of them were reached
           Row{"eyeriss", 168, 67.2, 0.05},    // 33.6 GMAC/s at 200 MHz (JSSC 2017)
       }) {
    CAPTURE(row.machine);
    const Hardware machine = load_hardware(row.machine);
    CHECK(machine.pes() == row.multipliers);
    CHECK(peak_gops(machine) == Approx(row.gops).margin(row.tolerance));
  }
}

TEST_CASE("where a paper counts other operations too, the multipliers are right") {
  CHECK(load_hardware("shidiannao").pes() == 8 * 8);        // 194 GOP/s
  CHECK(load_hardware("diannao").pes() == 16 * 16);         // 452 GOP/s
  CHECK(load_hardware("dadiannao").pes() == 16 * 16 * 16);  // 5.58 TeraOps/s
  CHECK(load_hardware("tetris").pes() == 16 * 14 * 14);
  for (const char* name : {"shidiannao", "diannao", "dadiannao"}) {
    const double printed = name[0] == 's' ? 194 : name[1] == 'i' ? 452 : 5580;
    CAPTURE(name);
    CHECK(printed / peak_gops(load_hardware(name)) == Approx(1.2).margin(0.35));  // of the same size
  }
}

TEST_CASE("published sizes on the chip come out of the files") {
  constexpr std::int64_t kKiB = 1024, kMiB = 1024 * kKiB;
  // 36 MB of eDRAM: 2 MB in each of 16 tiles, 4 MB in the middle.
  CHECK(capacity(load_hardware("dadiannao"), "sb") + capacity(load_hardware("dadiannao"), "central") == 36 * kMiB);
  // 28 MiB of software-managed memory: 24 MiB and 4 MiB of accumulators.
  const Hardware tpu = load_hardware("tpu-v1");
  CHECK(capacity(tpu, "unified_buffer") + capacity(tpu, "accumulators") == 28 * kMiB);
  // 288 KB with 32 KB for instructions.
  const Hardware shidiannao = load_hardware("shidiannao");
  CHECK(capacity(shidiannao, "nbin") + capacity(shidiannao, "sb") + capacity(shidiannao, "nbout") == (288 - 32) * kKiB);
  // TETRIS: 133 kB and 512 B in each of 16 vaults, its baseline 576 kB and 1 kB (the authors' own mapper, its test of
  // the paper's Figure 8).
  CHECK(capacity(load_hardware("tetris"), "glb") == 16 * 133'000);
  CHECK(capacity(load_hardware("tetris"), "rf") == 16 * 14 * 14 * 512);
  CHECK(capacity(load_hardware("tetris-2d"), "glb") == 576'000);
  CHECK(capacity(load_hardware("tetris-2d"), "rf") == 16 * 16 * kKiB);
  // 44 KB with 8 KB for instructions.
  const Hardware diannao = load_hardware("diannao");
  CHECK(capacity(diannao, "nbin") + capacity(diannao, "sb") + capacity(diannao, "nbout") == (44 - 8) * kKiB);
}

TEST_CASE("published core areas are in the files") {
  CHECK(load_hardware("diannao").published_area->value == Approx(3.02));
  CHECK(load_hardware("shidiannao").published_area->value == Approx(4.86));
  CHECK(load_hardware("dadiannao").published_area->value == Approx(67.73));
  CHECK(load_hardware("origami").published_area->value == Approx(3.09));
}

TEST_CASE("accelerators with one array evaluate a network's CONV layers with their own dataflow") {
  for (const char* name :
       {"neuflow", "shidiannao", "diannao", "ucla-fpga", "origami", "tpu-v1", "tetris-2d", "eyeriss"}) {
    CAPTURE(name);
    EvaluationOptions options;
    options.layers = {"conv"};
    const Evaluation evaluation = evaluate(zoo_network("lenet5"), load_hardware(name), options);
    const Totals sum = totals(evaluation);
    CHECK(sum.macs == 357600);  // LeCun et al. 1998, C3 fully connected: 117,600 + 240,000
    // No machine does more than its multipliers can, nor in less than the compulsory traffic.
    CHECK(double(sum.macs) <= double(sum.latency_cycles) * double(evaluation.hardware.pes()));
    for (const LayerEvaluation& layer : evaluation.layers) CHECK(layer.certificate->optimal);
  }
}

}  // namespace weft
