// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "weft/metrics/evaluation.h"
#include "weft/metrics/offchip.h"

namespace weft {
namespace {

void add_offchip(Totals& totals, const Counts& counts, const OffchipCode& code, const Hardware& hardware) {
  for (std::size_t n = 0; n < hardware.nodes.size(); ++n) {
    if (!hardware.nodes[n].store.offchip) continue;
    for (const Tensor3 t : kAllTensors) {
      const Accesses& a = counts.stores[n][index(t)];
      totals.offchip_read_bytes += coded_bytes(a.reads, t, hardware, code);
      totals.offchip_write_bytes += coded_bytes(a.writes, t, hardware, code);
    }
  }
}

void add_energy(Totals& totals, const Cost& cost, const Hardware& hardware) {
  totals.energy = cost.total;
  totals.chip_energy = cost.chip;
  for (std::size_t n = 0; n < hardware.nodes.size(); ++n) {
    totals.energy_by_node.push_back(cost.of_node(n));
    (hardware.nodes[n].kind == NodeKind::statics ? totals.static_energy : totals.compute_energy) += cost.other[n];
  }
  for (const Tensor3 t : kAllTensors) totals.energy_by_tensor[index(t)] = cost.of_tensor(t);
}

void add(Totals& sum, const Totals& layer) {
  sum.macs += layer.macs;
  sum.energy += layer.energy;
  sum.chip_energy += layer.chip_energy;
  for (std::size_t n = 0; n < sum.energy_by_node.size(); ++n) sum.energy_by_node[n] += layer.energy_by_node[n];
  for (const Tensor3 t : kAllTensors) sum.energy_by_tensor[index(t)] += layer.energy_by_tensor[index(t)];
  sum.compute_energy += layer.compute_energy;
  sum.static_energy += layer.static_energy;
  sum.processing_cycles += layer.processing_cycles;
  sum.latency_cycles += layer.latency_cycles;
  sum.steps += layer.steps;
  sum.offchip_read_bytes += layer.offchip_read_bytes;
  sum.offchip_write_bytes += layer.offchip_write_bytes;
}

}  // namespace

Totals totals(const LayerEvaluation& layer, const Hardware& hardware) {
  Totals result;
  result.macs = layer.counts.macs;
  result.processing_cycles = layer.counts.processing_cycles;
  result.latency_cycles = layer.counts.latency_cycles;
  result.steps = layer.counts.steps;
  result.active_pes = layer.counts.active_pes;
  add_energy(result, layer.cost, hardware);
  add_offchip(result, layer.counts, layer.offchip, hardware);
  return result;
}

Totals totals(const Evaluation& evaluation) {
  Totals sum;
  sum.energy_by_node.resize(evaluation.hardware.nodes.size());
  Int128 pe_steps = 0;
  for (const LayerEvaluation& layer : evaluation.layers) {
    add(sum, totals(layer, evaluation.hardware));
    pe_steps += Int128(layer.counts.steps) * layer.counts.active_pes;
  }
  if (sum.steps > 0) sum.active_pes = static_cast<std::int64_t>((pe_steps + sum.steps / 2) / sum.steps);
  return sum;
}

OtherTotals totals(const std::vector<OtherLayer>& layers) {
  OtherTotals sum;
  for (const OtherLayer& other : layers) {
    sum.operations += other.layer.operations;
    sum.read_bytes += other.read_bytes;
    sum.write_bytes += other.write_bytes;
  }
  return sum;
}

Int128 nonzero_macs(const Evaluation& evaluation) {
  Int128 sum = 0;
  for (const LayerEvaluation& layer : evaluation.layers) {
    sum += layer.counts.macs - Int128(std::llround(double(layer.counts.macs) * layer.ifmap_zeros));
  }
  return sum;
}

std::optional<Watts> chip_power(const Totals& totals, const Hardware& hardware) {
  if (hardware.components.unit != EnergyUnit::picojoule || totals.latency_cycles == 0) return std::nullopt;
  return power(picojoules(Attojoules{totals.chip_energy}), duration(Cycles{totals.latency_cycles}, hardware.clock));
}

Bytes onchip_memory(const Hardware& hardware) {
  Bytes sum;
  for (std::size_t n = 0; n < hardware.nodes.size(); ++n) {
    const HardwareNode& node = hardware.nodes[n];
    if (node.kind != NodeKind::store || node.store.offchip || !node.store.capacity) continue;
    sum += hardware.instances(n) * *node.store.capacity;
  }
  return sum;
}

std::optional<CoreArea> core_area(const Hardware& hardware) {
  if (hardware.published_area) return CoreArea{*hardware.published_area, true};
  SquareMillimetres sum;
  const std::vector<AreaLine> lines = area_table(hardware);
  for (const AreaLine& line : lines) sum += line.total;
  if (lines.empty()) return std::nullopt;
  return CoreArea{sum, false};
}

}  // namespace weft
