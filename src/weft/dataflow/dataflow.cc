// SPDX-License-Identifier: Apache-2.0
#include "weft/dataflow/dataflow.h"

#include <fmt/format.h>

#include <algorithm>

#include "weft/base/data_dir.h"

namespace weft {
namespace {

/// Letters of a list: dimensions or tensors; an unknown one is a problem.
template <class Letter>
std::vector<Letter> letters(YamlMap& map, std::string_view key, std::optional<Letter> (*named)(std::string_view),
                            const char* kind) {
  std::vector<Letter> result;
  const YamlNode* node = map.find(key);
  for (const std::string& word : map.strings(key)) {
    const std::optional<Letter> letter = named(word);
    if (letter && std::find(result.begin(), result.end(), *letter) == result.end()) {
      result.push_back(*letter);
    } else {
      map.problem(*node, "dataflow.bad-letter",
                  fmt::format("'{}' is {} {}", word, letter ? "twice here, a" : "no", kind),
                  "dimensions are N G M C E F R S; tensors are ifmap, weight, psum; each at most once");
    }
  }
  return result;
}

DataflowStep read_step(const YamlNode& item, std::vector<Problem>& problems) {
  YamlMap map(item, "a step of the nest", problems);
  DataflowStep step;
  if (map.find("keep") != nullptr) {
    step.kind = DataflowStep::Kind::keep;
    step.keep = letters<Tensor3>(map, "keep", tensor_named, "tensor");
    step.region = static_cast<Region>(map.choice("in", {"outermost", "buffer", "pe"}, 1));
  } else if (map.find("spatial") != nullptr) {
    step.kind = DataflowStep::Kind::spatial;
    step.dims = letters<Dim>(map, "spatial", dim_named, "dimension");
  } else if (map.require("loops") != nullptr) {
    step.dims = letters<Dim>(map, "loops", dim_named, "dimension");
    step.any_order = map.choice("order", {"given", "any"}, 0) == 1;
  }
  map.finish();
  return step;
}

Dataflow read(const YamlNode& root) {
  std::vector<Problem> problems;
  YamlMap map(root, "the dataflow file", problems);
  expect_kind(map, "dataflow", 1);
  Dataflow dataflow;
  dataflow.name = map.string("name");
  dataflow.description = map.string("description", "");
  dataflow.source = map.string("source", "");
  const YamlNode* nest = map.require("nest");
  const bool is_list = nest != nullptr && nest->kind() == YamlNode::Kind::sequence;
  const bool is_free = nest != nullptr && !is_list && nest->text() == "free";
  if (is_list) {
    for (const YamlNode& item : nest->items()) dataflow.steps.push_back(read_step(item, problems));
  }
  const auto spatial = [](const DataflowStep& step) { return step.kind == DataflowStep::Kind::spatial; };
  if (problems.empty() && !is_free && std::count_if(dataflow.steps.begin(), dataflow.steps.end(), spatial) != 1) {
    map.problem(root, "dataflow.no-spatial", "a dataflow has exactly one `spatial:` step",
                "list there the dimensions that may go across the array");
  }
  map.finish();
  if (!problems.empty()) throw Error(std::move(problems));
  return dataflow;
}

}  // namespace

Dataflow parse_dataflow(std::string_view text, const std::string& file_name) {
  return read(parse_yaml(text, file_name));
}

std::vector<std::string> dataflow_names() { return data_names("dataflows"); }

Dataflow load_dataflow(const std::string& name_or_path) {
  return read(read_yaml_file(named_data_file("dataflows", "dataflow", "dataflow.unknown", name_or_path)));
}

}  // namespace weft
