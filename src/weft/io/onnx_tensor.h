// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "weft/io/onnx_external.h"
#include "weft/tensor/tensor.h"

namespace onnx {
class TensorProto;
}

namespace weft {

/// The element type of that ONNX number, or Error onnx.unknown-type. `whose`: "tensor 'conv1.weight'".
ElementType read_element_type(int number, const std::string& whose);

/// The tensor with its values, which are taken out of the message so that they are not held twice for long.
/// Exactly one of raw_data, a typed field and external data must hold as many values as the shape has.
/// Throws Error: onnx.bad-shape, onnx.unknown-type, onnx.bad-weights, onnx.unsupported, onnx.external-*.
ConstantTensor take_tensor(onnx::TensorProto& tensor, const std::string& whose, ExternalData& external);

}  // namespace weft
