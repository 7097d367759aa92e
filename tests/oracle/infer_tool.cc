// SPDX-License-Identifier: Apache-2.0
// Reads the models named on standard input, one path a line, and prints one JSON line each: the inferred types of the
// outputs, or the error. `infer_tool --all` prints the types of all values; `infer_tool --rewrite` writes each model
// back to
// "<path>.again" as well.
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "weft/base/error.h"
#include "weft/io/onnx.h"

namespace {

using nlohmann::ordered_json;

ordered_json type_of(const weft::Value& value) {
  return {{"name", value.name}, {"type", weft::name(value.type.type)}, {"shape", value.type.shape}};
}

ordered_json types(const weft::Network& network, bool all) {
  ordered_json out = ordered_json::array();
  if (all) {
    for (const weft::Value& value : network.values) out.push_back(type_of(value));
  } else {
    for (const weft::ValueId id : network.outputs) out.push_back(type_of(network.values[std::size_t(id)]));
  }
  return out;
}

ordered_json report(const std::string& path, bool all, bool rewrite) {
  try {
    const weft::Network network = weft::read_onnx(path);
    if (rewrite) weft::write_onnx(network, path + ".again");
    return {{"path", path}, {"values", types(network, all)}};
  } catch (const weft::Error& error) {
    return {{"path", path}, {"id", error.problems().front().id}, {"error", error.problems().front().what}};
  }
}

}  // namespace

int main(int argc, char** argv) {
  bool all = false, rewrite = false;
  for (int i = 1; i < argc; ++i) {
    all = all || argv[i] == std::string("--all");
    rewrite = rewrite || argv[i] == std::string("--rewrite");
  }
  std::string path;
  while (std::getline(std::cin, path)) std::cout << report(path, all, rewrite).dump() << '\n';
  return 0;
}
