// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <jpeglib.h>
#include <png.h>

#include <cstdio>  // jpeglib.h needs FILE
#include <cstdlib>
#include <string>
#include <utility>

#include "weft/base/random.h"
#include "weft/data/image.h"

/// For tests: images and files of images.
namespace weft::testing {

inline Image random_image(Random& random, int width, int height, int channels) {
  Image image{.width = width, .height = height, .channels = channels, .pixels = {}};
  for (int i = 0; i < width * height * channels; ++i) image.pixels.push_back(std::uint8_t(random.below(256)));
  return image;
}

/// A PNG file of the image, grey or RGB.
inline std::string png_file(const Image& image) {
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  png.width = png_uint_32(image.width);
  png.height = png_uint_32(image.height);
  png.format = image.channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
  png_alloc_size_t size = 0;
  png_image_write_get_memory_size(png, size, 0, image.pixels.data(), 0, nullptr);
  std::string file(size, '\0');
  png_image_write_to_memory(&png, file.data(), &size, 0, image.pixels.data(), 0, nullptr);
  file.resize(size);
  return file;
}

/// A baseline JPEG file of `channels` (1 grey, 3 RGB, 4 CMYK) times width times height equal samples.
inline std::string jpeg_file(int width, int height, int channels, std::uint8_t value) {
  jpeg_compress_struct info{};
  jpeg_error_mgr errors{};
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* memory = nullptr;
  unsigned long size = 0;  // NOLINT(google-runtime-int): the library's type
  jpeg_mem_dest(&info, &memory, &size);
  info.image_width = JDIMENSION(width);
  info.image_height = JDIMENSION(height);
  info.input_components = channels;
  info.in_color_space = channels == 1 ? JCS_GRAYSCALE : channels == 3 ? JCS_RGB : JCS_CMYK;
  jpeg_set_defaults(&info);
  jpeg_start_compress(&info, TRUE);
  std::string row(std::size_t(width) * std::size_t(channels), char(value));
  for (int y = 0; y < height; ++y) {
    auto* samples = reinterpret_cast<JSAMPROW>(row.data());
    jpeg_write_scanlines(&info, &samples, 1);
  }
  jpeg_finish_compress(&info);
  std::string file(reinterpret_cast<char*>(memory), size);
  jpeg_destroy_compress(&info);
  std::free(memory);
  return file;
}

/// The file with its 32-bit big-endian words at `at` replaced: width and height of a PNG stand at 16. The checksum is
/// wrong then; libpng checks it after our sizes only if it reaches the data, so it is made right.
inline std::string png_with_size(std::string file, std::uint32_t width, std::uint32_t height) {
  const auto put = [&](std::size_t at, std::uint32_t word) {
    for (std::size_t i = 0; i < 4; ++i) file[at + i] = char(word >> (24 - 8 * i));
  };
  put(16, width);
  put(20, height);
  std::uint32_t crc = ~0U;
  for (std::size_t i = 12; i < 29; ++i) {
    crc ^= std::uint8_t(file[i]);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320U : 0);
  }
  put(29, ~crc);
  return file;
}

}  // namespace weft::testing
