// SPDX-License-Identifier: Apache-2.0
#include "weft/data/resize.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "weft/base/error.h"

namespace weft {
namespace {

constexpr int kFractionBits = 32 - 8 - 2;  // Pillow's PRECISION_BITS: weights may pass 1 and be negative

double triangle(double x) { return std::max(0.0, 1 - std::fabs(x)); }

double cubic(double x) {
  constexpr double kA = -0.5;
  x = std::fabs(x);
  if (x < 1) return ((kA + 2) * x - (kA + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * kA;
  return 0;
}

/// The samples `first`, first + 1, ... that make one new sample, with their weights in fixed point.
struct Taps {
  int first = 0;
  std::vector<std::int32_t> weights;
};

std::int32_t fixed_point(double weight) {
  const double scaled = weight * (1 << kFractionBits);
  return static_cast<std::int32_t>(weight < 0 ? scaled - 0.5 : scaled + 0.5);
}

/// The taps of each of `to` samples made of `from`.
std::vector<Taps> taps(int from, int to, Interpolation interpolation) {
  const auto filter = interpolation == Interpolation::bilinear ? triangle : cubic;
  const double scale = double(from) / to;
  const double stretch = std::max(1.0, scale);
  const double support = (interpolation == Interpolation::bilinear ? 1.0 : 2.0) * stretch;
  const double inverse = 1.0 / stretch;
  std::vector<Taps> all(static_cast<std::size_t>(to));
  std::vector<double> weights;
  for (int i = 0; i < to; ++i) {
    const double center = (i + 0.5) * scale;
    const double low = center - support + 0.5, high = center + support + 0.5;  // cut off as Pillow does
    const int first = std::max(0, static_cast<int>(low));
    const int end = std::min(from, static_cast<int>(high));
    weights.clear();
    double sum = 0;
    for (int x = first; x < end; ++x) {
      weights.push_back(filter((x - center + 0.5) * inverse));
      sum += weights.back();
    }
    Taps& mine = all[static_cast<std::size_t>(i)];
    mine.first = first;
    for (const double weight : weights) mine.weights.push_back(fixed_point(sum == 0 ? weight : weight / sum));
  }
  return all;
}

/// The sum of weights * samples that lie `stride` apart, rounded and cut to 8 bits.
std::uint8_t weighted(const Taps& taps, const std::uint8_t* samples, std::size_t stride) {
  std::int32_t sum = 1 << (kFractionBits - 1);
  for (const std::int32_t weight : taps.weights) {
    sum += weight * *samples;
    samples += stride;
  }
  return static_cast<std::uint8_t>(std::clamp(sum >> kFractionBits, 0, 255));
}

Image resize_rows(const Image& image, int width, Interpolation interpolation) {
  if (width == image.width) return image;
  Image out{.width = width, .height = image.height, .channels = image.channels, .pixels = {}};
  const std::vector<Taps> columns = taps(image.width, width, interpolation);
  const auto channels = static_cast<std::size_t>(image.channels);
  const std::size_t row_bytes = std::size_t(image.width) * channels;
  out.pixels.reserve(std::size_t(width) * std::size_t(image.height) * channels);
  for (std::size_t y = 0; y < std::size_t(image.height); ++y) {
    const std::uint8_t* row = image.pixels.data() + y * row_bytes;
    for (const Taps& column : columns) {
      for (std::size_t c = 0; c < channels; ++c) {
        out.pixels.push_back(weighted(column, row + std::size_t(column.first) * channels + c, channels));
      }
    }
  }
  return out;
}

Image resize_columns(const Image& image, int height, Interpolation interpolation) {
  if (height == image.height) return image;
  Image out{.width = image.width, .height = height, .channels = image.channels, .pixels = {}};
  const std::size_t row_bytes = std::size_t(image.width) * std::size_t(image.channels);
  out.pixels.reserve(row_bytes * std::size_t(height));
  for (const Taps& row : taps(image.height, height, interpolation)) {
    const std::uint8_t* first = image.pixels.data() + std::size_t(row.first) * row_bytes;
    for (std::size_t x = 0; x < row_bytes; ++x) out.pixels.push_back(weighted(row, first + x, row_bytes));
  }
  return out;
}

/// Python's round(): half to even.
int half_to_even(int doubled) { return doubled / 2 + (doubled % 4 == 3 ? 1 : 0); }

}  // namespace

Image resize(const Image& image, int width, int height, Interpolation interpolation) {
  WEFT_ASSERT(width >= 1 && height >= 1, "sizes are checked where they are read");
  const std::int64_t most = std::max(std::int64_t{width} * height, std::int64_t{width} * image.height);
  if (std::max<std::int64_t>(width, height) > kMostSide || most > kMostPixels) {
    throw Error(
        {.id = "image.too-large",
         .what = fmt::format("an image of {} x {} would be resized to {} x {}; made are at most {} pixels, and {} "
                             "on a side",
                             image.width, image.height, width, height, kMostPixels, kMostSide),
         .where = {},
         .mend = "choose a smaller size, or remove the image if it is very narrow"});
  }
  return resize_columns(resize_rows(image, width, interpolation), height, interpolation);
}

Image resize_shorter_side(const Image& image, int size, Interpolation interpolation) {
  const auto longer = [&](int longer, int shorter) {
    return static_cast<int>(std::min<std::int64_t>(std::int64_t{size} * longer / shorter, kMostSide + 1));
  };
  return image.width <= image.height ? resize(image, size, longer(image.height, image.width), interpolation)
                                     : resize(image, longer(image.width, image.height), size, interpolation);
}

Image center_crop(const Image& image, int width, int height) {
  if (width > image.width || height > image.height) {
    throw Error(
        {.id = "image.too-small",
         .what = fmt::format("{} x {} pixels cannot be cut out of {} x {}", width, height, image.width, image.height),
         .where = {},
         .mend = "choose a smaller `crop:`, or a `resize:` before it"});
  }
  const int left = half_to_even(image.width - width);
  const int top = half_to_even(image.height - height);
  Image out{.width = width, .height = height, .channels = image.channels, .pixels = {}};
  const auto channels = static_cast<std::size_t>(image.channels);
  out.pixels.reserve(std::size_t(width) * std::size_t(height) * channels);
  for (int y = 0; y < height; ++y) {
    const auto first = image.pixels.begin() + ((std::ptrdiff_t{top} + y) * image.width + left) * image.channels;
    out.pixels.insert(out.pixels.end(), first, first + std::ptrdiff_t{width} * image.channels);
  }
  return out;
}

}  // namespace weft
