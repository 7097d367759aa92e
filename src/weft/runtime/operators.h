// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string_view>
#include <vector>

#include "weft/network/network.h"
#include "weft/network/node_reader.h"
#include "weft/tensor/dense.h"

namespace weft {

/// What a compute function sees: the node, its operands (nullptr: left out or not float32), and its outputs with their
/// shapes set and zeros in them.
struct Computation {
  const Network& network;
  const Node& node;
  NodeReader reader;
  const std::vector<const FloatTensor*>& inputs;
  std::vector<FloatTensor>& outputs;

  const FloatTensor& in(std::size_t i) const { return *inputs[i]; }
  bool has(std::size_t i) const { return i < inputs.size() && inputs[i] != nullptr; }
  FloatTensor& out() const { return outputs[0]; }
};
using ComputeFn = void (*)(const Computation&);

/// The function that computes an operator in float32, or nullptr if there is none.
ComputeFn find_compute(std::string_view op);

}  // namespace weft
