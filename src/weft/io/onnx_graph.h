// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "weft/io/onnx.h"
#include "weft/io/onnx_external.h"
#include "weft/network/network.h"

namespace onnx {
class ModelProto;
}

namespace weft {

/// The network a parsed model describes, with inferred shapes; weights are taken out of the message. See read_onnx.
Network take_network(onnx::ModelProto& model, ExternalData& external, const OnnxOptions& options);

/// The order in which to run `nodes` so that each comes after those it reads from: of those that are ready, the one
/// first in the file. Throws Error onnx.cycle, naming the nodes of one cycle.
std::vector<std::size_t> topological_order(const std::vector<Node>& nodes);

}  // namespace weft
