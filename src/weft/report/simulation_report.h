// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <nlohmann/json.hpp>
#include <string>

#include "weft/base/terminal.h"
#include "weft/metrics/simulation.h"

namespace weft {

struct SimulationReportOptions {
  TextStyle style;
  std::string data;    ///< where the samples are from, for people
  bool every = false;  ///< also the binary points and the statistics of each map
};

/// Totals over all samples first, then the layers, then how the numbers came about.
std::string simulation_text(const Simulation& simulation, const SimulationReportOptions& options);

/// The document "weft.simulation/1". All figures are for all samples together; UNIT is pJ or mac as in
/// weft.evaluation/1, of which `totals` is that of the document of that name.
///   agreement  outputs: every layer's ofmap codes equal those of plain loops, or its sums saturated on the way (then
///   the
///              mapping's order is what is computed); counts and cycles: walking the nest gives the model's
///   layers     macs, nonzero_macs, ifmap_zeros (without padding), latency_cycles, accesses (gated_reads and
///              gated_writes of these cost nothing), offchip_bytes and offchip_bytes_dense by tensor (ofmap: all
///              partial sums), energy_UNIT, overflows, clipped, fixed_point, ifmap_map and ofmap_map (what crosses the
///              link)
nlohmann::ordered_json simulation_json(const Simulation& simulation, const std::string& data);

/// One line a layer.
std::string simulation_csv(const Simulation& simulation);

/// What the PEs do, pass by pass, in Chrome's trace format: one row a PE, a microsecond a step, the layers one after
/// another. At most `most_events` events; the last one says so where there would be more.
inline constexpr std::size_t kMostTraceEvents = 200'000;
std::string trace_json(const Evaluation& evaluation, std::size_t most_events = kMostTraceEvents);

}  // namespace weft
