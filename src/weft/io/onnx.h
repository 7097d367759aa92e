// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>

#include "weft/network/network.h"

namespace weft {

struct OnnxOptions {
  /// What an unknown (symbolic) first extent of an input becomes. Other unknown extents are an Error
  /// (onnx.symbolic-extent).
  std::int64_t batch = 1;
};

/// Reads an ONNX model (operator sets 7 to 28) and infers its shapes. Nodes are put in topological order, in the file's
/// own order as far as that allows; nodes and values without a name of their own get one. Weights may be in raw_data,
/// in the typed fields, or in external files.
///
/// Files are hostile: sizes are checked before memory is taken, and nothing outside the model's own folder is opened.
/// What is taken is at most a few times the sizes of the model file and its external files.
/// Refused: more than 2 GiB, local functions, graphs as attributes, sparse and text tensors as data, sequences,
/// training. Errors: file.*, onnx.* and network.* of docs/errors.md. They name the node, operand or tensor; a protobuf
/// has no lines.
Network read_onnx(const std::string& path, const OnnxOptions& options = {});
/// The same from memory; `folder` is where external data may lie ("" forbids external data). `file_name` is for
/// messages.
Network parse_onnx(std::string_view bytes, const std::string& file_name, const std::string& folder,
                   const OnnxOptions& options = {});

/// Writes a model that the onnx checker accepts and onnxruntime runs: ir_version 8, weights as raw_data. Written whole
/// or not at all (temporary file, then rename), and the same network gives the same bytes. Random and filled weights
/// are made piece by piece as they are written, so memory stays small. Where the model would pass 2 GB, which the
/// format cannot hold, the weights go to "<path>.data" beside it. Errors: file.not-written; network.* if the network is
/// not sound.
void write_onnx(const Network& network, const std::string& path);

}  // namespace weft
