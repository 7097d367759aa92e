// SPDX-License-Identifier: Apache-2.0
#include "weft/data/preprocessing.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cmath>

namespace weft {
namespace {

constexpr int kMostExtent = 1 << 14;  // of `resize:` and `crop:`
constexpr std::size_t kMostChannels = 3;

Image sized(const Image& image, const Preprocessing& how) {
  Image result = image;
  if (how.resize_shorter) result = resize_shorter_side(result, *how.resize_shorter, how.interpolation);
  if (how.resize) result = resize(result, how.resize->width, how.resize->height, how.interpolation);
  if (how.crop) result = center_crop(result, how.crop->width, how.crop->height);
  return result;
}

Image with_channels(const Image& image, Channels channels) {
  if (channels == Channels::as_stored) return image;
  if (channels == Channels::grey) return to_grey(image);
  Image rgb = to_rgb(image);
  if (channels == Channels::bgr) {
    for (std::size_t i = 0; i + 2 < rgb.pixels.size(); i += 3) std::swap(rgb.pixels[i], rgb.pixels[i + 2]);
  }
  return rgb;
}

/// `values` for each of `count` channels.
std::vector<double> each_channel(const std::vector<double>& values, double otherwise, std::size_t count,
                                 std::string_view key) {
  if (values.empty()) return std::vector<double>(count, otherwise);
  if (values.size() == 1) return std::vector<double>(count, values.front());
  if (values.size() == count) return values;
  throw Error({.id = "dataset.channels-disagree",
               .what = fmt::format("`{}:` has {} values, and the image {} channel{}", key, values.size(), count,
                                   count == 1 ? "" : "s"),
               .where = {},
               .mend = "give one value for each channel, or one for all; `channels:` chooses RGB, BGR or grey"});
}

/// What each value of an 8-bit channel becomes.
using Table = std::array<float, 256>;
Table table_of(double scale, double mean, double deviation) {
  Table table{};
  for (std::size_t pixel = 0; pixel < table.size(); ++pixel) {
    table[pixel] = static_cast<float>((scale * double(pixel) - mean) / deviation);
  }
  return table;
}

// ---- the file

/// A number, or a fraction of two such as 1/255.
std::optional<double> fraction(const std::string& text) {
  const std::size_t slash = text.find('/');
  const auto above = parse_decimal(std::string_view(text).substr(0, slash));
  if (!above) return std::nullopt;
  if (slash == std::string::npos) return to_double(*above);
  const auto below = parse_decimal(std::string_view(text).substr(slash + 1));
  if (!below || below->mantissa == 0) return std::nullopt;
  return to_double(*above) / to_double(*below);
}

struct Reader {
  YamlMap& map;
  std::vector<Problem>& problems;

  double scale() {
    const YamlNode* node = map.find("scale");
    if (node == nullptr) return 1;
    const auto value = node->kind() == YamlNode::Kind::scalar ? fraction(node->text()) : std::nullopt;
    if (value && std::isfinite(*value) && *value != 0) return *value;
    map.problem(*node, "yaml.bad-number", "`scale:` is a number other than 0, or a fraction of two",
                "write it as `0.017` or `1/255`");
    return 1;
  }

  /// One number, or a list of at most three.
  std::vector<double> numbers(std::string_view key, bool zero_allowed) {
    const YamlNode* node = map.find(key);
    if (node == nullptr) return {};
    const std::vector<YamlNode> alone{*node};
    const auto& items = node->kind() == YamlNode::Kind::sequence ? node->items() : alone;
    std::vector<double> values;
    for (const YamlNode& item : items) {
      const auto value = item.kind() == YamlNode::Kind::scalar ? fraction(item.text()) : std::nullopt;
      if (!value || !std::isfinite(*value) || (*value == 0 && !zero_allowed)) {
        map.problem(item, "yaml.bad-number",
                    fmt::format("`{}:` takes a number{}", key, zero_allowed ? "" : " other than 0"),
                    "write it as `123.675` or `[104, 117, 123]`");
        return {};
      }
      values.push_back(*value);
    }
    if (values.empty() || values.size() > kMostChannels) {
      map.problem(*node, "yaml.out-of-range",
                  fmt::format("`{}:` has {} values; an image has 1 or 3", key, values.size()),
                  "give one for all channels, or one for each");
      return {};
    }
    return values;
  }

  int extent(const YamlNode& node, std::string_view key) {
    const auto value = node.kind() == YamlNode::Kind::scalar ? parse_integer(node.text()) : std::nullopt;
    if (value && *value >= 1 && *value <= kMostExtent) return static_cast<int>(*value);
    map.problem(node, "yaml.out-of-range", fmt::format("`{}:` takes pixels, 1 to {}", key, kMostExtent),
                fmt::format("write it as `{}: 224` or `{}: [224, 320]`, height first", key, key));
    return 1;
  }

  /// `[height, width]`, or one number: both.
  Extent2 extent2(const YamlNode& node, std::string_view key) {
    if (node.kind() != YamlNode::Kind::sequence) {
      const int side = extent(node, key);
      return {side, side};
    }
    if (node.items().size() == 2) return {extent(node.items()[0], key), extent(node.items()[1], key)};
    map.problem(node, "yaml.out-of-range", fmt::format("`{}:` is a list of {} values", key, node.items().size()),
                fmt::format("write it as `{}: 224` or `{}: [224, 320]`, height first", key, key));
    return {1, 1};
  }

  Preprocessing read() {
    Preprocessing how;
    if (const YamlNode* node = map.find("resize")) {
      if (node->kind() == YamlNode::Kind::sequence) {
        how.resize = extent2(*node, "resize");
      } else {
        how.resize_shorter = extent(*node, "resize");
      }
    }
    how.interpolation = static_cast<Interpolation>(map.choice("interpolation", {"bilinear", "bicubic"}, 0));
    if (const YamlNode* node = map.find("crop")) how.crop = extent2(*node, "crop");
    how.channels = static_cast<Channels>(map.choice("channels", {"as stored", "RGB", "BGR", "grey"}, 0));
    how.scale = scale();
    how.mean = numbers("mean", true);
    how.deviation = numbers("deviation", false);
    how.layout = static_cast<Layout>(map.choice("layout", {"NCHW", "NHWC"}, 0));
    map.finish();
    return how;
  }
};

std::string extent_text(const Extent2& extent) { return fmt::format("{} x {}", extent.height, extent.width); }

}  // namespace

ConstantTensor preprocess(const Image& image, const Preprocessing& preprocessing) {
  const Image ready = with_channels(sized(image, preprocessing), preprocessing.channels);
  const auto channels = static_cast<std::size_t>(ready.channels);
  const std::size_t pixels = ready.pixels.size() / channels;
  const std::vector<double> mean = each_channel(preprocessing.mean, 0, channels, "mean");
  const std::vector<double> deviation = each_channel(preprocessing.deviation, 1, channels, "deviation");
  const bool planar = preprocessing.layout == Layout::nchw;
  std::vector<float> values(ready.pixels.size());
  for (std::size_t c = 0; c < channels; ++c) {
    const Table table = table_of(preprocessing.scale, mean[c], deviation[c]);
    for (std::size_t i = 0; i < pixels; ++i) {
      values[planar ? c * pixels + i : i * channels + c] = table[ready.pixels[i * channels + c]];
    }
  }
  return stored_floats(planar ? Shape{1, ready.channels, ready.height, ready.width}
                              : Shape{1, ready.height, ready.width, ready.channels},
                       values);
}

Preprocessing read_preprocessing(const YamlNode& node, std::vector<Problem>& problems) {
  YamlMap map(node, "`preprocessing`", problems);
  return Reader{map, problems}.read();
}

std::string to_string(const Preprocessing& preprocessing) {
  const std::string filter = preprocessing.interpolation == Interpolation::bilinear ? "bilinear" : "bicubic";
  std::vector<std::string> steps;
  if (preprocessing.resize_shorter)
    steps.push_back(fmt::format("shorter side to {} ({})", *preprocessing.resize_shorter, filter));
  if (preprocessing.resize) steps.push_back(fmt::format("to {} ({})", extent_text(*preprocessing.resize), filter));
  if (preprocessing.crop) steps.push_back("central " + extent_text(*preprocessing.crop));
  if (preprocessing.channels == Channels::rgb) steps.emplace_back("RGB");
  if (preprocessing.channels == Channels::bgr) steps.emplace_back("BGR");
  if (preprocessing.channels == Channels::grey) steps.emplace_back("grey");
  if (preprocessing.scale != 1) steps.push_back(fmt::format("times {:.6g}", preprocessing.scale));
  if (!preprocessing.mean.empty()) steps.push_back(fmt::format("minus ({:g})", fmt::join(preprocessing.mean, ", ")));
  if (!preprocessing.deviation.empty())
    steps.push_back(fmt::format("divided by ({:g})", fmt::join(preprocessing.deviation, ", ")));
  steps.emplace_back(preprocessing.layout == Layout::nchw ? "NCHW" : "NHWC");
  return fmt::format("{}", fmt::join(steps, ", "));
}

}  // namespace weft
