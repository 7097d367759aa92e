// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "weft/data/image.h"

namespace weft {

/// Triangle filter (support 1) and the cubic of Keys (IEEE TASSP 29(6) 1981) with a = -1/2 (support 2).
enum class Interpolation { bilinear, bicubic };

/// The image at another size, at least 1 x 1. Where it shrinks, the filter is widened by the same factor, so that every
/// pixel counts (antialiasing). The arithmetic is that of Pillow's `Image.resize`: rows first, then columns, weights in
/// 22-bit fixed point, rounded to 8 bits after each. (Pillow 13 takes columns first where the height shrinks much more;
/// all before it and networks trained with them do not.) Error: image.too-large past kMostPixels or kMostSide.
Image resize(const Image& image, int width, int height, Interpolation interpolation);

/// The shorter side becomes `size`, the other one keeps the ratio, rounded down (torchvision's `Resize(size)`).
Image resize_shorter_side(const Image& image, int size, Interpolation interpolation);

/// The middle; an odd margin is split half to even, as torchvision's `CenterCrop` does. Error: image.too-small.
Image center_crop(const Image& image, int width, int height);

}  // namespace weft
