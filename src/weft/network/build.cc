// SPDX-License-Identifier: Apache-2.0
#include "weft/network/build.h"

#include <cmath>
#include <utility>

namespace weft::build {
namespace {

using Attributes = std::map<std::string, Attribute>;

ValueId add_value(Network& net, Value value) {
  net.values.push_back(std::move(value));
  return static_cast<ValueId>(net.values.size() - 1);
}

ValueId constant(Network& net, std::string name, ConstantTensor tensor) {
  TensorType type = tensor.type;
  return add_value(net, {.name = std::move(name), .type = std::move(type), .constant = std::move(tensor)});
}

ValueId filled(Network& net, std::string name, Shape shape, float value) {
  return constant(net, std::move(name), {{ElementType::float32, std::move(shape)}, FilledValues{value}});
}

/// FNV-1a: a seed that depends on nothing but the text.
std::uint64_t hash(std::string_view text) {
  std::uint64_t h = 14695981039346656037U;
  for (const unsigned char c : text) h = (h ^ c) * 1099511628211U;
  return h;
}

/// He, Zhang, Ren, Sun, "Delving deep into rectifiers", ICCV 2015: deviation sqrt(2 / fan-in).
ValueId random_weights(Network& net, const std::string& name, Shape shape, std::int64_t fan_in) {
  const RandomValues values{.seed = hash(net.name + "/" + name),
                            .deviation = static_cast<float>(std::sqrt(2.0 / static_cast<double>(fan_in)))};
  return constant(net, name, {{ElementType::float32, std::move(shape)}, values});
}

Fmap node(Network& net, std::string_view op, std::string_view name, std::vector<ValueId> inputs, std::int64_t C,
          Attributes attributes = {}) {
  const ValueId output = add_value(net, {.name = std::string(name), .type = {}, .constant = {}});
  net.nodes.push_back({.name = std::string(name),
                       .op = std::string(op),
                       .inputs = std::move(inputs),
                       .outputs = {output},
                       .attributes = std::move(attributes)});
  return {output, C};
}

Fmap after(Network& net, std::string_view op, std::string_view suffix, Fmap x, Attributes attributes = {}) {
  const std::string name = net.values[static_cast<std::size_t>(x.value)].name + "/" + std::string(suffix);
  return node(net, op, name, {x.value}, x.C, std::move(attributes));
}

Attribute integers(std::vector<std::int64_t> values) { return values; }
Attribute integer(std::int64_t value) { return value; }
Attribute flag(bool value) { return std::int64_t{value}; }

Attributes attributes(const Pool& pool) {
  return {{"kernel_shape", integers({pool.R, pool.R})},
          {"strides", integers({pool.U, pool.U})},
          {"pads", integers({pool.pad, pool.pad, pool.pad, pool.pad})},
          {"ceil_mode", flag(pool.ceil)}};
}

}  // namespace

Network start(std::string_view name) {
  Network net;
  net.name = name;
  return net;
}

Fmap input(Network& net, std::string_view name, std::int64_t C, std::int64_t H, std::int64_t W) {
  const ValueId id =
      add_value(net, {.name = std::string(name), .type = {ElementType::float32, {1, C, H, W}}, .constant = {}});
  net.inputs.push_back(id);
  return {id, C};
}

Fmap conv(Network& net, std::string_view name, Fmap x, const Filters& f) {
  const std::string text(name);
  const std::int64_t C = x.C / f.G;  // channels of one filter
  std::vector<ValueId> inputs{x.value, random_weights(net, text + ".weight", {f.M, C, f.R, f.S}, C * f.R * f.S)};
  if (f.bias) inputs.push_back(filled(net, text + ".bias", {f.M}, 0));
  return node(net, "Conv", name, std::move(inputs), f.M,
              {{"kernel_shape", integers({f.R, f.S})},
               {"strides", integers({f.U, f.U})},
               {"pads", integers({f.pad, f.pad_w, f.pad, f.pad_w})},
               {"group", integer(f.G)}});
}

Fmap depthwise(Network& net, std::string_view name, Fmap x, const Filters& filters) {
  Filters each = filters;
  each.M = x.C;
  each.G = x.C;
  each.bias = false;
  return conv(net, name, x, each);
}

Fmap fc(Network& net, std::string_view name, Fmap x, std::int64_t M, bool bias) {
  const std::string text(name);
  std::vector<ValueId> inputs{x.value, random_weights(net, text + ".weight", {M, x.C}, x.C)};
  if (bias) inputs.push_back(filled(net, text + ".bias", {M}, 0));
  return node(net, "Gemm", name, std::move(inputs), M, {{"transB", flag(true)}});
}

Fmap max_pool(Network& net, std::string_view name, Fmap x, const Pool& pool) {
  return node(net, "MaxPool", name, {x.value}, x.C, attributes(pool));
}

Fmap average_pool(Network& net, std::string_view name, Fmap x, const Pool& pool) {
  return node(net, "AveragePool", name, {x.value}, x.C, attributes(pool));
}

Fmap global_average_pool(Network& net, std::string_view name, Fmap x) {
  return node(net, "GlobalAveragePool", name, {x.value}, x.C);
}

Fmap lrn(Network& net, std::string_view name, Fmap x, const LocalResponse& r) {
  return node(net, "LRN", name, {x.value}, x.C,
              {{"size", integer(r.size)}, {"alpha", r.alpha}, {"beta", r.beta}, {"bias", r.k}});
}

Fmap batch_norm(Network& net, Fmap x, float epsilon) {
  const std::string name = net.values[static_cast<std::size_t>(x.value)].name + "/bn";
  const Shape shape{x.C};
  return node(net, "BatchNormalization", name,
              {x.value, filled(net, name + ".scale", shape, 1), filled(net, name + ".shift", shape, 0),
               filled(net, name + ".mean", shape, 0), filled(net, name + ".variance", shape, 1)},
              x.C, {{"epsilon", epsilon}});
}

Fmap relu(Network& net, Fmap x) { return after(net, "Relu", "relu", x); }
Fmap tanh(Network& net, Fmap x) { return after(net, "Tanh", "tanh", x); }
Fmap dropout(Network& net, Fmap x) { return after(net, "Dropout", "dropout", x); }

Fmap relu6(Network& net, Fmap x) {
  const std::string name = net.values[static_cast<std::size_t>(x.value)].name + "/relu6";
  return node(net, "Clip", name, {x.value, filled(net, name + ".least", {}, 0), filled(net, name + ".most", {}, 6)},
              x.C);
}

Fmap softmax(Network& net, Fmap x) { return node(net, "Softmax", "prob", {x.value}, x.C, {{"axis", integer(1)}}); }

Fmap add(Network& net, std::string_view name, Fmap x, Fmap y) {
  return node(net, "Add", name, {x.value, y.value}, x.C);
}

Fmap concat(Network& net, std::string_view name, const std::vector<Fmap>& parts) {
  std::vector<ValueId> inputs;
  std::int64_t C = 0;
  for (const Fmap& part : parts) {
    inputs.push_back(part.value);
    C += part.C;
  }
  return node(net, "Concat", name, std::move(inputs), C, {{"axis", integer(1)}});
}

Fmap flatten(Network& net, Fmap x, std::int64_t pixels) {
  Fmap flat = after(net, "Flatten", "flatten", x);
  flat.C = x.C * pixels;
  return flat;
}

Fmap channels(Network& net, std::string_view name, Fmap x, const std::vector<std::int64_t>& which) {
  const auto count = static_cast<std::int64_t>(which.size());
  const ValueId indices = constant(net, std::string(name) + ".indices", stored_integers({count}, which));
  return node(net, "Gather", name, {x.value, indices}, count, {{"axis", integer(1)}});
}

Fmap scale_and_shift(Network& net, std::string_view name, Fmap x) {
  const std::string text(name);
  const Shape one_a_channel{1, x.C, 1, 1};
  const Fmap scaled = node(net, "Mul", text + "/scale", {x.value, filled(net, text + ".scale", one_a_channel, 1)}, x.C);
  return node(net, "Add", text, {scaled.value, filled(net, text + ".shift", one_a_channel, 0)}, x.C);
}

Network finish(Network net, Fmap x) {
  net.outputs = {x.value};
  infer_shapes(net);
  return net;
}

}  // namespace weft::build
