// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <span>
#include <string_view>

#include "weft/tensor/conv_shape.h"

namespace weft {

/// ofmap[n][g][m][e][f] = bias[g][m] + sum over c, r, s of
///   ifmap[n][g][c][U_h e + D_h r - pad_top][U_w f + D_w s - pad_left] * weights[g][m][c][r][s];
/// positions outside the ifmap are zero. All dense, last letter fastest; an empty bias is zeros. (The survey's CONV
/// equation, Section III, with groups and dilation.)
using ConvFn = void (*)(const ConvShape&, std::span<const float> ifmap, std::span<const float> weights,
                        std::span<const float> bias, std::span<float> ofmap);

/// The plain loops.
void conv_direct(const ConvShape&, std::span<const float> ifmap, std::span<const float> weights,
                 std::span<const float> bias, std::span<float> ofmap);
/// A matrix product with the windows as columns, made a panel of a few columns at a time: K x 32 floats of workspace.
void conv_im2col(const ConvShape&, std::span<const float> ifmap, std::span<const float> weights,
                 std::span<const float> bias, std::span<float> ofmap);

struct ConvKernel {
  std::string_view name;
  ConvFn run;
  std::string_view source;  ///< where the method is described
};

/// Every convolution here; all take every shape. The first row is the specification.
inline constexpr std::array kConvKernels{
    ConvKernel{"direct", conv_direct, "survey, CONV equation"},
    ConvKernel{"im2col", conv_im2col, "survey, Section IV-A: convolution as matrix product"},
};

}  // namespace weft
