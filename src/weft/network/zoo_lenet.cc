// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <utility>

#include "weft/network/build.h"
#include "weft/network/zoo_networks.h"

namespace weft::build {
namespace {

/// The mean of 2 x 2 times a trained coefficient plus a trained bias: "S2" and "S4".
Fmap subsample(Network& net, const std::string& name, Fmap x) {
  return tanh(net, scale_and_shift(net, name, average_pool(net, name + "/mean", x, {.R = 2, .U = 2})));
}

/// Table I of the paper: maps 0-5 of C3 see three neighbouring maps of S2, 6-11 four neighbours, 12-14 four with a gap,
/// 15 all. Filters with equally many channels make one grouped convolution over the gathered maps.
Fmap c3_by_table(Network& net, Fmap x) {
  const Fmap threes = channels(net, "c3_3/maps", x, {0, 1, 2, 1, 2, 3, 2, 3, 4, 3, 4, 5, 4, 5, 0, 5, 0, 1});
  const Fmap fours = channels(net, "c3_4/maps", x, {0, 1, 2, 3, 1, 2, 3, 4, 2, 3, 4, 5, 3, 4, 5, 0, 4, 5,
                                                    0, 1, 5, 0, 1, 2, 0, 1, 3, 4, 1, 2, 4, 5, 0, 2, 3, 5});
  return concat(net, "c3",
                {conv(net, "c3_3", threes, {.M = 6, .R = 5, .G = 6}),
                 conv(net, "c3_4", fours, {.M = 9, .R = 5, .G = 9}), conv(net, "c3_6", x, {.M = 1, .R = 5})});
}

}  // namespace

Network lenet5(std::string_view name, C3 c3) {
  Network net = start(name);
  Fmap x = input(net, "data", 1, 32, 32);
  x = tanh(net, conv(net, "c1", x, {.M = 6, .R = 5}));
  x = subsample(net, "s2", x);
  x = tanh(net, c3 == C3::full ? conv(net, "c3", x, {.M = 16, .R = 5}) : c3_by_table(net, x));
  x = subsample(net, "s4", x);
  x = tanh(net, fc(net, "c5", flatten(net, x, 5 * 5), 120));
  x = tanh(net, fc(net, "f6", x, 84));
  x = fc(net, "output", x, 10, /*bias=*/false);
  return finish(std::move(net), x);
}

Network lenet5_caffe(std::string_view name) {
  Network net = start(name);
  Fmap x = input(net, "data", 1, 28, 28);
  x = max_pool(net, "pool1", conv(net, "conv1", x, {.M = 20, .R = 5}), {.R = 2, .U = 2});
  x = max_pool(net, "pool2", conv(net, "conv2", x, {.M = 50, .R = 5}), {.R = 2, .U = 2});
  x = relu(net, fc(net, "ip1", flatten(net, x, 4 * 4), 500));
  return finish(std::move(net), softmax(net, fc(net, "ip2", x, 10)));
}

}  // namespace weft::build
