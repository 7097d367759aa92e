// SPDX-License-Identifier: Apache-2.0
#include "weft/data/image.h"

#include <catch2/catch.hpp>

#include "weft/base/error_testing.h"
#include "weft/data/image_testing.h"

namespace weft {
namespace {

using testing::Ids;
using testing::ids_of;

TEST_CASE("a PNG comes back as it was") {
  Random random(1);
  const Image colours = testing::random_image(random, 7, 5, 3);
  CHECK(decode_image(testing::png_file(colours), "a.png") == colours);
  const Image grey = testing::random_image(random, 5, 7, 1);
  CHECK(decode_image(testing::png_file(grey), "a.png") == to_rgb(grey));
}

TEST_CASE("an even JPEG comes back as it was, in grey and in colour") {
  for (const int channels : {1, 3}) {
    const Image image = decode_image(testing::jpeg_file(19, 10, channels, 77), "a.jpg");
    CHECK(image.width == 19);
    CHECK(image.height == 10);
    CHECK(image.pixels == std::vector<std::uint8_t>(19 * 10 * 3, 77));
  }
}

TEST_CASE("grey is the luma of ITU-R 601") {
  const Image image{.width = 4, .height = 1, .channels = 3, .pixels = {255, 255, 255, 255, 0, 0, 0, 255, 0, 0, 0, 255}};
  CHECK(to_grey(image).pixels == std::vector<std::uint8_t>{255, 76, 150, 29});  // 255 * 0.299, 0.587, 0.114, rounded
}

TEST_CASE("a CMYK JPEG is refused") {
  CHECK(ids_of([] { decode_image(testing::jpeg_file(8, 8, 4, 9), "a.jpg"); }) == Ids{"image.unsupported"});
}

TEST_CASE("other files are refused by their first bytes") {
  for (const char* bytes : {"", "GIF89a", "\x89PNG", "\xFF\xD8"}) {
    CHECK(ids_of([&] { decode_image(bytes, "a.gif"); }) == Ids{"image.unknown-format"});
  }
}

TEST_CASE("an image that is cut off anywhere is refused, and named") {
  Random random(2);
  const std::string png = testing::png_file(testing::random_image(random, 9, 9, 3));
  const std::string jpeg = testing::jpeg_file(33, 33, 3, 100);
  for (const std::string& file : {png, jpeg}) {
    for (std::size_t length = 8; length < file.size(); ++length) {
      const auto problems = testing::problems_of([&] { decode_image(file.substr(0, length), "cut.img"); });
      CAPTURE(length);
      REQUIRE(problems.size() == 1);
      CHECK(problems.front().id == "image.corrupt");
      CHECK(problems.front().what.find("cut.img") != std::string::npos);
    }
  }
}

TEST_CASE("a size that a header only claims takes no memory") {
  Random random(3);
  const std::string png = testing::png_file(testing::random_image(random, 2, 2, 3));
  const auto ids = [&](std::uint32_t width, std::uint32_t height) {
    return ids_of([&] { decode_image(testing::png_with_size(png, width, height), "a.png"); });
  };
  CHECK(ids(2, 2).empty());
  CHECK(ids(100'000, 100'000) == Ids{"image.too-large"});
  CHECK(ids(1, 65'537) == Ids{"image.too-large"});
  CHECK(ids(11'000, 11'000) == Ids{"image.corrupt"});  // 121 million pixels in 80 bytes
  CHECK(ids(0, 2) == Ids{"image.corrupt"});
  CHECK(ids(0xFFFFFFFF, 1) == Ids{"image.corrupt"});

  std::string jpeg = testing::jpeg_file(8, 8, 3, 0);
  const std::size_t sizes = jpeg.find("\xFF\xC0") + 5;  // height, width: 16 bits each
  for (const auto& [height, width] : {std::pair{60'000, 60'000}, {60'000, 2'000}}) {
    for (const auto& [at, value] : {std::pair{sizes, height}, {sizes + 2, width}}) {
      jpeg[at] = char(value >> 8);
      jpeg[at + 1] = char(value & 255);
    }
    CHECK(ids_of([&] { decode_image(jpeg, "a.jpg"); }) == Ids{width == height ? "image.too-large" : "image.corrupt"});
  }
}

TEST_CASE("damage within the data is refused or harmless, never a crash") {
  Random random(4);
  const std::string png = testing::png_file(testing::random_image(random, 16, 16, 3));
  for (int trial = 0; trial < 300; ++trial) {
    std::string file = trial % 2 == 0 ? png : testing::jpeg_file(40, 40, 3, 30);
    for (int change = 0; change < 3; ++change) file[random.below(file.size())] = char(random.below(256));
    try {
      const Image image = decode_image(file, "a");
      CHECK(image.pixels.size() == std::size_t(image.width) * std::size_t(image.height) * 3);
    } catch (const Error& error) {
      CHECK(error.problems().size() == 1);
    }
  }
}

}  // namespace
}  // namespace weft
