// SPDX-License-Identifier: Apache-2.0
// Loads the data sets that standard input names, one JSON request a line:
//   {"path", "preprocessing", "network", "split", "samples": [i, ...], "out"}
// writes the network inputs of those samples to the file "out", one after another, and prints one JSON line each: type,
// labels and number of classes, or the error.
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "weft/base/atomic_file.h"
#include "weft/base/error.h"
#include "weft/data/dataset.h"

namespace {

using nlohmann::ordered_json;

ordered_json answer(const ordered_json& request) {
  try {
    const weft::Dataset dataset =
        weft::load_dataset(request.at("path"), {.split = request.value("split", ""),
                                                .preprocessing = request.value("preprocessing", ""),
                                                .network = request.value("network", "")});
    std::string bytes;
    for (const std::int64_t i : request.at("samples")) {
      const weft::StoredValues values = weft::materialise(weft::network_input(dataset, i));
      bytes.append(reinterpret_cast<const char*>(values.bytes->data()), values.bytes->size());
    }
    weft::write_file(request.at("out"), bytes);
    return {{"type", weft::name(dataset.input.type)},
            {"shape", dataset.input.shape},
            {"count", dataset.size()},
            {"labels", dataset.labels},
            {"classes", dataset.classes},
            {"class_names", dataset.class_names}};
  } catch (const weft::Error& error) {
    return {{"id", error.problems().front().id}, {"error", error.problems().front().what}};
  }
}

}  // namespace

int main() {
  std::string line;
  while (std::getline(std::cin, line)) std::cout << answer(ordered_json::parse(line)).dump() << '\n';
  return 0;
}
