// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <fstream>
#include <string>
#include <vector>

#include "onnx.pb.h"
#include "weft/base/error_testing.h"
#include "weft/io/onnx.h"

/// For tests: small models as messages, and what the reader says to them.
namespace weft::testing {

inline void set_type(onnx::ValueInfoProto& info, const std::string& name, const std::vector<std::int64_t>& shape,
                     int element = 1) {
  info.set_name(name);
  info.mutable_type()->mutable_tensor_type()->set_elem_type(element);
  auto* dims = info.mutable_type()->mutable_tensor_type()->mutable_shape();
  for (const std::int64_t extent : shape) dims->add_dim()->set_dim_value(extent);
}

inline onnx::NodeProto& add_node(onnx::ModelProto& model, const std::string& op, const std::vector<std::string>& inputs,
                                 const std::vector<std::string>& outputs, const std::string& name = "") {
  onnx::NodeProto& node = *model.mutable_graph()->add_node();
  node.set_op_type(op);
  node.set_name(name);
  for (const std::string& input : inputs) node.add_input(input);
  for (const std::string& output : outputs) node.add_output(output);
  return node;
}

inline onnx::AttributeProto& add_attribute(onnx::NodeProto& node, const std::string& name,
                                           onnx::AttributeProto::AttributeType type) {
  onnx::AttributeProto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(type);
  return attribute;
}

/// A float32 initialiser of that shape, all ones, in raw_data.
inline onnx::TensorProto& add_ones(onnx::ModelProto& model, const std::string& name,
                                   const std::vector<std::int64_t>& shape) {
  onnx::TensorProto& tensor = *model.mutable_graph()->add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  for (const std::int64_t extent : shape) tensor.add_dims(extent);
  const std::vector<float> ones(std::size_t(elements(shape)), 1.0f);
  tensor.set_raw_data(ones.data(), ones.size() * sizeof(float));
  return tensor;
}

inline onnx::ModelProto empty_model(int opset = 13) {
  onnx::ModelProto model;
  model.set_ir_version(8);
  model.add_opset_import()->set_version(opset);
  model.mutable_graph()->set_name("test");
  return model;
}

/// x [1, 3, 8, 8] -> Conv with w [4, 3, 3, 3] -> Relu -> y
inline onnx::ModelProto conv_model() {
  onnx::ModelProto model = empty_model();
  set_type(*model.mutable_graph()->add_input(), "x", {1, 3, 8, 8});
  set_type(*model.mutable_graph()->add_output(), "y", {1, 4, 6, 6});
  add_ones(model, "w", {4, 3, 3, 3});
  add_node(model, "Conv", {"x", "w"}, {"a"}, "conv");
  add_node(model, "Relu", {"a"}, {"y"}, "relu");
  return model;
}

inline Network parse(const onnx::ModelProto& model, const OnnxOptions& options = {}) {
  return parse_onnx(model.SerializeAsString(), "test.onnx", "", options);
}

inline Problem problem_of_bytes(std::string_view bytes, const std::string& folder = "") {
  try {
    parse_onnx(bytes, "test.onnx", folder);
  } catch (const Error& error) {
    return error.problems().front();
  }
  return {};
}
inline Problem problem_of(const onnx::ModelProto& model, const std::string& folder = "") {
  return problem_of_bytes(model.SerializeAsString(), folder);
}

inline void write_bytes(const std::string& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), std::streamsize(bytes.size()));
}

inline std::string read_bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline const Value& value(const Network& network, const std::string& name) {
  for (const Value& v : network.values) {
    if (v.name == name) return v;
  }
  throw std::out_of_range(name);
}

}  // namespace weft::testing
