// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "weft/base/format.h"
#include "weft/base/text.h"
#include "weft/base/text_table.h"
#include "weft/report/evaluation_report.h"
#include "weft/report/hardware_report.h"
#include "weft/report/page.h"

namespace weft {
namespace {

double number(Int128 n) { return static_cast<double>(n); }

/// Energies are read in the unit of the components: pJ figures get an SI prefix, normalised ones a power of 1000.
EnergyUnit unit_of(const Evaluation& e) { return e.hardware.components.unit; }

std::string per_inference(const Evaluation& e, Int128 energy) { return energy_text(energy / e.batch, unit_of(e)); }

std::string megabytes(Int128 bytes) { return format_si(number(bytes), "B"); }

std::string count_and_short(Int128 n) {
  return n < 10'000 ? format_count(n) : fmt::format("{} ({})", format_count(n), format_short(number(n)));
}

// ---- the rows of Table V

std::string process_text(const Hardware& hardware) {
  std::string text;
  for (const std::string& part : {hardware.technology, hardware.voltage}) {
    if (!part.empty()) text += printable(part) + ", ";
  }
  return text + "clock " + format_frequency(hardware.clock);
}

std::string area_text(const Hardware& hardware) {
  const std::optional<CoreArea> area = core_area(hardware);
  if (!area) return "unknown";
  return fmt::format("{:.4g} mm2 ({}), {:.3g} mm2 a multiplier", area->area.value,
                     area->published ? "published" : "sum of the areas of its components",
                     area->area.value / double(hardware.pes()));
}

std::string memory_text(const Hardware& hardware) {
  const Bytes memory = onchip_memory(hardware);
  return fmt::format("{}, {:.3g} KiB a multiplier", format_bytes(memory),
                     double(memory.value) / 1024 / double(hardware.pes()));
}

std::string bits_text(const Hardware& hardware) {
  const auto& [ifmap, weight, psum] = hardware.bits;
  if (ifmap == weight && weight == psum) return std::to_string(ifmap);
  return fmt::format("ifmap {}, weight {}, psum {}", ifmap, weight, psum);
}

std::string macs_text(const Evaluation& e, const Totals& t) {
  std::string text = count_and_short(t.macs);
  if (!e.zeros_source.empty())
    text += fmt::format("; {} with an ifmap value that is not zero", format_short(number(nonzero_macs(e))));
  return text;
}

std::string of_batch(const Evaluation& e, const std::string& whole, const std::string& one) {
  return e.batch == 1 ? one : fmt::format("{} for the batch, {} an inference", whole, one);
}

std::string time_text(const Evaluation& e, const Totals& t) {
  const Seconds time = duration(Cycles{t.latency_cycles}, e.hardware.clock);
  const std::string whole = of_batch(e, format_time(time), format_time({time.value / double(e.batch)}));
  if (t.processing_cycles == t.latency_cycles) return whole + "; none of it waiting for off-chip memory";
  return fmt::format("{}; {} of it processing, the rest waits for off-chip memory", whole,
                     format_time(duration(Cycles{t.processing_cycles}, e.hardware.clock)));
}

std::string energy_row(const Evaluation& e, const Totals& t) {
  return fmt::format("{} an inference; with off-chip memory {}", per_inference(e, t.chip_energy),
                     per_inference(e, t.energy));
}

std::string offchip_text(const Evaluation& e, const Totals& t) {
  const Int128 all = t.offchip_read_bytes + t.offchip_write_bytes;
  return fmt::format("{} an inference: {} read, {} written", megabytes(all / e.batch),
                     megabytes(t.offchip_read_bytes / e.batch), megabytes(t.offchip_write_bytes / e.batch));
}

std::string throughput_text(const Evaluation& e, const Totals& t) {
  const double seconds = duration(Cycles{t.latency_cycles}, e.hardware.clock).value;
  std::string text = fmt::format("{}, {} inferences/s", format_si(number(t.macs) / seconds, "MAC/s"),
                                 three_digits(double(e.batch) / seconds));
  if (const auto power = chip_power(t, e.hardware)) {
    text += "; " + format_si(number(t.macs) / seconds / power->value, "MAC/s/W");
  }
  return text;
}

/// "12.3 pJ on the chip": an energy over a number of MACs.
std::string per_mac_text(const Evaluation& e, const Totals& t) {
  const char* unit = unit_of(e) == EnergyUnit::picojoule ? "pJ" : "MAC";
  const auto share = [&](Int128 energy, Int128 macs) {
    return three_digits(number(energy) / double(kEnergyScale) / number(macs));
  };
  std::string text = fmt::format("{} {} of the chip, {} {} with off-chip memory", share(t.chip_energy, t.macs), unit,
                                 share(t.energy, t.macs), unit);
  if (const Int128 nonzero = nonzero_macs(e); !e.zeros_source.empty() && nonzero > 0) {
    text += fmt::format("; {} {} of the chip per non-zero MAC", share(t.chip_energy, nonzero), unit);
  }
  return text;
}

std::string table_v(const Evaluation& e, const Totals& t) {
  const Hardware& hardware = e.hardware;
  const std::size_t n = e.layers.size();
  std::string text = labelled("network", fmt::format("{}, batch {}, {} {}", printable(e.network), e.batch, n,
                                                     n == 1 ? "layer that multiplies" : "layers that multiply"));
  text += labelled("hardware", printable(hardware.name + ": " + hardware.description));
  text += labelled("process", process_text(hardware));
  text += labelled("core area", area_text(hardware));
  text += labelled("on-chip memory", memory_text(hardware));
  text += labelled("multipliers", format_count(hardware.pes()));
  text += labelled("bits", bits_text(hardware));
  text += labelled("MACs", macs_text(e, t));
  text += labelled("run time", time_text(e, t));
  if (const auto power = chip_power(t, hardware)) text += labelled("power", format_power(*power) + " of the chip");
  text += labelled("energy", energy_row(e, t));
  text += labelled("energy per MAC", per_mac_text(e, t));
  text += labelled("off-chip", offchip_text(e, t));
  text += labelled("active PEs", fmt::format("{} of {} ({})", format_count(t.active_pes), format_count(hardware.pes()),
                                             format_percent(double(t.active_pes), double(hardware.pes()))));
  text += labelled("throughput", throughput_text(e, t));
  return text;
}

// ---- where the energy goes

struct Share {
  std::string label;
  Int128 energy = 0;
};

std::string shares_text(const std::string& heading, const std::vector<Share>& shares, Int128 whole, EnergyUnit unit,
                        const TextStyle& style) {
  constexpr int kBarWidth = 48;
  TextTable table({{heading, "", Align::left}, {"energy"}, {"share"}, {"", "", Align::left}});
  for (const Share& share : shares) {
    const double part = whole == 0 ? 0 : number(share.energy) / number(whole);
    table.add_row({printable(share.label), energy_text(share.energy, unit),
                   format_percent(number(share.energy), number(whole)), bar(part, kBarWidth, style)});
  }
  return table.render(style);
}

std::vector<Share> level_shares(const Evaluation& e, const Totals& t) {
  std::vector<Share> shares;
  for (std::size_t n = 0; n < e.hardware.nodes.size(); ++n) {
    shares.push_back({e.hardware.nodes[n].name, t.energy_by_node[n]});
  }
  return shares;
}

std::vector<Share> tensor_shares(const Totals& t) {
  std::vector<Share> shares;
  for (const Tensor3 tensor : kAllTensors) {
    shares.push_back({std::string(name(tensor)), t.energy_by_tensor[index(tensor)]});
  }
  shares.push_back({"compute", t.compute_energy});
  if (t.static_energy > 0) shares.push_back({"static", t.static_energy});
  return shares;
}

// ---- layers

/// A prefix that suits the largest of several figures, so that a column has one unit.
struct Scale {
  std::string prefix;
  double factor = 1;
};

Scale scale_for(double largest) {
  static const std::array<Scale, 8> kScales = {Scale{"P", 1e15}, {"T", 1e12}, {"G", 1e9},  {"M", 1e6},
                                               {"k", 1e3},       {"", 1},     {"m", 1e-3}, {"u", 1e-6}};
  for (const Scale& scale : kScales) {
    if (largest >= scale.factor) return scale;
  }
  return {"n", 1e-9};
}

/// A row of the layer table as numbers, in basic units.
struct LayerRow {
  std::string name;
  Totals totals;
  double processing = 0, latency = 0, energy = 0, power = 0, bytes = 0;
};

std::vector<LayerRow> layer_rows(const Evaluation& e) {
  const double unit = unit_of(e) == EnergyUnit::picojoule ? 1e-12 : 1;
  std::vector<LayerRow> rows;
  for (const LayerEvaluation& layer : e.layers) {
    LayerRow row{.name = printable(layer.layer.name), .totals = totals(layer, e.hardware)};
    row.processing = duration(Cycles{row.totals.processing_cycles}, e.hardware.clock).value;
    row.latency = duration(Cycles{row.totals.latency_cycles}, e.hardware.clock).value;
    row.energy = number(row.totals.energy) / double(kEnergyScale) * unit;
    row.bytes = number(row.totals.offchip_read_bytes + row.totals.offchip_write_bytes);
    if (const auto power = chip_power(row.totals, e.hardware)) row.power = power->value;
    rows.push_back(std::move(row));
  }
  return rows;
}

double largest(const std::vector<LayerRow>& rows, double LayerRow::*figure) {
  double most = 0;
  for (const LayerRow& row : rows) most = std::max(most, row.*figure);
  return most;
}

std::string layers_text(const Evaluation& e, const Totals& all, const TextStyle& style) {
  constexpr int kBarWidth = 16;
  const bool joules = unit_of(e) == EnergyUnit::picojoule;
  const std::vector<LayerRow> rows = layer_rows(e);
  const Scale time = scale_for(largest(rows, &LayerRow::latency));
  const Scale energy = scale_for(largest(rows, &LayerRow::energy));
  const Scale bytes = scale_for(largest(rows, &LayerRow::bytes));
  std::vector<Column> columns = {{"layer", "", Align::left},
                                 {"MACs"},
                                 {"PEs"},
                                 {"processing", time.prefix + "s"},
                                 {"latency", time.prefix + "s"},
                                 {"energy", energy.prefix + (joules ? "J" : " MAC")},
                                 {"off-chip", bytes.prefix + "B"},
                                 {joules ? "pJ/MAC" : "energy/MAC"},
                                 {"share of energy", "", Align::left}};
  if (joules) columns.insert(columns.begin() + 6, {"power", "mW"});
  TextTable table(columns);
  for (const LayerRow& row : rows) {
    const Totals& t = row.totals;
    std::vector<std::string> cells = {row.name,
                                      format_short(number(t.macs)),
                                      format_count(t.active_pes),
                                      three_digits(row.processing / time.factor),
                                      three_digits(row.latency / time.factor),
                                      three_digits(row.energy / energy.factor),
                                      three_digits(row.bytes / bytes.factor),
                                      three_digits(number(t.energy) / double(kEnergyScale) / number(t.macs)),
                                      bar(number(t.energy) / std::max(1.0, number(all.energy)), kBarWidth, style)};
    if (joules) cells.insert(cells.begin() + 6, three_digits(row.power * 1e3));
    table.add_row(std::move(cells));
  }
  return table.render(style) +
         (joules ? "energy with off-chip memory; power of the chip\n" : "energy with off-chip memory\n");
}

// ---- layers that do not multiply

std::string others_text(const Evaluation& e, bool every, const TextStyle& style) {
  if (e.other_layers.empty()) return "";
  const OtherTotals sum = totals(e.other_layers);
  std::string text = wrapped(
      fmt::format("{} other layers ({} operations) are not in the figures above: each run by itself they would read {} "
                  "from off-chip memory and write {}.",
                  e.other_layers.size(), format_short(number(sum.operations)), megabytes(sum.read_bytes),
                  megabytes(sum.write_bytes)),
      0, 0);
  if (!every) return "\n" + text + "\n";
  TextTable table({{"other layer", "", Align::left},
                   {"kind", "", Align::left},
                   {"op", "", Align::left},
                   {"operations"},
                   {"reads"},
                   {"writes"}});
  for (const OtherLayer& other : e.other_layers) {
    table.add_row({printable(other.layer.name), std::string(name(other.layer.kind)), printable(other.layer.op),
                   format_count(other.layer.operations), megabytes(other.read_bytes), megabytes(other.write_bytes)});
  }
  return "\n" + text + "\n\n" + table.render(style);
}

// ---- how the numbers came about

/// Names for a sentence: the first few, and how many more.
std::string some(const std::vector<std::string>& names) {
  constexpr std::size_t kMost = 8;
  const std::size_t shown = std::min(names.size(), kMost);
  std::string text =
      printable(fmt::format("{}", fmt::join(names.begin(), names.begin() + std::ptrdiff_t(shown), ", ")));
  if (names.size() > shown) text += fmt::format(" and {} more", names.size() - shown);
  return text;
}

template <class Predicate>
std::vector<std::string> layers_where(const Evaluation& e, const Predicate& wanted) {
  std::vector<std::string> names;
  for (const LayerEvaluation& layer : e.layers) {
    if (wanted(layer)) names.push_back(layer.layer.name);
  }
  return names;
}

/// "all layers", or which.
std::string which(const Evaluation& e, const std::vector<std::string>& names) {
  return names.size() == e.layers.size() ? (names.size() == 1 ? "the layer" : "all layers") : some(names);
}

std::string mappings_row(const Evaluation& e) {
  const auto given = layers_where(e, [](const LayerEvaluation& l) { return !l.certificate; });
  const auto proven = layers_where(e, [](const LayerEvaluation& l) { return l.certificate && l.certificate->optimal; });
  const auto open = layers_where(e, [](const LayerEvaluation& l) { return l.certificate && !l.certificate->optimal; });
  std::vector<std::string> parts;
  if (!given.empty()) {
    const auto first = std::find_if(e.layers.begin(), e.layers.end(), [](const auto& l) { return !l.certificate; });
    parts.push_back(fmt::format("given in {} for {}", printable(first->mapping_file), which(e, given)));
  }
  if (!proven.empty()) {
    parts.push_back(fmt::format("searched for {}: each proven to have the least {} of all that dataflow '{}' allows",
                                which(e, proven), to_string(e.objective), printable(e.dataflow)));
  }
  if (!open.empty()) {
    parts.push_back(fmt::format("searched but not proven best for {} ('weft map' prints the gap)", which(e, open)));
  }
  return fmt::format("{}", fmt::join(parts, "; "));
}

std::string zeros_row(const Evaluation& e) {
  if (e.zeros_source.empty()) return "every value taken as non-zero";
  if (!e.hardware.gates_zeros) return "known, but this machine does not exploit them";
  const auto dense = layers_where(e, [](const LayerEvaluation& l) { return l.ifmap_zeros == 0; });
  std::string text = fmt::format(
      "MACs on zeros in the ifmap, with their filter reads and psum updates, are gated; shares of zeros: {}",
      printable(e.zeros_source));
  if (!dense.empty()) text += fmt::format("; taken as dense: {}", some(dense));
  return text;
}

std::string check_row(const Evaluation& e) {
  std::array<std::size_t, 4> of{};
  for (const LayerEvaluation& layer : e.layers) ++of[static_cast<std::size_t>(layer.check)];
  const auto at = [&](WalkCheck check) { return of[static_cast<std::size_t>(check)]; };
  std::string text =
      fmt::format("walking the nest gives the same counts for {} of {} layers", at(WalkCheck::agrees), e.layers.size());
  if (at(WalkCheck::too_large) > 0) text += fmt::format("; {} are too large to walk", at(WalkCheck::too_large));
  if (at(WalkCheck::differs) > 0) text += fmt::format("; {} DIFFER", at(WalkCheck::differs));
  return text;
}

/// Prices of one source, as one text each.
std::vector<std::pair<std::string, std::string>> sources(const Hardware& hardware) {
  std::vector<std::pair<std::string, std::string>> rows;
  for (const PriceLine& line : price_table(hardware)) {
    auto row = std::find_if(rows.begin(), rows.end(), [&](const auto& r) { return r.first == line.price.source; });
    if (row == rows.end()) row = rows.insert(rows.end(), {line.price.source, ""});
    if (!row->second.empty()) row->second += ", ";
    row->second += fmt::format("{} {}", line.node, price_text(line, hardware.components.unit));
  }
  return rows;
}

std::string origins_text(const Evaluation& e, bool every) {
  std::string text = "How these numbers came about\n";
  text += labelled("  method",
                   "estimated: the accesses of each layer's loop nest are counted and priced; nothing was measured");
  text += labelled("  counts", fmt::format("by the conventions '{}' (docs/formulas.md)", to_string(e.conventions)));
  text += labelled("  mappings", mappings_row(e));
  text += labelled("  zeros", zeros_row(e));
  if (e.layers.front().check != WalkCheck::not_asked) text += labelled("  check", check_row(e));
  for (const auto& [source, prices] : sources(e.hardware)) {
    text += labelled("  prices", printable(every ? fmt::format("{}. From it: {}", source, prices) : source));
  }
  return text;
}

}  // namespace

std::string evaluation_text(const Evaluation& evaluation, const EvaluationReportOptions& options) {
  const Totals all = totals(evaluation);
  const EnergyUnit unit = unit_of(evaluation);
  const TextStyle& style = options.style;
  return table_v(evaluation, all) + "\n" +
         shares_text("by level", level_shares(evaluation, all), all.energy, unit, style) + "\n" +
         shares_text("by tensor", tensor_shares(all), all.energy, unit, style) + "\n" +
         layers_text(evaluation, all, style) + others_text(evaluation, options.every, style) + "\n" +
         origins_text(evaluation, options.every);
}

}  // namespace weft
