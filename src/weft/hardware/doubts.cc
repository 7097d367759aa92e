// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "weft/base/error.h"
#include "weft/hardware/hardware.h"

namespace weft {
namespace {

/// The tensor of each stream.
constexpr std::array<std::size_t, kStreams> kTensorOf = {0, 1, 2, 2};

void doubt_store(const Hardware& hardware, const HardwareNode& node, std::vector<Problem>& found) {
  const TensorFlags& keeps = node.store.keeps;
  if (std::none_of(keeps.begin(), keeps.end(), [](bool kept) { return kept; })) {
    found.push_back({"hardware.keeps-nothing", fmt::format("store '{}' keeps no tensor", node.name), node.where,
                     "name tensors in its `keeps:`, or leave it out"});
  }
  for (std::size_t t = 0; t < keeps.size(); ++t) {
    if (!keeps[t] || !node.store.capacity || 8 * Int128(node.store.capacity->value) >= hardware.bits[t]) continue;
    found.push_back({"hardware.small-store",
                     fmt::format("store '{}' holds {} B, less than one {} word of {} b", node.name,
                                 node.store.capacity->value, kTensorWords[t], hardware.bits[t]),
                     node.where, fmt::format("give it room, or leave {} out of its `keeps:`", kTensorWords[t])});
  }
  for (std::size_t s = 0; s < kStreams; ++s) {
    if (!node.bandwidth.own[s] || keeps[kTensorOf[s]]) continue;
    found.push_back({"hardware.idle-bandwidth",
                     fmt::format("store '{}' has a bandwidth for {}, but does not keep {}", node.name, kStreamNames[s],
                                 kTensorWords[kTensorOf[s]]),
                     node.where, "leave that bandwidth out, or add the tensor to its `keeps:`"});
  }
}

}  // namespace

std::vector<Problem> doubts(const Hardware& hardware) {
  std::vector<Problem> found;
  for (const HardwareNode& node : hardware.nodes) {
    if (node.kind == NodeKind::store) doubt_store(hardware, node, found);
    if (node.kind == NodeKind::fanout && node.fanout.children() == 1) {
      found.push_back({"hardware.one-child", fmt::format("fanout '{}' has a single child", node.name), node.where,
                       "give its shape more than one, or leave it out"});
    }
  }
  return found;
}

}  // namespace weft
