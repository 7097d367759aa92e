// SPDX-License-Identifier: Apache-2.0
#include "weft/api/load_network.h"

#include <filesystem>
#include <utility>

#include "weft/io/onnx.h"
#include "weft/network/zoo.h"

namespace weft {

bool names_file(const std::string& what) {
  if (what.ends_with(".onnx") || what.find('/') != std::string::npos) return true;
  std::error_code ignored;  // a name that cannot be a path is not a file
  return !describe_zoo_network(what) && std::filesystem::exists(what, ignored);
}

Network load_network(const std::string& what, std::optional<std::int64_t> batch) {
  Network network = names_file(what) ? read_onnx(what, {.batch = batch.value_or(1)}) : zoo_network(what);
  return batch ? with_batch(std::move(network), *batch) : network;
}

}  // namespace weft
