// SPDX-License-Identifier: Apache-2.0
// GoogLeNet (Inception v1) and Inception v3.
#include <fmt/format.h>

#include <utility>

#include "weft/network/build.h"
#include "weft/network/zoo_networks.h"

namespace weft::build {
namespace {

Fmap conv_relu(Network& net, const std::string& name, Fmap x, const Filters& filters) {
  return relu(net, conv(net, name, x, filters));
}

/// A column of Table 1 of the GoogLeNet paper.
struct Module {
  std::int64_t c1x1, reduce3x3, c3x3, reduce5x5, c5x5, pool_projection;
};

Fmap module(Network& net, const std::string& label, Fmap x, const Module& m) {
  const std::string name = "inception_" + label;
  const Fmap a = conv_relu(net, name + "/1x1", x, {.M = m.c1x1});
  Fmap b = conv_relu(net, name + "/3x3_reduce", x, {.M = m.reduce3x3});
  b = conv_relu(net, name + "/3x3", b, {.M = m.c3x3, .R = 3, .pad = 1});
  Fmap c = conv_relu(net, name + "/5x5_reduce", x, {.M = m.reduce5x5});
  c = conv_relu(net, name + "/5x5", c, {.M = m.c5x5, .R = 5, .pad = 2});
  Fmap d = max_pool(net, name + "/pool", x, {.R = 3, .U = 1, .pad = 1});
  d = conv_relu(net, name + "/pool_proj", d, {.M = m.pool_projection});
  return concat(net, name + "/output", {a, b, c, d});
}

/// The convolution of version 3: no bias, batch normalisation, ReLU.
Fmap unit(Network& net, const std::string& name, Fmap x, Filters filters) {
  filters.bias = false;
  return relu(net, batch_norm(net, conv(net, name, x, filters), 1e-3F));
}

Fmap pooled_unit(Network& net, const std::string& name, Fmap x, std::int64_t M) {
  return unit(net, name + "/pool_proj", average_pool(net, name + "/pool", x, {.R = 3, .U = 1, .pad = 1}), {.M = M});
}

/// Figure 5 of the paper: the 5x5 of version 1 beside two 3x3 in a row. (The published network kept one 5x5.)
Fmap module_35(Network& net, const std::string& name, Fmap x, std::int64_t pool_projection) {
  const Fmap a = unit(net, name + "/1x1", x, {.M = 64});
  Fmap b = unit(net, name + "/5x5_reduce", x, {.M = 48});
  b = unit(net, name + "/5x5", b, {.M = 64, .R = 5, .pad = 2});
  Fmap c = unit(net, name + "/3x3_reduce", x, {.M = 64});
  c = unit(net, name + "/3x3_1", c, {.M = 96, .R = 3, .pad = 1});
  c = unit(net, name + "/3x3_2", c, {.M = 96, .R = 3, .pad = 1});
  return concat(net, name, {a, b, c, pooled_unit(net, name, x, pool_projection)});
}

/// Figure 10: from 35 x 35 to 17 x 17.
Fmap reduction_35(Network& net, const std::string& name, Fmap x) {
  const Fmap a = unit(net, name + "/3x3", x, {.M = 384, .R = 3, .U = 2});
  Fmap b = unit(net, name + "/3x3_reduce", x, {.M = 64});
  b = unit(net, name + "/3x3_1", b, {.M = 96, .R = 3, .pad = 1});
  b = unit(net, name + "/3x3_2", b, {.M = 96, .R = 3, .U = 2});
  return concat(net, name, {a, b, max_pool(net, name + "/pool", x, {.R = 3, .U = 2})});
}

constexpr Filters row_of_7(std::int64_t M) { return {.M = M, .R = 1, .S = 7, .pad = 0, .pad_w = 3}; }
constexpr Filters column_of_7(std::int64_t M) { return {.M = M, .R = 7, .S = 1, .pad = 3, .pad_w = 0}; }

/// Figure 6 with n = 7; `M` filters inside, 192 out of each branch.
Fmap module_17(Network& net, const std::string& name, Fmap x, std::int64_t M) {
  const Fmap a = unit(net, name + "/1x1", x, {.M = 192});
  Fmap b = unit(net, name + "/7x7_reduce", x, {.M = M});
  b = unit(net, name + "/7x7_1", b, row_of_7(M));
  b = unit(net, name + "/7x7_2", b, column_of_7(192));
  Fmap c = unit(net, name + "/7x7dbl_reduce", x, {.M = M});
  c = unit(net, name + "/7x7dbl_1", c, column_of_7(M));
  c = unit(net, name + "/7x7dbl_2", c, row_of_7(M));
  c = unit(net, name + "/7x7dbl_3", c, column_of_7(M));
  c = unit(net, name + "/7x7dbl_4", c, row_of_7(192));
  return concat(net, name, {a, b, c, pooled_unit(net, name, x, 192)});
}

/// From 17 x 17 to 8 x 8.
Fmap reduction_17(Network& net, const std::string& name, Fmap x) {
  Fmap a = unit(net, name + "/3x3_reduce", x, {.M = 192});
  a = unit(net, name + "/3x3", a, {.M = 320, .R = 3, .U = 2});
  Fmap b = unit(net, name + "/7x7_reduce", x, {.M = 192});
  b = unit(net, name + "/7x7_1", b, row_of_7(192));
  b = unit(net, name + "/7x7_2", b, column_of_7(192));
  b = unit(net, name + "/7x7_3", b, {.M = 192, .R = 3, .U = 2});
  return concat(net, name, {a, b, max_pool(net, name + "/pool", x, {.R = 3, .U = 2})});
}

/// A 1x3 and a 3x1 side by side.
Fmap cross(Network& net, const std::string& name, Fmap x) {
  const Fmap row = unit(net, name + "_1x3", x, {.M = 384, .R = 1, .S = 3, .pad = 0, .pad_w = 1});
  const Fmap column = unit(net, name + "_3x1", x, {.M = 384, .R = 3, .S = 1, .pad = 1, .pad_w = 0});
  return concat(net, name, {row, column});
}

/// Figure 7: the widest modules.
Fmap module_8(Network& net, const std::string& name, Fmap x) {
  const Fmap a = unit(net, name + "/1x1", x, {.M = 320});
  const Fmap b = cross(net, name + "/3x3", unit(net, name + "/3x3_reduce", x, {.M = 384}));
  Fmap c = unit(net, name + "/3x3dbl_reduce", x, {.M = 448});
  c = unit(net, name + "/3x3dbl_1", c, {.M = 384, .R = 3, .pad = 1});
  c = cross(net, name + "/3x3dbl", c);
  return concat(net, name, {a, b, c, pooled_unit(net, name, x, 192)});
}

}  // namespace

Network googlenet(std::string_view name) {
  const Pool halve{.R = 3, .U = 2, .ceil = true};
  const LocalResponse response{.alpha = 1e-4F, .k = 1};
  Network net = start(name);
  Fmap x = input(net, "data", 3, 224, 224);
  x = conv_relu(net, "conv1/7x7_s2", x, {.M = 64, .R = 7, .U = 2, .pad = 3});
  x = lrn(net, "pool1/norm1", max_pool(net, "pool1/3x3_s2", x, halve), response);
  x = conv_relu(net, "conv2/3x3_reduce", x, {.M = 64});
  x = conv_relu(net, "conv2/3x3", x, {.M = 192, .R = 3, .pad = 1});
  x = max_pool(net, "pool2/3x3_s2", lrn(net, "conv2/norm2", x, response), halve);
  x = module(net, "3a", x, {64, 96, 128, 16, 32, 32});
  x = module(net, "3b", x, {128, 128, 192, 32, 96, 64});
  x = max_pool(net, "pool3/3x3_s2", x, halve);
  x = module(net, "4a", x, {192, 96, 208, 16, 48, 64});
  x = module(net, "4b", x, {160, 112, 224, 24, 64, 64});
  x = module(net, "4c", x, {128, 128, 256, 24, 64, 64});
  x = module(net, "4d", x, {112, 144, 288, 32, 64, 64});
  x = module(net, "4e", x, {256, 160, 320, 32, 128, 128});
  x = max_pool(net, "pool4/3x3_s2", x, halve);
  x = module(net, "5a", x, {256, 160, 320, 32, 128, 128});
  x = module(net, "5b", x, {384, 192, 384, 48, 128, 128});
  x = dropout(net, average_pool(net, "pool5/7x7_s1", x, {.R = 7, .U = 1}));
  x = fc(net, "loss3/classifier", flatten(net, x), 1000);
  return finish(std::move(net), softmax(net, x));
}

Network inception_v3(std::string_view name) {
  Network net = start(name);
  Fmap x = input(net, "data", 3, 299, 299);
  x = unit(net, "conv1a", x, {.M = 32, .R = 3, .U = 2});
  x = unit(net, "conv2a", x, {.M = 32, .R = 3});
  x = unit(net, "conv2b", x, {.M = 64, .R = 3, .pad = 1});
  x = max_pool(net, "pool2", x, {.R = 3, .U = 2});
  x = unit(net, "conv3b", x, {.M = 80});
  x = unit(net, "conv4a", x, {.M = 192, .R = 3});
  x = max_pool(net, "pool4", x, {.R = 3, .U = 2});
  x = module_35(net, "mixed_5b", x, 32);
  x = module_35(net, "mixed_5c", x, 64);
  x = module_35(net, "mixed_5d", x, 64);
  x = reduction_35(net, "mixed_6a", x);
  x = module_17(net, "mixed_6b", x, 128);
  x = module_17(net, "mixed_6c", x, 160);
  x = module_17(net, "mixed_6d", x, 160);
  x = module_17(net, "mixed_6e", x, 192);
  x = reduction_17(net, "mixed_7a", x);
  x = module_8(net, "mixed_7b", x);
  x = module_8(net, "mixed_7c", x);
  x = dropout(net, global_average_pool(net, "pool8", x));
  return finish(std::move(net), softmax(net, fc(net, "fc", flatten(net, x), 1000)));
}

}  // namespace weft::build
