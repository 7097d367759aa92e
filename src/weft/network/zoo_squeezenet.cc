// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <array>
#include <utility>

#include "weft/network/build.h"
#include "weft/network/zoo_networks.h"

namespace weft::build {
namespace {

Fmap conv_relu(Network& net, std::string_view name, Fmap x, const Filters& filters) {
  return relu(net, conv(net, name, x, filters));
}

/// `squeeze` filters of 1x1, then `expand` of 1x1 beside `expand` of 3x3.
Fmap fire(Network& net, const std::string& name, Fmap x, std::int64_t squeeze, std::int64_t expand) {
  x = conv_relu(net, name + "/squeeze1x1", x, {.M = squeeze});
  const Fmap small = conv_relu(net, name + "/expand1x1", x, {.M = expand});
  const Fmap large = conv_relu(net, name + "/expand3x3", x, {.M = expand, .R = 3, .pad = 1});
  return concat(net, name, {small, large});
}

/// fire2 to fire9, which both versions share; the pools are after conv1 and after the two modules that are named.
Fmap fires(Network& net, Fmap x, int first_pool, int second_pool) {
  constexpr std::array<std::int64_t, 8> kSqueeze{16, 16, 32, 32, 48, 48, 64, 64};
  for (int i = 2; i <= 9; ++i) {
    const std::int64_t squeeze = kSqueeze[static_cast<std::size_t>(i - 2)];
    x = fire(net, fmt::format("fire{}", i), x, squeeze, 4 * squeeze);
    if (i == first_pool || i == second_pool)
      x = max_pool(net, fmt::format("pool{}", i), x, {.R = 3, .U = 2, .ceil = true});
  }
  return x;
}

Network squeezenet(std::string_view name, std::int64_t resolution, const Filters& conv1, int first_pool,
                   int second_pool) {
  Network net = start(name);
  Fmap x = conv_relu(net, "conv1", input(net, "data", 3, resolution, resolution), conv1);
  x = max_pool(net, "pool1", x, {.R = 3, .U = 2, .ceil = true});
  x = dropout(net, fires(net, x, first_pool, second_pool));
  x = global_average_pool(net, "pool10", conv_relu(net, "conv10", x, {.M = 1000}));
  return finish(std::move(net), softmax(net, flatten(net, x)));
}

}  // namespace

Network squeezenet_1_0(std::string_view name, std::int64_t resolution) {
  return squeezenet(name, resolution, {.M = 96, .R = 7, .U = 2}, 4, 8);
}

Network squeezenet_1_1(std::string_view name, std::int64_t resolution) {
  return squeezenet(name, resolution, {.M = 64, .R = 3, .U = 2}, 3, 5);
}

}  // namespace weft::build
