// SPDX-License-Identifier: Apache-2.0
// Any bytes as an ONNX model: an Error, or a network that can be counted.
#include <cstdint>
#include <string_view>

#include "weft/base/error.h"
#include "weft/io/onnx.h"

namespace {

void visit(const weft::Network& network) {
  for (const weft::Value& value : network.values) {
    if (value.constant) weft::count_nonzero(*value.constant);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    visit(weft::parse_onnx({reinterpret_cast<const char*>(data), size}, "fuzz.onnx", ""));
  } catch (const weft::Error& error) {
    for (const weft::Problem& problem : error.problems()) weft::render(problem);
  }
  return 0;
}
