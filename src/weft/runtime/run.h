// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <optional>
#include <vector>

#include "weft/network/network.h"
#include "weft/tensor/dense.h"

namespace weft {

/// A network ready to run in float32: its constants made, and for each value the last node that reads it.
struct Program {
  Network network;
  std::vector<std::optional<FloatTensor>> constants;  ///< by value
  std::vector<std::size_t> last_use;                  ///< by value: index of a node; nodes.size() for outputs
};

/// Checks that every node can be computed, before any memory is taken. Throws Error runtime.unsupported-operator,
/// runtime.not-float32, runtime.too-large (a value of more than kMostRunElements), each naming the node.
Program prepare(Network network);
inline constexpr std::int64_t kMostRunElements = std::int64_t{1} << 30;

/// Ways to take part in a run. Each may be empty.
struct RunHooks {
  /// Asked before a node is computed; true if it has filled in `outputs` itself. Inputs that are left out are nullptr.
  using Instead =
      std::function<bool(std::size_t node, const std::vector<const FloatTensor*>& inputs, std::vector<FloatTensor>&)>;
  Instead instead;
  /// Told of every activation once it has its values, which it may change: inputs first, then outputs of nodes.
  std::function<void(ValueId, FloatTensor&)> seen;
};

/// The outputs for these inputs, in the network's order. An activation's memory is given back after its last use.
/// Throws Error runtime.bad-input if the number of inputs or a shape differs from the network's.
std::vector<FloatTensor> run(const Program& program, std::vector<FloatTensor> inputs, const RunHooks& hooks = {});

}  // namespace weft
