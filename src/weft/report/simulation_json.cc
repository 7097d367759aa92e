// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "weft/metrics/offchip.h"
#include "weft/report/evaluation_report.h"
#include "weft/report/hardware_report.h"
#include "weft/report/json.h"
#include "weft/report/page.h"
#include "weft/report/simulation_report.h"
#include "weft/simulator/occupancy.h"

namespace weft {
namespace {

using nlohmann::ordered_json;

ordered_json accesses_json(const LayerEvaluation& e, const LayerSimulation& l, const Hardware& hardware) {
  ordered_json json = ordered_json::array();
  for (std::size_t n = 0; n < hardware.nodes.size(); ++n) {
    for (const Tensor3 t : kAllTensors) {
      const auto& points = e.placement.points[index(t)];
      if (std::none_of(points.begin(), points.end(), [n](const PlacedPoint& p) { return p.node == n; })) continue;
      const Accesses& a = e.counts.stores[n][index(t)];
      Accesses gated;
      if (hardware.gates_zeros && points.back().node == n) {
        if (t == Tensor3::weight) gated.reads = l.gated_filter_reads;
        if (t == Tensor3::psum) gated = l.gated_updates;
      }
      json.push_back({{"level", hardware.nodes[n].name},
                      {"tensor", name(t)},
                      {"reads", exact_json(a.reads)},
                      {"writes", exact_json(a.writes)},
                      {"gated_reads", exact_json(gated.reads)},
                      {"gated_writes", exact_json(gated.writes)}});
    }
  }
  return json;
}

/// Off-chip bytes of one tensor, read and written, as they crossed and as they would have without codec.
Int128 offchip_bytes(const LayerEvaluation& e, const Hardware& hardware, Tensor3 t, const OffchipCode& code) {
  Int128 words = 0;
  for (std::size_t n = 0; n < hardware.nodes.size(); ++n) {
    const Accesses& a = e.counts.stores[n][index(t)];
    if (hardware.nodes[n].store.offchip) words += a.reads + a.writes;
  }
  return coded_bytes(words, t, hardware, code);
}

ordered_json bytes_json(const LayerEvaluation& e, const Hardware& hardware, const OffchipCode& code) {
  return {{"ifmap", exact_json(offchip_bytes(e, hardware, Tensor3::ifmap, code))},
          {"weight", exact_json(offchip_bytes(e, hardware, Tensor3::weight, code))},
          {"ofmap", exact_json(offchip_bytes(e, hardware, Tensor3::psum, code))}};
}

ordered_json point_json(FixedPoint point) { return {{"bits", point.bits}, {"fraction", point.fraction}}; }

ordered_json map_json(const MapTraffic& map) {
  return {{"values", map.values.count},
          {"zeros", map.values.zeros},
          {"zero_runs", map.values.runs},
          {"longest_zero_run", map.values.longest_run},
          {"entropy_bits_per_value", map.values.entropy_bits},
          {"coded_bits", map.coded_bits},
          {"dense_bits", map.dense_bits}};
}

ordered_json layer_json(const LayerEvaluation& e, const LayerSimulation& l, const Hardware& hardware) {
  const Totals figures = totals(e, hardware);
  ordered_json json = {{"name", e.layer.name},
                       {"macs", exact_json(l.macs)},
                       {"nonzero_macs", exact_json(l.macs - l.zero_macs)},
                       {"ifmap_zeros", l.ifmap_zeros},
                       {"active_pes", e.counts.active_pes},
                       {"processing_cycles", e.counts.processing_cycles},
                       {"latency_cycles", e.counts.latency_cycles},
                       {"accesses", accesses_json(e, l, hardware)},
                       {"offchip_bytes", bytes_json(e, hardware, e.offchip)},
                       {"offchip_bytes_dense", bytes_json(e, hardware, {})}};
  json[fmt::format("energy_{}", suffix(hardware.components.unit))] = exact_json_millionths(figures.energy);
  json["outputs_equal_reference"] = l.outputs_equal;
  json["counts_equal_model"] = l.counts_equal;
  json["cycles_equal_model"] = l.cycles_equal;
  json["overflows"] = l.overflows;
  json["clipped"] = l.clipped;
  json["fixed_point"] = {{"ifmap", point_json(l.ifmap)},
                         {"weight", point_json(l.weight)},
                         {"accumulator", point_json(l.accumulator)},
                         {"ofmap", point_json(l.ofmap)}};
  json["ifmap_map"] = map_json(l.ifmap_map);
  json["ofmap_map"] = map_json(l.ofmap_map);
  json["mapping"] = to_json(e.mapping);
  return json;
}

ordered_json agreement_json(const Simulation& simulation) {
  const auto all = [&](auto holds) { return std::all_of(simulation.layers.begin(), simulation.layers.end(), holds); };
  return {{"outputs", all([](const LayerSimulation& l) { return l.outputs_equal || l.overflows > 0; })},
          {"counts", all([](const LayerSimulation& l) { return l.counts_equal; })},
          {"cycles", all([](const LayerSimulation& l) { return l.cycles_equal; })}};
}

}  // namespace

ordered_json simulation_json(const Simulation& simulation, const std::string& data) {
  const Evaluation& e = simulation.evaluation;
  const Agreement& classes = simulation.classes;
  ordered_json json = {{"schema", "weft.simulation/1"},
                       {"network", e.network},
                       {"hardware", e.hardware.name},
                       {"samples", e.batch},
                       {"batch", e.batch / std::max<std::int64_t>(1, simulation.batches)},
                       {"data", data},
                       {"conventions", to_string(e.conventions)},
                       {"totals", totals_json(e)},
                       {"agreement", agreement_json(simulation)},
                       {"classes",
                        {{"samples", classes.samples},
                         {"same_as_float32", classes.as_float},
                         {"labelled", classes.labelled},
                         {"right", classes.right},
                         {"right_float32", classes.right_float}}},
                       {"layers", ordered_json::array()}};
  for (std::size_t i = 0; i < simulation.layers.size(); ++i) {
    json["layers"].push_back(layer_json(e.layers[i], simulation.layers[i], e.hardware));
  }
  json["sources"] = prices_json(e.hardware);
  return json;
}

std::string simulation_csv(const Simulation& simulation) {
  const Hardware& hardware = simulation.evaluation.hardware;
  std::string text = fmt::format(
      "name,macs,nonzero_macs,ifmap_zeros,latency_cycles,offchip_bytes,offchip_bytes_dense,energy_{},overflows,clipped,"
      "outputs_equal_reference,counts_equal_model,cycles_equal_model\n",
      suffix(hardware.components.unit));
  for (std::size_t i = 0; i < simulation.layers.size(); ++i) {
    const LayerEvaluation& e = simulation.evaluation.layers[i];
    const LayerSimulation& l = simulation.layers[i];
    Int128 coded = 0, dense = 0;
    for (const Tensor3 t : kAllTensors) {
      coded += offchip_bytes(e, hardware, t, e.offchip);
      dense += offchip_bytes(e, hardware, t, {});
    }
    text += fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},{}\n", csv_field(e.layer.name), to_string(l.macs),
                        to_string(l.macs - l.zero_macs), l.ifmap_zeros, e.counts.latency_cycles, to_string(coded),
                        to_string(dense), json_number(exact_json_millionths(e.cost.total)), l.overflows, l.clipped,
                        l.outputs_equal, l.counts_equal, l.cycles_equal);
  }
  return text;
}

std::string trace_json(const Evaluation& evaluation, std::size_t most_events) {
  const Hardware& hardware = evaluation.hardware;
  std::vector<std::string> events;
  std::int64_t time = 0;
  bool complete = true;
  std::vector<bool> named(static_cast<std::size_t>(hardware.pes()), false);
  for (const LayerEvaluation& e : evaluation.layers) {
    const Occupancy busy = occupancy(e.problem, e.placement, hardware, most_events);
    complete = complete && busy.complete;
    for (const Pass& pass : busy.passes) {
      if (events.size() + 2 * pass.pes.size() + 2 > most_events) complete = false;
      if (!complete) break;
      ordered_json loops = ordered_json::object();
      std::string label = e.layer.name;
      for (std::size_t i = 0; i < pass.at.size(); ++i) {
        label += fmt::format(" {}{}", name(busy.loops[i].dim), pass.at[i]);
      }
      const std::string quoted = json_text(ordered_json(label));
      const std::string text = quoted.substr(0, quoted.find_last_not_of('\n') + 1);
      events.push_back(fmt::format(R"({{"name":"active PEs","ph":"C","pid":1,"ts":{},"args":{{"PEs":{}}}}})",
                                   time + pass.start, pass.pes.size()));
      for (const std::int64_t pe : pass.pes) {
        if (!named[static_cast<std::size_t>(pe)]) {
          named[static_cast<std::size_t>(pe)] = true;
          events.push_back(fmt::format(R"({{"name":"thread_name","ph":"M","pid":1,"tid":{},"args":{{"name":"{}"}}}})",
                                       pe, pe_name(hardware, pe)));
        }
        events.push_back(fmt::format(R"({{"name":{},"ph":"X","pid":1,"tid":{},"ts":{},"dur":{}}})", text, pe,
                                     time + pass.start, pass.steps));
      }
    }
    if (!complete) break;
    time += e.counts.steps;
  }
  if (!complete) {
    events.push_back(fmt::format(
        R"({{"name":"the trace ends here: {} events","ph":"i","pid":1,"tid":0,"ts":{},"s":"g"}})", most_events, time));
  }
  return fmt::format("{{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n{}\n]}}\n", fmt::join(events, ",\n"));
}

}  // namespace weft
