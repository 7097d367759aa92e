// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "weft/base/error.h"
#include "weft/data/image.h"

/// The two decoders behind decode_image. Both C libraries report a fatal error by longjmp; each stays inside one
/// function without destructors, and what it said is thrown outside.
namespace weft {

Image decode_jpeg(std::string_view bytes, const std::string& name);
Image decode_png(std::string_view bytes, const std::string& name);

/// "image 'NAME': why"
Error image_error(std::string id, const std::string& name, const std::string& why, std::string mend);

/// Refuses a size that a file claims before memory is taken for it: image.too-large past kMostPixels, image.corrupt
/// past `most_pixels`, the most that a file of its length can hold.
void check_image_size(std::int64_t width, std::int64_t height, std::int64_t most_pixels, const std::string& name);

}  // namespace weft
