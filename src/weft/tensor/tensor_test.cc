// SPDX-License-Identifier: Apache-2.0
#include "weft/tensor/tensor.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <limits>
#include <set>

namespace weft {
namespace {

ConstantTensor filled(ElementType type, Shape shape, float value) { return {{type, shape}, FilledValues{value}}; }

template <class T>
std::vector<T> values(const ConstantTensor& tensor) {
  const StoredValues stored = materialise(tensor);
  std::vector<T> out(stored.bytes->size() / sizeof(T));
  std::memcpy(out.data(), stored.bytes->data(), stored.bytes->size());
  return out;
}

ConstantTensor from_bytes(ElementType type, Shape shape, std::vector<std::uint8_t> bytes) {
  std::vector<std::byte> copy(bytes.size());
  std::memcpy(copy.data(), bytes.data(), bytes.size());
  return {{type, shape}, StoredValues{std::make_shared<const std::vector<std::byte>>(copy)}};
}

}  // namespace

TEST_CASE("shapes are written with crosses") {
  CHECK(to_string(Shape{1, 3, 227, 227}) == "1x3x227x227");
  CHECK(to_string(Shape{}) == "scalar");
  CHECK(to_string(TensorType{ElementType::int8, {5}}) == "int8 5");
}

TEST_CASE("a shape is accepted up to 2^40 elements and not one more") {
  CHECK(checked_elements({std::int64_t{1} << 20, std::int64_t{1} << 20}) == std::int64_t{1} << 40);
  CHECK_FALSE(checked_elements({(std::int64_t{1} << 20) + 1, std::int64_t{1} << 20}));
  CHECK_FALSE(checked_elements({std::int64_t{1} << 62}));
  CHECK_FALSE(
      checked_elements({std::int64_t{1} << 32, std::int64_t{1} << 32}));  // the product is 2^64: 0 if it wrapped
  CHECK_FALSE(checked_elements({2, -1}));
  CHECK(checked_elements({}) == 1);
  CHECK(checked_elements({7, 0}) == 0);
  CHECK_FALSE(checked_elements({0, std::int64_t{1} << 39, 4}));  // would be too large with any other batch
  CHECK(checked_elements(Shape(kMaxRank, 1)) == 1);
  CHECK_FALSE(checked_elements(Shape(kMaxRank + 1, 1)));
}

TEST_CASE("elements of less than a byte are packed and the last byte is filled up") {
  CHECK(byte_size({ElementType::int4, {3}}) == 2);
  CHECK(byte_size({ElementType::uint2, {5}}) == 2);
  CHECK(byte_size({ElementType::float6e2m3, {4}}) == 3);
  CHECK(byte_size({ElementType::float6e2m3, {5}}) == 4);
  CHECK(byte_size({ElementType::float32, {2, 3}}) == 24);
  CHECK(byte_size({ElementType::complex128, {}}) == 16);
}

TEST_CASE("random weights are normal: mean, deviation and tails") {
  constexpr int n = 200'000;
  const RandomValues random{.seed = 2017, .deviation = 2};
  double sum = 0, squares = 0;
  int beyond_two_deviations = 0;
  for (int i = 0; i < n; ++i) {
    const double x = random_value(random, std::uint64_t(i));
    sum += x;
    squares += x * x;
    beyond_two_deviations += std::fabs(x) > 4;
  }
  // Each estimate lies within five of its own standard errors: s/sqrt(n), s^2 sqrt(2/n), sqrt(p(1-p)/n) with p =
  // 0.0455.
  CHECK(std::fabs(sum / n) < 5 * 2 / std::sqrt(double(n)));
  CHECK(squares / n == Approx(4).margin(5 * 4 * std::sqrt(2.0 / n)));
  CHECK(double(beyond_two_deviations) / n == Approx(0.0455).margin(5 * std::sqrt(0.0455 * 0.9545 / n)));
}

TEST_CASE("random weights are the same in any order and differ by seed") {
  const ConstantTensor tensor{{ElementType::float32, {1001}}, RandomValues{.seed = 7, .deviation = 0.05f}};
  const auto all = values<float>(tensor);
  std::vector<float> middle(101);
  materialise_part(tensor, 333 * 4, std::as_writable_bytes(std::span(middle)));
  CHECK(std::equal(middle.begin(), middle.end(), all.begin() + 333));
  CHECK(random_value({.seed = 7, .deviation = 0.05f}, 1000) == all[1000]);
  CHECK(random_value({.seed = 8, .deviation = 0.05f}, 1000) != all[1000]);
  CHECK(std::set<float>(all.begin(), all.end()).size() > 990);  // no short cycle
}

TEST_CASE("no random weight is zero, even where the deviation rounds it away") {
  for (std::uint64_t i = 0; i < 1000; ++i) {
    CHECK(random_value({.seed = 1, .deviation = std::numeric_limits<float>::denorm_min()}, i) != 0);
  }
  const ConstantTensor vgg_fc{{ElementType::float32, {25088, 4096}}, RandomValues{}};
  CHECK(count_nonzero(vgg_fc) == 25088 * 4096);  // at once: nothing is made
}

TEST_CASE("a fill is converted to the element type") {
  CHECK(values<float>(filled(ElementType::float32, {2}, 0.5f)) == std::vector<float>{0.5f, 0.5f});
  CHECK(values<double>(filled(ElementType::float64, {1}, 0.5f)) == std::vector<double>{0.5});
  CHECK(values<std::int8_t>(filled(ElementType::int8, {2}, -3.7f)) == std::vector<std::int8_t>{-3, -3});
  CHECK(values<std::int64_t>(filled(ElementType::int64, {1}, -5)) == std::vector<std::int64_t>{-5});
  CHECK(values<std::int64_t>(filled(ElementType::int64, {1}, 1e30f))[0] == INT64_MAX);
  CHECK(values<std::uint64_t>(filled(ElementType::uint64, {1}, 0x1p63f))[0] == std::uint64_t{1} << 63);
  CHECK(values<std::uint8_t>(filled(ElementType::boolean, {1}, 3))[0] == 1);
}

TEST_CASE("half floats are rounded to nearest, ties to even") {
  const auto half = [](float value) { return values<std::uint16_t>(filled(ElementType::float16, {1}, value))[0]; };
  CHECK(half(1.0f) == 0x3c00);  // IEEE 754-2019, binary16: bias 15, 10 bits of fraction
  CHECK(half(-2.0f) == 0xc000);
  CHECK(half(0.1f) == 0x2e66);
  CHECK(half(65504.0f) == 0x7bff);    // the largest
  CHECK(half(65519.0f) == 0x7bff);    // still rounds down
  CHECK(half(65520.0f) == 0x7c00);    // the tie goes to infinity
  CHECK(half(0x1p-14f) == 0x0400);    // the least normal
  CHECK(half(0x1p-24f) == 0x0001);    // the least subnormal
  CHECK(half(0x1p-25f) == 0x0000);    // the tie goes to even
  CHECK(half(0x1.8p-24f) == 0x0002);  // likewise
  CHECK(half(2049.0f) == 0x6800);     // 2048 and 2050 are the neighbours
  CHECK(half(-0.0f) == 0x8000);
  const auto brain = [](float value) { return values<std::uint16_t>(filled(ElementType::bfloat16, {1}, value))[0]; };
  CHECK(brain(1.0f) == 0x3f80);
  CHECK(brain(0.1f) == 0x3dcd);       // 0x3dcccccd rounds up
  CHECK(brain(0x1.01p0f) == 0x3f80);  // a tie, to even
  CHECK(brain(0x1.03p0f) == 0x3f82);  // a tie, to even
}

TEST_CASE("both zeros count as zero, NaN does not") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  CHECK(count_nonzero(stored_floats({5}, std::vector<float>{0.0f, -0.0f, nan, 1e-45f, -3})) == 3);
  CHECK(count_nonzero(from_bytes(ElementType::float16, {3}, {0, 0x80, 0, 0, 1, 0})) == 1);
  CHECK(count_nonzero(from_bytes(ElementType::float8e4m3fn, {3}, {0x80, 0x00, 0x7f})) == 1);
  CHECK(count_nonzero(from_bytes(ElementType::float8e4m3fnuz, {2}, {0x80, 0x00})) == 1);  // 0x80 is its NaN
  CHECK(count_nonzero(from_bytes(ElementType::float8e8m0, {2}, {0x00, 0x7f})) == 2);      // 0x00 is 2^-127
  CHECK(count_nonzero(filled(ElementType::float32, {9}, -0.0f)) == 0);
  CHECK(count_nonzero(filled(ElementType::int8, {9}, 0.4f)) == 0);
  CHECK(count_nonzero(filled(ElementType::int8, {9}, 2)) == 9);
}

TEST_CASE("zeros are counted in packed elements, without the filler of the last byte") {
  CHECK(count_nonzero(from_bytes(ElementType::int4, {3}, {0x0f, 0xf8})) == 2);  // 15, 0, 8; the filler is 15
  CHECK(count_nonzero(from_bytes(ElementType::float4e2m1, {2}, {0x81})) == 1);  // 0.5 and -0
  CHECK(count_nonzero(from_bytes(ElementType::uint2, {5}, {0b11'00'01'00, 0b01})) == 3);
  CHECK(count_nonzero(from_bytes(ElementType::float6e3m2, {4}, {0x01, 0x00, 0x80})) == 1);  // the last is -0
}

TEST_CASE("integer tensors come back as they were stored") {
  const std::vector<std::int64_t> shape{1, -1, INT64_MIN};
  CHECK(integers(stored_integers({3}, shape)) == shape);
  CHECK(integers(from_bytes(ElementType::int32, {1}, {0xfe, 0xff, 0xff, 0xff})) == std::vector<std::int64_t>{-2});
  CHECK(integers(from_bytes(ElementType::uint8, {1}, {0xfe})) == std::vector<std::int64_t>{254});
  CHECK(integers(from_bytes(ElementType::int8, {1}, {0xfe})) == std::vector<std::int64_t>{-2});
  CHECK(integers(from_bytes(ElementType::int16, {1}, {0xfe, 0xff})) == std::vector<std::int64_t>{-2});
  CHECK(integers(from_bytes(ElementType::uint16, {1}, {0xfe, 0xff})) == std::vector<std::int64_t>{65534});
  CHECK(integers(from_bytes(ElementType::uint32, {1}, {0, 0, 0, 0x80})) == std::vector<std::int64_t>{2147483648});
  CHECK(integers(stored_integers(ElementType::int32, {2}, std::vector<std::int64_t>{5, -6})) ==
        std::vector<std::int64_t>{5, -6});
}

TEST_CASE("the same values given in two ways are the same") {
  CHECK(same_values(filled(ElementType::float32, {2}, 3), stored_floats({2}, std::vector<float>{3, 3})));
  CHECK_FALSE(same_values(filled(ElementType::float32, {2}, 3), stored_floats({2}, std::vector<float>{3, 4})));
  CHECK_FALSE(same_values(filled(ElementType::float32, {2}, 3), filled(ElementType::float32, {1, 2}, 3)));
}

}  // namespace weft
