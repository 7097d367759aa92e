// SPDX-License-Identifier: Apache-2.0
// The networks of depthwise separable convolutions: MobileNet v1, v2 and Xception.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "weft/network/build.h"
#include "weft/network/zoo_networks.h"

namespace weft::build {
namespace {

Fmap conv_bn(Network& net, const std::string& name, Fmap x, Filters filters, float epsilon) {
  filters.bias = false;
  return batch_norm(net, conv(net, name, x, filters), epsilon);
}

constexpr float kEpsilon = 1e-3F;  // of the authors' code, in all three

Network classify(Network net, Fmap x) {
  x = flatten(net, global_average_pool(net, "pool", x));
  return finish(std::move(net), softmax(net, fc(net, "fc", x, 1000)));
}

/// 1x1 to t times the channels, 3x3 depthwise, 1x1 to M without an activation; around it a shortcut if the shape stays.
Fmap inverted_residual(Network& net, const std::string& name, Fmap x, std::int64_t t, std::int64_t M, std::int64_t U) {
  Fmap y = x;
  if (t != 1) y = relu6(net, conv_bn(net, name + "_expand", y, {.M = t * x.C}, kEpsilon));
  y = relu6(net, batch_norm(net, depthwise(net, name + "_depthwise", y, {.R = 3, .U = U, .pad = 1}), kEpsilon));
  y = conv_bn(net, name + "_project", y, {.M = M}, kEpsilon);
  return U == 1 && M == x.C ? add(net, name + "_add", x, y) : y;
}

/// 3x3 depthwise, 1x1 to M, batch normalisation; nothing between the first two.
Fmap separable(Network& net, const std::string& name, Fmap x, std::int64_t M) {
  return conv_bn(net, name + "_pointwise", depthwise(net, name + "_depthwise", x, {.R = 3, .pad = 1}), {.M = M},
                 kEpsilon);
}

/// Two separable convolutions and a pool that halves the map, beside a 1x1 convolution of stride 2.
Fmap reducing_block(Network& net, int index, Fmap x, bool relu_first, std::int64_t M1, std::int64_t M2) {
  const std::string name = fmt::format("block{}", index);
  Fmap y = relu_first ? relu(net, x) : x;
  y = relu(net, separable(net, name + "_sepconv1", y, M1));
  y = max_pool(net, name + "_pool", separable(net, name + "_sepconv2", y, M2), {.R = 3, .U = 2, .pad = 1});
  return add(net, name, y, conv_bn(net, name + "_shortcut", x, {.M = M2, .U = 2}, kEpsilon));
}

/// Three separable convolutions of 728 channels and a shortcut.
Fmap middle_block(Network& net, int index, Fmap x) {
  const std::string name = fmt::format("block{}", index);
  Fmap y = x;
  for (int i = 1; i <= 3; ++i) y = separable(net, fmt::format("{}_sepconv{}", name, i), relu(net, y), 728);
  return add(net, name, y, x);
}

}  // namespace

Network mobilenet_v1(std::string_view name, double width, std::int64_t resolution) {
  struct Row {
    std::int64_t M, U;
  };
  constexpr std::array<Row, 13> kTable1{{{64, 1},
                                         {128, 2},
                                         {128, 1},
                                         {256, 2},
                                         {256, 1},
                                         {512, 2},
                                         {512, 1},
                                         {512, 1},
                                         {512, 1},
                                         {512, 1},
                                         {512, 1},
                                         {1024, 2},
                                         {1024, 1}}};
  const auto thin = [width](std::int64_t M) {
    return std::max<std::int64_t>(8, static_cast<std::int64_t>(static_cast<double>(M) * width));
  };
  Network net = start(name);
  Fmap x = input(net, "data", 3, resolution, resolution);
  x = relu(net, conv_bn(net, "conv1", x, {.M = thin(32), .R = 3, .U = 2, .pad = 1}, kEpsilon));
  for (std::size_t i = 0; i < kTable1.size(); ++i) {
    x = depthwise(net, fmt::format("conv_dw_{}", i + 1), x, {.R = 3, .U = kTable1[i].U, .pad = 1});
    x = relu(net, batch_norm(net, x, kEpsilon));
    x = relu(net, conv_bn(net, fmt::format("conv_pw_{}", i + 1), x, {.M = thin(kTable1[i].M)}, kEpsilon));
  }
  return classify(std::move(net), x);
}

Network mobilenet_v2(std::string_view name) {
  struct Row {  // Table 2: expansion t, channels c, repetitions n, stride s of the first
    std::int64_t t, c;
    int n;
    std::int64_t s;
  };
  constexpr std::array<Row, 7> kTable2{
      {{1, 16, 1, 1}, {6, 24, 2, 2}, {6, 32, 3, 2}, {6, 64, 4, 2}, {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}}};
  Network net = start(name);
  Fmap x = input(net, "data", 3, 224, 224);
  x = relu6(net, conv_bn(net, "conv1", x, {.M = 32, .R = 3, .U = 2, .pad = 1}, kEpsilon));
  int block = 0;
  for (const Row& row : kTable2) {
    for (int i = 0; i < row.n; ++i) {
      x = inverted_residual(net, fmt::format("block_{}", block++), x, row.t, row.c, i == 0 ? row.s : 1);
    }
  }
  x = relu6(net, conv_bn(net, "conv_last", x, {.M = 1280}, kEpsilon));
  return classify(std::move(net), x);
}

Network xception(std::string_view name) {
  Network net = start(name);
  Fmap x = input(net, "data", 3, 299, 299);
  x = relu(net, conv_bn(net, "block1_conv1", x, {.M = 32, .R = 3, .U = 2}, kEpsilon));
  x = relu(net, conv_bn(net, "block1_conv2", x, {.M = 64, .R = 3}, kEpsilon));
  x = reducing_block(net, 2, x, /*relu_first=*/false, 128, 128);
  x = reducing_block(net, 3, x, /*relu_first=*/true, 256, 256);
  x = reducing_block(net, 4, x, /*relu_first=*/true, 728, 728);
  for (int i = 5; i <= 12; ++i) x = middle_block(net, i, x);
  x = reducing_block(net, 13, x, /*relu_first=*/true, 728, 1024);
  x = relu(net, separable(net, "block14_sepconv1", x, 1536));
  x = relu(net, separable(net, "block14_sepconv2", x, 2048));
  return classify(std::move(net), x);
}

}  // namespace weft::build
