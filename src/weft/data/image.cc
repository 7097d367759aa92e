// SPDX-License-Identifier: Apache-2.0
#include "weft/data/image.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "weft/base/file.h"
#include "weft/data/image_codec.h"

namespace weft {
namespace {

constexpr std::string_view kJpegStart = "\xFF\xD8\xFF";
constexpr std::string_view kPngStart = "\x89PNG\r\n\x1A\n";

}  // namespace

Error image_error(std::string id, const std::string& name, const std::string& why, std::string mend) {
  return Error(
      {.id = std::move(id), .what = fmt::format("image '{}': {}", name, why), .where = {}, .mend = std::move(mend)});
}

void check_image_size(std::int64_t width, std::int64_t height, std::int64_t most_pixels, const std::string& name) {
  if (std::max(width, height) > kMostSide || width * height > kMostPixels) {
    throw image_error("image.too-large", name,
                      fmt::format("it says it has {} x {} pixels; read are at most {}, and {} on a side", width, height,
                                  kMostPixels, kMostSide),
                      "make it smaller, or remove it from the data");
  }
  if (width * height > most_pixels) {
    throw image_error("image.corrupt", name,
                      fmt::format("it says it has {} x {} pixels, more than so few bytes can hold", width, height),
                      "it is cut off or damaged; fetch it again");
  }
}

bool looks_like_image(std::string_view bytes) { return bytes.starts_with(kJpegStart) || bytes.starts_with(kPngStart); }

Image decode_image(std::string_view bytes, const std::string& name) {
  if (bytes.starts_with(kPngStart)) return decode_png(bytes, name);
  if (bytes.starts_with(kJpegStart)) return decode_jpeg(bytes, name);
  throw image_error("image.unknown-format", name, "it is neither JPEG nor PNG", "convert it to one of the two");
}

Image read_image(const std::string& path) { return decode_image(read_text_file(path, kMostImageBytes), path); }

Image to_grey(const Image& image) {
  if (image.channels == 1) return image;
  Image grey{.width = image.width, .height = image.height, .channels = 1, .pixels = {}};
  grey.pixels.reserve(image.pixels.size() / 3);
  for (std::size_t i = 0; i + 2 < image.pixels.size(); i += 3) {
    const std::uint32_t luma =
        19595U * image.pixels[i] + 38470U * image.pixels[i + 1] + 7471U * image.pixels[i + 2] + 0x8000U;
    grey.pixels.push_back(static_cast<std::uint8_t>(luma >> 16));
  }
  return grey;
}

Image to_rgb(const Image& image) {
  if (image.channels == 3) return image;
  Image rgb{.width = image.width, .height = image.height, .channels = 3, .pixels = {}};
  rgb.pixels.reserve(image.pixels.size() * 3);
  for (const std::uint8_t pixel : image.pixels) rgb.pixels.insert(rgb.pixels.end(), 3, pixel);
  return rgb;
}

}  // namespace weft
