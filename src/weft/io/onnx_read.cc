// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl.h>

#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>

#include "onnx.pb.h"
#include "weft/base/error.h"
#include "weft/io/onnx.h"
#include "weft/io/onnx_graph.h"

namespace weft {
namespace {

namespace pb = google::protobuf::io;

constexpr std::int64_t kMostBytes = std::numeric_limits<std::int32_t>::max();  ///< protobuf's limit for one message

Error refused(std::string id, const std::string& what, std::string mend) {
  return Error(Problem{std::move(id), what, {}, std::move(mend)});
}

/// A protobuf varint, or nothing at the end of the stream.
std::optional<std::uint64_t> read_varint(std::istream& in) {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    const int byte = in.get();
    if (byte < 0) return std::nullopt;
    value |= std::uint64_t(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) return value;
  }
  return std::nullopt;
}

/// Fields of ModelProto (onnx.proto).
bool is_model_field(std::uint64_t number) {
  return (number >= 1 && number <= 8) || number == 14 || number == 20 || number == 25 || number == 26;
}

/// Skips one field of the outermost message. The bytes that are missing if the file ends within it, 0 if it does not,
/// or nothing if a model has no such field.
std::optional<std::uint64_t> skip_field(std::istream& in, std::uint64_t size) {
  constexpr std::uint64_t kVarint = 0, kLengthDelimited = 2;  // the wire types that a model uses
  const auto tag = read_varint(in);
  if (!tag || !is_model_field(*tag >> 3)) return std::nullopt;
  const auto value = read_varint(in);
  if (!value) return 1;
  if ((*tag & 7) == kVarint) return 0;
  if ((*tag & 7) != kLengthDelimited) return std::nullopt;
  const auto at = std::uint64_t(in.tellg());
  if (*value > size - at) return *value - (size - at);
  in.seekg(std::streamoff(*value), std::ios::cur);
  return 0;
}

/// Why the bytes are no model: the first that applies of empty, cut short, and something else.
Error diagnose(std::istream& in, std::uint64_t size) {
  if (size == 0) return refused("onnx.empty", "the file is empty", "fetch or export the model again");
  std::optional<std::uint64_t> missing = 0;
  while (missing == 0 && std::uint64_t(in.tellg()) < size) missing = skip_field(in, size);
  if (missing.value_or(0) > 0 && *missing <= std::uint64_t(kMostBytes)) {
    return refused("onnx.truncated",
                   fmt::format("the file has {} bytes and ends at least {} too early", size, *missing),
                   "it was cut short, perhaps by an interrupted download; fetch it again");
  }
  return refused("onnx.not-a-model", "this is not an ONNX model",
                 "give a binary .onnx file; text formats are not read");
}

/// `again` gives the same bytes as a stream from their beginning, to look for what is wrong with them.
template <class Reopen>
void parse(onnx::ModelProto& model, pb::ZeroCopyInputStream& bytes, std::uint64_t size, Reopen again) {
  const google::protobuf::LogSilencer silence;  // it would write to stderr
  pb::CodedInputStream coded(&bytes);
  coded.SetTotalBytesLimit(int(kMostBytes));
  const bool sound = model.ParsePartialFromCodedStream(&coded) && coded.ConsumedEntireMessage();
  if (!sound || size == 0) {
    auto stream = again();
    throw diagnose(stream, size);
  }
  if (!model.has_graph()) throw refused("onnx.not-a-model", "the file has no graph", "give a binary .onnx file");
}

void require_size(std::uint64_t size) {
  if (size <= std::uint64_t(kMostBytes)) return;
  throw refused("onnx.too-large", fmt::format("the file has {} bytes; the format ends at {}", size, kMostBytes),
                "save the weights as external data");
}

std::string folder_of(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

Network read_file(const std::string& path, const OnnxOptions& options) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) throw refused("file.not-found", "there is no such file", "check the path");
  std::ifstream file(path, std::ios::binary);
  if (!std::filesystem::is_regular_file(status) || !file) {
    throw refused("file.unreadable", "this is not a file that can be read", "give a file you may read");
  }
  const std::uint64_t size = std::filesystem::file_size(path, error);
  require_size(size);
  onnx::ModelProto model;
  {
    pb::IstreamInputStream bytes(&file, 1 << 16);
    parse(model, bytes, size, [&] { return std::ifstream(path, std::ios::binary); });
  }
  ExternalData external(folder_of(path));
  return take_network(model, external, options);
}

}  // namespace

Network read_onnx(const std::string& path, const OnnxOptions& options) {
  return located({.file = path}, [&] { return read_file(path, options); });
}

Network parse_onnx(std::string_view bytes, const std::string& file_name, const std::string& folder,
                   const OnnxOptions& options) {
  return located({.file = file_name}, [&] {
    require_size(bytes.size());
    onnx::ModelProto model;
    pb::ArrayInputStream stream(bytes.data(), int(bytes.size()));
    parse(model, stream, bytes.size(), [&] { return std::istringstream(std::string(bytes)); });
    ExternalData external(folder);
    return take_network(model, external, options);
  });
}

}  // namespace weft
