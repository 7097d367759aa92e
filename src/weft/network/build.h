// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "weft/network/network.h"

/// Networks written down as their papers' tables read: every function adds one operator (opset 13) and answers its
/// output.
///
///   Network net = start("toy");
///   Fmap x = input(net, "data", 3, 227, 227);
///   x = relu(net, conv(net, "conv1", x, {.M = 96, .R = 11, .U = 4}));
///   x = fc(net, "fc2", flatten(net, x, 55 * 55), 10);
///   return finish(std::move(net), softmax(net, x));
///
/// A node, its output and its constants share a name: "conv1", "conv1.weight", "conv1.bias". Filters and matrices are
/// RandomValues with He's deviation sqrt(2 / fan-in) and a seed made of the network's and the layer's name, so a layer
/// has the same weights on every machine; biases are 0. Extents that do not fit together are found by `finish`.
namespace weft::build {

/// A value on its way through the network, with the number of its channels (axis 1).
struct Fmap {
  ValueId value = kNoValue;
  std::int64_t C = 0;
};

/// M filters of R x S in G groups, stride U on both axes, `pad` zeros above and below, `pad_w` left and right.
struct Filters {
  std::int64_t M = 1, R = 1, S = R, U = 1, pad = 0, pad_w = pad, G = 1;
  bool bias = true;
};
/// R x R windows. `ceil`: a last window that is cut off by the edge counts (Caffe's rule).
struct Pool {
  std::int64_t R = 2, U = 2, pad = 0;
  bool ceil = false;
};

Network start(std::string_view name);
Fmap input(Network& net, std::string_view name, std::int64_t C, std::int64_t H, std::int64_t W);

Fmap conv(Network& net, std::string_view name, Fmap x, const Filters& filters);
/// One R x R filter for each channel, no bias.
Fmap depthwise(Network& net, std::string_view name, Fmap x, const Filters& filters);
/// x (N x C) times C x M, plus a bias unless it is left out.
Fmap fc(Network& net, std::string_view name, Fmap x, std::int64_t M, bool bias = true);

Fmap max_pool(Network& net, std::string_view name, Fmap x, const Pool& pool);
Fmap average_pool(Network& net, std::string_view name, Fmap x, const Pool& pool);
Fmap global_average_pool(Network& net, std::string_view name, Fmap x);

/// Normalisation over `size` neighbouring channels: x / (k + alpha/size * sum of squares)^beta.
struct LocalResponse {
  std::int64_t size = 5;
  float alpha = 5e-4F, beta = 0.75F, k = 2;
};
Fmap lrn(Network& net, std::string_view name, Fmap x, const LocalResponse& response = {});
/// Named "<x>/bn"; scale 1, shift 0, mean 0, variance 1.
Fmap batch_norm(Network& net, Fmap x, float epsilon = 1e-5F);

/// Operators without constants are named after what they follow: "conv1/relu".
Fmap relu(Network& net, Fmap x);
Fmap relu6(Network& net, Fmap x);  ///< Clip to 0..6
Fmap tanh(Network& net, Fmap x);
Fmap dropout(Network& net, Fmap x);
Fmap softmax(Network& net, Fmap x);  ///< over the channels; named "prob"
Fmap add(Network& net, std::string_view name, Fmap x, Fmap y);
Fmap concat(Network& net, std::string_view name, const std::vector<Fmap>& parts);
/// C x H x W to one axis; `pixels` is H * W.
Fmap flatten(Network& net, Fmap x, std::int64_t pixels = 1);
/// The named channels in the named order; a channel may come twice.
Fmap channels(Network& net, std::string_view name, Fmap x, const std::vector<std::int64_t>& which);
/// x * scale + shift with one trained scale and one shift a channel (1 and 0 here).
Fmap scale_and_shift(Network& net, std::string_view name, Fmap x);

/// Makes x the network's output and infers all shapes.
Network finish(Network net, Fmap x);

}  // namespace weft::build
