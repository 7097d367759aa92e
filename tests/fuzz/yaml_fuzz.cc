// SPDX-License-Identifier: Apache-2.0
// Any bytes as YAML text: an Error or a tree all of whose places and values can be asked for.
#include <cstdint>
#include <string_view>

#include "weft/base/yaml.h"

namespace {

using weft::YamlMap;
using weft::YamlNode;

void visit(const YamlNode& node) {
  node.where();
  std::vector<weft::Problem> problems;
  YamlMap map(node, "something", problems);
  map.integer("a");
  map.bytes("capacity");
  map.hertz("clock");
  map.energy("price");
  map.optional_bandwidth("bandwidth");
  map.number("n");
  map.boolean("flag", false);
  map.choice("halo", {"slide", "refetch"}, 0);
  map.strings("keeps");
  map.finish();
  for (const weft::Problem& problem : problems) weft::render(problem);
  if (node.kind() == YamlNode::Kind::sequence) {
    for (const YamlNode& item : node.items()) visit(item);
  }
  if (node.kind() == YamlNode::Kind::map) {
    for (const YamlNode::Entry& entry : node.entries()) visit(entry.value);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    visit(weft::parse_yaml({reinterpret_cast<const char*>(data), size}, "fuzz.yaml"));
  } catch (const weft::Error&) {
    // the answer for most inputs
  }
  return 0;
}
