// SPDX-License-Identifier: Apache-2.0
// Any bytes as a mapping file for a small layer on Eyeriss: an Error, or nests that are counted and priced.
#include <cstdint>
#include <string_view>

#include "weft/dataflow/mapping.h"
#include "weft/model/cost.h"
#include "weft/model/counts.h"

namespace {

const weft::Hardware& machine() {
  static const weft::Hardware hardware = weft::load_hardware("eyeriss");
  return hardware;
}

void try_nest(const weft::Mapping& mapping) {
  static const weft::LoopProblem problem = weft::loop_problem(
      {.N = 2, .M = 4, .C = 3, .H = 9, .W = 9, .R = 3, .S = 3, .E = 7, .F = 7}, "fuzz", weft::Padding::implicit);
  try {
    const weft::Placement placement = weft::place(problem, mapping, machine());
    weft::overflow(problem, placement, machine());
    weft::cost(weft::count(problem, placement, machine(), {}), placement, machine());
  } catch (const weft::Error&) {
    // refused
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto mappings = weft::parse_mappings({reinterpret_cast<const char*>(data), size}, "fuzz.yaml");
    for (const weft::LayerMapping& given : mappings) try_nest(given.mapping);
  } catch (const weft::Error&) {
    // the answer for most inputs
  }
  return 0;
}
