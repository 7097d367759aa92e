// SPDX-License-Identifier: Apache-2.0
#include "weft/dataflow/mapping.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace weft {
namespace {

constexpr std::int64_t kMaxBound = std::int64_t{1} << 40;
constexpr std::size_t kMaxSteps = 256;

/// `array.x` names axis x of fanout `array`.
bool split_axis(const std::string& at, Loop& loop) {
  const std::size_t dot = at.rfind('.');
  if (dot == std::string::npos || dot == 0 || dot + 1 == at.size()) return false;
  loop.fanout = at.substr(0, dot);
  loop.axis = at.substr(dot + 1);
  return true;
}

Loop read_loop(YamlMap& map) {
  const std::vector<std::string> dims(kDimNames.begin(), kDimNames.end());
  Loop loop{.dim = static_cast<Dim>(map.choice("for", dims, 0)),
            .bound = map.integer("bound", {.least = 1, .most = kMaxBound})};
  if (const YamlNode* at = map.find("at")) {
    const bool scalar = at->kind() == YamlNode::Kind::scalar;
    if (!scalar || !split_axis(at->text(), loop)) {
      map.problem(*at, "mapping.bad-axis", "`at:` names a fanout and one of its axes", "write it as `at: array.x`");
    }
  }
  return loop;
}

void read_points(YamlMap& map, std::vector<Mapping::Step>& steps) {
  const std::string store = map.string("store");
  const YamlNode* keeps = map.require("keeps");
  for (const std::string& tensor : map.strings("keeps")) {
    const std::optional<Tensor3> known = tensor_named(tensor);
    if (!known) {
      map.problem(*keeps, "mapping.unknown-tensor", fmt::format("there is no tensor '{}'", tensor),
                  "the tensors are ifmap, weight and psum");
      continue;
    }
    steps.emplace_back(StoragePoint{store, *known});
  }
}

Mapping read_nest(const YamlNode& nest, std::vector<Problem>& problems) {
  Mapping mapping;
  if (nest.kind() != YamlNode::Kind::sequence || nest.items().size() > kMaxSteps) {
    problems.push_back({"mapping.not-a-list", "a nest is a list of loops and storage points, outermost first",
                        nest.where(),
                        fmt::format("write one step a line, at most {}: - {{for: N, bound: 4}}", kMaxSteps)});
    return mapping;
  }
  for (const YamlNode& item : nest.items()) {
    YamlMap map(item, "a step of the nest", problems);
    if (map.find("store") != nullptr) {
      read_points(map, mapping.steps);
    } else {
      mapping.steps.emplace_back(read_loop(map));
    }
    map.finish();
  }
  return mapping;
}

std::vector<LayerMapping> read_document(const YamlNode& root) {
  std::vector<Problem> problems;
  std::vector<LayerMapping> result;
  YamlMap map(root, "the mapping file", problems);
  expect_kind(map, "mapping", 1);
  const YamlNode* nest = map.find("nest");
  const YamlNode* layers = map.find("layers");
  if (nest != nullptr) result.push_back({"", read_nest(*nest, problems), nest->where()});
  if (layers != nullptr && layers->kind() == YamlNode::Kind::map) {
    for (const YamlNode::Entry& entry : layers->entries()) {
      result.push_back({entry.key.text(), read_nest(entry.value, problems), entry.value.where()});
    }
  }
  map.finish();
  if (problems.empty() && result.empty()) {
    problems.push_back({"mapping.empty", "the file holds no nest", root.where(), "give `nest:` or `layers:`"});
  }
  if (!problems.empty()) throw Error(std::move(problems));
  return result;
}

const YamlNode* entry_named(const YamlNode& map, std::string_view key) {
  if (map.kind() != YamlNode::Kind::map) return nullptr;
  for (const YamlNode::Entry& entry : map.entries()) {
    if (entry.key.text() == key) return &entry.value;
  }
  return nullptr;
}

/// What `weft map --json` and `weft evaluate --json` print: the mappings of its layers.
std::vector<LayerMapping> read_result(const YamlNode& root) {
  std::vector<Problem> problems;
  std::vector<LayerMapping> result;
  const YamlNode* layers = entry_named(root, "layers");
  if (layers != nullptr && layers->kind() == YamlNode::Kind::sequence) {
    for (const YamlNode& layer : layers->items()) {
      const YamlNode* name = entry_named(layer, "name");
      const YamlNode* nest = entry_named(layer, "mapping");
      if (name == nullptr || nest == nullptr || name->kind() != YamlNode::Kind::scalar) continue;
      result.push_back({name->text(), read_nest(*nest, problems), nest->where()});
    }
  }
  if (problems.empty() && result.empty()) {
    problems.push_back({"mapping.empty", "the result holds no layer with a mapping", root.where(),
                        "give the JSON of `weft map` or `weft evaluate`"});
  }
  if (!problems.empty()) throw Error(std::move(problems));
  return result;
}

nlohmann::ordered_json step_json(const std::vector<Mapping::Step>& group) {
  if (const Loop* loop = std::get_if<Loop>(&group.front())) {
    nlohmann::ordered_json json = {{"for", name(loop->dim)}, {"bound", loop->bound}};
    if (!loop->fanout.empty()) json["at"] = loop->fanout + "." + loop->axis;
    return json;
  }
  nlohmann::ordered_json json = {{"store", std::get<StoragePoint>(group.front()).store},
                                 {"keeps", nlohmann::ordered_json::array()}};
  for (const Mapping::Step& step : group) json["keeps"].push_back(name(std::get<StoragePoint>(step).tensor));
  return json;
}

}  // namespace

std::vector<LayerMapping> parse_mappings(std::string_view text, const std::string& file_name) {
  const YamlNode root = parse_yaml(text, file_name);
  return entry_named(root, "schema") != nullptr ? read_result(root) : read_document(root);
}

std::vector<LayerMapping> read_mappings(const std::string& path) {
  constexpr std::size_t kLimit = 16 << 20;
  return parse_mappings(read_text_file(path, kLimit), path);
}

std::vector<std::vector<Mapping::Step>> grouped(const Mapping& mapping) {
  std::vector<std::vector<Mapping::Step>> groups;
  for (const Mapping::Step& step : mapping.steps) {
    const StoragePoint* point = std::get_if<StoragePoint>(&step);
    const StoragePoint* before = groups.empty() ? nullptr : std::get_if<StoragePoint>(&groups.back().back());
    if (point != nullptr && before != nullptr && point->store == before->store) {
      groups.back().push_back(step);
    } else {
      groups.push_back({step});
    }
  }
  return groups;
}

nlohmann::ordered_json to_json(const Mapping& mapping) {
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (const auto& group : grouped(mapping)) json.push_back(step_json(group));
  return json;
}

}  // namespace weft
