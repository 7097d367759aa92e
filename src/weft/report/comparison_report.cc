// SPDX-License-Identifier: Apache-2.0
#include "weft/report/comparison_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "weft/base/format.h"
#include "weft/base/text.h"
#include "weft/base/text_table.h"
#include "weft/report/json.h"
#include "weft/report/page.h"

namespace weft {
namespace {

using nlohmann::ordered_json;

constexpr int kBarWidth = 20;
/// Outermost first, as Fig. 33(a) stacks them.
constexpr std::array<Level, kLevels> kOutermostFirst = {Level::dram, Level::glb, Level::array, Level::rf, Level::alu};
constexpr std::array<std::string_view, kLevels> kLevelHeadings = {"ALU", "RF", "array", "buffer", "DRAM"};

double per_mac(Int128 millionths, const EnergyByLevel& energy) {
  return double(millionths) / double(kEnergyScale) / double(energy.macs);
}

double delay_per_mac(const ComparisonPoint& point) { return double(point.delay_cycles) / double(point.energy.macs); }
double energy_per_mac(const ComparisonPoint& point) { return per_mac(point.energy.total, point.energy); }
double dram_per_mac(const ComparisonPoint& point) { return double(point.dram_accesses) / double(point.energy.macs); }

std::string upper(LayerKind kind) { return kind == LayerKind::conv ? "CONV" : "FC"; }

bool same_setting(const ComparisonPoint& a, const ComparisonPoint& b) {
  return a.layers == b.layers && a.pes == b.pes && a.batch == b.batch;
}

/// The points of one table: they follow one another.
using Group = std::vector<const ComparisonPoint*>;
std::vector<Group> groups(const Comparison& comparison) {
  std::vector<Group> result;
  for (const ComparisonPoint& point : comparison.points) {
    if (result.empty() || !same_setting(*result.back().front(), point)) result.emplace_back();
    result.back().push_back(&point);
  }
  return result;
}

/// The feasible point of least energy, or none.
const ComparisonPoint* least(const Group& group) {
  const ComparisonPoint* best = nullptr;
  for (const ComparisonPoint* point : group) {
    if (point->feasible && (best == nullptr || energy_per_mac(*point) < energy_per_mac(*best))) best = point;
  }
  return best;
}

std::string group_text(const Group& group, const std::string& unit, const TextStyle& style) {
  const ComparisonPoint& first = *group.front();
  std::vector<Column> columns = {{"dataflow", "", Align::left}, {"buffer"}};
  for (const Level level : kOutermostFirst) columns.push_back({std::string(kLevelHeadings[std::size_t(level)])});
  for (const char* name : {"total", "x least", "ifmap", "weight", "psum", "DRAM/MAC", "delay", "EDP", "PEs"}) {
    columns.push_back({name});
  }
  TextTable table(std::move(columns));
  const ComparisonPoint* best = least(group);
  std::string reasons;
  for (const ComparisonPoint* point : group) {
    std::vector<std::string> row = {printable(point->dataflow.name), format_bytes(point->buffer)};
    if (!point->feasible) {
      row.resize(kLevels + 11, "-");
      reasons +=
          wrapped(fmt::format("{}: no mapping: {}", printable(point->dataflow.name), printable(point->reason)), 2, 0) +
          "\n";
    } else {
      const EnergyByLevel& e = point->energy;
      for (const Level level : kOutermostFirst) {
        row.push_back(fmt::format("{:.3f}", per_mac(e.by_level[std::size_t(level)], e)));
      }
      row.push_back(fmt::format("{:.3f}", energy_per_mac(*point)));
      row.push_back(fmt::format("{:.2f}", energy_per_mac(*point) / energy_per_mac(*best)));
      for (const Int128 energy : e.by_tensor) row.push_back(fmt::format("{:.3f}", per_mac(energy, e)));
      row.push_back(fmt::format("{:.5f}", dram_per_mac(*point)));
      row.push_back(fmt::format("{:.5f}", delay_per_mac(*point)));
      row.push_back(fmt::format("{:.4f}", energy_per_mac(*point) * delay_per_mac(*point)));
      row.push_back(format_count(point->active_pes));
    }
    table.add_row(std::move(row));
  }
  return fmt::format("{} layers, {} PEs, batch {}: energy per MAC [{}]\n{}{}", upper(first.layers),
                     format_count(first.pes), format_count(first.batch), unit, table.render(style), reasons);
}

/// The survey's Fig. 35: every layer's share of one dataflow's energy.
std::string layers_text(const std::vector<const ComparisonPoint*>& points, const std::string& unit,
                        const TextStyle& style) {
  std::vector<Column> columns = {{"layer", "", Align::left}};
  for (const Level level : kOutermostFirst) columns.push_back({std::string(kLevelHeadings[std::size_t(level)])});
  columns.push_back({"energy", unit});
  columns.push_back({"share"});
  columns.push_back({"", "", Align::left});
  TextTable table(std::move(columns));
  double all = 0;
  for (const ComparisonPoint* point : points) all += double(point->energy.total);
  for (const ComparisonPoint* point : points) {
    for (const LayerEnergy& layer : point->by_layer) {
      const double total = double(layer.energy.total);
      std::vector<std::string> row = {printable(layer.layer)};
      for (const Level level : kOutermostFirst) {
        row.push_back(format_percent(double(layer.energy.by_level[std::size_t(level)]), total));
      }
      row.push_back(format_short(total / double(kEnergyScale)));
      row.push_back(format_percent(total, all));
      row.push_back(bar(total / all, kBarWidth, style));
      table.add_row(std::move(row));
    }
  }
  return table.render(style);
}

std::string best_layers_text(const std::vector<Group>& all, const std::string& unit, const TextStyle& style) {
  const ComparisonPoint* conv = least(all.front());
  if (conv == nullptr) return "";
  std::vector<const ComparisonPoint*> points;  // the same dataflow on the other kind of layers too
  for (const Group& group : all) {
    for (const ComparisonPoint* point : group) {
      if (point->dataflow.name == conv->dataflow.name && point->feasible) points.push_back(point);
    }
  }
  return fmt::format("\nThe layers of {}\n{}", printable(conv->dataflow.name), layers_text(points, unit, style));
}

bool one_setting(const std::vector<Group>& all) {
  return std::all_of(all.begin(), all.end(), [&](const Group& group) {
    return group.front()->pes == all.front().front()->pes && group.front()->batch == all.front().front()->batch;
  });
}

ordered_json point_json(const ComparisonPoint& point, std::string_view unit) {
  ordered_json json = {{"dataflow", point.dataflow.name},
                       {"dataflow_file", point.dataflow.dataflow},
                       {"machine", point.dataflow.machine},
                       {"pes", point.pes},
                       {"batch", point.batch},
                       {"layers", name(point.layers)},
                       {"buffer_bytes", point.buffer.value},
                       {"feasible", point.feasible},
                       {"reason", point.feasible ? ordered_json() : ordered_json(point.reason)}};
  if (!point.feasible) {
    for (const char* key : {"energy_per_mac", "energy_by_level_per_mac", "energy_by_tensor_per_mac",
                            "dram_accesses_per_mac", "delay_per_mac", "edp_per_mac", "active_pes"}) {
      json[key] = nullptr;
    }
    return json;
  }
  const EnergyByLevel& e = point.energy;
  json["energy_per_mac"] = energy_per_mac(point);
  for (std::size_t l = 0; l < kLevels; ++l) {
    json["energy_by_level_per_mac"][std::string(kLevelNames[l])] = per_mac(e.by_level[l], e);
  }
  for (const Tensor3 t : kAllTensors) {
    json["energy_by_tensor_per_mac"][std::string(name(t))] = per_mac(e.by_tensor[index(t)], e);
  }
  json["energy_by_tensor_per_mac"]["compute"] = per_mac(e.compute, e);
  json["dram_accesses_per_mac"] = dram_per_mac(point);
  json["delay_per_mac"] = delay_per_mac(point);
  json["edp_per_mac"] = energy_per_mac(point) * delay_per_mac(point);
  json["active_pes"] = point.active_pes;
  json["macs"] = exact_json(e.macs);
  for (const LayerEnergy& layer : point.by_layer) {
    ordered_json row = {{"name", layer.layer}, {"macs", exact_json(layer.energy.macs)}};
    row[fmt::format("energy_{}", unit)] = exact_json_millionths(layer.energy.total);
    for (std::size_t l = 0; l < kLevels; ++l) {
      row[fmt::format("energy_by_level_{}", unit)][std::string(kLevelNames[l])] =
          exact_json_millionths(layer.energy.by_level[l]);
    }
    json["by_layer"].push_back(std::move(row));
  }
  return json;
}

}  // namespace

std::string comparison_text(const Comparison& comparison, const TextStyle& style) {
  const std::string unit = comparison.unit == EnergyUnit::mac ? "MAC" : "pJ";
  std::string text = labelled("network", printable(comparison.network));
  text += labelled("comparison", printable(comparison.rule.description) + ", at equal area for storage");
  text += labelled("conventions", to_string(comparison.conventions));
  text += labelled("mappings", fmt::format("proven to have least {}", to_string(comparison.objective)));
  const std::vector<Group> all = groups(comparison);
  for (const Group& group : all) text += "\n" + group_text(group, unit, style);
  if (one_setting(all)) text += best_layers_text(all, unit, style);
  return text + "\ndelay: cycles per MAC; EDP: energy x delay per MAC; PEs: active, weighted by steps\n";
}

ordered_json comparison_json(const Comparison& comparison) {
  ordered_json json = {{"schema", "weft.comparison/1"},
                       {"network", comparison.network},
                       {"comparison", comparison.rule.name},
                       {"conventions", to_string(comparison.conventions)},
                       {"objective", to_string(comparison.objective)},
                       {"energy_unit", suffix(comparison.unit)},
                       {"points", ordered_json::array()}};
  for (const ComparisonPoint& point : comparison.points)
    json["points"].push_back(point_json(point, suffix(comparison.unit)));
  return json;
}

std::string comparison_csv(const Comparison& comparison) {
  const std::string_view unit = suffix(comparison.unit);
  std::string text = "dataflow,pes,batch,layers,buffer_bytes,feasible,reason";
  text += fmt::format(",energy_{}_per_mac", unit);
  for (const std::string_view level : kLevelNames) text += fmt::format(",{}_{}_per_mac", level, unit);
  for (const std::string_view tensor : kTensorNames) text += fmt::format(",{}_{}_per_mac", tensor, unit);
  text += fmt::format(",compute_{}_per_mac,dram_accesses_per_mac,delay_cycles_per_mac,edp_per_mac,active_pes\n", unit);
  for (const ComparisonPoint& point : comparison.points) {
    text += fmt::format("{},{},{},{},{},{},{}", csv_field(point.dataflow.name), point.pes, point.batch,
                        name(point.layers), point.buffer.value, point.feasible, csv_field(point.reason));
    if (!point.feasible) {
      text += std::string(kLevels + kTensors + 6, ',') + "\n";
      continue;
    }
    const EnergyByLevel& e = point.energy;
    text += fmt::format(",{}", energy_per_mac(point));
    for (const Int128 energy : e.by_level) text += fmt::format(",{}", per_mac(energy, e));
    for (const Int128 energy : e.by_tensor) text += fmt::format(",{}", per_mac(energy, e));
    text += fmt::format(",{},{},{},{},{}\n", per_mac(e.compute, e), dram_per_mac(point), delay_per_mac(point),
                        energy_per_mac(point) * delay_per_mac(point), point.active_pes);
  }
  return text;
}

}  // namespace weft
