// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weft {

/// 8-bit pixels, row by row from the top: pixels[(y * width + x) * channels + c]. Channels: 1 (grey) or 3 (R, G, B).
struct Image {
  int width = 0, height = 0, channels = 3;
  std::vector<std::uint8_t> pixels;
  bool operator==(const Image&) const = default;
};

inline constexpr std::int64_t kMostPixels = std::int64_t{1} << 27;      ///< of one image
inline constexpr std::int64_t kMostSide = std::int64_t{1} << 16;        ///< width or height
inline constexpr std::size_t kMostImageBytes = std::size_t{256} << 20;  ///< of one file

/// A JPEG or PNG file as RGB, with the numbers that Pillow's `Image.open(f).convert("RGB")` gives: grey is repeated, a
/// palette looked up, alpha dropped, gamma and colour profiles ignored. 16 bits are rounded to 8, where Pillow takes
/// the high byte. `name` is for messages. Errors: image.unknown-format, image.corrupt (also cut off), image.too-large
/// (before memory is taken), image.unsupported (CMYK).
Image decode_image(std::string_view bytes, const std::string& name);
/// Also file.*
Image read_image(const std::string& path);
/// Do the bytes begin as a JPEG or PNG file does?
bool looks_like_image(std::string_view bytes);

/// Luma of ITU-R 601-2 in 16-bit fixed point, as Pillow's convert("L"): (19595 R + 38470 G + 7471 B + 2^15) / 2^16.
Image to_grey(const Image& image);
/// R = G = B = grey.
Image to_rgb(const Image& image);

}  // namespace weft
