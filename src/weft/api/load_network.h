// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "weft/network/network.h"

namespace weft {

/// The network that a user names, with inferred shapes: a file if `what` ends in ".onnx", has a '/' or is no name of
/// the zoo but a file that exists; else a network of the zoo. `batch` becomes the batch size; without it a file keeps
/// its own (1 if it is symbolic) and the zoo has 1. Errors: zoo.*, onnx.*, network.*, file.*
Network load_network(const std::string& what, std::optional<std::int64_t> batch = std::nullopt);

/// Does `what` name a file by the rule above?
bool names_file(const std::string& what);

}  // namespace weft
