// SPDX-License-Identifier: Apache-2.0
#include "weft/io/onnx_tensor.h"

#include <catch2/catch.hpp>

#include "weft/io/onnx_testing.h"
#include "weft/network/element_number.h"

namespace weft {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)

onnx::TensorProto tensor_of(int element, std::vector<std::int64_t> shape) {
  onnx::TensorProto tensor;
  tensor.set_data_type(element);
  for (const std::int64_t extent : shape) tensor.add_dims(extent);
  return tensor;
}

std::string bytes_of(const ConstantTensor& tensor) {
  const auto& bytes = *std::get<StoredValues>(tensor.values).bytes;
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string taken(onnx::TensorProto tensor) {
  ExternalData none("");
  return bytes_of(take_tensor(tensor, "tensor 't'", none));
}

std::string id_of(onnx::TensorProto tensor, const std::string& folder = "") {
  ExternalData external(folder);
  try {
    take_tensor(tensor, "tensor 't'", external);
  } catch (const Error& error) {
    return error.problems().front().id;
  }
  return "";
}

onnx::TensorProto external_tensor(std::int64_t floats, const std::string& location, const std::string& offset = "",
                                  const std::string& length = "") {
  onnx::TensorProto tensor = tensor_of(onnx::TensorProto::FLOAT, {floats});
  tensor.set_data_location(onnx::TensorProto::EXTERNAL);
  const auto add = [&](const std::string& key, const std::string& text) {
    if (text.empty()) return;
    tensor.add_external_data()->set_key(key);
    tensor.mutable_external_data()->rbegin()->set_value(text);
  };
  add("location", location);
  add("offset", offset);
  add("length", length);
  return tensor;
}

using std::string_literals::operator""s;

}  // namespace

TEST_CASE("typed fields become dense little-endian bytes") {
  onnx::TensorProto floats = tensor_of(onnx::TensorProto::FLOAT, {2});
  floats.add_float_data(1.0f);
  floats.add_float_data(-2.0f);
  CHECK(taken(floats) == "\0\0\x80\x3f\0\0\0\xc0"s);
  onnx::TensorProto doubles = tensor_of(onnx::TensorProto::DOUBLE, {1});
  doubles.add_double_data(1.0);
  CHECK(taken(doubles) == "\0\0\0\0\0\0\xf0\x3f"s);
  onnx::TensorProto longs = tensor_of(onnx::TensorProto::INT64, {});
  longs.add_int64_data(-2);
  CHECK(taken(longs) == "\xfe\xff\xff\xff\xff\xff\xff\xff"s);
  onnx::TensorProto unsigned32 = tensor_of(onnx::TensorProto::UINT32, {1});
  unsigned32.add_uint64_data(0x89abcdef);
  CHECK(taken(unsigned32) == "\xef\xcd\xab\x89"s);
  onnx::TensorProto unsigned64 = tensor_of(onnx::TensorProto::UINT64, {1});
  unsigned64.add_uint64_data(UINT64_MAX);
  CHECK(taken(unsigned64) == std::string(8, '\xff'));
  onnx::TensorProto complex = tensor_of(onnx::TensorProto::COMPLEX64, {1});
  complex.add_float_data(1.0f);
  complex.add_float_data(-2.0f);
  CHECK(taken(complex) == "\0\0\x80\x3f\0\0\0\xc0"s);
}

TEST_CASE("int32_data holds every type of 32 bits or less that is no float32") {
  const auto from = [](ElementType type, std::vector<std::int64_t> shape, std::vector<std::int32_t> entries) {
    onnx::TensorProto tensor = tensor_of(number_of_element(type), shape);
    for (const std::int32_t entry : entries) tensor.add_int32_data(entry);
    return taken(tensor);
  };
  CHECK(from(ElementType::int32, {1}, {-2}) == "\xfe\xff\xff\xff");
  CHECK(from(ElementType::int16, {1}, {-2}) == "\xfe\xff");
  CHECK(from(ElementType::uint16, {1}, {0xfffe}) == "\xfe\xff");
  CHECK(from(ElementType::float16, {1}, {0x3c00}) == "\0\x3c"s);
  CHECK(from(ElementType::bfloat16, {1}, {0x3f80}) == "\x80\x3f");
  CHECK(from(ElementType::int8, {2}, {-128, 127}) == "\x80\x7f");
  CHECK(from(ElementType::uint8, {1}, {255}) == "\xff");
  CHECK(from(ElementType::boolean, {2}, {1, 0}) == "\x01\0"s);
  CHECK(from(ElementType::float8e5m2, {1}, {0x80}) == "\x80");
  CHECK(from(ElementType::int4, {3}, {0xf8, 0x07}) == "\xf8\x07");  // two elements an entry
  CHECK(from(ElementType::uint2, {5}, {0xe4, 0x01}) == "\xe4\x01");
  // float6: one element an entry, packed as onnx.proto says: x0 | x1 << 6, x1 >> 2 | x2 << 4, x2 >> 4 | x3 << 2
  CHECK(from(ElementType::float6e2m3, {4}, {0x3f, 0x01, 0x20, 0x15}) == "\x7f\x00\x56"s);
  CHECK(from(ElementType::float6e3m2, {2}, {0x01, 0x3f}) == "\xc1\x0f");
}

TEST_CASE("entries beyond their type are refused, never wrapped") {
  onnx::TensorProto tensor = tensor_of(onnx::TensorProto::INT8, {1});
  tensor.add_int32_data(127);
  CHECK(id_of(tensor).empty());
  tensor.set_int32_data(0, 128);
  CHECK(id_of(tensor) == "onnx.bad-weights");
  onnx::TensorProto unsigned32 = tensor_of(onnx::TensorProto::UINT32, {1});
  unsigned32.add_uint64_data(std::uint64_t{1} << 32);
  CHECK(id_of(unsigned32) == "onnx.bad-weights");
}

TEST_CASE("data must be as many as the shape says, and given once") {
  onnx::TensorProto raw = tensor_of(onnx::TensorProto::FLOAT, {2});
  raw.set_raw_data(std::string(8, '\0'));
  CHECK(id_of(raw).empty());
  raw.set_raw_data(std::string(7, '\0'));
  CHECK(id_of(raw) == "onnx.bad-weights");
  raw.set_raw_data(std::string(12, '\0'));
  CHECK(id_of(raw) == "onnx.bad-weights");
  raw.set_raw_data(std::string(8, '\0'));
  raw.add_float_data(1);
  CHECK(id_of(raw) == "onnx.bad-weights");
  CHECK(id_of(tensor_of(onnx::TensorProto::FLOAT, {2})) == "onnx.bad-weights");
  CHECK(id_of(tensor_of(onnx::TensorProto::FLOAT, {0})).empty());
  onnx::TensorProto wrong_field = tensor_of(onnx::TensorProto::FLOAT, {1});
  wrong_field.add_double_data(1);
  CHECK(id_of(wrong_field) == "onnx.bad-weights");
}

TEST_CASE("unknown element types, texts and segments are refused") {
  CHECK(id_of(tensor_of(0, {1})) == "onnx.unknown-type");
  CHECK(id_of(tensor_of(29, {1})) == "onnx.unknown-type");
  onnx::TensorProto text = tensor_of(onnx::TensorProto::STRING, {1});
  text.add_string_data("a");
  CHECK(id_of(text) == "onnx.unsupported");
  onnx::TensorProto segment = tensor_of(onnx::TensorProto::FLOAT, {1});
  segment.mutable_segment()->set_begin(0);
  CHECK(id_of(segment) == "onnx.unsupported");
}

TEST_CASE("external data are read from the model's folder and below") {
  const Folder folder;
  std::filesystem::create_directory(folder / "sub");
  write_bytes(folder / "sub/weights.bin", "....\0\0\x80\x3f\0\0\0\xc0"s);
  ExternalData external(folder.path());
  onnx::TensorProto tensor = external_tensor(2, "sub/weights.bin", "4", "8");
  CHECK(bytes_of(take_tensor(tensor, "t", external)) == "\0\0\x80\x3f\0\0\0\xc0"s);
  CHECK(id_of(external_tensor(3, "sub/weights.bin"), folder.path()).empty());  // the whole file
  std::filesystem::create_symlink("sub/weights.bin", folder / "link.bin");
  CHECK(id_of(external_tensor(3, "link.bin"), folder.path()).empty());
}

TEST_CASE("nothing outside the model's folder is opened") {
  const Folder outside, folder;
  write_bytes(outside / "secret.bin", "12345678");
  CHECK(id_of(external_tensor(2, outside / "secret.bin"), folder.path()) == "onnx.external-outside");
  CHECK(id_of(external_tensor(2, "../secret.bin"), folder.path()) == "onnx.external-outside");
  CHECK(id_of(external_tensor(2, "sub/../../secret.bin"), folder.path()) == "onnx.external-outside");
  CHECK(id_of(external_tensor(2, ""), folder.path()) == "onnx.external-outside");
  CHECK(id_of(external_tensor(2, "weights\0.bin"s), folder.path()) == "onnx.external-outside");
  std::filesystem::create_symlink(outside / "secret.bin", folder / "link.bin");
  CHECK(id_of(external_tensor(2, "link.bin"), folder.path()) == "onnx.external-outside");
  std::filesystem::create_directory_symlink(outside.path(), folder / "link");
  CHECK(id_of(external_tensor(2, "link/secret.bin"), folder.path()) == "onnx.external-outside");
  CHECK(id_of(external_tensor(2, "weights.bin"), "") == "onnx.external-outside");
}

TEST_CASE("a folder whose name begins like the model's is another folder") {
  const Folder base;
  std::filesystem::create_directory(base / "model");
  std::filesystem::create_directory(base / "model2");
  write_bytes(base / "model2/weights.bin", "1234");
  std::filesystem::create_symlink("../model2/weights.bin", base / "model/link.bin");
  CHECK(id_of(external_tensor(1, "link.bin"), base / "model") == "onnx.external-outside");
}

TEST_CASE("a range ends with its file, to the byte") {
  const Folder folder;
  write_bytes(folder / "w", std::string(16, 'w'));
  const auto range = [&](std::int64_t floats, const std::string& offset, const std::string& length = "") {
    return id_of(external_tensor(floats, "w", offset, length), folder.path());
  };
  CHECK(range(2, "8").empty());
  CHECK(range(2, "9") == "onnx.external-range");
  CHECK(range(5, "0") == "onnx.external-range");
  CHECK(range(1, "-1") == "onnx.external-range");
  CHECK(range(1, "4x") == "onnx.external-range");
  CHECK(range(1, "999999999999999999999999") == "onnx.external-range");
  CHECK(range(1, "999999999999999999") == "onnx.external-range");
  CHECK(range(2, "0", "4") == "onnx.bad-weights");
  CHECK(range(std::int64_t{1} << 38, "0") == "onnx.external-range");  // a terabyte that is not there
}

TEST_CASE("data files that are missing or no files are refused") {
  const Folder folder;
  std::filesystem::create_directory(folder / "sub");
  CHECK(id_of(external_tensor(1, "none"), folder.path()) == "onnx.external-unreadable");
  CHECK(id_of(external_tensor(1, "sub"), folder.path()) == "onnx.external-unreadable");
}

TEST_CASE("the same range is shared, but overlapping ranges cannot multiply a file") {
  const Folder folder;
  write_bytes(folder / "w", std::string(16, 'w'));
  ExternalData external(folder.path());
  const StoredValues first = external.read("w", 0, 16, "a");
  CHECK(external.read("w", 0, 16, "b").bytes == first.bytes);
  try {
    external.read("w", 4, 8, "c");
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.problems().front().id == "onnx.external-range");
  }
}

}  // namespace weft
