// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>

#include "weft/tensor/tensor.h"

namespace weft {

/// ONNX numbers element types (TensorProto.DataType), in files and in attributes such as `to` of Cast.
/// Nothing for 0 (undefined) and for numbers that ONNX 1.23 does not know.
std::optional<ElementType> element_of_number(std::int64_t onnx_number);
int number_of_element(ElementType type);

}  // namespace weft
