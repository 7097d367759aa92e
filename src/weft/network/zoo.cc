// SPDX-License-Identifier: Apache-2.0
#include "weft/network/zoo.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "weft/base/error.h"
#include "weft/base/random.h"
#include "weft/network/zoo_networks.h"

namespace weft {
namespace {

using namespace build;  // NOLINT(google-build-using-namespace)

constexpr std::int64_t kLeastResolution = 32, kMostResolution = 4096;
constexpr double kMostWidth = 8;
constexpr std::uint64_t kZooSeed = 1;  // the seed of which nothing changes

constexpr std::array kZoo{
    ZooEntry{"lenet5", [] { return lenet5("lenet5", C3::full); },
             "LeNet-5 of 1998, C3 connected to every map, 28x28 digits in 32x32", "LeCun et al., Proc. IEEE 1998"},
    ZooEntry{"lenet5-table", [] { return lenet5("lenet5-table", C3::by_table); },
             "LeNet-5 of 1998, C3 connected by the paper's Table I", "LeCun et al., Proc. IEEE 1998"},
    ZooEntry{"lenet5-caffe", [] { return lenet5_caffe("lenet5-caffe"); }, "LeNet as Caffe has it, 28x28 digits",
             "Caffe, examples/mnist"},
    ZooEntry{"alexnet", [] { return alexnet("alexnet"); }, "AlexNet, two groups, 227x227",
             "Krizhevsky et al., NIPS 2012"},
    ZooEntry{"overfeat-fast", [] { return overfeat_fast("overfeat-fast"); }, "OverFeat, fast model, 231x231",
             "Sermanet et al., ICLR 2014, Table 1"},
    ZooEntry{"overfeat-accurate", [] { return overfeat_accurate("overfeat-accurate"); },
             "OverFeat, accurate model, 221x221", "Sermanet et al., ICLR 2014, Table 3"},
    ZooEntry{"vgg16",
             [] {
               return vgg("vgg16", {2, 2, 3, 3, 3});
             },
             "VGG-16 (configuration D), 224x224", "Simonyan and Zisserman, ICLR 2015, Table 1"},
    ZooEntry{"vgg19",
             [] {
               return vgg("vgg19", {2, 2, 4, 4, 4});
             },
             "VGG-19 (configuration E), 224x224", "Simonyan and Zisserman, ICLR 2015, Table 1"},
    ZooEntry{"googlenet", [] { return googlenet("googlenet"); }, "GoogLeNet (Inception v1), 224x224",
             "Szegedy et al., CVPR 2015, Table 1"},
    ZooEntry{"inception-v3", [] { return inception_v3("inception-v3"); }, "Inception v3, 299x299",
             "Szegedy et al., CVPR 2016"},
    ZooEntry{"resnet18",
             [] {
               return resnet("resnet18", Block::basic, {2, 2, 2, 2});
             },
             "ResNet-18, 224x224", "He et al., CVPR 2016, Table 1"},
    ZooEntry{"resnet34",
             [] {
               return resnet("resnet34", Block::basic, {3, 4, 6, 3});
             },
             "ResNet-34, 224x224", "He et al., CVPR 2016, Table 1"},
    ZooEntry{"resnet50",
             [] {
               return resnet("resnet50", Block::bottleneck, {3, 4, 6, 3});
             },
             "ResNet-50 v1, stride in the first 1x1, 224x224", "He et al., CVPR 2016, Table 1"},
    ZooEntry{"resnet50-v1.5",
             [] {
               return resnet("resnet50-v1.5", Block::bottleneck_stride3, {3, 4, 6, 3});
             },
             "ResNet-50 v1.5, stride in the 3x3, 224x224", "He et al., CVPR 2016; Goyal et al., arXiv:1706.02677"},
    ZooEntry{"resnet101",
             [] {
               return resnet("resnet101", Block::bottleneck, {3, 4, 23, 3});
             },
             "ResNet-101 v1, 224x224", "He et al., CVPR 2016, Table 1"},
    ZooEntry{"resnet152",
             [] {
               return resnet("resnet152", Block::bottleneck, {3, 8, 36, 3});
             },
             "ResNet-152 v1, 224x224", "He et al., CVPR 2016, Table 1"},
    ZooEntry{"squeezenet1.0", [] { return squeezenet_1_0("squeezenet1.0", 227); }, "SqueezeNet 1.0, 227x227",
             "Iandola et al., arXiv:1602.07360, Table 1"},
    ZooEntry{"squeezenet1.1", [] { return squeezenet_1_1("squeezenet1.1", 227); }, "SqueezeNet 1.1, 227x227",
             "the SqueezeNet authors' repository"},
    ZooEntry{"mobilenet-v1", [] { return mobilenet_v1("mobilenet-v1", 1.0, 224); }, "MobileNet v1, width 1, 224x224",
             "Howard et al., arXiv:1704.04861, Table 1"},
    ZooEntry{"mobilenet-v2", [] { return mobilenet_v2("mobilenet-v2"); }, "MobileNet v2, width 1, 224x224",
             "Sandler et al., CVPR 2018, Table 2"},
    ZooEntry{"xception", [] { return xception("xception"); }, "Xception, 299x299", "Chollet, CVPR 2017, Fig. 5"},
};

constexpr std::array kFamilies{
    ZooFamily{"mobilenet-v1-WIDTH-RESOLUTION", "mobilenet-v1", "any width and resolution: mobilenet-v1-0.5-160"},
    ZooFamily{"squeezenet1.0-RESOLUTION", "squeezenet1.0", "any resolution: squeezenet1.0-224"},
    ZooFamily{"squeezenet1.1-RESOLUTION", "squeezenet1.1", "any resolution: squeezenet1.1-224"},
};

/// The whole text as a plain number ("0.5", "160"), or nothing.
template <class Number>
std::optional<Number> number(std::string_view text) {
  if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// A member of a family: its base and the numbers of its name.
struct Variant {
  std::string_view base;
  double width = 1;
  std::int64_t resolution = 0;
};

/// "0.5-160" for the family that has a width, "224" for the others.
std::optional<Variant> parse_suffix(std::string_view base, std::string_view suffix) {
  Variant variant{.base = base};
  if (base == "mobilenet-v1") {
    const std::size_t dash = suffix.find('-');
    if (dash == std::string_view::npos) return std::nullopt;
    const auto width = number<double>(suffix.substr(0, dash));
    if (!width) return std::nullopt;
    variant.width = *width;
    suffix.remove_prefix(dash + 1);
  }
  const auto resolution = number<std::int64_t>(suffix);
  if (!resolution) return std::nullopt;
  variant.resolution = *resolution;
  return variant;
}

std::optional<Variant> parse_variant(std::string_view name) {
  for (const ZooFamily& family : kFamilies) {
    const std::string_view base = family.base;
    if (!name.starts_with(base) || name.size() <= base.size() || name[base.size()] != '-') continue;
    if (auto variant = parse_suffix(base, name.substr(base.size() + 1))) return variant;
  }
  return std::nullopt;
}

void require_buildable(std::string_view name, const Variant& v) {
  const bool resolution_fits = v.resolution >= kLeastResolution && v.resolution <= kMostResolution;
  if (v.width > 0 && v.width <= kMostWidth && resolution_fits) return;
  throw Error(
      {.id = "zoo.bad-variant",
       .what = fmt::format("network '{}' asks for width {} and resolution {}; a width is more than 0 and at most {}, "
                           "a resolution {} to {}",
                           name, v.width, v.resolution, kMostWidth, kLeastResolution, kMostResolution),
       .where = {},
       .mend = fmt::format("the published network is '{}'", v.base)});
}

Network build_variant(std::string_view name, const Variant& variant) {
  require_buildable(name, variant);
  if (variant.base == "squeezenet1.0") return squeezenet_1_0(name, variant.resolution);
  if (variant.base == "squeezenet1.1") return squeezenet_1_1(name, variant.resolution);
  return mobilenet_v1(name, variant.width, variant.resolution);
}

const ZooEntry* find_row(std::string_view name) {
  for (const ZooEntry& entry : kZoo) {
    if (entry.name == name) return &entry;
  }
  return nullptr;
}

std::string description(const Variant& v) {
  const std::string width = v.base == "mobilenet-v1" ? fmt::format("width {}, ", v.width) : "";
  return fmt::format("{} at {}{}x{}", v.base, width, v.resolution, v.resolution);
}

[[noreturn]] void throw_unknown(std::string_view name) {
  std::vector<std::string> names;
  for (const ZooEntry& entry : kZoo) names.emplace_back(entry.name);
  const std::string near = nearest(std::string(name), names);
  const std::string suggestion = near.empty() ? "" : fmt::format("did you mean '{}'? ", near);
  throw Error({.id = "zoo.unknown-network",
               .what = fmt::format("no network '{}' in the zoo", name),
               .where = {},
               .mend = suggestion + "'weft net list' names them all; 'weft inspect FILE.onnx' takes files"});
}

}  // namespace

std::span<const ZooEntry> zoo() { return kZoo; }
std::span<const ZooFamily> zoo_families() { return kFamilies; }

std::optional<ZooDescription> describe_zoo_network(std::string_view name) {
  if (const ZooEntry* row = find_row(name))
    return ZooDescription{std::string(row->description), std::string(row->source)};
  const auto variant = parse_variant(name);
  if (!variant) return std::nullopt;
  return ZooDescription{description(*variant), std::string(find_row(variant->base)->source)};
}

Network zoo_network(std::string_view name) {
  if (const ZooEntry* row = find_row(name)) return row->build();
  if (const auto variant = parse_variant(name)) return build_variant(name, *variant);
  throw_unknown(name);
}

Network with_seed(Network network, std::uint64_t seed) {
  const std::uint64_t change = split_mix(seed, 0) ^ split_mix(kZooSeed, 0);
  for (Value& value : network.values) {
    if (!value.constant) continue;
    if (auto* random = std::get_if<RandomValues>(&value.constant->values)) random->seed ^= change;
  }
  return network;
}

}  // namespace weft
