// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "weft/report/evaluation_report.h"
#include "weft/report/hardware_report.h"
#include "weft/report/json.h"
#include "weft/report/page.h"

namespace weft {
namespace {

using nlohmann::ordered_json;

std::string unit_name(const std::string& quantity, const Hardware& hardware) {
  return fmt::format("{}_{}", quantity, suffix(hardware.components.unit));
}

bool has_static_nodes(const Hardware& hardware) {
  for (const HardwareNode& node : hardware.nodes) {
    if (node.kind == NodeKind::statics) return true;
  }
  return false;
}

ordered_json by_level(const Totals& totals, const Hardware& hardware) {
  ordered_json json = ordered_json::object();
  for (std::size_t n = 0; n < hardware.nodes.size(); ++n) {
    json[hardware.nodes[n].name] = exact_json_millionths(totals.energy_by_node[n]);
  }
  return json;
}

ordered_json by_tensor(const Totals& totals, const Hardware& hardware) {
  ordered_json json;
  for (const Tensor3 t : kAllTensors) {
    json[std::string(name(t))] = exact_json_millionths(totals.energy_by_tensor[index(t)]);
  }
  json["compute"] = exact_json_millionths(totals.compute_energy);
  if (has_static_nodes(hardware)) json["static"] = exact_json_millionths(totals.static_energy);
  return json;
}

/// What the totals and each layer have in common.
ordered_json figures_json(const Totals& totals, const Hardware& hardware) {
  ordered_json json = {{"macs", exact_json(totals.macs)}, {"active_pes", totals.active_pes}};
  json[unit_name("energy", hardware)] = exact_json_millionths(totals.energy);
  json[unit_name("chip_energy", hardware)] = exact_json_millionths(totals.chip_energy);
  json[unit_name("energy_by_level", hardware)] = by_level(totals, hardware);
  json[unit_name("energy_by_tensor", hardware)] = by_tensor(totals, hardware);
  json["processing_cycles"] = totals.processing_cycles;
  json["latency_cycles"] = totals.latency_cycles;
  json["latency_s"] = duration(Cycles{totals.latency_cycles}, hardware.clock).value;
  if (const auto power = chip_power(totals, hardware)) json["chip_power_W"] = power->value;
  json["offchip_read_bytes"] = exact_json(totals.offchip_read_bytes);
  json["offchip_write_bytes"] = exact_json(totals.offchip_write_bytes);
  return json;
}

ordered_json accesses_json(const LayerEvaluation& layer, const Hardware& hardware) {
  ordered_json json = ordered_json::array();
  for (std::size_t n = 0; n < hardware.nodes.size(); ++n) {
    for (const Tensor3 t : kAllTensors) {
      const auto& points = layer.placement.points[index(t)];
      const bool kept = std::any_of(points.begin(), points.end(), [n](const PlacedPoint& p) { return p.node == n; });
      if (!kept) continue;
      const Accesses& a = layer.counts.stores[n][index(t)];
      json.push_back({{"level", hardware.nodes[n].name},
                      {"tensor", name(t)},
                      {"reads", exact_json(a.reads)},
                      {"writes", exact_json(a.writes)}});
    }
  }
  return json;
}

ordered_json hops_json(const LayerEvaluation& layer, const Hardware& hardware) {
  ordered_json json = ordered_json::array();
  for (std::size_t n = 0; n < hardware.nodes.size(); ++n) {
    if (hardware.nodes[n].kind != NodeKind::fanout) continue;
    for (const Tensor3 t : kAllTensors) {
      json.push_back({{"level", hardware.nodes[n].name},
                      {"tensor", name(t)},
                      {"words", exact_json(layer.counts.hops[n][index(t)])}});
    }
  }
  return json;
}

/// Which bounds the loops of the mappings have that a certificate is about.
std::string_view bounds_of_space(const Certificate& certificate) {
  if (!certificate.free) return "any";
  return certificate.folds ? "divide_or_fold" : "divide";
}

/// The value in the unit's millionths for energy, in cycles for latency, their product for EDP: as the mapper compares.
ordered_json certificate_json(const std::optional<Certificate>& certificate, bool timing) {
  if (!certificate) return nullptr;
  ordered_json json = {{"optimal", certificate->optimal},
                       {"objective_value", exact_json(certificate->objective_value)},
                       {"lower_bound", exact_json(certificate->lower_bound)},
                       {"space", exact_json(certificate->space)},
                       {"bounds", bounds_of_space(*certificate)},
                       {"visited", certificate->visited},
                       {"pruned", ordered_json::object()}};
  for (const auto& [argument, count] : certificate->pruned) json["pruned"][argument] = exact_json(count);
  json["seconds"] = timing ? ordered_json(certificate->seconds) : ordered_json(nullptr);  // differs from run to run
  return json;
}

std::string_view origin(const LayerEvaluation& layer) { return layer.certificate ? "mapper" : "given"; }

std::string_view check_name(WalkCheck check) {
  static constexpr std::array<std::string_view, 4> kNames = {"", "agrees", "too large", "differs"};
  return kNames[static_cast<std::size_t>(check)];
}

ordered_json layer_json(const LayerEvaluation& layer, const Hardware& hardware, bool timing) {
  ordered_json json = {{"name", layer.layer.name}, {"kind", name(layer.layer.kind)}};
  json.update(figures_json(totals(layer, hardware), hardware));
  json["ifmap_zeros"] = layer.ifmap_zeros;
  json["accesses"] = accesses_json(layer, hardware);
  json["hops"] = hops_json(layer, hardware);
  json["mapping_origin"] = origin(layer);
  json["mapping"] = to_json(layer.mapping);
  json["certificate"] = certificate_json(layer.certificate, timing);
  if (layer.check != WalkCheck::not_asked) json["check"] = check_name(layer.check);
  for (const LayerEvaluation& next : layer.next) {
    ordered_json other = figures_json(totals(next, hardware), hardware);
    other["mapping"] = to_json(next.mapping);
    json["next"].push_back(std::move(other));
  }
  if (!layer.next.empty()) json["next_proven"] = layer.next_proven;
  return json;
}

ordered_json other_json(const OtherLayer& other) {
  return {{"name", other.layer.name},       {"op", other.layer.op},
          {"kind", name(other.layer.kind)}, {"operations", other.layer.operations},
          {"read_bytes", other.read_bytes}, {"write_bytes", other.write_bytes}};
}

ordered_json heading_json(const std::string& schema, const Evaluation& evaluation) {
  return {{"schema", schema},
          {"network", evaluation.network},
          {"hardware", evaluation.hardware.name},
          {"batch", evaluation.batch},
          {"conventions", to_string(evaluation.conventions)},
          {"objective", to_string(evaluation.objective)},
          {"second_objective", evaluation.second ? ordered_json(to_string(*evaluation.second)) : ordered_json(nullptr)},
          {"dataflow", evaluation.dataflow}};
}

std::string csv_energies(const std::vector<Int128>& energies) {
  std::string text;
  for (const Int128 energy : energies) text += "," + json_number(exact_json_millionths(energy));
  return text;
}

std::vector<Int128> energies_of(const Totals& totals, const Hardware& hardware) {
  std::vector<Int128> all = {totals.energy, totals.chip_energy};
  all.insert(all.end(), totals.energy_by_node.begin(), totals.energy_by_node.end());
  all.insert(all.end(), totals.energy_by_tensor.begin(), totals.energy_by_tensor.end());
  all.push_back(totals.compute_energy);
  if (has_static_nodes(hardware)) all.push_back(totals.static_energy);
  return all;
}

std::string csv_energy_names(const Hardware& hardware) {
  std::vector<std::string> names = {"energy", "chip_energy"};
  for (const HardwareNode& node : hardware.nodes) names.push_back("energy_level_" + node.name);
  for (const Tensor3 t : kAllTensors) names.push_back(fmt::format("energy_tensor_{}", name(t)));
  names.emplace_back("energy_tensor_compute");
  if (has_static_nodes(hardware)) names.emplace_back("energy_tensor_static");
  std::string text;
  for (const std::string& quantity : names) text += "," + csv_field(unit_name(quantity, hardware));
  return text;
}

}  // namespace

ordered_json totals_json(const Evaluation& evaluation) {
  ordered_json json = figures_json(totals(evaluation), evaluation.hardware);
  json["nonzero_macs"] = exact_json(nonzero_macs(evaluation));
  const std::optional<CoreArea> area = core_area(evaluation.hardware);
  json["area_mm2"] = area ? ordered_json(area->area.value) : ordered_json();
  json["area_origin"] = area ? ordered_json(area->published ? "published" : "area table") : ordered_json();
  const OtherTotals others = totals(evaluation.other_layers);
  json["other_operations"] = exact_json(others.operations);
  json["other_read_bytes"] = exact_json(others.read_bytes);
  json["other_write_bytes"] = exact_json(others.write_bytes);
  return json;
}

ordered_json evaluation_json(const Evaluation& evaluation, bool timing) {
  ordered_json json = heading_json("weft.evaluation/1", evaluation);
  json["zeros_source"] = evaluation.zeros_source.empty() ? ordered_json() : ordered_json(evaluation.zeros_source);
  json["totals"] = totals_json(evaluation);
  json["layers"] = ordered_json::array();
  for (const LayerEvaluation& layer : evaluation.layers) {
    json["layers"].push_back(layer_json(layer, evaluation.hardware, timing));
  }
  json["other_layers"] = ordered_json::array();
  for (const OtherLayer& other : evaluation.other_layers) json["other_layers"].push_back(other_json(other));
  json["sources"] = prices_json(evaluation.hardware);
  return json;
}

ordered_json mapping_json(const Evaluation& evaluation, bool timing) {
  ordered_json json = heading_json("weft.mapping/1", evaluation);
  json["layers"] = ordered_json::array();
  for (const LayerEvaluation& layer : evaluation.layers) {
    json["layers"].push_back(layer_json(layer, evaluation.hardware, timing));
  }
  return json;
}

std::string evaluation_csv(const Evaluation& evaluation) {
  const Hardware& hardware = evaluation.hardware;
  std::string text = fmt::format(
      "name,kind,macs,active_pes,processing_cycles,latency_cycles,offchip_read_bytes,offchip_write_bytes,ifmap_zeros{}"
      "\n",
      csv_energy_names(hardware));
  for (const LayerEvaluation& layer : evaluation.layers) {
    const Totals figures = totals(layer, hardware);
    text += fmt::format("{},{},{},{},{},{},{},{},{}{}\n", csv_field(layer.layer.name), name(layer.layer.kind),
                        to_string(figures.macs), figures.active_pes, figures.processing_cycles, figures.latency_cycles,
                        to_string(figures.offchip_read_bytes), to_string(figures.offchip_write_bytes),
                        layer.ifmap_zeros, csv_energies(energies_of(figures, hardware)));
  }
  return text;
}

std::string mapping_csv(const Evaluation& evaluation) {
  const Hardware& hardware = evaluation.hardware;
  std::string text =
      fmt::format("name,macs,{},latency_cycles,active_pes,origin,mapping\n", unit_name("energy", hardware));
  for (const LayerEvaluation& layer : evaluation.layers) {
    text += fmt::format("{},{},{},{},{},{},{}\n", csv_field(layer.layer.name), to_string(layer.counts.macs),
                        json_number(exact_json_millionths(layer.cost.total)), layer.counts.latency_cycles,
                        layer.counts.active_pes, origin(layer), csv_field(to_json(layer.mapping).dump()));
  }
  return text;
}

}  // namespace weft
