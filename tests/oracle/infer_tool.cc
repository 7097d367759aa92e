// SPDX-License-Identifier: Apache-2.0
// Reads the models named on standard input, one path a line, and prints one JSON line each: the inferred types of the
// outputs, or the error. `infer_tool --all` prints the types of all values; `infer_tool --rewrite` writes each model
// back to
// "<path>.again" as well.
#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "weft/base/error.h"
#include "weft/io/onnx.h"
#include "weft/network/operators.h"

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

ordered_json count(weft::OperandCount n) {
  return {n.least, n.most == weft::kAnyNumber ? ordered_json("any") : ordered_json(n.most)};
}

ordered_json row_of(const weft::OperatorRow& row) {
  ordered_json attributes = ordered_json::object();
  for (const weft::AttributeRule& rule : row.attributes)
    attributes[std::string(rule.name)] = {weft::name(rule.kind), rule.required};
  return {{"name", row.name},
          {"since", row.since},
          {"inputs", count(row.inputs)},
          {"outputs", count(row.outputs)},
          {"attributes", attributes}};
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> options(argv + 1, argv + argc);
  const auto has = [&](const char* option) {
    return std::find(options.begin(), options.end(), option) != options.end();
  };
  if (has("--operators")) {
    for (const weft::OperatorRow& row : weft::operators()) std::cout << row_of(row).dump() << '\n';
    return 0;
  }
  std::string path;
  while (std::getline(std::cin, path)) std::cout << report(path, has("--all"), has("--rewrite")).dump() << '\n';
  return 0;
}
