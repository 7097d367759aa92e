// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
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

/// Names with numbers in them, beyond the rows of `zoo()`: "mobilenet-v1-0.5-160", "squeezenet1.0-224".
///   pattern   as help shows it, "mobilenet-v1-WIDTH-RESOLUTION"
///   base      the row of `zoo()` that it varies
struct ZooFamily {
  std::string_view pattern;
  std::string_view base;
  std::string_view description;
};
std::span<const ZooFamily> zoo_families();

/// What a name stands for, of a row or of a member of a family; nothing for other names. Does not build.
struct ZooDescription {
  std::string description, source;
};
std::optional<ZooDescription> describe_zoo_network(std::string_view name);

/// The network of that name with inferred shapes, or an Error: zoo.unknown-network with near spellings, zoo.bad-variant
/// for a width outside 0 < width <= 8 or a resolution outside 32 .. 4096. Weights are RandomValues, so this costs no
/// memory to speak of: VGG-16 is built in about a millisecond.
Network zoo_network(std::string_view name);

/// The same network with other random weights: every RandomValues gets a seed made of its own and `seed`. Seed 1 is the
/// zoo's own and changes nothing.
Network with_seed(Network network, std::uint64_t seed);

}  // namespace weft
