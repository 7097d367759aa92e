// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "weft/base/terminal.h"
#include "weft/network/layer.h"
#include "weft/network/network.h"

namespace weft {

/// The shape rows of Table II for one kind of layer. `channels` are those of one filter (C), `filters` all of a layer's
/// (G * M).
struct LayerRanges {
  std::set<std::pair<std::int64_t, std::int64_t>> filter_sizes;  ///< R, S
  std::set<std::pair<std::int64_t, std::int64_t>> strides;       ///< vertical, horizontal
  std::int64_t least_channels = 0, most_channels = 0;            ///< 0, 0 if there is no such layer
  std::int64_t least_filters = 0, most_filters = 0;
};
LayerRanges ranges(const std::vector<Layer>& layers, LayerKind kind);

/// What `weft inspect` and `weft net show` say of a network, whatever the form it is said in.
struct NetworkReport {
  Network network;  ///< values as shapes; only names and types are looked at
  std::vector<Layer> layers;
  NetworkTotals totals;
  std::string description, source;  ///< of the zoo; empty for files
};
NetworkReport inspect(Network network, std::string description = "", std::string source = "");

/// Totals (the rows of Table II), then the layers that multiply, then the others summed by operator; each by itself
/// with `every`. H and W include padding, as in the survey, so that E = (H - R + U) / U (with dilation D, R reaches
/// over D + 1).
std::string network_text(const NetworkReport& report, bool every, const TextStyle& style);

/// The document "weft.network/1". `layers` has the layers that multiply, with all letters; `other_layers` the rest,
/// without.
///   H, W           with padding, as in the survey; "ifmap": [H, W] as stored; "pad": [top, left, bottom, right]
///   U              vertical stride; U_h and U_w beside it if they differ; D_h and D_w if one is not 1
///   planar         false, and only then there: see Layer
///   *_elements, *_bytes   activations read and written, parameters, dense
nlohmann::ordered_json network_json(const NetworkReport& report);

/// One line a node in the order of the network; letters are empty for nodes that do not multiply.
std::string network_csv(const NetworkReport& report);

}  // namespace weft
