// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <png.h>

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstring>

#include "weft/data/image_codec.h"

namespace weft {
namespace {

/// Deflate makes at most 1032 bytes of one (zlib's technical notes), and a pixel takes at least a bit. Small files are
/// never doubted.
constexpr std::int64_t kMostPixelsPerByte = 1032 * 8;
constexpr std::int64_t kNeverDoubted = 1 << 20;

/// What the call-backs need. It holds no C++ object with a destructor: libpng's longjmp passes over it.
struct Decoder {
  png_structp png = nullptr;
  png_infop info = nullptr;
  const char* next = nullptr;  // what is left of the file
  std::size_t left = 0;
  std::array<char, 200> message{};
};

[[noreturn]] void on_error(png_structp png, png_const_charp why) {
  auto& decoder = *static_cast<Decoder*>(png_get_error_ptr(png));
  std::strncpy(decoder.message.data(), why, decoder.message.size() - 1);
  png_longjmp(png, 1);
}

void on_warning(png_structp, png_const_charp) {}  // ancillary chunks; pixels are not affected

void on_read(png_structp png, png_bytep out, std::size_t count) {
  auto& decoder = *static_cast<Decoder*>(png_get_io_ptr(png));
  if (count > decoder.left) png_error(png, "the file is cut off");
  std::memcpy(out, decoder.next, count);
  decoder.next += count;
  decoder.left -= count;
}

/// Reads the header. Answers whether it went well; `decoder.message` says why not.
bool begin(Decoder& decoder) {
  if (setjmp(png_jmpbuf(decoder.png)) != 0) return false;    // NOLINT(cert-err52-cpp): no destructor is passed over
  png_set_user_limits(decoder.png, 0x7FFFFFFF, 0x7FFFFFFF);  // ours follow, with a message of ours
  png_set_read_fn(decoder.png, &decoder, on_read);
  png_read_info(decoder.png, decoder.info);
  return true;
}

/// Sets what is done to each row so that it comes out as 8-bit RGB. Answers the bytes of a row.
bool set_transforms(Decoder& decoder, std::size_t& row_bytes) {
  if (setjmp(png_jmpbuf(decoder.png)) != 0) return false;  // NOLINT(cert-err52-cpp)
  const int colours = png_get_color_type(decoder.png, decoder.info);
  png_set_scale_16(decoder.png);
  png_set_packing(decoder.png);
  if (colours == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(decoder.png);
  if (colours == PNG_COLOR_TYPE_GRAY) png_set_expand_gray_1_2_4_to_8(decoder.png);
  if ((colours & PNG_COLOR_MASK_COLOR) == 0) png_set_gray_to_rgb(decoder.png);
  png_set_strip_alpha(decoder.png);
  png_set_interlace_handling(decoder.png);
  png_read_update_info(decoder.png, decoder.info);
  row_bytes = png_get_rowbytes(decoder.png, decoder.info);
  return true;
}

bool finish(Decoder& decoder, png_bytepp rows) {
  if (setjmp(png_jmpbuf(decoder.png)) != 0) return false;  // NOLINT(cert-err52-cpp)
  png_read_image(decoder.png, rows);
  png_read_end(decoder.png, nullptr);
  return true;
}

Error damaged(const Decoder& decoder, const std::string& name) {
  return image_error("image.corrupt", name, decoder.message.data(), "it is cut off or damaged; fetch it again");
}

}  // namespace

Image decode_png(std::string_view bytes, const std::string& name) {
  Decoder decoder{.next = bytes.data(), .left = bytes.size()};
  decoder.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &decoder, on_error, on_warning);
  const struct Release {
    Decoder* decoder;
    ~Release() { png_destroy_read_struct(&decoder->png, &decoder->info, nullptr); }
  } release{&decoder};
  if (decoder.png != nullptr) decoder.info = png_create_info_struct(decoder.png);
  if (decoder.info == nullptr) throw std::bad_alloc();

  if (!begin(decoder)) throw damaged(decoder, name);
  const png_uint_32 width = png_get_image_width(decoder.png, decoder.info);
  const png_uint_32 height = png_get_image_height(decoder.png, decoder.info);
  check_image_size(width, height, kNeverDoubted + kMostPixelsPerByte * std::int64_t(bytes.size()), name);
  std::size_t row_bytes = 0;
  if (!set_transforms(decoder, row_bytes)) throw damaged(decoder, name);
  WEFT_ASSERT(row_bytes == std::size_t{width} * 3, "every kind of PNG is turned into 8-bit RGB");
  Image image{.width = int(width), .height = int(height)};
  image.pixels.resize(row_bytes * height);
  std::vector<png_bytep> rows(height);
  for (std::size_t y = 0; y < rows.size(); ++y) rows[y] = image.pixels.data() + y * row_bytes;
  if (!finish(decoder, rows.data())) throw damaged(decoder, name);
  return image;
}

}  // namespace weft
