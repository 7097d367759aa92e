// SPDX-License-Identifier: Apache-2.0
// The plain stacks: AlexNet, OverFeat and VGG.
#include <fmt/format.h>

#include <utility>

#include "weft/network/build.h"
#include "weft/network/zoo_networks.h"

namespace weft::build {
namespace {

Fmap conv_relu(Network& net, std::string_view name, Fmap x, const Filters& filters) {
  return relu(net, conv(net, name, x, filters));
}

Fmap fc_relu_dropout(Network& net, std::string_view name, Fmap x, std::int64_t M) {
  return dropout(net, relu(net, fc(net, name, x, M)));
}

}  // namespace

Network alexnet(std::string_view name) {
  Network net = start(name);
  Fmap x = input(net, "data", 3, 227, 227);
  x = conv_relu(net, "conv1", x, {.M = 96, .R = 11, .U = 4});
  x = max_pool(net, "pool1", lrn(net, "norm1", x), {.R = 3, .U = 2});
  x = conv_relu(net, "conv2", x, {.M = 256, .R = 5, .pad = 2, .G = 2});
  x = max_pool(net, "pool2", lrn(net, "norm2", x), {.R = 3, .U = 2});
  x = conv_relu(net, "conv3", x, {.M = 384, .R = 3, .pad = 1});
  x = conv_relu(net, "conv4", x, {.M = 384, .R = 3, .pad = 1, .G = 2});
  x = conv_relu(net, "conv5", x, {.M = 256, .R = 3, .pad = 1, .G = 2});
  x = max_pool(net, "pool5", x, {.R = 3, .U = 2});
  x = fc_relu_dropout(net, "fc6", flatten(net, x, 6 * 6), 4096);
  x = fc_relu_dropout(net, "fc7", x, 4096);
  return finish(std::move(net), softmax(net, fc(net, "fc8", x, 1000)));
}

Network overfeat_fast(std::string_view name) {
  Network net = start(name);
  Fmap x = input(net, "data", 3, 231, 231);
  x = max_pool(net, "pool1", conv_relu(net, "conv1", x, {.M = 96, .R = 11, .U = 4}), {.R = 2, .U = 2});
  x = max_pool(net, "pool2", conv_relu(net, "conv2", x, {.M = 256, .R = 5}), {.R = 2, .U = 2});
  x = conv_relu(net, "conv3", x, {.M = 512, .R = 3, .pad = 1});
  x = conv_relu(net, "conv4", x, {.M = 1024, .R = 3, .pad = 1});
  x = max_pool(net, "pool5", conv_relu(net, "conv5", x, {.M = 1024, .R = 3, .pad = 1}), {.R = 2, .U = 2});
  x = fc_relu_dropout(net, "fc6", flatten(net, x, 6 * 6), 3072);
  x = fc_relu_dropout(net, "fc7", x, 4096);
  return finish(std::move(net), softmax(net, fc(net, "fc8", x, 1000)));
}

Network overfeat_accurate(std::string_view name) {
  Network net = start(name);
  Fmap x = input(net, "data", 3, 221, 221);
  x = max_pool(net, "pool1", conv_relu(net, "conv1", x, {.M = 96, .R = 7, .U = 2}), {.R = 3, .U = 3});
  x = max_pool(net, "pool2", conv_relu(net, "conv2", x, {.M = 256, .R = 7}), {.R = 2, .U = 2});
  x = conv_relu(net, "conv3", x, {.M = 512, .R = 3, .pad = 1});
  x = conv_relu(net, "conv4", x, {.M = 512, .R = 3, .pad = 1});
  x = conv_relu(net, "conv5", x, {.M = 1024, .R = 3, .pad = 1});
  x = max_pool(net, "pool6", conv_relu(net, "conv6", x, {.M = 1024, .R = 3, .pad = 1}), {.R = 3, .U = 3});
  x = fc_relu_dropout(net, "fc7", flatten(net, x, 5 * 5), 4096);
  x = fc_relu_dropout(net, "fc8", x, 4096);
  return finish(std::move(net), softmax(net, fc(net, "fc9", x, 1000)));
}

Network vgg(std::string_view name, const std::array<int, 5>& depth) {
  constexpr std::array<std::int64_t, 5> kFilters{64, 128, 256, 512, 512};
  Network net = start(name);
  Fmap x = input(net, "data", 3, 224, 224);
  for (std::size_t size = 0; size < depth.size(); ++size) {
    for (int i = 1; i <= depth[size]; ++i) {
      x = conv_relu(net, fmt::format("conv{}_{}", size + 1, i), x, {.M = kFilters[size], .R = 3, .pad = 1});
    }
    x = max_pool(net, fmt::format("pool{}", size + 1), x, {.R = 2, .U = 2});
  }
  x = fc_relu_dropout(net, "fc6", flatten(net, x, 7 * 7), 4096);
  x = fc_relu_dropout(net, "fc7", x, 4096);
  return finish(std::move(net), softmax(net, fc(net, "fc8", x, 1000)));
}

}  // namespace weft::build
