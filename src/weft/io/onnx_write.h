// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>

#include "weft/network/network.h"

namespace weft {

/// write_onnx with another limit: a model whose weights have more than `most_inside` bytes gets an external data file.
void write_onnx(const Network& network, const std::string& path, std::int64_t most_inside);

}  // namespace weft
