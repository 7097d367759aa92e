// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <variant>
#include <vector>

#include "weft/base/yaml.h"
#include "weft/dataflow/loop_problem.h"

namespace weft {

/// One loop of a nest. Temporal, or spatial over the children of a fanout ("parallel for").
/// The tile inside it is the product of the bounds of the loops of the same dimension further in; the last tile may be
/// smaller.
struct Loop {
  Dim dim = Dim::N;
  std::int64_t bound = 1;
  std::string fanout;  ///< "" for a temporal loop
  std::string axis;    ///< of the fanout's array: "x", "y"; "" for a temporal loop
  bool operator==(const Loop&) const = default;
};

/// "Store `store` keeps the tile of `tensor` touched by the loops from here inwards."
struct StoragePoint {
  std::string store;
  Tensor3 tensor = Tensor3::ifmap;
  bool operator==(const StoragePoint&) const = default;
};

/// A loop nest with storage points, outermost first. The points of one tensor follow the hardware's tree, those of
/// different tensors may interleave. Nodes are named as in the hardware file; placement/ checks it against one.
struct Mapping {
  using Step = std::variant<Loop, StoragePoint>;
  std::vector<Step> steps;
  bool operator==(const Mapping&) const = default;
};

/// A mapping for a layer by name; an empty name is for any layer.
struct LayerMapping {
  std::string layer;
  Mapping mapping;
  Place where;  ///< of the nest in its file
};

/// Reads a mapping file: YAML (or JSON, which is YAML) of `kind: mapping`, either one nest or one for each layer,
///
///   kind: mapping                          kind: mapping
///   version: 1                             version: 1
///   nest:                                  layers:
///     - {store: dram, keeps: [ifmap]}        conv1: [ {store: dram, ...}, ... ]
///     - {for: N, bound: 4}                   conv2: [ ... ]
///     - {for: E, bound: 7, at: array.x}
///
/// or what `weft map --json` and `weft evaluate --json` print. Throws Error (mapping.*, yaml.*, file.*).
std::vector<LayerMapping> read_mappings(const std::string& path);
std::vector<LayerMapping> parse_mappings(std::string_view text, const std::string& file_name);

/// The nest as the list of steps that read_mappings reads back.
nlohmann::ordered_json to_json(const Mapping& mapping);

/// Consecutive points of one store as one line: what a step of the list is, in order.
std::vector<std::vector<Mapping::Step>> grouped(const Mapping& mapping);

}  // namespace weft
