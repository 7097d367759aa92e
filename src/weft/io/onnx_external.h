// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "weft/tensor/tensor.h"

namespace weft {

/// Weights outside the model file. Only regular files within the model's folder are opened, also after links are
/// followed. Tensors that name the same bytes share them; beyond that, no more bytes are read of a file than it has, so
/// overlapping ranges cannot multiply a small file into much memory.
class ExternalData {
 public:
  explicit ExternalData(std::string folder) : folder_(std::move(folder)) {}  ///< "": there is no folder; all is refused

  /// `size` bytes from `offset` of the file `location` (relative to the folder). `whose` names the tensor in messages.
  /// Throws Error: onnx.external-outside, onnx.external-unreadable, onnx.external-range.
  StoredValues read(const std::string& location, std::int64_t offset, std::int64_t size, const std::string& whose);

 private:
  struct File {
    std::string path;
    std::int64_t size = 0;
    std::int64_t taken = 0;
  };
  File& open(const std::string& location, const std::string& whose);

  std::string folder_;
  std::map<std::string, File> files_;  // by location
  std::map<std::tuple<std::string, std::int64_t, std::int64_t>, StoredValues> read_;
};

}  // namespace weft
