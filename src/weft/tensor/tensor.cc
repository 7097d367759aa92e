// SPDX-License-Identifier: Apache-2.0
#include "weft/tensor/tensor.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <numbers>

#include "weft/base/error.h"

namespace weft {
namespace {

static_assert(std::endian::native == std::endian::little, "tensors are kept little-endian");

enum class Family : std::uint8_t { ieee_float, integer, unsigned_integer, boolean, other };

/// `magnitude`: the bits that are all 0 exactly when the element is zero. Types without a negative zero (integers, the
/// "uz" floats) have all bits there; float8e8m0 has no zero at all.
struct ElementFacts {
  std::string_view name;
  int bits;
  std::uint64_t magnitude;
  Family family;
};

constexpr std::uint64_t kAll = ~std::uint64_t{0};

/// In the order of ElementType.
constexpr std::array kElementFacts{
    ElementFacts{"float32", 32, 0x7fffffff, Family::ieee_float},
    ElementFacts{"float64", 64, kAll >> 1, Family::ieee_float},
    ElementFacts{"float16", 16, 0x7fff, Family::ieee_float},
    ElementFacts{"bfloat16", 16, 0x7fff, Family::ieee_float},
    ElementFacts{"int8", 8, kAll, Family::integer},
    ElementFacts{"uint8", 8, kAll, Family::unsigned_integer},
    ElementFacts{"int16", 16, kAll, Family::integer},
    ElementFacts{"uint16", 16, kAll, Family::unsigned_integer},
    ElementFacts{"int32", 32, kAll, Family::integer},
    ElementFacts{"uint32", 32, kAll, Family::unsigned_integer},
    ElementFacts{"int64", 64, kAll, Family::integer},
    ElementFacts{"uint64", 64, kAll, Family::unsigned_integer},
    ElementFacts{"boolean", 8, kAll, Family::boolean},
    ElementFacts{"string", 0, kAll, Family::other},
    ElementFacts{"complex64", 64, 0x7fffffff7fffffff, Family::other},
    ElementFacts{"complex128", 128, kAll >> 1, Family::other},
    ElementFacts{"float8e4m3fn", 8, 0x7f, Family::other},
    ElementFacts{"float8e4m3fnuz", 8, 0xff, Family::other},
    ElementFacts{"float8e5m2", 8, 0x7f, Family::other},
    ElementFacts{"float8e5m2fnuz", 8, 0xff, Family::other},
    ElementFacts{"float8e8m0", 8, 0, Family::other},
    ElementFacts{"float6e2m3", 6, 0x1f, Family::other},
    ElementFacts{"float6e3m2", 6, 0x1f, Family::other},
    ElementFacts{"float4e2m1", 4, 0x7, Family::other},
    ElementFacts{"uint4", 4, kAll, Family::unsigned_integer},
    ElementFacts{"int4", 4, kAll, Family::integer},
    ElementFacts{"uint2", 2, kAll, Family::unsigned_integer},
    ElementFacts{"int2", 2, kAll, Family::integer},
};
static_assert(kElementFacts.size() == std::size_t(ElementType::int2) + 1);

const ElementFacts& facts(ElementType type) { return kElementFacts[std::size_t(type)]; }

/// SplitMix64's output function (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014).
std::uint64_t scramble(std::uint64_t z) {
  z += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

/// Uniform in the open interval (0, 1).
double uniform(std::uint64_t hash) { return (double(hash >> 11) + 0.5) * 0x1p-53; }

std::uint16_t bfloat16_bits(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if (std::isnan(value)) return std::uint16_t(bits >> 16) | 0x40;
  return std::uint16_t((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);  // nearest, ties to even
}

/// IEEE binary16, nearest, ties to even.
std::uint16_t float16_bits(float value) {
  const auto sign = std::uint16_t(std::signbit(value) ? 0x8000 : 0);
  if (std::isnan(value)) return sign | 0x7e00;
  const float magnitude = std::fabs(value);
  if (magnitude == 0) return sign;
  if (magnitude >= 65520.0f) return sign | 0x7c00;  // half way between the largest number and 2^16
  int exponent = 0;
  std::frexp(magnitude, &exponent);               // magnitude < 2^exponent
  const int step = std::max(exponent - 11, -24);  // the last place's weight is 2^step
  const auto places = std::uint16_t(std::nearbyint(std::ldexp(magnitude, -step)));
  // Subnormals have step -24 and exponent field 0. Otherwise `places` has its leading bit at 10, which adds the 1 that
  // the field needs beyond (step + 24); rounding up to 2^11 carries into it correctly.
  return sign | std::uint16_t(places + (std::uint16_t(step + 24) << 10));
}

/// As C++ converts it where C++ defines that; the nearest limit elsewhere, and 0 for NaN.
template <class T>
T converted(float value) {
  using Limits = std::numeric_limits<T>;
  if (std::isnan(value)) return 0;
  if (value >= std::ldexp(1.0f, Limits::digits)) return Limits::max();
  if (value < float(Limits::min())) return Limits::min();
  return static_cast<T>(value);
}

/// One element of the fill as bits, low bits first.
std::uint64_t fill_bits(ElementType type, float value) {
  switch (type) {
    case ElementType::float32:
      return std::bit_cast<std::uint32_t>(value);
    case ElementType::float64:
      return std::bit_cast<std::uint64_t>(double(value));
    case ElementType::float16:
      return float16_bits(value);
    case ElementType::bfloat16:
      return bfloat16_bits(value);
    case ElementType::boolean:
      return value != 0;
    case ElementType::uint64:
      return converted<std::uint64_t>(value);
    default:
      WEFT_ASSERT(is_integer(type), "values are filled in for types up to boolean only");
      return std::uint64_t(converted<std::int64_t>(value));
  }
}

void fill(ElementType type, float value, std::span<std::byte> out) {
  const std::uint64_t element = fill_bits(type, value);
  const std::size_t size = std::size_t(bits(type)) / 8;
  WEFT_ASSERT(size > 0, "values are filled in for types up to boolean only");
  for (std::size_t at = 0; at < out.size(); at += size) std::memcpy(out.data() + at, &element, size);
}

void fill_random(const RandomValues& values, std::int64_t first_byte, std::span<std::byte> out) {
  const auto first = std::uint64_t(first_byte) / sizeof(float);
  for (std::size_t i = 0; i < out.size() / sizeof(float); ++i) {
    const float value = random_value(values, first + i);
    std::memcpy(out.data() + i * sizeof(float), &value, sizeof(float));
  }
}

/// Elements of 8, 16, 32 or 64 bits.
template <class Word>
std::int64_t count_nonzero_words(const std::vector<std::byte>& bytes, std::uint64_t magnitude) {
  std::int64_t count = 0;
  for (std::size_t at = 0; at + sizeof(Word) <= bytes.size(); at += sizeof(Word)) {
    Word word;
    std::memcpy(&word, bytes.data() + at, sizeof(Word));
    count += (word & Word(magnitude)) != 0;
  }
  return count;
}

/// Elements of any width up to 8 bits, packed lowest bits first.
std::int64_t count_nonzero_packed(const std::vector<std::byte>& bytes, std::int64_t n, int width,
                                  std::uint64_t magnitude) {
  const std::uint64_t mask = magnitude & ((1u << width) - 1);
  std::int64_t count = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    const std::int64_t bit = i * width;
    unsigned pair = unsigned(bytes[std::size_t(bit / 8)]);
    if (std::size_t(bit / 8) + 1 < bytes.size()) pair |= unsigned(bytes[std::size_t(bit / 8) + 1]) << 8;
    count += ((pair >> (bit % 8)) & mask) != 0;
  }
  return count;
}

std::int64_t count_nonzero_complex128(const std::vector<std::byte>& bytes) {
  std::int64_t count = 0;
  for (std::size_t at = 0; at + 16 <= bytes.size(); at += 16) {
    double parts[2];
    std::memcpy(parts, bytes.data() + at, 16);
    count += parts[0] != 0 || parts[1] != 0;
  }
  return count;
}

std::int64_t count_nonzero_stored(const TensorType& type, const std::vector<std::byte>& bytes) {
  const ElementFacts& f = facts(type.type);
  if (f.magnitude == 0) return elements(type.shape);  // the type has no zero
  switch (f.bits) {
    case 8:
      return count_nonzero_words<std::uint8_t>(bytes, f.magnitude);
    case 16:
      return count_nonzero_words<std::uint16_t>(bytes, f.magnitude);
    case 32:
      return count_nonzero_words<std::uint32_t>(bytes, f.magnitude);
    case 64:
      return count_nonzero_words<std::uint64_t>(bytes, f.magnitude);
    case 128:
      return count_nonzero_complex128(bytes);
    default:
      return count_nonzero_packed(bytes, elements(type.shape), f.bits, f.magnitude);
  }
}

template <class T>
std::vector<std::int64_t> widened(const std::vector<std::byte>& bytes) {
  std::vector<std::int64_t> out(bytes.size() / sizeof(T));
  for (std::size_t i = 0; i < out.size(); ++i) {
    T value;
    std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
    out[i] = std::int64_t(value);  // NOLINT(bugprone-signed-char-misuse): int8 keeps its sign
  }
  return out;
}

ConstantTensor stored(TensorType type, std::vector<std::byte> bytes) {
  WEFT_ASSERT(std::int64_t(bytes.size()) == byte_size(type), "values must fill the shape");
  return {std::move(type), StoredValues{std::make_shared<const std::vector<std::byte>>(std::move(bytes))}};
}

}  // namespace

std::string_view name(ElementType type) { return facts(type).name; }
int bits(ElementType type) { return facts(type).bits; }
bool is_float(ElementType type) { return facts(type).family == Family::ieee_float; }
bool is_integer(ElementType type) {
  return facts(type).family == Family::integer || facts(type).family == Family::unsigned_integer;
}

std::int64_t elements(const Shape& shape) {
  std::int64_t n = 1;
  for (const std::int64_t extent : shape) n *= extent;
  return n;
}

std::optional<std::int64_t> checked_elements(const Shape& shape) {
  if (shape.size() > kMaxRank) return std::nullopt;
  std::int64_t nonzero_product = 1;
  bool empty = false;
  for (const std::int64_t extent : shape) {
    if (extent < 0 || extent > kMaxElements) return std::nullopt;
    if (extent == 0) {
      empty = true;
    } else if (nonzero_product > kMaxElements / extent) {
      return std::nullopt;
    } else {
      nonzero_product *= extent;
    }
  }
  return empty ? 0 : nonzero_product;
}

std::string to_string(const Shape& shape) {
  return shape.empty() ? "scalar" : fmt::format("{}", fmt::join(shape, "x"));
}

std::string to_string(const TensorType& type) { return fmt::format("{} {}", name(type.type), to_string(type.shape)); }

std::int64_t byte_size(const TensorType& type) { return (elements(type.shape) * bits(type.type) + 7) / 8; }

float random_value(const RandomValues& values, std::uint64_t index) {
  // Box and Muller (1958): two uniforms give two independent normals; an even index takes the cosine, an odd one the
  // sine.
  const std::uint64_t key = scramble(values.seed) + (index / 2) * 2;
  const double radius = std::sqrt(-2 * std::log(uniform(scramble(key))));
  const double angle = 2 * std::numbers::pi * uniform(scramble(key + 1));
  const double normal = radius * (index % 2 == 0 ? std::cos(angle) : std::sin(angle));
  const float value = float(normal * values.deviation);
  return value != 0 ? value : std::numeric_limits<float>::min();
}

void materialise_part(const ConstantTensor& tensor, std::int64_t first, std::span<std::byte> out) {
  if (const auto* filled = std::get_if<FilledValues>(&tensor.values)) return fill(tensor.type.type, filled->value, out);
  if (const auto* random = std::get_if<RandomValues>(&tensor.values)) {
    WEFT_ASSERT(tensor.type.type == ElementType::float32, "random values are float32");
    return fill_random(*random, first, out);
  }
  const std::vector<std::byte>& bytes = *std::get<StoredValues>(tensor.values).bytes;
  if (!out.empty()) std::memcpy(out.data(), bytes.data() + first, out.size());
}

StoredValues materialise(const ConstantTensor& tensor) {
  if (const auto* values = std::get_if<StoredValues>(&tensor.values)) return *values;
  std::vector<std::byte> bytes(std::size_t(byte_size(tensor.type)));
  materialise_part(tensor, 0, bytes);
  return {std::make_shared<const std::vector<std::byte>>(std::move(bytes))};
}

std::int64_t count_nonzero(const ConstantTensor& tensor) {
  const std::int64_t n = elements(tensor.type.shape);
  if (std::holds_alternative<RandomValues>(tensor.values)) return n;
  if (const auto* filled = std::get_if<FilledValues>(&tensor.values)) {
    return (fill_bits(tensor.type.type, filled->value) & facts(tensor.type.type).magnitude) == 0 ? 0 : n;
  }
  return count_nonzero_stored(tensor.type, *std::get<StoredValues>(tensor.values).bytes);
}

std::vector<std::int64_t> integers(const ConstantTensor& tensor) {
  const StoredValues values = materialise(tensor);
  switch (tensor.type.type) {
    case ElementType::boolean:
    case ElementType::uint8:
      return widened<std::uint8_t>(*values.bytes);
    case ElementType::int8:
      return widened<std::int8_t>(*values.bytes);
    case ElementType::int16:
      return widened<std::int16_t>(*values.bytes);
    case ElementType::uint16:
      return widened<std::uint16_t>(*values.bytes);
    case ElementType::int32:
      return widened<std::int32_t>(*values.bytes);
    case ElementType::uint32:
      return widened<std::uint32_t>(*values.bytes);
    default:
      WEFT_ASSERT(is_integer(tensor.type.type) && bits(tensor.type.type) == 64,
                  "the caller checks for an integer type");
      return widened<std::int64_t>(*values.bytes);
  }
}

ConstantTensor stored_floats(Shape shape, std::span<const float> values) {
  const auto bytes = std::as_bytes(values);
  return stored({ElementType::float32, std::move(shape)}, {bytes.begin(), bytes.end()});
}

ConstantTensor stored_integers(Shape shape, std::span<const std::int64_t> values) {
  return stored_integers(ElementType::int64, std::move(shape), values);
}

ConstantTensor stored_integers(ElementType type, Shape shape, std::span<const std::int64_t> values) {
  const std::size_t size = std::size_t(bits(type)) / 8;
  WEFT_ASSERT(size > 0 && (is_integer(type) || type == ElementType::boolean), "integers of whole bytes");
  std::vector<std::byte> bytes(values.size() * size);
  for (std::size_t i = 0; i < values.size(); ++i) std::memcpy(bytes.data() + i * size, &values[i], size);
  return stored({type, std::move(shape)}, std::move(bytes));
}

bool same_values(const ConstantTensor& a, const ConstantTensor& b) {
  return a.type == b.type && *materialise(a).bytes == *materialise(b).bytes;
}

}  // namespace weft
