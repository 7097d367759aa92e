// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <span>
#include <string>
#include <string_view>

#include "weft/network/network.h"

namespace weft {

/// A built-in network: one row each. `source` names the paper whose shapes these are.
struct ZooEntry {
  std::string_view name;
  Network (*build)();
  std::string_view description;
  std::string_view source;
};
std::span<const ZooEntry> zoo();

/// The network of that name with inferred shapes, or an Error (zoo.unknown-network) with near spellings.
/// MobileNet v1 takes any width and resolution: "mobilenet-v1-0.5-160".
Network zoo_network(std::string_view name);

}  // namespace weft
