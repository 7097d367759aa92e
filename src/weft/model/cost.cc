// SPDX-License-Identifier: Apache-2.0
#include "weft/model/cost.h"

#include <algorithm>
#include <cmath>

namespace weft {
namespace {

/// The price of one cycle of a static node: its clocked part, and its leakage spread over the clock.
Int128 cycle_price(const Hardware& hardware, const HardwareNode& node) {
  Int128 price = 0;
  if (const auto cycle = price_of(hardware, node, "cycle")) price += cycle->energy;
  if (const auto leak = price_of(hardware, node, "leak")) price += leak->energy / std::llround(hardware.clock.value);
  return price;
}

NodePrices node_prices(const Hardware& hardware, const HardwareNode& node) {
  NodePrices result;
  const auto per_word = [&](std::string_view action, std::array<Int128, kTensors>& into) {
    const std::optional<Price> price = price_of(hardware, node, action);
    if (!price) return;
    for (const Tensor3 t : kAllTensors) into[index(t)] = energy_per_word(*price, hardware.bits[index(t)]);
  };
  per_word("read", result.read);
  per_word("write", result.write);
  per_word("hop", result.hop);
  for (const Tensor3 t : kAllTensors) {
    if (!node.fanout.links[index(t)]) result.hop[index(t)] = 0;
  }
  if (const auto mac = price_of(hardware, node, "mac")) result.mac = mac->energy;
  if (node.kind == NodeKind::statics) result.cycle = cycle_price(hardware, node);
  return result;
}

Int128 worked(Int128 all, Int128 gated_parts, Int128 price) {
  return (all * kWorkedWhole - gated_parts) * price / kWorkedWhole;
}

}  // namespace

std::vector<NodePrices> prices(const Hardware& hardware) {
  std::vector<NodePrices> result;
  for (const HardwareNode& node : hardware.nodes) result.push_back(node_prices(hardware, node));
  return result;
}

Int128 Cost::of_node(std::size_t node) const {
  Int128 sum = other[node];
  for (const Int128 energy : by_node[node]) sum += energy;
  return sum;
}

Int128 Cost::of_tensor(Tensor3 t) const {
  Int128 sum = 0;
  for (const auto& node : by_node) sum += node[index(t)];
  return sum;
}

Cost cost(const Counts& counts, const Placement& placement, const Hardware& hardware, const Activity& activity) {
  const std::vector<NodePrices> price = prices(hardware);
  const std::size_t innermost_filter = placement.points[index(Tensor3::weight)].back().node;
  const std::size_t innermost_psum = placement.points[index(Tensor3::psum)].back().node;
  Cost cost;
  cost.by_node.resize(hardware.nodes.size());
  cost.other.resize(hardware.nodes.size());
  for (std::size_t n = 0; n < hardware.nodes.size(); ++n) {
    for (const Tensor3 t : kAllTensors) {
      const Accesses& a = counts.stores[n][index(t)];
      Accesses gated;
      if (t == Tensor3::weight && n == innermost_filter) gated.reads = activity.gated_filter_reads;
      if (t == Tensor3::psum && n == innermost_psum) gated = activity.gated_updates;
      Int128 energy = worked(a.reads, gated.reads, price[n].read[index(t)]) +
                      worked(a.writes, gated.writes, price[n].write[index(t)]) +
                      counts.hops[n][index(t)] * price[n].hop[index(t)];
      if (hardware.nodes[n].store.offchip) energy = energy * activity.offchip.parts[index(t)] / OffchipCode::kWhole;
      cost.by_node[n][index(t)] = energy;
    }
    cost.other[n] = worked(counts.macs, activity.gated_macs, price[n].mac) + counts.latency_cycles * price[n].cycle;
    const Int128 energy = cost.of_node(n);
    cost.total += energy;
    cost.chip += hardware.nodes[n].store.offchip ? 0 : energy;
  }
  return cost;
}

std::int64_t worked_parts(const Hardware& hardware, double ifmap_zeros) {
  return hardware.gates_zeros ? kWorkedWhole - std::llround(ifmap_zeros * double(kWorkedWhole)) : kWorkedWhole;
}

bool gates_updates(const Placement& placement, const Hardware& hardware) {
  const std::size_t innermost = placement.points[index(Tensor3::psum)].back().node;
  return hardware.gates_zeros && std::none_of(hardware.nodes.begin() + std::ptrdiff_t(innermost), hardware.nodes.end(),
                                              [](const HardwareNode& n) { return n.kind == NodeKind::fanout; });
}

Cost cost(const Counts& counts, const Placement& placement, const Hardware& hardware, double ifmap_zeros,
          const OffchipCode& offchip) {
  const std::int64_t parts = kWorkedWhole - worked_parts(hardware, ifmap_zeros);
  const auto gated = [parts](Int128 all) { return all * parts; };
  const Accesses& updates = counts.updates;
  const std::size_t innermost_filter = placement.points[index(Tensor3::weight)].back().node;
  const Int128 filter_reads = counts.stores[innermost_filter][index(Tensor3::weight)].reads;
  return cost(counts, placement, hardware,
              Activity{.gated_macs = gated(counts.macs),
                       .gated_filter_reads = gated(filter_reads),
                       .gated_updates = gates_updates(placement, hardware)
                                            ? Accesses{gated(updates.reads), gated(updates.writes)}
                                            : Accesses{},
                       .offchip = offchip});
}

}  // namespace weft
