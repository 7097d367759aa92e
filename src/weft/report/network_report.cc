// SPDX-License-Identifier: Apache-2.0
#include "weft/report/network_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

#include "weft/base/format.h"
#include "weft/base/text.h"
#include "weft/base/text_table.h"
#include "weft/report/page.h"

namespace weft {
namespace {

using nlohmann::ordered_json;

// ---- the survey's letters

/// H and W as the survey has them, padding included.
std::int64_t padded_height(const ConvShape& s) { return s.H + s.pad_top + s.pad_bottom; }
std::int64_t padded_width(const ConvShape& s) { return s.W + s.pad_left + s.pad_right; }

struct Letter {
  const char* name;
  std::int64_t (*of)(const ConvShape&);
};
constexpr std::array kLetters{
    Letter{"N", [](const ConvShape& s) { return s.N; }},
    Letter{"G", [](const ConvShape& s) { return s.G; }},
    Letter{"M", [](const ConvShape& s) { return s.M; }},
    Letter{"C", [](const ConvShape& s) { return s.C; }},
    Letter{"H", padded_height},
    Letter{"W", padded_width},
    Letter{"R", [](const ConvShape& s) { return s.R; }},
    Letter{"S", [](const ConvShape& s) { return s.S; }},
    Letter{"E", [](const ConvShape& s) { return s.E; }},
    Letter{"F", [](const ConvShape& s) { return s.F; }},
};

// ---- text

/// "3" for a square, "1x7" otherwise.
std::string pair_text(const std::pair<std::int64_t, std::int64_t>& p) {
  return p.first == p.second ? std::to_string(p.first) : fmt::format("{}x{}", p.first, p.second);
}

std::string set_text(const std::set<std::pair<std::int64_t, std::int64_t>>& pairs) {
  std::vector<std::string> texts;
  for (const auto& p : pairs) texts.push_back(pair_text(p));
  return fmt::format("{}", fmt::join(texts, ", "));
}

std::string range_text(std::int64_t least, std::int64_t most) {
  return least == most ? std::to_string(least) : fmt::format("{}-{}", least, most);
}

/// Sums of the layers of one kind, or of all that multiply.
struct Sums {
  std::int64_t layers = 0, weights = 0, nonzero = 0, macs = 0;
};
template <class Predicate>
Sums sums(const std::vector<Layer>& layers, const Predicate& wanted) {
  Sums s;
  for (const Layer& layer : layers) {
    if (!wanted(layer.kind)) continue;
    ++s.layers;
    s.weights += layer.weights;
    s.nonzero += layer.nonzero_weights;
    s.macs += layer.macs;
  }
  return s;
}

/// "60,954,656 (61.0M)"; small numbers as they are.
std::string count_and_short(std::int64_t n) {
  return n < 10'000 ? format_count(n) : fmt::format("{} ({})", format_count(n), format_short(static_cast<double>(n)));
}

/// A column of the totals: CONV, FC, MATMUL or all.
struct TotalsColumn {
  std::string heading;
  Sums sums;
  LayerRanges ranges;
  std::string depth;
};

std::vector<TotalsColumn> totals_columns(const NetworkReport& report) {
  const auto of_kind = [&](std::string heading, LayerKind kind) {
    return TotalsColumn{std::move(heading), sums(report.layers, [kind](LayerKind k) { return k == kind; }),
                        ranges(report.layers, kind), ""};
  };
  std::vector<TotalsColumn> columns{of_kind("CONV", LayerKind::conv), of_kind("FC", LayerKind::fc)};
  columns[0].depth = std::to_string(report.totals.conv_depth);
  if (auto products = of_kind("MATMUL", LayerKind::matmul); products.sums.layers > 0) columns.push_back(products);
  columns.push_back({"total", sums(report.layers, multiplies), {}, ""});
  return columns;
}

std::string totals_text(const NetworkReport& report, const TextStyle& style) {
  const std::vector<TotalsColumn> columns = totals_columns(report);
  std::vector<Column> headings{{"", "", Align::left}};
  for (const TotalsColumn& column : columns) headings.push_back({column.heading, "", Align::right});
  TextTable table(headings);
  const auto row = [&](const char* label, const auto& cell) {
    std::vector<std::string> cells{label};
    for (const TotalsColumn& column : columns) cells.push_back(cell(column));
    table.add_row(std::move(cells));
  };
  row("layers", [](const TotalsColumn& c) { return format_count(c.sums.layers); });
  row("depth in CONV layers", [](const TotalsColumn& c) { return c.depth; });
  row("filter sizes", [](const TotalsColumn& c) { return set_text(c.ranges.filter_sizes); });
  const auto range = [](std::int64_t least, std::int64_t most) { return most == 0 ? "" : range_text(least, most); };
  row("channels", [&](const TotalsColumn& c) { return range(c.ranges.least_channels, c.ranges.most_channels); });
  row("filters", [&](const TotalsColumn& c) { return range(c.ranges.least_filters, c.ranges.most_filters); });
  row("stride", [](const TotalsColumn& c) { return set_text(c.ranges.strides); });
  row("weights", [](const TotalsColumn& c) { return count_and_short(c.sums.weights); });
  row("non-zero weights", [](const TotalsColumn& c) { return count_and_short(c.sums.nonzero); });
  row("MACs", [](const TotalsColumn& c) { return count_and_short(c.sums.macs); });
  row("non-zero MACs", [](const TotalsColumn&) { return "-"; });
  return table.render(style);
}

std::string values_text(const Network& network, const std::vector<ValueId>& ids) {
  std::vector<std::string> texts;
  for (const ValueId id : ids) {
    const Value& value = network.values[static_cast<std::size_t>(id)];
    texts.push_back(fmt::format("{} {}", printable(value.name), to_string(value.type)));
  }
  return fmt::format("{}", fmt::join(texts, ", "));
}

std::int64_t parameter_bytes(const std::vector<Layer>& layers) {
  std::int64_t bytes = 0;
  for (const Layer& layer : layers) bytes += layer.parameter_bytes;
  return bytes;
}

std::string heading_text(const NetworkReport& report) {
  std::string text = printable(report.network.name);
  if (!report.description.empty()) text += fmt::format(": {}", report.description);
  text += "\n";
  if (!report.source.empty()) text += fmt::format("source      {}\n", report.source);
  text += fmt::format("input       {}\n", values_text(report.network, report.network.inputs));
  text += fmt::format("output      {}\n", values_text(report.network, report.network.outputs));
  text += fmt::format("parameters  {} in {}, biases and normalisation included\n",
                      count_and_short(report.totals.parameters), format_bytes({parameter_bytes(report.layers)}));
  return text;
}

std::string short_count(std::int64_t n) { return format_short(static_cast<double>(n)); }

std::string stride_text(const ConvShape& s) { return pair_text({s.U_h, s.U_w}); }

bool is_dilated(const Layer& layer) { return layer.shape.D_h != 1 || layer.shape.D_w != 1; }

/// One row a layer that multiplies. The column D is there only if a layer is dilated.
std::string layers_text(const std::vector<Layer>& layers, const TextStyle& style) {
  const bool dilated = std::any_of(layers.begin(), layers.end(), is_dilated);
  std::vector<Column> columns{{"layer", "", Align::left}, {"kind", "", Align::left}};
  for (const Letter& letter : kLetters) columns.push_back({letter.name, "", Align::right});
  columns.push_back({"U", "", Align::right});
  if (dilated) columns.push_back({"D", "", Align::right});
  for (const char* name : {"weights", "non-zero", "MACs", "nz MACs", "in", "out", "bytes"})
    columns.push_back({name, "", Align::right});
  TextTable table(columns);
  for (const Layer& layer : layers) {
    if (!multiplies(layer.kind)) continue;
    std::vector<std::string> cells{printable(layer.name), std::string(name(layer.kind)) + (layer.planar ? "" : "*")};
    for (const Letter& letter : kLetters) cells.push_back(std::to_string(letter.of(layer.shape)));
    cells.push_back(stride_text(layer.shape));
    if (dilated) cells.push_back(pair_text({layer.shape.D_h, layer.shape.D_w}));
    cells.insert(cells.end(),
                 {format_count(layer.weights), format_count(layer.nonzero_weights), format_count(layer.macs), "-",
                  short_count(layer.input_elements), short_count(layer.output_elements),
                  short_count(layer.input_bytes + layer.output_bytes + layer.parameter_bytes)});
    table.add_row(std::move(cells));
  }
  return table.render(style);
}

/// Nodes that do not multiply, summed.
struct OtherRow {
  std::string label;
  LayerKind kind = LayerKind::data;
  std::string op;
  std::int64_t nodes = 0, operations = 0, parameters = 0, in = 0, out = 0, bytes = 0;

  void add(const Layer& layer) {
    ++nodes;
    operations += layer.operations;
    parameters += layer.parameters;
    in += layer.input_elements;
    out += layer.output_elements;
    bytes += layer.input_bytes + layer.output_bytes + layer.parameter_bytes;
  }
};

/// One row an operator in the order of kinds, or one a node in the order of the network.
std::vector<OtherRow> other_rows(const std::vector<Layer>& layers, bool every) {
  std::vector<OtherRow> rows;
  std::map<std::pair<LayerKind, std::string>, OtherRow> sums;
  for (const Layer& layer : layers) {
    if (multiplies(layer.kind)) continue;
    OtherRow& row = every ? rows.emplace_back() : sums[{layer.kind, layer.op}];
    row.label = printable(layer.name);
    row.kind = layer.kind;
    row.op = layer.op;
    row.add(layer);
  }
  for (auto& [key, row] : sums) rows.push_back(std::move(row));
  return rows;
}

std::string others_text(const std::vector<Layer>& layers, bool every, const TextStyle& style) {
  const std::vector<OtherRow> rows = other_rows(layers, every);
  if (rows.empty()) return "";
  std::vector<Column> columns{{every ? "other layer" : "other layers", "", Align::left}};
  if (every) columns.push_back({"kind", "", Align::left});
  columns.push_back({"op", "", Align::left});
  if (!every) columns.push_back({"nodes", "", Align::right});
  for (const char* name : {"operations", "parameters", "in", "out", "bytes"})
    columns.push_back({name, "", Align::right});
  TextTable table(columns);
  for (const OtherRow& row : rows) {
    const std::string kind(name(row.kind));
    std::vector<std::string> cells = every ? std::vector<std::string>{row.label, kind, row.op}
                                           : std::vector<std::string>{kind, row.op, format_count(row.nodes)};
    cells.insert(cells.end(), {format_count(row.operations), format_count(row.parameters), short_count(row.in),
                               short_count(row.out), short_count(row.bytes)});
    table.add_row(std::move(cells));
  }
  return "\n" + table.render(style);
}

std::string legend(const NetworkReport& report) {
  std::string text =
      "\nH, W with padding. in, out: activations; bytes: in, out and parameters. Non-zero MACs (nz) need data.\n";
  if (const std::int64_t N = batch_size(report.network); N > 1) {
    text += fmt::format("MACs, operations and activations are those of the whole batch of {}.\n", N);
  }
  if (std::any_of(report.layers.begin(), report.layers.end(), [](const Layer& layer) { return !layer.planar; })) {
    text += "*: more than two spatial axes; the outer ones are folded into N and C.\n";
  }
  return text;
}

// ---- JSON and CSV

ordered_json values_json(const Network& network, const std::vector<ValueId>& ids) {
  ordered_json all = ordered_json::array();
  for (const ValueId id : ids) {
    const Value& value = network.values[static_cast<std::size_t>(id)];
    all.push_back({{"name", value.name}, {"type", name(value.type.type)}, {"shape", value.type.shape}});
  }
  return all;
}

ordered_json totals_json(const NetworkTotals& t) {
  return {{"weights", t.weights},
          {"nonzero_weights", t.nonzero_weights},
          {"macs", t.macs},
          {"conv_weights", t.conv_weights},
          {"conv_macs", t.conv_macs},
          {"fc_weights", t.fc_weights},
          {"fc_macs", t.fc_macs},
          {"conv_layers", t.conv_layers},
          {"conv_depth", t.conv_depth},
          {"fc_layers", t.fc_layers},
          {"parameters", t.parameters}};
}

/// [least, most], or [] if there is no such layer.
ordered_json range_json(std::int64_t least, std::int64_t most) {
  return most == 0 ? ordered_json::array() : ordered_json{least, most};
}

ordered_json ranges_json(const LayerRanges& r) {
  return {{"filter_sizes", r.filter_sizes},
          {"channels", range_json(r.least_channels, r.most_channels)},
          {"filters", range_json(r.least_filters, r.most_filters)},
          {"strides", r.strides}};
}

ordered_json shape_json(const Layer& layer) {
  const ConvShape& s = layer.shape;
  ordered_json json;
  for (const Letter& letter : kLetters) json[letter.name] = letter.of(s);
  json["U"] = s.U_h;
  if (s.U_h != s.U_w) json.update({{"U_h", s.U_h}, {"U_w", s.U_w}});
  if (is_dilated(layer)) json.update({{"D_h", s.D_h}, {"D_w", s.D_w}});
  json["pad"] = {s.pad_top, s.pad_left, s.pad_bottom, s.pad_right};
  json["ifmap"] = {s.H, s.W};
  if (!layer.planar) json["planar"] = false;
  return json;
}

/// Name and kind first, then the letters, then the counts.
ordered_json layer_json(const Layer& layer) {
  ordered_json json{{"name", layer.name}, {"op", layer.op}, {"kind", name(layer.kind)}};
  if (multiplies(layer.kind)) {
    json.update(shape_json(layer));
    json.update({{"weights", layer.weights}, {"nonzero_weights", layer.nonzero_weights}, {"macs", layer.macs}});
  } else {
    json["operations"] = layer.operations;
  }
  json.update({{"parameters", layer.parameters},
               {"input_elements", layer.input_elements},
               {"output_elements", layer.output_elements},
               {"input_bytes", layer.input_bytes},
               {"output_bytes", layer.output_bytes},
               {"parameter_bytes", layer.parameter_bytes},
               {"depth", layer.depth}});
  return json;
}

std::string csv_letters(const Layer& layer) {
  const ConvShape& s = layer.shape;
  if (!multiplies(layer.kind)) return std::string(kLetters.size() + 8, ',');
  std::string text;
  for (const Letter& letter : kLetters) text += fmt::format(",{}", letter.of(s));
  return text + fmt::format(",{},{},{},{},{},{},{},{}", s.U_h, s.U_w, s.D_h, s.D_w, s.pad_top, s.pad_left, s.pad_bottom,
                            s.pad_right);
}

}  // namespace

LayerRanges ranges(const std::vector<Layer>& layers, LayerKind kind) {
  LayerRanges r;
  for (const Layer& layer : layers) {
    if (layer.kind != kind) continue;
    const ConvShape& s = layer.shape;
    const bool first = r.filter_sizes.empty();
    r.filter_sizes.insert({s.R, s.S});
    r.strides.insert({s.U_h, s.U_w});
    r.least_channels = first ? s.C : std::min(r.least_channels, s.C);
    r.most_channels = std::max(r.most_channels, s.C);
    r.least_filters = first ? s.G * s.M : std::min(r.least_filters, s.G * s.M);
    r.most_filters = std::max(r.most_filters, s.G * s.M);
  }
  return r;
}

NetworkReport inspect(Network network, std::string description, std::string source) {
  NetworkReport report;
  report.layers = layers(network);
  report.totals = totals(report.layers);
  report.network = std::move(network);
  report.description = std::move(description);
  report.source = std::move(source);
  return report;
}

std::string network_text(const NetworkReport& report, bool every, const TextStyle& style) {
  return heading_text(report) + "\n" + totals_text(report, style) + "\n" + layers_text(report.layers, style) +
         others_text(report.layers, every, style) + legend(report);
}

nlohmann::ordered_json network_json(const NetworkReport& report) {
  ordered_json json{{"schema", "weft.network/1"}, {"name", report.network.name}};
  if (!report.description.empty()) json.update({{"description", report.description}, {"source", report.source}});
  json["totals"] = totals_json(report.totals);
  json["totals"]["parameter_bytes"] = parameter_bytes(report.layers);
  json["conv"] = ranges_json(ranges(report.layers, LayerKind::conv));
  json["fc"] = ranges_json(ranges(report.layers, LayerKind::fc));
  json["inputs"] = values_json(report.network, report.network.inputs);
  json["outputs"] = values_json(report.network, report.network.outputs);
  json["layers"] = ordered_json::array();
  json["other_layers"] = ordered_json::array();
  for (const Layer& layer : report.layers)
    json[multiplies(layer.kind) ? "layers" : "other_layers"].push_back(layer_json(layer));
  return json;
}

std::string network_csv(const NetworkReport& report) {
  std::string text =
      "name,op,kind,N,G,M,C,H,W,R,S,E,F,U_h,U_w,D_h,D_w,pad_top,pad_left,pad_bottom,pad_right,weights,nonzero_weights,"
      "macs,"
      "operations,parameters,input_elements,output_elements,input_bytes,output_bytes,parameter_bytes,depth\n";
  for (const Layer& layer : report.layers) {
    text += fmt::format("{},{},{}{},{},{},{},{},{},{},{},{},{},{},{}\n", csv_field(layer.name), layer.op,
                        name(layer.kind), csv_letters(layer), layer.weights, layer.nonzero_weights, layer.macs,
                        layer.operations, layer.parameters, layer.input_elements, layer.output_elements,
                        layer.input_bytes, layer.output_bytes, layer.parameter_bytes, layer.depth);
  }
  return text;
}

}  // namespace weft
