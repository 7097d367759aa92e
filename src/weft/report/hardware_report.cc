// SPDX-License-Identifier: Apache-2.0
#include "weft/report/hardware_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "weft/base/format.h"
#include "weft/base/text.h"
#include "weft/base/text_table.h"
#include "weft/metrics/evaluation.h"
#include "weft/report/json.h"
#include "weft/report/page.h"

namespace weft {
namespace {

using nlohmann::ordered_json;

// ---- words

/// The words whose flags are set.
std::vector<std::string_view> set_words(const std::array<bool, 3>& flags,
                                        const std::array<std::string_view, 3>& words) {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (flags[i]) names.push_back(words[i]);
  }
  return names;
}

std::string flags_text(const TensorFlags& flags) {
  const std::vector<std::string_view> names = set_words(flags, kTensorWords);
  return names.empty() ? "nothing" : fmt::format("{}", fmt::join(names, ", "));
}

std::string bandwidth_text(const Bandwidth& bandwidth) {
  if (bandwidth.per == Bandwidth::Per::cycle) return fmt::format("{} b/cycle", bandwidth.bits);
  return format_si(double(bandwidth.bits) / 8, "B/s");
}

/// "480 MB/s", "ifmap 16 b/cycle, weight 64 b/cycle", or "" where nothing is limited.
std::string bandwidths_text(const Bandwidths& bandwidths) {
  if (bandwidths.shared) return bandwidth_text(*bandwidths.shared);
  std::vector<std::string> parts;
  for (std::size_t s = 0; s < kStreams; ++s) {
    if (bandwidths.own[s]) parts.push_back(fmt::format("{} {}", kStreamNames[s], bandwidth_text(*bandwidths.own[s])));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

constexpr std::array<std::string_view, 3> kBufferingNames = {"single", "double", "stream"};

std::string buffering_text(const StoreNode& store) {
  const auto word = [&](std::size_t t) { return kBufferingNames[static_cast<std::size_t>(store.buffering[t])]; };
  const bool same = word(0) == word(1) && word(1) == word(2);
  if (same) return fmt::format("{} buffering", word(0));
  return fmt::format("buffering of ifmap {}, weight {}, psum {}", word(0), word(1), word(2));
}

std::string store_text(const StoreNode& store) {
  std::vector<std::string> parts;
  if (store.offchip) parts.emplace_back("off chip");
  if (store.capacity) parts.push_back(format_bytes(*store.capacity));
  parts.push_back("keeps " + flags_text(store.keeps));
  if (store.capacity) parts.push_back(buffering_text(store));
  if (store.hold_iteration) parts.emplace_back("tiles of ifmap and weight given up at every step");
  if (store.refetch_halo) parts.emplace_back("overlaps fetched again");
  return fmt::format("{}", fmt::join(parts, "; "));
}

constexpr TensorFlags kEveryTensor{true, true, true};

std::string reduces_text(const ReductionFlags& reduces) {
  if (reduces == kAddsNothing) return "";
  if (reduces == kAddsAll) return "; adds psums";
  return fmt::format("; adds psums along {} only", fmt::join(set_words(reduces, kReductionWords), " and "));
}

std::string fanout_text(const FanoutNode& fanout) {
  std::vector<std::string> axes;
  for (const FanoutAxis& axis : fanout.axes) axes.push_back(fmt::format("{} {}", axis.name, axis.size));
  return fmt::format("{} = {} children; multicasts {}{}{}", fmt::join(axes, " x "), format_count(fanout.children()),
                     flags_text(fanout.multicast), reduces_text(fanout.reduces),
                     fanout.links == kEveryTensor ? "" : "; hops cost " + flags_text(fanout.links) + " only");
}

std::string node_text(const HardwareNode& node) {
  const std::string bandwidth = bandwidths_text(node.bandwidth);
  const std::string limit = bandwidth.empty() ? "" : "; " + bandwidth;
  switch (node.kind) {
    case NodeKind::store:
      return store_text(node.store) + limit;
    case NodeKind::fanout:
      return fanout_text(node.fanout) + limit;
    case NodeKind::compute:
      return "one MAC a cycle";
    case NodeKind::statics:
      break;
  }
  return "power that is always spent";
}

// ---- the tree

/// How deep each node hangs: off-chip memory at the root, everything inside a fanout one deeper, static nodes on the
/// chip.
std::vector<int> depths(const Hardware& hardware) {
  std::vector<int> result;
  int depth = 1;
  for (const HardwareNode& node : hardware.nodes) {
    const int here = node.store.offchip ? 0 : node.kind == NodeKind::statics ? 1 : depth;
    result.push_back(here);
    if (node.kind == NodeKind::fanout) ++depth;
  }
  return result;
}

bool has_sibling_after(const std::vector<int>& depths, std::size_t node, int depth) {
  for (std::size_t k = node + 1; k < depths.size(); ++k) {
    if (depths[k] <= depth) return depths[k] == depth;
  }
  return false;
}

std::string branch(const std::vector<int>& depths, std::size_t node, const TextStyle& style) {
  std::string text;
  for (int d = 1; d <= depths[node]; ++d) {
    const bool more = has_sibling_after(depths, node, d);
    const bool last = d == depths[node];
    if (style.unicode) {
      text += last ? (more ? "├─ " : "└─ ") : (more ? "│  " : "   ");
    } else {
      text += last ? (more ? "|- " : "`- ") : (more ? "|  " : "   ");
    }
  }
  return text;
}

std::string tree_text(const Hardware& hardware, const TextStyle& style) {
  const std::vector<int> depth = depths(hardware);
  std::vector<std::string> heads;
  std::size_t width = 0;
  for (std::size_t n = 0; n < depth.size(); ++n) {
    heads.push_back(branch(depth, n, style) + printable(hardware.nodes[n].name));
    width = std::max(width, count_characters(heads.back()));
  }
  std::string text;
  for (std::size_t n = 0; n < depth.size(); ++n) {
    const std::string gap(width + 2 - count_characters(heads[n]), ' ');
    text += heads[n] + gap + wrapped(node_text(hardware.nodes[n]), width + 2, width + 2) + "\n";
  }
  return text;
}

// ---- prices and areas

/// Numbers the sources as they come up, for a list below a table.
struct Footnotes {
  std::vector<std::string> texts;

  std::string mark(const std::string& source) {
    auto found = std::find(texts.begin(), texts.end(), source);
    if (found == texts.end()) found = texts.insert(texts.end(), source);
    return fmt::format("[{}]", found - texts.begin() + 1);
  }
  std::string list() const {
    std::string text;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const std::string mark = fmt::format("[{}] ", i + 1);
      text += mark + wrapped(printable(texts[i]), mark.size(), mark.size()) + "\n";
    }
    return text;
  }
};

/// What one unit of the action is.
std::string_view per(const PriceLine& line) {
  if (line.action == "mac") return "MAC";
  if (line.action == "cycle") return "cycle";
  if (line.action == "leak") return "second";
  return line.price.width_bits > 0 ? "access" : "word";
}

std::string amount_text(const PriceLine& line, EnergyUnit unit) {
  const double value = static_cast<double>(line.price.energy) / double(kEnergyScale);
  if (line.action == "leak" && unit == EnergyUnit::picojoule) return format_power({value * 1e-12});
  return fmt::format("{:.6g} {}", value, unit == EnergyUnit::picojoule ? "pJ" : "MAC");
}

std::string prices_text(const Hardware& hardware, Footnotes& notes, const TextStyle& style) {
  TextTable table({{"node", "", Align::left},
                   {"action", "", Align::left},
                   {"component", "", Align::left},
                   {"costs"},
                   {"a", "", Align::left},
                   {"from", "", Align::left},
                   {"process", "", Align::left},
                   {"source", "", Align::left}});
  for (const PriceLine& line : price_table(hardware)) {
    const Price& price = line.price;
    const std::string width =
        price.width_bits > 0 ? fmt::format("access of {} b", price.width_bits) : std::string(per(line));
    table.add_row({printable(line.node), line.action, printable(price.component),
                   amount_text(line, hardware.components.unit), width, std::string(name(price.method)),
                   printable(price.node + (price.voltage.empty() ? "" : ", " + price.voltage)),
                   notes.mark(price.source)});
  }
  return table.render(style);
}

std::string areas_text(const Hardware& hardware, Footnotes& notes, const TextStyle& style) {
  const std::vector<AreaLine> lines = area_table(hardware);
  if (lines.empty()) return "";
  TextTable table({{"node", "", Align::left}, {"instances"}, {"area", "mm2"}, {"source", "", Align::left}});
  SquareMillimetres sum;
  for (const AreaLine& line : lines) {
    table.add_row(
        {printable(line.node), format_count(line.instances), three_digits(line.total.value), notes.mark(line.source)});
    sum += line.total;
  }
  table.add_rule();
  table.add_row({"sum", "", three_digits(sum.value), "without wires, clock network and what has no row"});
  return "\n" + table.render(style);
}

std::string joined(const std::vector<std::string>& words) {
  std::vector<std::string> kept;
  std::copy_if(words.begin(), words.end(), std::back_inserter(kept), [](const auto& word) { return !word.empty(); });
  return fmt::format("{}", fmt::join(kept, ", "));
}

std::string area_text(const Hardware& hardware) {
  const std::optional<CoreArea> area = core_area(hardware);
  if (!area) return "unknown: no area in the hardware file or its component library";
  return fmt::format("{:.4g} mm2 ({})", area->area.value, area->published ? "published" : "sum of the areas below");
}

std::string heading_text(const Hardware& hardware) {
  std::string text = labelled(printable(hardware.name), printable(hardware.description));
  if (!hardware.source.empty()) text += labelled("source", printable(hardware.source));
  text +=
      labelled("process", printable(joined({hardware.technology, hardware.voltage, format_frequency(hardware.clock)})));
  text += labelled("PEs", format_count(hardware.pes()));
  text += labelled("on-chip memory", format_bytes(onchip_memory(hardware)));
  text += labelled("core area", area_text(hardware));
  text += labelled("bits",
                   fmt::format("ifmap {}, weight {}, psum {}", hardware.bits[0], hardware.bits[1], hardware.bits[2]));
  text += labelled("zeros", hardware.gates_zeros
                                ? "MACs whose ifmap value is zero, and the accesses only they need, cost nothing"
                                : "cost what other values cost");
  text += labelled("conventions", printable(hardware.conventions));
  text += labelled("dataflow", hardware.dataflow.empty() ? "none named" : printable(hardware.dataflow));
  const std::string& what = hardware.components.description;
  text += labelled("components", printable(hardware.components.name + (what.empty() ? "" : ": " + what)));
  return text;
}

// ---- JSON

ordered_json flags_json(const TensorFlags& flags) { return set_words(flags, kTensorWords); }

ordered_json bandwidth_json(const Bandwidth& bandwidth) {
  return {{bandwidth.per == Bandwidth::Per::cycle ? "bits_per_cycle" : "bits_per_second", bandwidth.bits}};
}

ordered_json bandwidths_json(const Bandwidths& bandwidths) {
  if (bandwidths.shared) return bandwidth_json(*bandwidths.shared);
  ordered_json json;
  for (std::size_t s = 0; s < kStreams; ++s) {
    if (bandwidths.own[s]) json[std::string(kStreamNames[s])] = bandwidth_json(*bandwidths.own[s]);
  }
  return json;
}

ordered_json node_json(const Hardware& hardware, std::size_t n) {
  static constexpr std::array kKinds = {"store", "fanout", "compute", "static"};
  const HardwareNode& node = hardware.nodes[n];
  ordered_json json = {{"name", node.name},
                       {"kind", kKinds[static_cast<std::size_t>(node.kind)]},
                       {"component", node.component},
                       {"instances", hardware.instances(n)}};
  if (node.kind == NodeKind::store) {
    json["capacity_bytes"] = node.store.capacity ? ordered_json(node.store.capacity->value) : ordered_json();
    json["offchip"] = node.store.offchip;
    json["keeps"] = flags_json(node.store.keeps);
  }
  if (node.kind == NodeKind::fanout) {
    for (const FanoutAxis& axis : node.fanout.axes) json["shape"][axis.name] = axis.size;
    json["multicast"] = flags_json(node.fanout.multicast);
    json["links"] = flags_json(node.fanout.links);
    const ReductionFlags& reduces = node.fanout.reduces;
    json["reduces"] = reduces == kAddsNothing || reduces == kAddsAll
                          ? ordered_json(reduces == kAddsAll)
                          : ordered_json(set_words(reduces, kReductionWords));
  }
  if (ordered_json bandwidth = bandwidths_json(node.bandwidth); !bandwidth.is_null()) json["bandwidth"] = bandwidth;
  return json;
}

ordered_json areas_json(const Hardware& hardware) {
  ordered_json json = ordered_json::array();
  for (const AreaLine& line : area_table(hardware)) {
    json.push_back(
        {{"node", line.node}, {"instances", line.instances}, {"area_mm2", line.total.value}, {"source", line.source}});
  }
  return json;
}

}  // namespace

std::vector<PriceLine> price_table(const Hardware& hardware) {
  static const std::array<std::vector<std::string>, 4> kActions = {
      std::vector<std::string>{"read", "write"}, {"hop"}, {"mac"}, {"cycle", "leak"}};
  std::vector<PriceLine> table;
  for (const HardwareNode& node : hardware.nodes) {
    for (const std::string& action : kActions[static_cast<std::size_t>(node.kind)]) {
      if (auto price = price_of(hardware, node, action)) table.push_back({node.name, action, *std::move(price)});
    }
  }
  return table;
}

std::string price_text(const PriceLine& line, EnergyUnit unit) {
  const std::string width = line.price.width_bits > 0 ? fmt::format(" a {} b", line.price.width_bits) : "";
  return fmt::format("{} {}{}", line.action, amount_text(line, unit), width);
}

std::string hardware_text(const Hardware& hardware, const TextStyle& style) {
  Footnotes notes;
  std::string text = heading_text(hardware) + "\n" + tree_text(hardware, style) + "\n";
  text += prices_text(hardware, notes, style);
  text += areas_text(hardware, notes, style);
  return text + "\n" + notes.list();
}

ordered_json prices_json(const Hardware& hardware) {
  const std::string energy = fmt::format("energy_{}", suffix(hardware.components.unit));
  ordered_json json = ordered_json::array();
  for (const PriceLine& line : price_table(hardware)) {
    ordered_json row = {{"node", line.node}, {"action", line.action}, {"component", line.price.component}};
    row[energy] = exact_json_millionths(line.price.energy);
    row["per"] = per(line);
    if (line.price.width_bits > 0) row["width_bits"] = line.price.width_bits;
    row.update({{"method", name(line.price.method)},
                {"technology", line.price.node},
                {"voltage", line.price.voltage},
                {"source", line.price.source}});
    json.push_back(std::move(row));
  }
  return json;
}

ordered_json hardware_json(const Hardware& hardware) {
  const std::optional<CoreArea> area = core_area(hardware);
  ordered_json json = {
      {"schema", "weft.hardware/1"},
      {"name", hardware.name},
      {"description", hardware.description},
      {"source", hardware.source},
      {"technology", hardware.technology},
      {"voltage", hardware.voltage},
      {"clock_Hz", hardware.clock.value},
      {"pes", hardware.pes()},
      {"onchip_bytes", onchip_memory(hardware).value},
      {"area_mm2", area ? ordered_json(area->area.value) : ordered_json()},
      {"area_origin", area ? ordered_json(area->published ? "published" : "area table") : ordered_json()},
      {"bits", {{"ifmap", hardware.bits[0]}, {"weight", hardware.bits[1]}, {"psum", hardware.bits[2]}}},
      {"gates_zeros", hardware.gates_zeros},
      {"conventions", hardware.conventions},
      {"dataflow", hardware.dataflow},
      {"components", hardware.components.name}};
  json["nodes"] = ordered_json::array();
  for (std::size_t n = 0; n < hardware.nodes.size(); ++n) json["nodes"].push_back(node_json(hardware, n));
  json["prices"] = prices_json(hardware);
  json["areas"] = areas_json(hardware);
  return json;
}

std::string hardware_csv(const Hardware& hardware) {
  const EnergyUnit unit = hardware.components.unit;
  std::string text =
      fmt::format("node,action,component,energy_{},per,width_bits,method,technology,voltage,source\n", suffix(unit));
  for (const PriceLine& line : price_table(hardware)) {
    const Price& price = line.price;
    text +=
        fmt::format("{},{},{},{},{},{},{},{},{},{}\n", csv_field(line.node), line.action, csv_field(price.component),
                    json_number(exact_json_millionths(price.energy)), per(line), price.width_bits, name(price.method),
                    csv_field(price.node), csv_field(price.voltage), csv_field(price.source));
  }
  return text;
}

}  // namespace weft
