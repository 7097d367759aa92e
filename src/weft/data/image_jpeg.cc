// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <jerror.h>
#include <jpeglib.h>

#include <array>
#include <csetjmp>
#include <cstdio>  // jpeglib.h needs FILE

#include "weft/data/image_codec.h"

namespace weft {
namespace {

/// A block of 8 x 8 pixels takes a bit at least in some channel; four channels may share them out. Small files are
/// never doubted.
constexpr std::int64_t kMostPixelsPerByte = 4096;
constexpr std::int64_t kNeverDoubted = 1 << 20;
/// A progressive file of some kilobytes may ask for thousands of passes over a large image; encoders write about ten.
constexpr int kMostScans = 100;

/// The library's structures, and its C call-backs' way out. It holds no C++ object: longjmp passes over it.
struct Decoder {
  jpeg_error_mgr errors;  // first: the library hands back a pointer to it
  jpeg_decompress_struct info;
  jpeg_progress_mgr progress;
  std::jmp_buf out;
  std::array<char, JMSG_LENGTH_MAX> message;
};

[[noreturn]] void leave(Decoder& decoder) { std::longjmp(decoder.out, 1); }

Decoder& decoder_of(j_common_ptr info) { return *static_cast<Decoder*>(info->client_data); }

[[noreturn]] void on_error(j_common_ptr info) {
  Decoder& decoder = decoder_of(info);
  decoder.errors.format_message(info, decoder.message.data());
  leave(decoder);
}

/// The library mends damaged data by guessing and only warns; wrong pixels are no answer here.
void on_message(j_common_ptr info, int level) {
  if (level >= 0) return;
  switch (info->err->msg_code) {
    case JWRN_JPEG_EOF:
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_BOGUS_PROGRESSION:
    case JWRN_MUST_RESYNC:
      on_error(info);
    default:
      break;
  }
}

void on_progress(j_common_ptr info) {
  Decoder& decoder = decoder_of(info);
  if (decoder.info.input_scan_number <= kMostScans) return;
  fmt::format_to_n(decoder.message.data(), decoder.message.size() - 1, "it has more than {} scans", kMostScans);
  leave(decoder);
}

/// Reads the header. Answers whether it went well; `decoder.message` says why not.
bool begin(Decoder& decoder, std::string_view bytes) {
  if (setjmp(decoder.out) != 0) return false;  // NOLINT(cert-err52-cpp): no destructor is passed over
  jpeg_mem_src(&decoder.info, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  jpeg_read_header(&decoder.info, TRUE);
  return true;
}

/// Decodes into `pixels`, of height * width * 3 bytes.
bool finish(Decoder& decoder, std::uint8_t* pixels) {
  if (setjmp(decoder.out) != 0) return false;  // NOLINT(cert-err52-cpp)
  decoder.info.out_color_space = JCS_RGB;
  jpeg_start_decompress(&decoder.info);
  while (decoder.info.output_scanline < decoder.info.output_height) {
    JSAMPROW row = pixels + std::size_t{decoder.info.output_scanline} * decoder.info.output_width * 3;
    jpeg_read_scanlines(&decoder.info, &row, 1);
  }
  return jpeg_finish_decompress(&decoder.info) == TRUE;
}

Error damaged(const Decoder& decoder, const std::string& name) {
  return image_error("image.corrupt", name, decoder.message.data(), "it is cut off or damaged; fetch it again");
}

}  // namespace

Image decode_jpeg(std::string_view bytes, const std::string& name) {
  Decoder decoder{};
  decoder.info.err = jpeg_std_error(&decoder.errors);
  decoder.errors.error_exit = on_error;
  decoder.errors.emit_message = on_message;
  decoder.info.client_data = &decoder;
  jpeg_create_decompress(&decoder.info);
  decoder.progress.progress_monitor = on_progress;
  decoder.info.progress = &decoder.progress;
  const struct Release {
    jpeg_decompress_struct* info;
    ~Release() { jpeg_destroy_decompress(info); }
  } release{&decoder.info};

  if (!begin(decoder, bytes)) throw damaged(decoder, name);
  if (decoder.info.jpeg_color_space == JCS_CMYK || decoder.info.jpeg_color_space == JCS_YCCK) {
    throw image_error("image.unsupported", name, "its colours are CMYK", "convert it to RGB");
  }
  check_image_size(decoder.info.image_width, decoder.info.image_height,
                   kNeverDoubted + kMostPixelsPerByte * std::int64_t(bytes.size()), name);
  Image image{.width = int(decoder.info.image_width), .height = int(decoder.info.image_height)};
  image.pixels.resize(std::size_t(image.width) * std::size_t(image.height) * 3);
  if (!finish(decoder, image.pixels.data())) throw damaged(decoder, name);
  return image;
}

}  // namespace weft
