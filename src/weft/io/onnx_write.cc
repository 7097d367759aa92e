// SPDX-License-Identifier: Apache-2.0
#include "weft/io/onnx_write.h"

#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl.h>

#include <algorithm>
#include <exception>
#include <filesystem>
#include <optional>
#include <set>

#include "onnx.pb.h"
#include "weft/base/atomic_file.h"
#include "weft/base/error.h"
#include "weft/io/onnx.h"
#include "weft/network/element_number.h"

namespace weft {
namespace {

namespace pb = google::protobuf::io;

constexpr int kIrVersion = 8;
constexpr std::int64_t kMostInside = 2'000'000'000;  ///< bytes of weights; protobuf ends at 2^31 - 1 for everything
constexpr std::int64_t kAlignment = 4096;            ///< of tensors in a data file, so that runtimes can map them
constexpr std::int64_t kPiece = 1 << 20;             ///< bytes of weights made at a time; a multiple of every element

/// The file as protobuf wants to see it. Protobuf flushes in destructors, so a failure is kept until `finish`.
class FileStream : public pb::CopyingOutputStream {
 public:
  explicit FileStream(AtomicFile& file) : file_(file) {}
  bool Write(const void* bytes, int size) override {
    if (failure_) return false;
    try {
      file_.write({static_cast<const char*>(bytes), std::size_t(size)});
    } catch (...) {
      failure_ = std::current_exception();
    }
    return !failure_;
  }
  void finish() const {
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  AtomicFile& file_;
  std::exception_ptr failure_;
};

/// Calls `write` with the tensor's bytes, piece by piece.
template <class Write>
void for_each_piece(const ConstantTensor& tensor, Write write) {
  const std::int64_t size = byte_size(tensor.type);
  std::vector<std::byte> piece;
  for (std::int64_t at = 0; at < size; at += kPiece) {
    piece.resize(std::size_t(std::min(kPiece, size - at)));
    materialise_part(tensor, at, piece);
    write(piece);
  }
}

void describe_type(const TensorType& type, onnx::TypeProto_Tensor& out) {
  out.set_elem_type(number_of_element(type.type));
  auto& shape = *out.mutable_shape();  // present also for a scalar
  for (const std::int64_t extent : type.shape) shape.add_dim()->set_dim_value(extent);
}

void describe_tensor(const TensorType& type, onnx::TensorProto& out) {
  out.set_data_type(number_of_element(type.type));
  for (const std::int64_t extent : type.shape) out.add_dims(extent);
}

/// An attribute's value in its field, one overload for each alternative.
struct AttributeWriter {
  onnx::AttributeProto& out;

  void operator()(std::int64_t value) {
    out.set_type(onnx::AttributeProto::INT);
    out.set_i(value);
  }
  void operator()(float value) {
    out.set_type(onnx::AttributeProto::FLOAT);
    out.set_f(value);
  }
  void operator()(const std::string& value) {
    out.set_type(onnx::AttributeProto::STRING);
    out.set_s(value);
  }
  void operator()(const std::vector<std::int64_t>& values) {
    out.set_type(onnx::AttributeProto::INTS);
    out.mutable_ints()->Add(values.begin(), values.end());
  }
  void operator()(const std::vector<float>& values) {
    out.set_type(onnx::AttributeProto::FLOATS);
    out.mutable_floats()->Add(values.begin(), values.end());
  }
  void operator()(const std::vector<std::string>& values) {
    out.set_type(onnx::AttributeProto::STRINGS);
    for (const std::string& value : values) out.add_strings(value);
  }
  void operator()(const ConstantTensor& tensor) {
    out.set_type(onnx::AttributeProto::TENSOR);
    describe_tensor(tensor.type, *out.mutable_t());
    const StoredValues values = materialise(tensor);
    out.mutable_t()->set_raw_data(values.bytes->data(), values.bytes->size());
  }
};

/// The network's values under names that are not empty and all different.
std::vector<std::string> unique_names(const Network& network) {
  std::set<std::string> taken{""};
  std::vector<std::string> names;
  for (const Value& value : network.values) {
    std::string name = value.name;
    for (int n = 0; !taken.insert(name).second; ++n)
      name = fmt::format("{}_{}", value.name.empty() ? "value" : value.name, n);
    names.push_back(std::move(name));
  }
  return names;
}

/// Everything of a model but its weights, which are written after it.
class ModelWriter {
 public:
  explicit ModelWriter(const Network& network) : network_(network), names_(unique_names(network)) {}

  /// Values that are constants of the file: not those that inference folded.
  std::vector<ValueId> initializers() const {
    std::set<ValueId> written;
    for (const Node& node : network_.nodes) written.insert(node.outputs.begin(), node.outputs.end());
    std::vector<ValueId> out;
    for (ValueId id = 0; id < ValueId(network_.values.size()); ++id) {
      if (network_.values[std::size_t(id)].constant && !written.contains(id)) out.push_back(id);
    }
    return out;
  }

  onnx::ModelProto header() const {
    onnx::ModelProto model;
    model.set_ir_version(kIrVersion);
    model.set_producer_name("weft");
    model.add_opset_import()->set_version(network_.opset);
    return model;
  }

  onnx::GraphProto graph() const {
    onnx::GraphProto graph;
    graph.set_name(network_.name.empty() ? "network" : network_.name);
    for (const ValueId id : network_.inputs) describe_value(id, *graph.add_input());
    for (const ValueId id : network_.outputs) describe_value(id, *graph.add_output());
    for (const Node& node : network_.nodes) write_node(node, graph);
    return graph;
  }

  onnx::TensorProto tensor(ValueId id) const {
    onnx::TensorProto out;
    out.set_name(names_[std::size_t(id)]);
    describe_tensor(network_.values[std::size_t(id)].type, out);
    return out;
  }

 private:
  void describe_value(ValueId id, onnx::ValueInfoProto& out) const {
    out.set_name(names_[std::size_t(id)]);
    describe_type(network_.values[std::size_t(id)].type, *out.mutable_type()->mutable_tensor_type());
  }

  void write_node(const Node& node, onnx::GraphProto& graph) const {
    onnx::NodeProto& out = *graph.add_node();
    out.set_name(node.name);
    out.set_op_type(node.op);
    for (const ValueId id : node.inputs) out.add_input(id == kNoValue ? "" : names_[std::size_t(id)]);
    for (const ValueId id : node.outputs) {
      out.add_output(id == kNoValue ? "" : names_[std::size_t(id)]);
      const bool is_output = std::find(network_.outputs.begin(), network_.outputs.end(), id) != network_.outputs.end();
      if (id != kNoValue && !is_output) describe_value(id, *graph.add_value_info());
    }
    for (const auto& [name, value] : node.attributes) {
      onnx::AttributeProto& attribute = *out.add_attribute();
      attribute.set_name(name);
      std::visit(AttributeWriter{attribute}, value);
    }
  }

  const Network& network_;
  std::vector<std::string> names_;
};

std::size_t varint_size(std::uint64_t value) { return pb::CodedOutputStream::VarintSize64(value); }

std::uint32_t tag_of(int field) { return std::uint32_t(field) << 3 | 2; }  // wire type 2: a length and so many bytes

void write_tag_and_length(pb::CodedOutputStream& out, int field, std::uint64_t length) {
  out.WriteVarint32(tag_of(field));
  out.WriteVarint64(length);
}

std::size_t field_size(int field, std::uint64_t length) {
  return varint_size(tag_of(field)) + varint_size(length) + length;
}

/// An initialiser on its way out: what stands before its values, and the values unless they lie in a data file.
struct PendingTensor {
  onnx::TensorProto head;
  const ConstantTensor* values;  ///< nullptr: in the data file

  std::uint64_t size() const {
    const std::uint64_t own = head.ByteSizeLong();
    if (values == nullptr) return own;
    return own + field_size(onnx::TensorProto::kRawDataFieldNumber, std::uint64_t(byte_size(values->type)));
  }
};

void write_tensor(pb::CodedOutputStream& out, const PendingTensor& tensor) {
  write_tag_and_length(out, onnx::GraphProto::kInitializerFieldNumber, tensor.size());
  tensor.head.SerializeToCodedStream(&out);
  if (tensor.values == nullptr) return;
  write_tag_and_length(out, onnx::TensorProto::kRawDataFieldNumber, std::uint64_t(byte_size(tensor.values->type)));
  for_each_piece(*tensor.values,
                 [&](const std::vector<std::byte>& piece) { out.WriteRaw(piece.data(), int(piece.size())); });
}

/// The message by hand, so that weights need not be held in memory: header | graph field | graph, then its
/// initialisers.
void write_model(AtomicFile& file, const ModelWriter& writer, const std::vector<PendingTensor>& tensors) {
  const onnx::GraphProto graph = writer.graph();
  std::uint64_t graph_size = graph.ByteSizeLong();
  for (const PendingTensor& t : tensors) graph_size += field_size(onnx::GraphProto::kInitializerFieldNumber, t.size());
  FileStream stream(file);
  {
    pb::CopyingOutputStreamAdaptor adaptor(&stream);
    pb::CodedOutputStream out(&adaptor);
    writer.header().SerializeToCodedStream(&out);
    write_tag_and_length(out, onnx::ModelProto::kGraphFieldNumber, graph_size);
    graph.SerializeToCodedStream(&out);
    for (const PendingTensor& tensor : tensors) write_tensor(out, tensor);
  }
  stream.finish();
}

void add_external(onnx::TensorProto& tensor, const std::string& key, const std::string& value) {
  auto& entry = *tensor.add_external_data();
  entry.set_key(key);
  entry.set_value(value);
}

/// The weights one after another, each at a multiple of the alignment; `tensors` then say where.
void write_data_file(AtomicFile& file, const std::string& location, std::vector<PendingTensor>& tensors) {
  std::int64_t offset = 0;
  for (PendingTensor& tensor : tensors) {
    const std::int64_t padding = (kAlignment - offset % kAlignment) % kAlignment;
    file.write(std::string(std::size_t(padding), '\0'));
    offset += padding;
    tensor.head.set_data_location(onnx::TensorProto::EXTERNAL);
    add_external(tensor.head, "location", location);
    add_external(tensor.head, "offset", std::to_string(offset));
    add_external(tensor.head, "length", std::to_string(byte_size(tensor.values->type)));
    for_each_piece(*tensor.values, [&](const std::vector<std::byte>& piece) {
      file.write({reinterpret_cast<const char*>(piece.data()), piece.size()});
    });
    offset += byte_size(tensor.values->type);
    tensor.values = nullptr;
  }
}

}  // namespace

void write_onnx(const Network& given, const std::string& path, std::int64_t most_inside) {
  Network network = given;  // weights are shared
  infer_shapes(network);
  const ModelWriter writer(network);
  std::vector<PendingTensor> tensors;
  std::int64_t bytes = 0;
  for (const ValueId id : writer.initializers()) {
    tensors.push_back({writer.tensor(id), &*network.values[std::size_t(id)].constant});
    bytes += byte_size(tensors.back().values->type);
  }
  std::optional<AtomicFile> data;
  if (bytes > most_inside) {
    data.emplace(path + ".data");
    write_data_file(*data, std::filesystem::path(path).filename().string() + ".data", tensors);
  }
  AtomicFile model(path);
  write_model(model, writer, tensors);
  if (data) data->commit();
  model.commit();
}

void write_onnx(const Network& network, const std::string& path) { write_onnx(network, path, kMostInside); }

}  // namespace weft
