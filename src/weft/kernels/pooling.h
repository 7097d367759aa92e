// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <span>

#include "weft/tensor/conv_shape.h"

namespace weft {

/// Pooling of N planes of H x W to N of E x F (G, M and C are 1: each channel is a plane of its own).
/// The largest value in each window; positions outside the plane do not count.
void max_pool(const ConvShape& planes, std::span<const float> in, std::span<float> out);

/// The mean of each window. With `count_padding` positions in the padding count as zeros; those beyond it (of a last
/// window that `ceil_mode` lets stand over) never count.
void average_pool(const ConvShape& planes, bool count_padding, std::span<const float> in, std::span<float> out);

}  // namespace weft
