// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "weft/base/yaml.h"
#include "weft/data/image.h"
#include "weft/data/resize.h"
#include "weft/tensor/tensor.h"

namespace weft {

/// Which channels a network wants, in which order. `as_stored`: those of the image.
enum class Channels { as_stored, rgb, bgr, grey };
enum class Layout { nchw, nhwc };

/// A height and a width in pixels.
struct Extent2 {
  int height = 0, width = 0;
  bool operator==(const Extent2&) const = default;
};

/// From an image to a network's input, in this order: resize, crop the middle, choose the channels, then
///   x[c] = (scale * pixel[c] - mean[c]) / deviation[c]        pixel 0 to 255, c in the order of `channels`
/// computed in double and rounded to float32. The default changes nothing.
struct Preprocessing {
  std::optional<int> resize_shorter;  ///< the shorter side becomes this, the ratio is kept
  std::optional<Extent2> resize;      ///< or: both sides
  Interpolation interpolation = Interpolation::bilinear;
  std::optional<Extent2> crop;
  Channels channels = Channels::as_stored;
  double scale = 1;
  std::vector<double> mean;       ///< empty: 0; one for all channels, or one each
  std::vector<double> deviation;  ///< empty: 1; likewise, none 0
  Layout layout = Layout::nchw;
  bool operator==(const Preprocessing&) const = default;
};

/// The float32 input, 1xCxHxW or 1xHxWxC. Errors: image.too-small, image.too-large, dataset.channels-disagree (a mean
/// for each of three channels, and one channel).
ConstantTensor preprocess(const Image& image, const Preprocessing& preprocessing);

/// Reads the map `preprocessing:` of a dataset file. What is wrong goes to `problems`.
Preprocessing read_preprocessing(const YamlNode& node, std::vector<Problem>& problems);

/// "shorter side to 256 (bilinear), central 224 x 224, RGB, times 0.0039, minus (..), divided by (..), NCHW"
std::string to_string(const Preprocessing& preprocessing);

}  // namespace weft
