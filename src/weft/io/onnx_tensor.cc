// SPDX-License-Identifier: Apache-2.0
#include "weft/io/onnx_tensor.h"

#include <fmt/format.h>

#include <cstring>
#include <memory>

#include "onnx.pb.h"
#include "weft/base/error.h"
#include "weft/network/element_number.h"

namespace weft {
namespace {

using ByteVector = std::vector<std::byte>;

Error refused(std::string id, const std::string& whose, const std::string& what, std::string mend) {
  return Error(Problem{std::move(id), fmt::format("{}: {}", whose, what), {}, std::move(mend)});
}

TensorType read_type(const onnx::TensorProto& tensor, const std::string& whose) {
  TensorType type{read_element_type(tensor.data_type(), whose), {tensor.dims().begin(), tensor.dims().end()}};
  if (!checked_elements(type.shape)) {
    throw refused("onnx.bad-shape", whose, fmt::format("its shape is {}", to_string(type.shape)),
                  fmt::format("extents are at least 0, and a tensor has at most {} elements and {} axes", kMaxElements,
                              kMaxRank));
  }
  return type;
}

void require_size(std::int64_t found, std::int64_t expected, const TensorType& type, const std::string& whose,
                  std::string_view unit) {
  if (found == expected) return;
  throw refused("onnx.bad-weights", whose,
                fmt::format("it is {}, {} {}, but its data have {}", to_string(type), expected, unit, found),
                "the file is damaged or its shape was edited; export it again");
}

/// Values of a typed field, `Stored` wide in the tensor.
template <class Stored, class Field>
ByteVector narrowed(const Field& field, const std::string& whose) {
  using Entry = typename Field::value_type;
  ByteVector bytes(std::size_t(field.size()) * sizeof(Stored));
  for (int i = 0; i < field.size(); ++i) {
    const auto value = static_cast<Stored>(field[i]);
    if (static_cast<Entry>(value) != field[i]) {
      throw refused("onnx.bad-weights", whose, fmt::format("entry {} is {}, beyond its element type", i, field[i]),
                    "export the model again");
    }
    std::memcpy(bytes.data() + std::size_t(i) * sizeof(Stored), &value, sizeof(Stored));
  }
  return bytes;
}

template <class Field>
ByteVector copied(const Field& field) {
  ByteVector bytes(std::size_t(field.size()) * sizeof(typename Field::value_type));
  if (!bytes.empty()) std::memcpy(bytes.data(), field.data(), bytes.size());
  return bytes;
}

/// float6 in int32_data: one element an entry; dense tensors pack four into three bytes, lowest bits first.
ByteVector packed_six_bits(const google::protobuf::RepeatedField<std::int32_t>& field) {
  ByteVector bytes((std::size_t(field.size()) * 6 + 7) / 8);
  for (int i = 0; i < field.size(); ++i) {
    const std::size_t bit = std::size_t(i) * 6;
    const unsigned shifted = (unsigned(field[i]) & 0x3f) << (bit % 8);
    bytes[bit / 8] |= std::byte(shifted);
    if (bit % 8 > 2) bytes[bit / 8 + 1] |= std::byte(shifted >> 8);
  }
  return bytes;
}

ByteVector from_int32_data(const onnx::TensorProto& tensor, ElementType type, const std::string& whose) {
  const auto& field = tensor.int32_data();
  switch (type) {
    case ElementType::int32:
      return copied(field);
    case ElementType::int8:
      return narrowed<std::int8_t>(field, whose);
    case ElementType::int16:
      return narrowed<std::int16_t>(field, whose);
    case ElementType::float16:
    case ElementType::bfloat16:
    case ElementType::uint16:
      return narrowed<std::uint16_t>(field, whose);
    case ElementType::float6e2m3:
    case ElementType::float6e3m2:
      return packed_six_bits(field);
    default:
      return narrowed<std::uint8_t>(field, whose);  // bytes, and packed elements of less than a byte
  }
}

/// The typed field that holds elements of that type (onnx.proto, TensorProto), as bytes.
ByteVector from_typed_field(const onnx::TensorProto& tensor, ElementType type, const std::string& whose) {
  switch (type) {
    case ElementType::float32:
    case ElementType::complex64:
      return copied(tensor.float_data());
    case ElementType::float64:
    case ElementType::complex128:
      return copied(tensor.double_data());
    case ElementType::int64:
      return copied(tensor.int64_data());
    case ElementType::uint64:
      return copied(tensor.uint64_data());
    case ElementType::uint32:
      return narrowed<std::uint32_t>(tensor.uint64_data(), whose);
    default:
      return from_int32_data(tensor, type, whose);
  }
}

int fields_with_data(const onnx::TensorProto& t) {
  return (t.raw_data().size() != 0) + (t.float_data_size() != 0) + (t.int32_data_size() != 0) +
         (t.int64_data_size() != 0) + (t.double_data_size() != 0) + (t.uint64_data_size() != 0) +
         (t.string_data_size() != 0);
}

ByteVector take_raw_data(onnx::TensorProto& tensor) {
  const std::unique_ptr<std::string> raw(tensor.release_raw_data());
  const auto* first = reinterpret_cast<const std::byte*>(raw->data());
  return {first, first + raw->size()};
}

std::int64_t decimal(const std::string& text, const std::string& key, const std::string& whose) {
  const bool digits = !text.empty() && text.size() <= 18 && text.find_first_not_of("0123456789") == std::string::npos;
  if (!digits) {
    throw refused("onnx.external-range", whose, fmt::format("the {} of its external data is '{}'", key, text),
                  "it must be a decimal number of bytes");
  }
  return std::stoll(text);
}

StoredValues read_external(const onnx::TensorProto& tensor, const TensorType& type, const std::string& whose,
                           ExternalData& external) {
  std::string location;
  std::int64_t offset = 0;
  for (const auto& entry : tensor.external_data()) {  // a checksum is not checked; other keys have no meaning
    if (entry.key() == "location") location = entry.value();
    if (entry.key() == "offset") offset = decimal(entry.value(), "offset", whose);
    if (entry.key() == "length") {
      require_size(decimal(entry.value(), "length", whose), byte_size(type), type, whose, "bytes");
    }
  }
  return external.read(location, offset, byte_size(type), whose);
}

StoredValues take_values(onnx::TensorProto& tensor, const TensorType& type, const std::string& whose,
                         ExternalData& external) {
  if (tensor.has_segment()) {
    throw refused("onnx.unsupported", whose, "it is one segment of a tensor", "save the model with whole tensors");
  }
  if (type.type == ElementType::string) {
    throw refused("onnx.unsupported", whose, "its data are texts",
                  "Weft computes with numbers; leave text processing out");
  }
  const bool is_external = tensor.data_location() == onnx::TensorProto::EXTERNAL;
  if (fields_with_data(tensor) + is_external > 1) {
    throw refused("onnx.bad-weights", whose, "its data are given more than once", "keep one of the fields");
  }
  if (is_external) return read_external(tensor, type, whose, external);
  ByteVector bytes = tensor.has_raw_data() ? take_raw_data(tensor) : from_typed_field(tensor, type.type, whose);
  require_size(std::int64_t(bytes.size()), byte_size(type), type, whose, "bytes");
  return {std::make_shared<const ByteVector>(std::move(bytes))};
}

}  // namespace

ElementType read_element_type(int number, const std::string& whose) {
  const auto type = element_of_number(number);
  if (!type) {
    throw refused("onnx.unknown-type", whose, fmt::format("its element type is number {}", number),
                  "ONNX 1.23 has numbers 1 to 28; export with one of those");
  }
  return *type;
}

ConstantTensor take_tensor(onnx::TensorProto& tensor, const std::string& whose, ExternalData& external) {
  TensorType type = read_type(tensor, whose);
  StoredValues values = take_values(tensor, type, whose, external);
  return {std::move(type), std::move(values)};
}

}  // namespace weft
