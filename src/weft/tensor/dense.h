// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "weft/tensor/tensor.h"

namespace weft {

/// Values to compute with: dense, last axis fastest, elements(shape) of them.
struct FloatTensor {
  Shape shape;
  std::vector<float> values;
  bool operator==(const FloatTensor&) const = default;
};

/// The values of a float32 constant.
FloatTensor floats(const ConstantTensor& tensor);

}  // namespace weft
