// SPDX-License-Identifier: Apache-2.0
#include "weft/hardware/hardware.h"

#include <algorithm>

#include "weft/base/error.h"

namespace weft {

std::int64_t FanoutNode::children() const {
  std::int64_t product = 1;
  for (const FanoutAxis& axis : axes) product *= axis.size;
  return product;
}

const HardwareNode* Hardware::find(std::string_view node_name) const {
  const auto found =
      std::find_if(nodes.begin(), nodes.end(), [&](const HardwareNode& node) { return node.name == node_name; });
  return found == nodes.end() ? nullptr : &*found;
}

const LinkCodec* Hardware::codec() const {
  for (const HardwareNode& node : nodes) {
    if (node.store.codec) return &*node.store.codec;
  }
  return nullptr;
}

std::size_t Hardware::compute_index() const {
  const auto found =
      std::find_if(nodes.begin(), nodes.end(), [](const HardwareNode& node) { return node.kind == NodeKind::compute; });
  WEFT_ASSERT(found != nodes.end(), "read_hardware refuses a file without compute node");
  return static_cast<std::size_t>(found - nodes.begin());
}

std::int64_t Hardware::instances(std::size_t node) const {
  std::int64_t product = 1;
  for (std::size_t i = 0; i < node; ++i) {
    if (nodes[i].kind == NodeKind::fanout) product *= nodes[i].fanout.children();
  }
  return product;
}

Int128 energy_per_word(const Price& price, std::int64_t word_bits) {
  const std::int64_t words = price.width_bits == 0 ? 1 : std::max<std::int64_t>(1, price.width_bits / word_bits);
  return (price.energy + words / 2) / words;
}

std::optional<Price> price_of(const Hardware& hardware, const HardwareNode& node, std::string_view action) {
  const std::int64_t capacity = node.store.capacity ? node.store.capacity->value : 0;
  return find_price(hardware.components, node.component, action, capacity, node.store.width_bits);
}

std::vector<AreaLine> area_table(const Hardware& hardware) {
  std::vector<AreaLine> table;
  for (std::size_t i = 0; i < hardware.nodes.size(); ++i) {
    const HardwareNode& node = hardware.nodes[i];
    const std::int64_t capacity = node.store.capacity ? node.store.capacity->value : 0;
    const std::optional<Area> area = find_area(hardware.components, node.component, capacity);
    if (!area || node.store.offchip) continue;
    const std::int64_t instances = hardware.instances(i);
    table.push_back({node.name, instances, {double(instances) * area->area.value}, area->source});
  }
  return table;
}

}  // namespace weft
