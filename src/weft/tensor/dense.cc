// SPDX-License-Identifier: Apache-2.0
#include "weft/tensor/dense.h"

#include "weft/base/error.h"

namespace weft {

FloatTensor floats(const ConstantTensor& tensor) {
  WEFT_ASSERT(tensor.type.type == ElementType::float32, "only float32 constants are computed with");
  FloatTensor result{tensor.type.shape, std::vector<float>(std::size_t(elements(tensor.type.shape)))};
  materialise_part(tensor, 0, std::as_writable_bytes(std::span(result.values)));
  return result;
}

}  // namespace weft
