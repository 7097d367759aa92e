// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>

#include "weft/network/network.h"

namespace weft {

struct OnnxOptions {
  /// What an unknown (symbolic) first extent of an input becomes. Other unknown extents are an Error (onnx.symbolic-extent).
  std::int64_t batch = 1;
};

/// Reads an ONNX model and infers its shapes. Files are hostile: sizes are checked before memory is taken, and nothing outside the
/// model's own folder is opened. Errors: docs/errors.md, onnx.*
Network read_onnx(const std::string& path, const OnnxOptions& options = {});
/// The same from memory; `folder` is where external data may lie ("" forbids external data). `file_name` is for messages.
Network parse_onnx(std::string_view bytes, const std::string& file_name, const std::string& folder,
                   const OnnxOptions& options = {});

/// Writes a model that the onnx checker accepts and onnxruntime runs. Written whole or not at all (temporary file, then rename).
/// Over 2 GB the weights go to an external file beside the model, as the format demands.
void write_onnx(const Network& network, const std::string& path);

}  // namespace weft
