// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace weft {

/// Element types that ONNX tensors have and Weft keeps. Order is free; names are those of ONNX, lower case.
enum class ElementType : std::uint8_t {
  float32, float64, float16, bfloat16, int8, uint8, int16, uint16, int32, uint32, int64, uint64, boolean, string
};
std::string_view name(ElementType type);
/// Bits of one element in a dense tensor (8 for boolean; 0 for string, which has no fixed size).
int bits(ElementType type);

/// Extents, outermost first. Every extent is at least 0; a scalar has none.
using Shape = std::vector<std::int64_t>;
/// Product of the extents. Shapes that come from files were checked not to overflow.
std::int64_t elements(const Shape& shape);
std::string to_string(const Shape& shape);  ///< "1x3x227x227", "scalar"

/// What is known of a tensor before any value is.
struct TensorType {
  ElementType type = ElementType::float32;
  Shape shape;
  bool operator==(const TensorType&) const = default;
};

/// Values given as bytes: dense, row-major, little-endian, elements(shape) * bits / 8 of them. Shared, never changed.
struct StoredValues {
  std::shared_ptr<const std::vector<std::byte>> bytes;
};
/// Seeded normal float32 values with mean 0, none of them zero, made on demand by `materialise`:
/// the zoo's weights, which cost no memory until somebody wants them.
struct RandomValues {
  std::uint64_t seed = 0;
  float deviation = 1;
};
/// Every element is this number (biases, batch-normalisation parameters of the zoo).
struct FilledValues {
  float value = 0;
};

/// A tensor whose values are known when the network is built.
struct ConstantTensor {
  TensorType type;
  std::variant<StoredValues, RandomValues, FilledValues> values;
};

/// The bytes of the values, made if need be.
StoredValues materialise(const ConstantTensor& tensor);
/// How many elements are not zero (either zero of a float; NaN counts as not zero). Does not materialise what it need not.
std::int64_t count_nonzero(const ConstantTensor& tensor);
/// The values of a small integer tensor (int32, int64 ...), e.g. the shape operand of Reshape.
std::vector<std::int64_t> integers(const ConstantTensor& tensor);
ConstantTensor stored_floats(Shape shape, std::span<const float> values);
ConstantTensor stored_integers(Shape shape, std::span<const std::int64_t> values);

}  // namespace weft
