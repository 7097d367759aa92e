// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <cstring>

#include "weft/io/onnx_testing.h"

namespace weft {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)

/// Also provokes base's file.not-found and file.unreadable for models.
std::string id_of_file(const std::string& path) {
  try {
    read_onnx(path);
  } catch (const Error& error) {
    CHECK(error.problems().front().where.file == path);
    return error.problems().front().id;
  }
  return "";
}

void make_symbolic(onnx::ValueInfoProto& info, int axis, const std::string& name) {
  auto* dim = info.mutable_type()->mutable_tensor_type()->mutable_shape()->mutable_dim(axis);
  dim->clear_dim_value();
  if (!name.empty()) dim->set_dim_param(name);
}

}  // namespace

TEST_CASE("a model becomes a network with inferred shapes") {
  const Network net = parse(conv_model());
  CHECK(net.name == "test");
  CHECK(net.opset == 13);
  REQUIRE(net.nodes.size() == 2);
  CHECK(net.nodes[0].name == "conv");
  CHECK(value(net, "a").type == TensorType{ElementType::float32, {1, 4, 6, 6}});
  CHECK(count_nonzero(*value(net, "w").constant) == 108);
  CHECK(net.inputs.size() == 1);
}

TEST_CASE("an unknown batch is the option's, any other unknown extent is refused") {
  for (const char* name : {"", "N"}) {
    onnx::ModelProto model = conv_model();
    make_symbolic(*model.mutable_graph()->mutable_input(0), 0, name);
    make_symbolic(*model.mutable_graph()->mutable_output(0), 0, name);
    CHECK(value(parse(model), "y").type.shape == Shape{1, 4, 6, 6});
    CHECK(value(parse(model, {.batch = 16}), "y").type.shape == Shape{16, 4, 6, 6});
    make_symbolic(*model.mutable_graph()->mutable_input(0), 2, name);
    CHECK(problem_of(model).id == "onnx.symbolic-extent");
  }
  onnx::ModelProto shapeless = conv_model();
  shapeless.mutable_graph()->mutable_input(0)->mutable_type()->mutable_tensor_type()->clear_shape();
  CHECK(problem_of(shapeless).id == "onnx.symbolic-extent");
}

TEST_CASE("initialisers that are listed as inputs are constants") {
  onnx::ModelProto model = conv_model();
  set_type(*model.mutable_graph()->add_input(), "w", {4, 3, 3, 3});
  const Network net = parse(model);
  CHECK(net.inputs.size() == 1);
  CHECK(value(net, "w").constant.has_value());
  set_type(*model.mutable_graph()->mutable_input(1), "w", {});  // its extents come after those there are
  model.mutable_graph()
      ->mutable_input(1)
      ->mutable_type()
      ->mutable_tensor_type()
      ->mutable_shape()
      ->mutable_dim(0)
      ->set_dim_value(5);
  CHECK(problem_of(model).id == "onnx.contradiction");
}

TEST_CASE("nodes may come in any order; those that are in order stay as they are") {
  onnx::ModelProto model = conv_model();
  model.mutable_graph()->mutable_node()->SwapElements(0, 1);
  const Network net = parse(model);
  CHECK(net.nodes[0].name == "conv");
  CHECK(net.nodes[1].name == "relu");

  onnx::ModelProto branches = conv_model();
  add_node(branches, "Sigmoid", {"x"}, {"s"}, "independent");
  const Network stable = parse(branches);
  CHECK(stable.nodes[0].name == "conv");
  CHECK(stable.nodes[2].name == "independent");
}

TEST_CASE("nodes in a circle are an error that names them") {
  onnx::ModelProto model = conv_model();
  add_node(model, "Add", {"x", "q"}, {"p"}, "first");
  add_node(model, "Relu", {"p"}, {"q"}, "second");
  add_node(model, "Relu", {"q"}, {"r"}, "after");
  const Problem problem = problem_of(model);
  CHECK(problem.id == "onnx.cycle");
  const bool named = problem.what.find("'first' -> 'second' -> 'first'") != std::string::npos ||
                     problem.what.find("'second' -> 'first' -> 'second'") != std::string::npos;
  CHECK(named);
  CHECK(problem.what.find("after") == std::string::npos);

  onnx::ModelProto self = empty_model();
  add_node(self, "Relu", {"a"}, {"a"}, "ouroboros");
  CHECK(problem_of(self).id == "onnx.cycle");
}

TEST_CASE("a value has one origin, and what is read is defined") {
  onnx::ModelProto twice = conv_model();
  add_node(twice, "Relu", {"x"}, {"y"}, "again");
  CHECK(problem_of(twice).id == "onnx.duplicate-value");
  onnx::ModelProto shadow = conv_model();
  add_node(shadow, "Relu", {"x"}, {"w"}, "shadow");
  CHECK(problem_of(shadow).id == "onnx.duplicate-value");
  onnx::ModelProto inputs = conv_model();
  set_type(*inputs.mutable_graph()->add_input(), "x", {1, 3, 8, 8});
  CHECK(problem_of(inputs).id == "onnx.duplicate-value");
  onnx::ModelProto weights = conv_model();
  add_ones(weights, "w", {1});
  CHECK(problem_of(weights).id == "onnx.duplicate-value");

  onnx::ModelProto undefined = conv_model();
  undefined.mutable_graph()->mutable_node(1)->set_input(0, "b");
  const Problem problem = problem_of(undefined);
  CHECK(problem.id == "onnx.undefined-value");
  CHECK(problem.what == "node 'relu' (Relu) reads the value 'b', which nothing defines");
  onnx::ModelProto no_output = conv_model();
  no_output.mutable_graph()->mutable_output(0)->set_name("z");
  CHECK(problem_of(no_output).id == "onnx.undefined-value");
}

TEST_CASE("all problems of one part of the file come together") {
  onnx::ModelProto model = conv_model();
  model.mutable_graph()->mutable_node(0)->set_input(0, "p");
  model.mutable_graph()->mutable_node(1)->set_input(0, "q");
  const std::vector<Problem> problems = problems_of([&] { parse(model); });
  REQUIRE(problems.size() == 2);
  CHECK(problems[1].where.file == "test.onnx");
}

TEST_CASE("names that are missing or double are made up") {
  onnx::ModelProto model = conv_model();
  model.mutable_graph()->mutable_node(0)->set_name("");
  model.mutable_graph()->mutable_node(1)->set_name("Conv_0");
  add_node(model, "Relu", {"a"}, {"b"}, "Conv_0");
  const Network net = parse(model);
  CHECK(net.nodes[0].name == "Conv_0_");
  CHECK(net.nodes[1].name == "Conv_0");
  CHECK(net.nodes[2].name == "Relu_2");
  set_type(*model.mutable_graph()->add_input(), "", {1});
  CHECK(problem_of(model).id == "onnx.bad-name");
  onnx::ModelProto unnamed = conv_model();
  unnamed.mutable_graph()->mutable_initializer(0)->set_name("");
  CHECK(problem_of(unnamed).id == "onnx.bad-name");
}

TEST_CASE("attributes of every kind come through") {
  onnx::ModelProto model = conv_model();
  onnx::NodeProto& conv = *model.mutable_graph()->mutable_node(0);
  add_attribute(conv, "auto_pad", onnx::AttributeProto::STRING).set_s("SAME_UPPER");
  add_attribute(conv, "group", onnx::AttributeProto::INT).set_i(1);
  add_attribute(conv, "strides", onnx::AttributeProto::INTS).add_ints(2);
  conv.mutable_attribute(2)->add_ints(2);
  model.mutable_graph()->clear_output();
  const Network net = parse(model);
  CHECK(value(net, "a").type.shape == Shape{1, 4, 4, 4});
  CHECK(std::get<std::string>(net.nodes[0].attributes.at("auto_pad")) == "SAME_UPPER");

  onnx::NodeProto& constant = add_node(model, "Constant", {}, {"c"}, "constant");
  onnx::TensorProto& tensor = *add_attribute(constant, "value", onnx::AttributeProto::TENSOR).mutable_t();
  tensor.set_data_type(onnx::TensorProto::INT64);
  tensor.add_int64_data(-3);
  CHECK(integers(*value(parse(model), "c").constant) == std::vector<std::int64_t>{-3});
}

TEST_CASE("graphs as attributes, and the like, are refused by name") {
  const auto with_attribute = [](auto change) {
    onnx::ModelProto model = conv_model();
    change(*model.mutable_graph()->mutable_node(0));
    return problem_of(model);
  };
  const Problem graph = with_attribute(
      [](onnx::NodeProto& node) { add_attribute(node, "body", onnx::AttributeProto::GRAPH).mutable_g(); });
  CHECK(graph.id == "onnx.unsupported");
  CHECK(graph.what.find("attribute 'body'") != std::string::npos);
  CHECK(with_attribute([](onnx::NodeProto& node) { node.add_attribute()->set_name("untyped"); }).id ==
        "onnx.unsupported");
  CHECK(with_attribute([](onnx::NodeProto& node) {
          add_attribute(node, "group", onnx::AttributeProto::INT).set_ref_attr_name("outer");
        }).id == "onnx.unsupported");
  CHECK(with_attribute([](onnx::NodeProto& node) {
          add_attribute(node, "group", onnx::AttributeProto::INT).set_i(1);
          add_attribute(node, "group", onnx::AttributeProto::INT).set_i(1);
        }).id == "onnx.duplicate-attribute");
}

TEST_CASE("functions, training, sparse weights and sequences are refused") {
  onnx::ModelProto function = conv_model();
  function.add_functions()->set_name("f");
  CHECK(problem_of(function).id == "onnx.unsupported");
  onnx::ModelProto training = conv_model();
  training.add_training_info();
  CHECK(problem_of(training).id == "onnx.unsupported");
  onnx::ModelProto sparse = conv_model();
  sparse.mutable_graph()->add_sparse_initializer();
  CHECK(problem_of(sparse).id == "onnx.unsupported");
  onnx::ModelProto sequence = conv_model();
  sequence.mutable_graph()->mutable_input(0)->mutable_type()->mutable_sequence_type();
  CHECK(problem_of(sequence).id == "onnx.unsupported");
}

TEST_CASE("operators of other domains are unknown; importing a domain that no node uses is fine") {
  onnx::ModelProto model = conv_model();
  auto* other = model.add_opset_import();
  other->set_domain("ai.onnx.ml");
  other->set_version(3);
  CHECK_NOTHROW(parse(model));
  model.mutable_graph()->mutable_node(0)->set_domain("ai.onnx");  // the default domain's long name
  CHECK_NOTHROW(parse(model));
  model.mutable_graph()->mutable_node(1)->set_domain("ai.onnx.ml");
  const Problem problem = problem_of(model);
  CHECK(problem.id == "network.unknown-operator");
  CHECK(problem.what.find("'ai.onnx.ml'") != std::string::npos);
}

TEST_CASE("the operator set's version must be there, once, and known") {
  onnx::ModelProto none = conv_model();
  none.clear_opset_import();
  CHECK(problem_of(none).id == "onnx.bad-opset");
  onnx::ModelProto twice = conv_model();
  twice.add_opset_import()->set_version(12);
  CHECK(problem_of(twice).id == "onnx.bad-opset");
  for (const std::int64_t version : {std::int64_t{6}, std::int64_t{29}, INT64_MAX}) {
    onnx::ModelProto model = conv_model();
    model.mutable_opset_import(0)->set_version(version);
    CHECK(problem_of(model).id == "network.unsupported-opset");
  }
}

TEST_CASE("declared types that contradict the inferred ones are an error") {
  onnx::ModelProto output = conv_model();
  set_type(*output.mutable_graph()->mutable_output(0), "y", {1});  // a fifth extent
  CHECK(problem_of(output).id == "onnx.contradiction");
  onnx::ModelProto info = conv_model();
  set_type(*info.mutable_graph()->add_value_info(), "a", {1, 4, 6, 7});
  const Problem problem = problem_of(info);
  CHECK(problem.id == "onnx.contradiction");
  CHECK(problem.what == "value 'a' is float32 1x4x6x6, but the file declares float32 1x4x6x7");
  onnx::ModelProto element = conv_model();
  set_type(*element.mutable_graph()->add_value_info(), "a", {1, 4, 6, 6}, onnx::TensorProto::INT8);
  CHECK(problem_of(element).id == "onnx.contradiction");
  onnx::ModelProto stale = conv_model();
  set_type(*stale.mutable_graph()->add_value_info(), "gone", {1});
  CHECK_NOTHROW(parse(stale));
}

TEST_CASE("negative and enormous extents are refused before memory is taken") {
  onnx::ModelProto negative = conv_model();
  negative.mutable_graph()
      ->mutable_input(0)
      ->mutable_type()
      ->mutable_tensor_type()
      ->mutable_shape()
      ->mutable_dim(2)
      ->set_dim_value(-8);
  CHECK(problem_of(negative).id == "onnx.bad-shape");
  for (const std::int64_t extent : {std::int64_t{1} << 62, std::int64_t{-1}}) {
    onnx::ModelProto weights = conv_model();
    weights.mutable_graph()->mutable_initializer(0)->set_dims(0, extent);
    CHECK(problem_of(weights).id == "onnx.bad-shape");
  }
  onnx::ModelProto hundred_gigabytes = conv_model();
  hundred_gigabytes.mutable_graph()->mutable_initializer(0)->set_dims(0, 1'000'000'000);  // 27e9 floats
  CHECK(problem_of(hundred_gigabytes).id == "onnx.bad-weights");
  onnx::ModelProto input = conv_model();
  input.mutable_graph()
      ->mutable_input(0)
      ->mutable_type()
      ->mutable_tensor_type()
      ->mutable_shape()
      ->mutable_dim(0)
      ->set_dim_value(std::int64_t{1} << 62);
  CHECK(problem_of(input).id == "network.too-large");
}

TEST_CASE("files that are no models say what they are") {
  CHECK(problem_of_bytes("").id == "onnx.empty");
  CHECK(problem_of_bytes("kind: hardware\nversion: 1\n").id == "onnx.not-a-model");
  CHECK(problem_of_bytes(std::string(1000, '\xff')).id == "onnx.not-a-model");
  CHECK(problem_of_bytes("\x08\x08").id == "onnx.not-a-model");  // ir_version, and no graph
  CHECK(problem_of_bytes("ir_version: 8\nproducer_name: \"text\"\ngraph {\n}\n").id == "onnx.not-a-model");
}

TEST_CASE("a file cut short anywhere within its graph is called truncated") {
  const std::string whole = conv_model().SerializeAsString();
  const std::size_t opset = 4;  // the opset_import after the graph: tag, length, and version in two bytes
  for (std::size_t length = 5; length < whole.size() - opset; ++length) {
    CAPTURE(length);
    CHECK(problem_of_bytes(whole.substr(0, length)).id == "onnx.truncated");
  }
}

TEST_CASE("files are read like bytes, and problems name the file") {
  const Folder folder;
  write_bytes(folder / "good.onnx", conv_model().SerializeAsString());
  CHECK(read_onnx(folder / "good.onnx").nodes.size() == 2);
  write_bytes(folder / "cut.onnx", conv_model().SerializeAsString().substr(0, 300));
  CHECK(id_of_file(folder / "cut.onnx") == "onnx.truncated");
  write_bytes(folder / "empty.onnx", "");
  CHECK(id_of_file(folder / "empty.onnx") == "onnx.empty");
  CHECK(id_of_file(folder / "none.onnx") == "file.not-found");
  CHECK(id_of_file(folder.path()) == "file.unreadable");
}

TEST_CASE("a file beyond 2 GiB is refused without being read") {
  const Folder folder;
  write_bytes(folder / "sparse.onnx", "x");
  std::filesystem::resize_file(folder / "sparse.onnx", std::uintmax_t{1} << 31);  // a hole: takes no space
  CHECK(id_of_file(folder / "sparse.onnx") == "onnx.too-large");
}

}  // namespace weft
