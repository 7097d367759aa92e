// SPDX-License-Identifier: Apache-2.0
#include "weft/network/element_number.h"

#include <array>

namespace weft {
namespace {

using enum ElementType;

/// In the order of ONNX's numbers, from 1.
constexpr std::array kByNumber{
    float32,    uint8,      int8,         uint16,         int16,      int32,          int64,
    string,     boolean,    float16,      float64,        uint32,     uint64,         complex64,
    complex128, bfloat16,   float8e4m3fn, float8e4m3fnuz, float8e5m2, float8e5m2fnuz, uint4,
    int4,       float4e2m1, float8e8m0,   uint2,          int2,       float6e2m3,     float6e3m2,
};

}  // namespace

std::optional<ElementType> element_of_number(std::int64_t onnx_number) {
  if (onnx_number < 1 || onnx_number > std::int64_t(kByNumber.size())) return std::nullopt;
  return kByNumber[std::size_t(onnx_number - 1)];
}

int number_of_element(ElementType type) {
  std::size_t i = 0;
  while (kByNumber[i] != type) ++i;
  return int(i) + 1;
}

}  // namespace weft
