// SPDX-License-Identifier: Apache-2.0
#include "weft/io/onnx_graph.h"

#include <fmt/format.h>

#include <map>
#include <set>
#include <unordered_map>

#include "onnx.pb.h"
#include "weft/base/error.h"
#include "weft/io/onnx_tensor.h"
#include "weft/network/operators.h"

namespace weft {
namespace {

bool is_default_domain(const std::string& domain) { return domain.empty() || domain == "ai.onnx"; }

Problem unsupported(const std::string& what, std::string mend) {
  return {"onnx.unsupported", what, {}, std::move(mend)};
}

/// Builds the network from the message, one part after another. Problems that do not keep the reader from going on are
/// collected and thrown together by `finish_part`.
class GraphReader {
 public:
  GraphReader(onnx::ModelProto& model, ExternalData& external, const OnnxOptions& options)
      : model_(model), graph_(*model.mutable_graph()), external_(external), options_(options) {}

  Network read() {
    read_header();
    read_initializers();
    read_inputs();
    read_nodes();
    read_outputs();
    finish_part();
    sort_nodes();
    infer_shapes(network_);
    compare_declared_types();
    finish_part();
    return std::move(network_);
  }

 private:
  void problem(std::string id, std::string what, std::string mend) {
    problems_.push_back({std::move(id), std::move(what), {}, std::move(mend)});
  }
  void finish_part() {
    if (!problems_.empty()) throw Error(std::move(problems_));
  }

  void read_header() {
    if (model_.functions_size() > 0)
      problems_.push_back(unsupported("the model defines its own functions", "inline them (onnx.inliner)"));
    if (model_.training_info_size() > 0)
      problems_.push_back(unsupported("the model holds training information", "export it for inference"));
    if (graph_.sparse_initializer_size() > 0)
      problems_.push_back(unsupported("the model has sparse initialisers", "save them as dense tensors"));
    network_.name = graph_.name();
    network_.opset = 0;
    for (const auto& opset : model_.opset_import()) {
      if (!is_default_domain(opset.domain())) continue;  // matters only if a node uses it
      if (network_.opset != 0)
        problem("onnx.bad-opset", "the model imports the default operator set twice", "keep one of them");
      network_.opset = int(std::clamp<std::int64_t>(opset.version(), 0, kNewestOpset + 1));
    }
    if (network_.opset == 0) {
      problem("onnx.bad-opset", "the model does not say which version of the operator set it uses",
              "add an opset_import");
    }
    finish_part();
  }

  /// A new value of that name, or a problem if there is one. The id is good in both cases.
  ValueId define(const std::string& name, const std::string& by) {
    const auto [found, is_new] = ids_.emplace(name, ValueId(network_.values.size()));
    if (!is_new) {
      problem("onnx.duplicate-value", fmt::format("{}: value '{}' is already defined", by, name),
              "each value has one origin; rename one");
    } else {
      network_.values.push_back({.name = name, .type = {}, .constant = {}});
    }
    return found->second;
  }

  void read_initializers() {
    for (onnx::TensorProto& tensor : *graph_.mutable_initializer()) {
      const std::string whose = fmt::format("initialiser '{}'", tensor.name());
      if (tensor.name().empty()) {
        problem("onnx.bad-name", "an initialiser has no name", "name it");
        continue;
      }
      Value& value = network_.values[std::size_t(define(tensor.name(), whose))];
      value.constant = take_tensor(tensor, whose, external_);
      value.type = value.constant->type;
    }
    constants_ = network_.values.size();
    graph_.clear_initializer();
  }

  void read_inputs() {
    std::set<std::string> listed;
    for (const onnx::ValueInfoProto& input : graph_.input()) {
      const std::string whose = fmt::format("input '{}'", input.name());
      const auto known = ids_.find(input.name());
      const bool is_constant = known != ids_.end() && std::size_t(known->second) < constants_;
      if (input.name().empty()) {
        problem("onnx.bad-name", "an input has no name", "name it");
      } else if (is_constant && listed.insert(input.name()).second) {
        compare_type(input, network_.values[std::size_t(known->second)].type,
                     whose);  // up to IR version 3 weights were inputs too
      } else {
        network_.inputs.push_back(define(input.name(), whose));
        network_.values[std::size_t(network_.inputs.back())].type = input_type(input, whose);
      }
    }
  }

  TensorType input_type(const onnx::ValueInfoProto& input, const std::string& whose) {
    if (!input.type().has_tensor_type()) {
      problems_.push_back(
          unsupported(whose + " is not a tensor", "Weft has no sequences, maps, optional or sparse values"));
      return {};
    }
    TensorType type{read_element_type(input.type().tensor_type().elem_type(), whose), {}};
    if (!input.type().tensor_type().has_shape()) {
      problem("onnx.symbolic-extent", whose + " has no shape", "export the model with a fixed input shape");
      return type;
    }
    const auto& shape = input.type().tensor_type().shape();
    for (int axis = 0; axis < shape.dim_size(); ++axis)
      type.shape.push_back(input_extent(shape.dim(axis), axis, whose));
    return type;
  }

  std::int64_t input_extent(const onnx::TensorShapeProto_Dimension& dim, int axis, const std::string& whose) {
    if (dim.has_dim_value()) {
      if (dim.dim_value() >= 0) return dim.dim_value();
      problem("onnx.bad-shape", fmt::format("{}: axis {} has extent {}", whose, axis, dim.dim_value()),
              "extents are at least 0");
      return 1;
    }
    if (axis == 0) return options_.batch;
    problem("onnx.symbolic-extent",
            fmt::format("{}: axis {} has the unknown extent '{}'", whose, axis, dim.dim_param()),
            "export with a fixed shape; only the first axis, the batch, may be unknown");
    return 1;
  }

  void read_nodes() {
    std::set<std::string> names;
    for (const onnx::NodeProto& node : graph_.node()) names.insert(node.name());
    int position = 0;
    for (onnx::NodeProto& node : *graph_.mutable_node()) network_.nodes.push_back(read_node(node, position++, names));
    // Names are resolved when all outputs are known: the file's order is not relied on.
    for (int n = 0; n < graph_.node_size(); ++n) resolve_inputs(graph_.node(n), network_.nodes[std::size_t(n)]);
  }

  Node read_node(onnx::NodeProto& proto, int position, std::set<std::string>& names) {
    Node node{.name = node_name(proto, position, names),
              .op = proto.op_type(),
              .inputs = {},
              .outputs = {},
              .attributes = {}};
    const std::string who = fmt::format("node '{}' ({})", node.name, node.op);
    if (!is_default_domain(proto.domain())) {
      problem("network.unknown-operator",
              fmt::format("{}: Weft does not know operators of the domain '{}'", who, proto.domain()),
              "export with the operators of ONNX's default domain only");
    }
    for (const std::string& output : proto.output())
      node.outputs.push_back(output.empty() ? kNoValue : define(output, who));
    for (onnx::AttributeProto& attribute : *proto.mutable_attribute()) read_attribute(attribute, node, who);
    return node;
  }

  /// The file's name for the node if it is the first of that name, else a new one.
  std::string node_name(const onnx::NodeProto& proto, int position, std::set<std::string>& names) {
    if (!proto.name().empty() && given_names_.insert(proto.name()).second) return proto.name();
    std::string name = fmt::format("{}_{}", proto.op_type(), position);
    while (!names.insert(name).second) name += '_';
    return name;
  }

  void resolve_inputs(const onnx::NodeProto& proto, Node& node) {
    for (const std::string& input : proto.input()) {
      const auto found = ids_.find(input);
      if (!input.empty() && found == ids_.end()) {
        problem("onnx.undefined-value",
                fmt::format("node '{}' ({}) reads the value '{}', which nothing defines", node.name, node.op, input),
                "make it an input, an initialiser or the output of a node");
      }
      node.inputs.push_back(found == ids_.end() ? kNoValue : found->second);
    }
    while (!node.inputs.empty() && node.inputs.back() == kNoValue) node.inputs.pop_back();  // says the same
  }

  void read_attribute(onnx::AttributeProto& proto, Node& node, const std::string& who) {
    const std::string whose = fmt::format("{}, attribute '{}'", who, proto.name());
    auto value = attribute_value(proto, whose);
    if (!value) {
      problems_.push_back(unsupported(whose + " is a graph, a sparse tensor, a type or a reference",
                                      "Weft reads numbers, texts, tensors and lists of numbers or texts"));
    } else if (!node.attributes.emplace(proto.name(), std::move(*value)).second) {
      problem("onnx.duplicate-attribute", whose + " is given twice", "keep one of them");
    }
  }

  std::optional<Attribute> attribute_value(onnx::AttributeProto& proto, const std::string& whose) {
    using Proto = onnx::AttributeProto;
    if (!proto.ref_attr_name().empty()) return std::nullopt;
    switch (proto.type()) {
      case Proto::INT:
        return proto.i();
      case Proto::FLOAT:
        return proto.f();
      case Proto::STRING:
        return proto.s();
      case Proto::INTS:
        return std::vector<std::int64_t>(proto.ints().begin(), proto.ints().end());
      case Proto::FLOATS:
        return std::vector<float>(proto.floats().begin(), proto.floats().end());
      case Proto::STRINGS:
        return std::vector<std::string>(proto.strings().begin(), proto.strings().end());
      case Proto::TENSOR:
        return take_tensor(*proto.mutable_t(), whose, external_);
      default:
        return std::nullopt;
    }
  }

  void read_outputs() {
    for (const onnx::ValueInfoProto& output : graph_.output()) {
      const auto found = ids_.find(output.name());
      if (found == ids_.end()) {
        problem("onnx.undefined-value", fmt::format("nothing defines the output '{}'", output.name()),
                "make it the output of a node");
      } else {
        network_.outputs.push_back(found->second);
      }
    }
  }

  void sort_nodes() {
    std::vector<Node> sorted;
    for (const std::size_t n : topological_order(network_.nodes)) sorted.push_back(std::move(network_.nodes[n]));
    network_.nodes = std::move(sorted);
  }

  void compare_declared_types() {
    for (const auto* declared : {&graph_.output(), &graph_.value_info()}) {
      for (const onnx::ValueInfoProto& info : *declared) {
        const auto found = ids_.find(info.name());
        if (found == ids_.end()) continue;  // about a value that is not there: harmless, and optimisers leave such
        compare_type(info, network_.values[std::size_t(found->second)].type, fmt::format("value '{}'", info.name()));
      }
    }
  }

  /// The declared type must not contradict the type found; it may say less.
  void compare_type(const onnx::ValueInfoProto& declared, const TensorType& found, const std::string& whose) {
    if (!declared.has_type() || !declared.type().has_tensor_type()) return;
    const auto& tensor = declared.type().tensor_type();
    const bool same_element = tensor.elem_type() == 0 || read_element_type(tensor.elem_type(), whose) == found.type;
    if (same_element && (!tensor.has_shape() || agrees(tensor.shape(), found.shape))) return;
    problem("onnx.contradiction",
            fmt::format("{} is {}, but the file declares {}", whose, to_string(found), declared_text(tensor)),
            "correct the declaration, or export the model again");
  }

  static bool agrees(const onnx::TensorShapeProto& declared, const Shape& found) {
    if (std::size_t(declared.dim_size()) != found.size()) return false;
    for (int axis = 0; axis < declared.dim_size(); ++axis) {
      const auto& dim = declared.dim(axis);
      if (dim.has_dim_value() && dim.dim_value() != found[std::size_t(axis)]) return false;
    }
    return true;
  }

  static std::string declared_text(const onnx::TypeProto_Tensor& tensor) {
    std::string text = fmt::format("{}", name(read_element_type(tensor.elem_type(), "value")));
    for (int axis = 0; axis < tensor.shape().dim_size(); ++axis) {
      const auto& dim = tensor.shape().dim(axis);
      text += axis == 0 ? ' ' : 'x';
      text += dim.has_dim_value() ? std::to_string(dim.dim_value()) : dim.has_dim_param() ? dim.dim_param() : "?";
    }
    return text;
  }

  onnx::ModelProto& model_;
  onnx::GraphProto& graph_;
  ExternalData& external_;
  const OnnxOptions& options_;
  Network network_;
  std::unordered_map<std::string, ValueId> ids_;
  std::size_t constants_ = 0;  // the first values are the initialisers
  std::set<std::string> given_names_;
  std::vector<Problem> problems_;
};

}  // namespace

Network take_network(onnx::ModelProto& model, ExternalData& external, const OnnxOptions& options) {
  return GraphReader(model, external, options).read();
}

}  // namespace weft
