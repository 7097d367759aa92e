// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace weft {

/// Element types that ONNX tensors have and Weft keeps. Order is free; names are those of ONNX, lower case.
/// Values are computed with only for the types up to `boolean`; the rest are stored, moved and counted.
enum class ElementType : std::uint8_t {
  // clang-format off
  float32, float64, float16, bfloat16, int8, uint8, int16, uint16, int32, uint32, int64, uint64, boolean, string,
  complex64, complex128, float8e4m3fn, float8e4m3fnuz, float8e5m2, float8e5m2fnuz, float8e8m0, float6e2m3, float6e3m2,
  float4e2m1, uint4, int4, uint2, int2
  // clang-format on
};
std::string_view name(ElementType type);
/// Bits of one element in a dense tensor (8 for boolean, 6 for float6; 0 for string, which has no fixed size).
int bits(ElementType type);
bool is_integer(ElementType type);  ///< two's complement or unsigned, 2 to 64 bits; not boolean
bool is_float(ElementType type);    ///< float16, bfloat16, float32 or float64

/// Extents, outermost first. Every extent is at least 0; a scalar has none.
using Shape = std::vector<std::int64_t>;
/// Product of the extents. Shapes that come from files were checked not to overflow (checked_elements).
std::int64_t elements(const Shape& shape);
/// Limits on every tensor: elements, and axes.
inline constexpr std::int64_t kMaxElements = std::int64_t{1} << 40;
inline constexpr std::size_t kMaxRank = 64;
/// The product, or nothing if an extent is negative or a limit above is passed (also by the product of the non-zero
/// extents).
std::optional<std::int64_t> checked_elements(const Shape& shape);
std::string to_string(const Shape& shape);  ///< "1x3x227x227", "scalar"

/// What is known of a tensor before any value is.
struct TensorType {
  ElementType type = ElementType::float32;
  Shape shape;
  bool operator==(const TensorType&) const = default;
};
std::string to_string(const TensorType& type);  ///< "float32 1x3x227x227"
/// Bytes of the dense tensor; elements of less than a byte are packed, lowest bits first, and the last byte is filled
/// up. 0 for strings.
std::int64_t byte_size(const TensorType& type);

/// Values given as bytes: dense, row-major, little-endian, byte_size(type) of them. Shared, never changed.
struct StoredValues {
  std::shared_ptr<const std::vector<std::byte>> bytes;
};
/// Seeded normal float32 values with mean 0, none of them zero, made on demand by `materialise`:
/// the zoo's weights, which cost no memory until somebody wants them.
struct RandomValues {
  std::uint64_t seed = 0;
  float deviation = 1;
  bool operator==(const RandomValues&) const = default;
};
/// Every element is this number (biases, batch-normalisation parameters of the zoo), converted to the element type as
/// C++ converts it: floats round to nearest, integers drop the fraction.
struct FilledValues {
  float value = 0;
  bool operator==(const FilledValues&) const = default;
};

/// A tensor whose values are known when the network is built. RandomValues are float32; FilledValues are of any type up
/// to `boolean` in the list above.
struct ConstantTensor {
  TensorType type;
  std::variant<StoredValues, RandomValues, FilledValues> values;
};

/// Value `index` of RandomValues: Box-Muller on a hash of (seed, index), so any part of a tensor can be made by itself,
/// in any order, by any thread, with the same result.
float random_value(const RandomValues& values, std::uint64_t index);

/// The bytes of the values, made if need be.
StoredValues materialise(const ConstantTensor& tensor);
/// Bytes first..first+count-1 of materialise(tensor) written to `out`, without making the rest. `first` and `count` are
/// multiples of the element size.
void materialise_part(const ConstantTensor& tensor, std::int64_t first, std::span<std::byte> out);

/// How many elements are not zero (either zero of a float; NaN counts as not zero). Does not materialise what it need
/// not.
std::int64_t count_nonzero(const ConstantTensor& tensor);
/// The values of an integer or boolean tensor of 8 bits or more, e.g. the shape operand of Reshape. uint64 wraps.
std::vector<std::int64_t> integers(const ConstantTensor& tensor);
ConstantTensor stored_floats(Shape shape, std::span<const float> values);
ConstantTensor stored_integers(Shape shape, std::span<const std::int64_t> values);  ///< of type int64
/// The same numbers in an integer type of 8 bits or more (or boolean), low bits kept.
ConstantTensor stored_integers(ElementType type, Shape shape, std::span<const std::int64_t> values);

/// Do the two hold the same type and bytes, however they are given?
bool same_values(const ConstantTensor& a, const ConstantTensor& b);

}  // namespace weft
