// SPDX-License-Identifier: Apache-2.0
// By hand; tests/oracle/images.py compares with Pillow.
#include "weft/data/resize.h"

#include <catch2/catch.hpp>

#include "weft/base/error_testing.h"
#include "weft/data/image_testing.h"

namespace weft {
namespace {

using testing::Ids;
using testing::ids_of;
using Pixels = std::vector<std::uint8_t>;

Image grey(int width, int height, Pixels pixels) {
  return {.width = width, .height = height, .channels = 1, .pixels = std::move(pixels)};
}

TEST_CASE("doubling by triangles weighs neighbours 3 to 1") {
  // New centres lie at -1/4, 1/4, 3/4, 5/4 of the old ones; the outer two have one neighbour only.
  CHECK(resize(grey(2, 1, {0, 200}), 4, 1, Interpolation::bilinear).pixels == Pixels{0, 50, 150, 200});
  CHECK(resize(grey(1, 2, {0, 200}), 1, 4, Interpolation::bilinear).pixels == Pixels{0, 50, 150, 200});
}

TEST_CASE("halving by triangles widens them: 1, 3, 3, 1 eighths inside") {
  // The triangle of half-width 2 about the middle of a pair has 1/4, 3/4, 3/4, 1/4 at four old centres; at an edge one
  // is cut off and the rest is normalised: 3/7, 3/7, 1/7.
  CHECK(resize(grey(6, 1, {0, 0, 80, 160, 0, 0}), 3, 1, Interpolation::bilinear).pixels == Pixels{11, 90, 23});
}

TEST_CASE("doubling by cubics, a = -1/2") {
  // At distances 1/4 and 3/4 of a = -1/2: 0.8671875, 0.2265625; at 5/4 and 7/4: -0.0703125, -0.0234375.
  // The new sample 3 lies 1/4 right of old 1: taps at old 0 (5/4), 1 (1/4), 2 (3/4), 3 (7/4), in that order.
  const double third = -0.0703125 * 10 + 0.8671875 * 100 + 0.2265625 * 200 - 0.0234375 * 30;
  CHECK(resize(grey(4, 1, {10, 100, 200, 30}), 8, 1, Interpolation::bicubic).pixels[3] == std::uint8_t(third + 0.5));
}

TEST_CASE("an even image stays even, and the same size stays the same") {
  Random random(5);
  for (const auto interpolation : {Interpolation::bilinear, Interpolation::bicubic}) {
    for (int trial = 0; trial < 30; ++trial) {
      const Image even = grey(int(random.between(1, 40)), 3, {});
      Image image = even;
      image.pixels.assign(std::size_t(image.width) * 3, 201);
      const Image other = resize(image, int(random.between(1, 60)), int(random.between(1, 60)), interpolation);
      CHECK(other.pixels == Pixels(other.pixels.size(), 201));
    }
    const Image image = testing::random_image(random, 6, 4, 3);
    CHECK(resize(image, 6, 4, interpolation) == image);
  }
}

TEST_CASE("the shorter side is resized, the longer rounded down") {
  Random random(6);
  const Image wide = resize_shorter_side(testing::random_image(random, 10, 7, 3), 5, Interpolation::bilinear);
  CHECK(wide.width == 7);  // 5 * 10 / 7 = 7.14
  CHECK(wide.height == 5);
  const Image high = resize_shorter_side(testing::random_image(random, 7, 13, 1), 3, Interpolation::bilinear);
  CHECK(high.width == 3);
  CHECK(high.height == 5);  // 3 * 13 / 7 = 5.57
}

TEST_CASE("the middle is cut out, an odd margin split half to even") {
  const Image row = grey(6, 1, {0, 1, 2, 3, 4, 5});
  CHECK(center_crop(row, 6, 1) == row);
  CHECK(center_crop(row, 2, 1).pixels == Pixels{2, 3});
  CHECK(center_crop(row, 5, 1).pixels == Pixels{0, 1, 2, 3, 4});  // round(0.5) is 0
  CHECK(center_crop(row, 3, 1).pixels == Pixels{2, 3, 4});        // round(1.5) is 2
  CHECK(center_crop(row, 1, 1).pixels == Pixels{2});              // round(2.5) is 2
  CHECK(ids_of([&] { center_crop(row, 7, 1); }) == Ids{"image.too-small"});
  CHECK(ids_of([&] { center_crop(row, 6, 2); }) == Ids{"image.too-small"});
}

TEST_CASE("no image is made larger than one may be read") {
  const Image narrow = grey(1, 1000, Pixels(1000, 0));
  CHECK(ids_of([&] { resize(grey(1, 1, {7}), 65'536, 1, Interpolation::bilinear); }).empty());
  CHECK(ids_of([&] { resize(narrow, 65'536, 2'049, Interpolation::bilinear); }) == Ids{"image.too-large"});
  CHECK(ids_of([&] { resize(narrow, 65'537, 1, Interpolation::bilinear); }) == Ids{"image.too-large"});
  CHECK(ids_of([&] { resize_shorter_side(narrow, 256, Interpolation::bilinear); }) == Ids{"image.too-large"});
}

}  // namespace
}  // namespace weft
