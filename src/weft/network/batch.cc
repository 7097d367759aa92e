// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "weft/base/error.h"
#include "weft/network/network.h"
#include "weft/network/operators.h"

namespace weft {
namespace {

/// Exporters write the batch they saw into the target of a Reshape ([1, 9216]). If its first extent and that of its
/// input are both the old batch, it means the batch.
void rewrite_reshape(Network& network, Node& node, std::int64_t old_batch, std::int64_t N) {
  const Value& data = network.values[std::size_t(node.inputs[0])];
  const Value& target = network.values[std::size_t(node.inputs[1])];
  if (!target.constant || data.type.shape.empty() || data.type.shape[0] != old_batch) return;
  std::vector<std::int64_t> extents = integers(*target.constant);
  if (extents.empty() || extents[0] != old_batch) return;
  extents[0] = N;
  Value rewritten{fmt::format("{}:batch{}", target.name, N), {}, stored_integers(target.type.shape, extents)};
  rewritten.type = rewritten.constant->type;
  node.inputs[1] = ValueId(network.values.size());
  network.values.push_back(std::move(rewritten));
}

/// The batch of the network as it is: axis 0 of its inputs.
std::int64_t batch_of(const Network& network) {
  for (const ValueId id : network.inputs) {
    const Value& input = network.values[std::size_t(id)];
    if (!input.type.shape.empty()) return input.type.shape[0];
    throw Error(Problem{"network.no-batch",
                        fmt::format("input '{}' is a scalar: it has no batch axis", input.name),
                        {},
                        "leave the batch as it is"});
  }
  return 0;
}

}  // namespace

Network with_batch(Network network, std::int64_t N) {
  if (N < 1)
    throw Error(Problem{"network.bad-batch", fmt::format("a batch of {}", N), {}, "a batch has at least 1 sample"});
  infer_shapes(network);
  const std::int64_t old_batch = batch_of(network);
  if (old_batch == N) return network;
  for (Node& node : network.nodes) {
    if (node.op == "Reshape") rewrite_reshape(network, node, old_batch, N);
  }
  for (const ValueId id : network.inputs) {
    Shape& shape = network.values[std::size_t(id)].type.shape;
    if (shape.empty()) batch_of(network);
    shape[0] = N;
  }
  infer_shapes(network);
  return network;
}

}  // namespace weft
