// SPDX-License-Identifier: Apache-2.0
#include "weft/runtime/run.h"

#include <fmt/format.h>

#include <utility>

#include "weft/base/error.h"
#include "weft/network/node_reader.h"
#include "weft/runtime/operators.h"

namespace weft {
namespace {

const Value& value(const Network& network, ValueId id) { return network.values[std::size_t(id)]; }

/// Every output is a constant that shape inference has found.
bool is_folded(const Network& network, const Node& node) {
  for (const ValueId id : node.outputs) {
    if (id != kNoValue && !value(network, id).constant) return false;
  }
  return true;
}

bool is_read(const Program& program, ValueId id) { return id != kNoValue && program.last_use[std::size_t(id)] != 0; }

/// Dropout or BatchNormalization as it is while a network is trained.
bool is_training(const Network& network, const Node& node) {
  const NodeReader reader(network, node);
  if (node.op == "Dropout" && reader.has(2)) {
    const ConstantTensor* flag = reader.constant(2);
    return flag == nullptr || integers(*flag).front() != 0;
  }
  return node.op == "BatchNormalization" && reader.integer("training_mode", 0) != 0;
}

class Checker {
 public:
  explicit Checker(const Program& program) : program_(program) {}

  std::vector<Problem> problems() {
    const Network& network = program_.network;
    for (const ValueId id : network.inputs) check_value(id, "the network's inputs");
    for (const Node& node : network.nodes) {
      if (is_folded(network, node)) continue;
      const std::string whose = describe(network, node);
      if (find_compute(node.op) == nullptr) {
        add("runtime.unsupported-operator", whose + ": Weft cannot compute this operator's values yet",
            "replace it in the model; docs/operators.md says which are computed");
        continue;
      }
      if (is_training(network, node)) {
        add("runtime.unsupported-operator", whose + ": it is in training mode", "export the model for inference");
      }
      for (std::size_t i = 0; i < node.outputs.size(); ++i) {
        if (node.outputs[i] == kNoValue) continue;
        if (i > 0 && node.op != "Split") {
          if (is_read(program_, node.outputs[i])) {
            add("runtime.unsupported-operator", fmt::format("{}: its output {} is not computed", whose, i),
                "remove what reads that output");
          }
          continue;
        }
        check_value(node.outputs[i], whose);
      }
    }
    return std::move(problems_);
  }

 private:
  void add(std::string id, std::string what, std::string mend) {
    problems_.push_back({std::move(id), std::move(what), {}, std::move(mend)});
  }

  void check_value(ValueId id, const std::string& whose) {
    const Value& v = value(program_.network, id);
    if (v.type.type != ElementType::float32) {
      add("runtime.not-float32", fmt::format("{}: '{}' is {}", whose, v.name, to_string(v.type)),
          "convert the model to float32");
    } else if (elements(v.type.shape) > kMostRunElements) {
      add("runtime.too-large",
          fmt::format("{}: '{}' is {}; a value that is computed has at most {} elements", whose, v.name,
                      to_string(v.type), kMostRunElements),
          "use a smaller batch");
    }
  }

  const Program& program_;
  std::vector<Problem> problems_;
};

void load_constant(Program& program, ValueId id) {
  if (id == kNoValue) return;
  const Value& v = value(program.network, id);
  auto& slot = program.constants[std::size_t(id)];
  if (v.constant && v.type.type == ElementType::float32 && !slot) slot = floats(*v.constant);
}

void require_inputs(const Network& network, const std::vector<FloatTensor>& inputs) {
  const auto refuse = [&](std::string what) {
    throw Error(Problem{"runtime.bad-input", std::move(what), {}, "give the inputs that `weft inspect` lists"});
  };
  if (inputs.size() != network.inputs.size()) {
    refuse(fmt::format("network '{}' has {} inputs, not {}", network.name, network.inputs.size(), inputs.size()));
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Value& wanted = value(network, network.inputs[i]);
    if (inputs[i].shape == wanted.type.shape) continue;
    refuse(fmt::format("input '{}' of network '{}' is {}, not {}", wanted.name, network.name,
                       to_string(wanted.type.shape), to_string(inputs[i].shape)));
  }
}

/// One run: the activations that are still wanted.
class Run {
 public:
  Run(const Program& program, const RunHooks& hooks)
      : program_(program), hooks_(hooks), live_(program.network.values.size()) {}

  std::vector<FloatTensor> operator()(std::vector<FloatTensor> inputs) {
    const Network& network = program_.network;
    for (std::size_t i = 0; i < inputs.size(); ++i) keep(network.inputs[i], std::move(inputs[i]));
    for (std::size_t n = 0; n < network.nodes.size(); ++n) {
      if (!is_folded(network, network.nodes[n])) compute(n);
      release(n);
    }
    std::vector<FloatTensor> outputs;
    for (const ValueId id : network.outputs) outputs.push_back(*find(id));
    return outputs;
  }

 private:
  const FloatTensor* find(ValueId id) const {
    if (id == kNoValue) return nullptr;
    const auto at = std::size_t(id);
    if (live_[at]) return &*live_[at];
    return program_.constants[at] ? &*program_.constants[at] : nullptr;
  }

  void keep(ValueId id, FloatTensor tensor) {
    if (hooks_.seen) hooks_.seen(id, tensor);
    live_[std::size_t(id)] = std::move(tensor);
  }

  void compute(std::size_t n) {
    const Network& network = program_.network;
    const Node& node = network.nodes[n];
    std::vector<const FloatTensor*> inputs;
    for (const ValueId id : node.inputs) inputs.push_back(find(id));
    std::vector<FloatTensor> outputs;
    const std::size_t count = node.op == "Split" ? node.outputs.size() : 1;
    for (std::size_t i = 0; i < count; ++i) {
      FloatTensor out;
      if (node.outputs[i] != kNoValue) out.shape = value(network, node.outputs[i]).type.shape;
      out.values.resize(std::size_t(elements(out.shape)));
      outputs.push_back(std::move(out));
    }
    if (!hooks_.instead || !hooks_.instead(n, inputs, outputs)) {
      find_compute(node.op)({network, node, NodeReader(network, node), inputs, outputs});
    }
    for (std::size_t i = 0; i < count; ++i) {
      if (node.outputs[i] != kNoValue) keep(node.outputs[i], std::move(outputs[i]));
    }
  }

  void release(std::size_t n) {
    const auto drop = [&](const std::vector<ValueId>& ids) {
      for (const ValueId id : ids) {
        if (id != kNoValue && program_.last_use[std::size_t(id)] <= n) live_[std::size_t(id)].reset();
      }
    };
    drop(program_.network.nodes[n].inputs);
    drop(program_.network.nodes[n].outputs);
  }

  const Program& program_;
  const RunHooks& hooks_;
  std::vector<std::optional<FloatTensor>> live_;
};

}  // namespace

Program prepare(Network network) {
  Program program{.network = std::move(network)};
  const Network& net = program.network;
  program.constants.resize(net.values.size());
  program.last_use.resize(net.values.size());
  for (std::size_t n = 0; n < net.nodes.size(); ++n) {
    for (const ValueId id : net.nodes[n].inputs) {
      if (id != kNoValue) program.last_use[std::size_t(id)] = n;
    }
  }
  for (const ValueId id : net.outputs) program.last_use[std::size_t(id)] = net.nodes.size();
  if (std::vector<Problem> problems = Checker(program).problems(); !problems.empty()) throw Error(std::move(problems));
  for (const Node& node : net.nodes) {
    if (is_folded(net, node)) continue;
    for (const ValueId id : node.inputs) load_constant(program, id);
  }
  for (const ValueId id : net.outputs) load_constant(program, id);
  return program;
}

std::vector<FloatTensor> run(const Program& program, std::vector<FloatTensor> inputs, const RunHooks& hooks) {
  require_inputs(program.network, inputs);
  return Run(program, hooks)(std::move(inputs));
}

}  // namespace weft
