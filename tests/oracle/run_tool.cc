// SPDX-License-Identifier: Apache-2.0
// Runs the models named on standard input: each line is a path, followed by the paths of its inputs as raw float32. The
// outputs are written to "<path>.0.out", "<path>.1.out", ... as raw float32, and one JSON line is printed: their
// shapes, or the error.
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "weft/base/error.h"
#include "weft/base/file.h"
#include "weft/io/onnx.h"
#include "weft/runtime/run.h"

namespace {

using nlohmann::ordered_json;

weft::FloatTensor read_raw(const std::string& path, const weft::Shape& shape) {
  weft::FloatTensor tensor{shape, std::vector<float>(std::size_t(weft::elements(shape)))};
  std::ifstream in(path, std::ios::binary);
  in.read(reinterpret_cast<char*>(tensor.values.data()), std::streamsize(tensor.values.size() * sizeof(float)));
  return tensor;
}

ordered_json report(const std::string& line) {
  std::istringstream words(line);
  std::string path, input;
  words >> path;
  try {
    const weft::Program program = weft::prepare(weft::read_onnx(path));
    std::vector<weft::FloatTensor> inputs;
    for (const weft::ValueId id : program.network.inputs) {
      words >> input;
      inputs.push_back(read_raw(input, program.network.values[std::size_t(id)].type.shape));
    }
    ordered_json shapes = ordered_json::array();
    for (const weft::FloatTensor& out : weft::run(program, std::move(inputs))) {
      std::ofstream file(path + "." + std::to_string(shapes.size()) + ".out", std::ios::binary);
      file.write(reinterpret_cast<const char*>(out.values.data()), std::streamsize(out.values.size() * sizeof(float)));
      shapes.push_back(out.shape);
    }
    return {{"path", path}, {"outputs", shapes}};
  } catch (const weft::Error& error) {
    return {{"path", path}, {"id", error.problems().front().id}, {"error", error.problems().front().what}};
  }
}

}  // namespace

int main() {
  std::string line;
  while (std::getline(std::cin, line)) std::cout << report(line).dump() << '\n';
  return 0;
}
