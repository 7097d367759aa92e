// SPDX-License-Identifier: Apache-2.0
#include "weft/hardware/components.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace weft {
namespace {

constexpr double kMostExtrapolation = 8;  // references D.6 (4)
constexpr double kMostEnergy = 0x1p60;    // millionths of the unit: what a row may hold too, so that sums have room

struct Reader {
  ComponentLibrary library;
  std::map<std::string, std::string> sources;
  std::vector<Problem> problems;

  /// The energy of a row, in millionths of the library's unit.
  Int128 energy(YamlMap& map) {
    if (library.unit == EnergyUnit::picojoule) return map.energy("energy").value;
    const YamlNode* node = map.require("energy");
    if (node == nullptr || node->kind() != YamlNode::Kind::scalar) return 0;
    std::string number = node->text();
    if (number.ends_with(" MAC")) number.resize(number.size() - 4);
    const std::optional<Int128> value = parse_decimal(number, 6);
    if (value && *value >= 0) return *value;
    map.problem(*node, "components.bad-energy", fmt::format("'{}' is no energy in MACs", node->text()),
                "write it as `2 MAC`, with at most six decimals");
    return 0;
  }

  /// A leak is a power: its price is the energy of one second.
  static Int128 energy_per_second(YamlMap& map) {
    return Int128(std::round(map.power("power", {0}).value * 1e12)) * kEnergyScale;
  }

  std::string source(YamlMap& map) {
    const YamlNode* node = map.require("source");
    const std::string key = node == nullptr ? "" : map.string("source");
    const auto found = sources.find(key);
    if (node == nullptr || found != sources.end()) return node == nullptr ? "" : found->second;
    map.problem(*node, "components.unknown-source", fmt::format("there is no source '{}' in this file", key),
                "name one of the keys under `sources:`, or add it there");
    return "";
  }

  static std::optional<std::int64_t> capacity(YamlMap& map) {
    const std::optional<Bytes> bytes = map.optional_bytes("capacity");
    return bytes ? std::optional(bytes->value) : std::nullopt;
  }

  void price(const YamlNode& item) {
    YamlMap map(item, "a price", problems);
    PriceRow row{.where = item.where()};
    row.component = map.string("component");
    row.action = map.string("action");
    row.capacity_bytes = capacity(map);
    row.width_bits = map.integer("width_bits", 0, {.least = 0, .most = 1 << 20});
    row.energy = map.find("power") != nullptr ? energy_per_second(map) : energy(map);
    row.node = map.string("node", "");
    row.voltage = map.string("voltage", "");
    row.source = source(map);
    map.finish();
    library.prices.push_back(std::move(row));
  }

  void area(const YamlNode& item) {
    YamlMap map(item, "an area", problems);
    AreaRow row;
    row.component = map.string("component");
    row.capacity_bytes = capacity(map);
    const std::string_view key = row.capacity_bytes ? "area_per_byte" : "area";
    map.require(key);
    row.square_micrometres = map.area(key, {0}).value * 1e6;
    row.source = source(map);
    map.finish();
    library.areas.push_back(std::move(row));
  }

  void each(YamlMap& map, std::string_view key, void (Reader::*read)(const YamlNode&)) {
    const YamlNode* list = map.find(key);
    if (list == nullptr) return;
    if (list->kind() != YamlNode::Kind::sequence) {
      map.problem(*list, "components.not-a-list", fmt::format("`{}:` is a list of rows", key),
                  "begin each row with `- {`");
      return;
    }
    for (const YamlNode& item : list->items()) (this->*read)(item);
  }

  void refuse_duplicates() {
    std::map<std::tuple<std::string, std::string, std::int64_t>, const PriceRow*> seen;
    for (const PriceRow& row : library.prices) {
      const auto [at, fresh] = seen.try_emplace({row.component, row.action, row.capacity_bytes.value_or(-1)}, &row);
      if (fresh) continue;
      problems.push_back({"components.duplicate",
                          fmt::format("'{}' has a second price for '{}'", row.component, row.action), row.where,
                          fmt::format("remove it, or the one in line {}", at->second->where.line)});
    }
  }

  ComponentLibrary read(const YamlNode& root) {
    YamlMap map(root, "the component library", problems);
    expect_kind(map, "components", 1);
    library.name = map.string("name");
    library.description = map.string("description", "");
    library.unit = static_cast<EnergyUnit>(map.choice("unit", {"pJ", "MAC"}, 0));
    if (const YamlNode* list = map.require("sources"); list != nullptr && list->kind() == YamlNode::Kind::map) {
      for (const YamlNode::Entry& entry : list->entries()) sources[entry.key.text()] = entry.value.text();
    }
    each(map, "prices", &Reader::price);
    each(map, "areas", &Reader::area);
    map.finish();
    refuse_duplicates();
    if (!problems.empty()) throw Error(std::move(problems));
    return std::move(library);
  }
};

/// A curve over capacity, each point at least as high as the smaller ones: CACTI's raw curves go down where it changes
/// the number of banks, and a search would exploit such kinks (references D.3).
struct CurvePoint {
  double bytes, energy;
};

std::vector<CurvePoint> smoothed(std::vector<const PriceRow*> rows) {
  std::sort(rows.begin(), rows.end(), [](auto* a, auto* b) { return *a->capacity_bytes < *b->capacity_bytes; });
  std::vector<CurvePoint> curve;
  for (const PriceRow* row : rows) {
    const double least = curve.empty() ? 0 : curve.back().energy;
    curve.push_back({double(*row->capacity_bytes), std::max(least, double(row->energy))});
  }
  return curve;
}

/// Log-log through the two points around `bytes`; the nearest segment is prolonged. From a point that costs nothing the
/// curve rises linearly, as logarithms do not reach it.
double on_curve(const std::vector<CurvePoint>& curve, double bytes) {
  if (curve.size() == 1) return curve.front().energy;
  std::size_t upper = 1;
  while (upper + 1 < curve.size() && curve[upper].bytes < bytes) ++upper;
  const CurvePoint a = curve[upper - 1], b = curve[upper];
  if (a.energy <= 0) return std::max(0.0, b.energy * (bytes - a.bytes) / (b.bytes - a.bytes));
  const double slope = std::log(b.energy / a.energy) / std::log(b.bytes / a.bytes);
  return a.energy * std::pow(bytes / a.bytes, slope);
}

Price priced(const PriceRow& row, double energy, PriceMethod method, std::int64_t width_bits) {
  const bool other_width = width_bits != 0 && row.width_bits != 0 && width_bits != row.width_bits;
  if (other_width) energy *= 0.3 + 0.7 * double(width_bits) / double(row.width_bits);
  return {.energy = method == PriceMethod::row && !other_width ? row.energy
                                                               : Int128(std::round(std::min(energy, kMostEnergy))),
          .width_bits = other_width ? width_bits : row.width_bits,
          .method = other_width ? PriceMethod::interpolated : method,
          .component = row.component,
          .action = row.action,
          .node = row.node,
          .voltage = row.voltage,
          .source = row.source};
}

}  // namespace

std::string_view name(PriceMethod method) { return method == PriceMethod::row ? "row" : "interpolated"; }

ComponentLibrary parse_components(std::string_view text, const std::string& file_name) {
  return Reader{}.read(parse_yaml(text, file_name));
}

ComponentLibrary read_components(const std::string& path) { return Reader{}.read(read_yaml_file(path)); }

std::optional<Price> find_price(const ComponentLibrary& library, std::string_view component, std::string_view action,
                                std::int64_t capacity_bytes, std::int64_t width_bits) {
  std::vector<const PriceRow*> curve;
  for (const PriceRow& row : library.prices) {
    if (row.component != component || row.action != action) continue;
    if (!row.capacity_bytes || *row.capacity_bytes == capacity_bytes) {
      return priced(row, double(row.energy), PriceMethod::row, width_bits);
    }
    curve.push_back(&row);
  }
  if (curve.empty() || capacity_bytes <= 0) return std::nullopt;
  const std::vector<CurvePoint> points = smoothed(curve);
  const double bytes = double(capacity_bytes);
  if (bytes * kMostExtrapolation < points.front().bytes || bytes > points.back().bytes * kMostExtrapolation) {
    return std::nullopt;
  }
  return priced(*curve.front(), on_curve(points, bytes), PriceMethod::interpolated, width_bits);
}

std::optional<Area> find_area(const ComponentLibrary& library, std::string_view component,
                              std::int64_t capacity_bytes) {
  std::vector<const AreaRow*> curve;
  for (const AreaRow& row : library.areas) {
    if (row.component != component) continue;
    if (!row.capacity_bytes) return Area{{row.square_micrometres / 1e6}, row.source};
    curve.push_back(&row);
  }
  if (curve.empty() || capacity_bytes <= 0) return std::nullopt;
  std::sort(curve.begin(), curve.end(), [](auto* a, auto* b) { return *a->capacity_bytes < *b->capacity_bytes; });
  const auto above =
      std::find_if(curve.begin(), curve.end(), [&](auto* r) { return *r->capacity_bytes >= capacity_bytes; });
  double per_byte = 0;
  if (above == curve.begin()) {
    per_byte = curve.front()->square_micrometres;
  } else if (above == curve.end()) {
    per_byte = curve.back()->square_micrometres;
  } else {
    const AreaRow &a = **(above - 1), &b = **above;
    const double share = double(capacity_bytes - *a.capacity_bytes) / double(*b.capacity_bytes - *a.capacity_bytes);
    per_byte = a.square_micrometres + share * (b.square_micrometres - a.square_micrometres);
  }
  return Area{{per_byte * double(capacity_bytes) / 1e6}, curve.front()->source};
}

std::vector<std::string> component_names(const ComponentLibrary& library) {
  std::vector<std::string> names;
  const auto add = [&names](const std::string& name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  };
  for (const PriceRow& row : library.prices) add(row.component);
  for (const AreaRow& row : library.areas) add(row.component);
  return names;
}

}  // namespace weft
