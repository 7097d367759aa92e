// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <vector>

#include "weft/network/network.h"

namespace weft {

/// The sliding window of one node over its spatial axes, with auto_pad and every default resolved. Each vector has one
/// entry per spatial axis, outermost first (H then W for images).
///
/// Conv, QLinearConv, MaxPool, AveragePool: output position e reads input positions
///   stride * e + dilation * r - pad_begin,  r = 0..kernel-1.
/// ConvTranspose: input position h adds to output positions stride * h + dilation * r - pad_begin.
/// Positions outside the tensor are padding. `pad_end` is what the file says or auto_pad gives; with ceil_mode the last
/// window may reach beyond it, and otherwise may leave a rest of the input unread. GlobalAveragePool and GlobalMaxPool
/// have the whole input as kernel.
struct Window {
  std::vector<std::int64_t> kernel;
  std::vector<std::int64_t> stride;
  std::vector<std::int64_t> dilation;
  std::vector<std::int64_t> pad_begin;
  std::vector<std::int64_t> pad_end;
  Shape output;  ///< spatial extents of the output
  bool operator==(const Window&) const = default;
};

/// The window of one of the operators above; its operands' types must be known. Throws Error (network.bad-attribute,
/// network.bad-shape), also when a window is larger than the padded input.
/// Rules: ONNX operator documentation. SAME_UPPER and SAME_LOWER pad so that there are ceil(input / stride) outputs; if
/// auto_pad is given, `pads` is not looked at (as in onnxruntime). With ceil_mode a window that would start in the
/// padding at the end is left out.
Window window(const Network& network, const Node& node);

}  // namespace weft
