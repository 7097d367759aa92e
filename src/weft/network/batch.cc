// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "weft/base/error.h"
#include "weft/network/network.h"

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

/// The inputs' batch as it is; nothing if there are no inputs.
std::optional<std::int64_t> batch_of(const Network& network) {
  std::optional<std::int64_t> batch;
  for (const ValueId id : network.inputs) {
    const Value& input = network.values[std::size_t(id)];
    if (input.type.shape.empty()) {
      throw Error(Problem{"network.bad-batch",
                          fmt::format("input '{}' is a scalar: it has no batch axis", input.name),
                          {},
                          "leave the batch as it is"});
    }
    if (!batch) batch = input.type.shape[0];
  }
  return batch;
}

}  // namespace

Network with_batch(Network network, std::int64_t N) {
  if (N < 1)
    throw Error(Problem{"network.bad-batch", fmt::format("a batch of {}", N), {}, "a batch has at least 1 sample"});
  infer_shapes(network);
  const auto old_batch = batch_of(network);
  if (!old_batch) return network;
  for (Node& node : network.nodes) {
    if (node.op == "Reshape" && old_batch != N) rewrite_reshape(network, node, *old_batch, N);
  }
  for (const ValueId id : network.inputs) network.values[std::size_t(id)].type.shape[0] = N;
  infer_shapes(network);
  return network;
}

std::int64_t batch_size(const Network& network) {
  if (network.inputs.empty()) return 1;
  const Shape& shape = network.values[std::size_t(network.inputs.front())].type.shape;
  return shape.empty() ? 1 : std::max<std::int64_t>(1, shape.front());
}

}  // namespace weft
