// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <utility>

#include "weft/network/build.h"
#include "weft/network/zoo_networks.h"

namespace weft::build {
namespace {

Fmap conv_bn(Network& net, const std::string& name, Fmap x, Filters filters) {
  filters.bias = false;
  return batch_norm(net, conv(net, name, x, filters));
}

Fmap conv_bn_relu(Network& net, const std::string& name, Fmap x, const Filters& filters) {
  return relu(net, conv_bn(net, name, x, filters));
}

/// The two or three layers of a block; M filters in the narrow ones, stride U in one.
Fmap residual(Network& net, const std::string& name, Fmap x, Block block, std::int64_t M, std::int64_t U) {
  const std::string branch = name + "_branch2";
  if (block == Block::basic) {
    x = conv_bn_relu(net, branch + "a", x, {.M = M, .R = 3, .U = U, .pad = 1});
    return conv_bn(net, branch + "b", x, {.M = M, .R = 3, .pad = 1});
  }
  const bool stride_first = block == Block::bottleneck;
  x = conv_bn_relu(net, branch + "a", x, {.M = M, .R = 1, .U = stride_first ? U : 1});
  x = conv_bn_relu(net, branch + "b", x, {.M = M, .R = 3, .U = stride_first ? 1 : U, .pad = 1});
  return conv_bn(net, branch + "c", x, {.M = 4 * M, .R = 1});
}

/// relu(residual + shortcut); the shortcut is a 1x1 convolution ("branch1") where the shape changes.
Fmap shortcut_block(Network& net, const std::string& name, Fmap x, Block block, std::int64_t M, std::int64_t U) {
  const std::int64_t wide = block == Block::basic ? M : 4 * M;
  const bool project = U != 1 || x.C != wide;
  const Fmap shortcut = project ? conv_bn(net, name + "_branch1", x, {.M = wide, .R = 1, .U = U}) : x;
  return relu(net, add(net, name, residual(net, name, x, block, M, U), shortcut));
}

/// The authors' names: res4a .. res4f, but res4a, res4b1 .. res4b35 in the middle stages of the networks of 101 layers
/// and more.
std::string block_name(int stage, int index, bool deep) {
  if (deep && (stage == 3 || stage == 4) && index > 0) return fmt::format("res{}b{}", stage, index);
  return fmt::format("res{}{}", stage, static_cast<char>('a' + index));
}

}  // namespace

Network resnet(std::string_view name, Block block, const std::array<int, 4>& blocks) {
  Network net = start(name);
  Fmap x = input(net, "data", 3, 224, 224);
  x = conv_bn_relu(net, "conv1", x, {.M = 64, .R = 7, .U = 2, .pad = 3});
  x = max_pool(net, "pool1", x, {.R = 3, .U = 2, .pad = 1});
  const bool deep = blocks[2] > 6;
  std::int64_t M = 64;
  for (int stage = 2; stage <= 5; ++stage, M *= 2) {
    for (int i = 0; i < blocks[static_cast<std::size_t>(stage - 2)]; ++i) {
      const std::int64_t U = stage > 2 && i == 0 ? 2 : 1;
      x = shortcut_block(net, block_name(stage, i, deep), x, block, M, U);
    }
  }
  x = fc(net, "fc1000", flatten(net, global_average_pool(net, "pool5", x)), 1000);
  return finish(std::move(net), softmax(net, x));
}

}  // namespace weft::build
