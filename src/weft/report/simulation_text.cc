// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "weft/base/format.h"
#include "weft/base/text.h"
#include "weft/base/text_table.h"
#include "weft/report/page.h"
#include "weft/report/simulation_report.h"

namespace weft {
namespace {

double number(Int128 n) { return static_cast<double>(n); }

std::string bytes_text(Int128 bytes) { return format_si(number(bytes), "B"); }

Totals dense_totals(const Simulation& simulation) {
  Evaluation dense = simulation.evaluation;
  for (LayerEvaluation& layer : dense.layers) layer.offchip = {};
  return totals(dense);
}

std::string offchip_text(const Simulation& simulation, const Totals& t) {
  const Totals dense = dense_totals(simulation);
  const Int128 all = t.offchip_read_bytes + t.offchip_write_bytes,
               plain = dense.offchip_read_bytes + dense.offchip_write_bytes;
  std::string text = fmt::format("{}: {} read, {} written", bytes_text(all), bytes_text(t.offchip_read_bytes),
                                 bytes_text(t.offchip_write_bytes));
  if (all < plain) text += fmt::format("; {} without the link's codec", bytes_text(plain));
  return text;
}

std::string arithmetic_text(const Hardware& h) {
  const auto rounding = [](Rounding r) { return r == Rounding::truncate ? "truncated" : "rounded to nearest"; };
  return fmt::format("{} x {} b, products {} to the {} b accumulator, which {}; ofmaps of {} b {}", h.bits[0],
                     h.bits[1], rounding(h.arithmetic.products), h.accumulator_bits(),
                     h.arithmetic.overflow == Excess::saturate ? "saturates" : "wraps", h.bits[0],
                     rounding(h.arithmetic.ofmap));
}

template <class Holds>
std::size_t count_layers(const Simulation& simulation, Holds holds) {
  return static_cast<std::size_t>(std::count_if(simulation.layers.begin(), simulation.layers.end(), holds));
}

std::string outputs_text(const Simulation& simulation) {
  const std::size_t of = simulation.layers.size();
  const std::size_t equal = count_layers(simulation, [](const LayerSimulation& l) { return l.outputs_equal; });
  const std::size_t saturated =
      count_layers(simulation, [](const LayerSimulation& l) { return !l.outputs_equal && l.overflows > 0; });
  std::string text = fmt::format("equal to plain loops, bit for bit, in {} of {} layers", equal, of);
  if (saturated > 0) {
    text +=
        fmt::format("; in {} the accumulator overflows, and the order of the mapping is what is computed", saturated);
  }
  if (equal + saturated < of) text += fmt::format("; {} DIFFER", of - equal - saturated);
  return text;
}

std::string counts_text(const Simulation& simulation) {
  const std::size_t equal =
      count_layers(simulation, [](const LayerSimulation& l) { return l.counts_equal && l.cycles_equal; });
  std::string text = fmt::format("walking the nest gives the model's counts and cycles in {} of {} layers", equal,
                                 simulation.layers.size());
  if (equal < simulation.layers.size()) text += fmt::format("; {} DIFFER", simulation.layers.size() - equal);
  return text;
}

std::string classes_text(const Agreement& a) {
  std::string text = fmt::format("{} of {} samples have the class that float32 gives", a.as_float, a.samples);
  if (a.labelled > 0) {
    text += fmt::format("; right: {} of {}, float32 {}", a.right, a.labelled, a.right_float);
  }
  return text;
}

std::string layers_table(const Simulation& simulation, const TextStyle& style) {
  const Evaluation& e = simulation.evaluation;
  const bool joules = e.hardware.components.unit == EnergyUnit::picojoule;
  TextTable table({{"layer", "", Align::left},
                   {"MACs"},
                   {"on zeros"},
                   {"ifmap zeros"},
                   {"latency"},
                   {"energy"},
                   {joules ? "pJ/MAC" : "energy/MAC"},
                   {"off-chip"},
                   {"dense"},
                   {"overflows"},
                   {"equal", "", Align::left}});
  for (std::size_t i = 0; i < simulation.layers.size(); ++i) {
    const LayerEvaluation& layer = e.layers[i];
    const LayerSimulation& l = simulation.layers[i];
    const Totals t = totals(layer, e.hardware);
    LayerEvaluation plain = layer;
    plain.offchip = {};
    const Totals dense = totals(plain, e.hardware);
    std::string equal = l.outputs_equal ? "values" : "";
    if (l.counts_equal) equal += equal.empty() ? "counts" : ", counts";
    if (l.cycles_equal) equal += equal.empty() ? "cycles" : ", cycles";
    table.add_row({printable(layer.layer.name), format_short(number(l.macs)),
                   format_percent(number(l.zero_macs), number(l.macs)), format_percent(l.ifmap_zeros, 1),
                   format_time(duration(Cycles{t.latency_cycles}, e.hardware.clock)),
                   energy_text(t.energy, e.hardware.components.unit),
                   three_digits(number(t.energy) / double(kEnergyScale) / number(t.macs)),
                   bytes_text(t.offchip_read_bytes + t.offchip_write_bytes),
                   bytes_text(dense.offchip_read_bytes + dense.offchip_write_bytes), format_count(l.overflows), equal});
  }
  return table.render(style);
}

/// Binary points, and what the codec had to do with.
std::string maps_table(const Simulation& simulation, const TextStyle& style) {
  TextTable table({{"layer", "", Align::left},
                   {"ifmap, weight, sum, ofmap", "fraction bits"},
                   {"clipped"},
                   {"ifmap", "b/value"},
                   {"entropy", "b/value"},
                   {"mean, longest run", "zeros"},
                   {"ofmap", "b/value"},
                   {"entropy", "b/value"},
                   {"mean, longest run", "zeros"}});
  const auto bits = [](const MapTraffic& m) {
    return fmt::format("{:.2f}", double(m.coded_bits) / double(std::max<std::int64_t>(1, m.values.count)));
  };
  const auto runs = [](const MapTraffic& m) {
    return fmt::format("{:.1f}, {}", double(m.values.zeros) / double(std::max<std::int64_t>(1, m.values.runs)),
                       m.values.longest_run);
  };
  for (std::size_t i = 0; i < simulation.layers.size(); ++i) {
    const LayerSimulation& l = simulation.layers[i];
    table.add_row(
        {printable(simulation.evaluation.layers[i].layer.name),
         fmt::format("{}, {}, {}, {}", l.ifmap.fraction, l.weight.fraction, l.accumulator.fraction, l.ofmap.fraction),
         format_count(l.clipped), bits(l.ifmap_map), fmt::format("{:.2f}", l.ifmap_map.values.entropy_bits),
         runs(l.ifmap_map), bits(l.ofmap_map), fmt::format("{:.2f}", l.ofmap_map.values.entropy_bits),
         runs(l.ofmap_map)});
  }
  return table.render(style);
}

}  // namespace

std::string simulation_text(const Simulation& simulation, const SimulationReportOptions& options) {
  const Evaluation& e = simulation.evaluation;
  const Hardware& hardware = e.hardware;
  const Totals t = totals(e);
  const Int128 zero = t.macs - nonzero_macs(e);
  const Seconds time = duration(Cycles{t.latency_cycles}, hardware.clock);
  std::string text =
      labelled("network", fmt::format("{}, {} {}", printable(e.network), e.layers.size(),
                                      e.layers.size() == 1 ? "layer that multiplies" : "layers that multiply"));
  text += labelled("hardware", printable(hardware.name + ": " + hardware.description));
  text += labelled("data",
                   fmt::format("{} {} in {} {}, {}", e.batch, e.batch == 1 ? "sample" : "samples", simulation.batches,
                               simulation.batches == 1 ? "batch" : "batches", printable(options.data)));
  text += labelled("arithmetic", arithmetic_text(hardware));
  text += labelled("values", outputs_text(simulation));
  text += labelled("counts", counts_text(simulation));
  text += labelled("classes", classes_text(simulation.classes));
  text += labelled("MACs", fmt::format("{}; {} of them ({}) on a zero of the ifmap{}", format_short(number(t.macs)),
                                       format_short(number(zero)), format_percent(number(zero), number(t.macs)),
                                       hardware.gates_zeros ? ", which are gated" : ""));
  text += labelled("run time", fmt::format("{}, {} of it processing", format_time(time),
                                           format_time(duration(Cycles{t.processing_cycles}, hardware.clock))));
  if (const auto power = chip_power(t, hardware)) text += labelled("power", format_power(*power) + " of the chip");
  text += labelled("energy", fmt::format("{} of the chip; with off-chip memory {}",
                                         energy_text(t.chip_energy, hardware.components.unit),
                                         energy_text(t.energy, hardware.components.unit)));
  text += labelled("off-chip", offchip_text(simulation, t));
  text += "\n" + layers_table(simulation, options.style);
  text += "energy with off-chip memory; all figures are for all samples\n";
  if (options.every) text += "\n" + maps_table(simulation, options.style);
  return text;
}

}  // namespace weft
