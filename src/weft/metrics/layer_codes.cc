// SPDX-License-Identifier: Apache-2.0
#include "weft/metrics/layer_codes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "weft/base/error.h"
#include "weft/kernels/matrix.h"
#include "weft/network/node_reader.h"

namespace weft {
namespace {

/// What a layer's node adds up: constants in the survey's order.
struct Filters {
  std::vector<float> weights, bias;
};

[[noreturn]] void refuse(const Program& program, const Layer& layer, const std::string& what) {
  throw Error(
      Problem{.id = "simulation.unsupported-layer",
              .what = describe(program.network, program.network.nodes[layer.node]) + ": " + what,
              .where = {},
              .mend = "choose other layers with --layers, or export it as Conv or as Gemm with constant filters"});
}

const FloatTensor& constant(const Program& program, const Layer& layer, std::size_t operand) {
  const ValueId id = program.network.nodes[layer.node].inputs[operand];
  const auto& values = program.constants[static_cast<std::size_t>(id)];
  if (!values) refuse(program, layer, fmt::format("operand {} is no constant", operand));
  return *values;
}

/// One bias a filter from anything that broadcasts to rows x filters without differing by row.
std::vector<float> bias_of(const Program& program, const Layer& layer, std::int64_t filters, float scale) {
  const NodeReader node(program.network, program.network.nodes[layer.node]);
  if (!node.has(2)) return {};
  const FloatTensor& given = constant(program, layer, 2);
  if (given.values.size() != 1 && static_cast<std::int64_t>(given.values.size()) != filters) {
    refuse(program, layer, "its bias differs from row to row");
  }
  std::vector<float> bias(static_cast<std::size_t>(filters));
  for (std::size_t i = 0; i < bias.size(); ++i) bias[i] = scale * given.values[given.values.size() == 1 ? 0 : i];
  return bias;
}

Filters filters_of(const Program& program, const Layer& layer) {
  const NodeReader node(program.network, program.network.nodes[layer.node]);
  const std::int64_t filters = layer.shape.G * layer.shape.M;
  if (layer.op == "Conv" && layer.planar) {
    return {constant(program, layer, 1).values, bias_of(program, layer, filters, 1)};
  }
  if (layer.op != "Gemm" && layer.op != "MatMul") refuse(program, layer, "Weft cannot simulate its values yet");
  const FloatTensor& b = constant(program, layer, 1);
  if (b.shape.size() != 2 || node.flag("transA", false)) {
    refuse(program, layer, "its filters are no plain matrix, or its input is transposed");
  }
  Filters result{b.values, {}};
  if (!node.flag("transB", false)) transpose(b.shape[0], b.shape[1], b.values.data(), result.weights.data());
  const float alpha = node.number("alpha", 1);
  if (alpha != 1) {
    for (float& weight : result.weights) weight *= alpha;
  }
  if (layer.op == "Gemm") result.bias = bias_of(program, layer, filters, node.number("beta", 1));
  return result;
}

float largest(const std::vector<float>& values) {
  float most = 0;
  for (const float value : values) most = std::max(most, std::fabs(value));
  return most;
}

}  // namespace

void require_fixed(const Program& program, const Layer& layer, const Hardware& hardware) {
  const auto wide = [&](const char* what, std::int64_t bits, int most) {
    if (bits >= 2 && bits <= most) return;
    throw Error(Problem{.id = "simulation.too-wide",
                        .what = fmt::format("hardware '{}' has {} of {} bits; values are simulated with 2 to {}",
                                            hardware.name, what, bits, most),
                        .where = {},
                        .mend = "change `bits:` or `arithmetic:` in a copy of the hardware file"});
  };
  wide("ifmaps", hardware.bits[0], 16);
  wide("weights", hardware.bits[1], 16);
  wide("accumulators", hardware.accumulator_bits(), 32);
  filters_of(program, layer);
}

FixedLayer fixed_layer(const Program& program, const Layer& layer, const Hardware& hardware, FixedPoint ifmap,
                       float largest_ofmap, int headroom) {
  require_fixed(program, layer, hardware);
  const Filters filters = filters_of(program, layer);
  const Arithmetic& arithmetic = hardware.arithmetic;
  FixedLayer fixed;
  fixed.ifmap = ifmap;
  fixed.weight = fixed_point_for(double(largest(filters.weights)), static_cast<int>(hardware.bits[1]));
  const int product = fixed.ifmap.fraction + fixed.weight.fraction;
  fixed.accumulator = fixed_point_for(double(largest_ofmap), hardware.accumulator_bits());
  fixed.accumulator.fraction =
      std::clamp(std::min(fixed.accumulator.fraction, product) - headroom, product - 31, product);
  fixed.ofmap = fixed_point_for(double(largest_ofmap), static_cast<int>(hardware.bits[0]));
  fixed.ofmap.fraction = std::clamp(fixed.ofmap.fraction, fixed.accumulator.fraction - 31, fixed.accumulator.fraction);
  fixed.accumulation = {.product_shift = product - fixed.accumulator.fraction,
                        .product_rounding = arithmetic.products,
                        .bits = fixed.accumulator.bits,
                        .excess = arithmetic.overflow};
  fixed.ofmap_shift = fixed.accumulator.fraction - fixed.ofmap.fraction;
  fixed.ofmap_rounding = arithmetic.ofmap;
  fixed.weights = encode(filters.weights, fixed.weight);
  for (const float bias : filters.bias) fixed.bias.push_back(encode(double(bias), fixed.accumulator));
  return fixed;
}

std::vector<std::int16_t> encode(const std::vector<float>& values, FixedPoint format) {
  std::vector<std::int16_t> codes(values.size());
  std::transform(values.begin(), values.end(), codes.begin(),
                 [&](float value) { return static_cast<std::int16_t>(encode(double(value), format)); });
  return codes;
}

std::vector<std::int16_t> finish(const FixedLayer& layer, const ConvShape& shape, const std::vector<std::int32_t>& sums,
                                 std::int64_t& clipped) {
  std::vector<std::int16_t> codes(sums.size());
  const auto filters = static_cast<std::size_t>(shape.G * shape.M),
             pixels = static_cast<std::size_t>(shape.E * shape.F);
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const std::int64_t bias = layer.bias.empty() ? 0 : layer.bias[i / pixels % filters];
    const std::int64_t sum = fitted(sums[i] + bias, layer.accumulation.bits, layer.accumulation.excess);
    const std::int64_t code = shifted(sum, layer.ofmap_shift, layer.ofmap_rounding);
    const std::int64_t fits = fitted(code, layer.ofmap.bits, Excess::saturate);
    clipped += fits != code ? 1 : 0;
    codes[i] = static_cast<std::int16_t>(fits);
  }
  return codes;
}

void snap(std::vector<float>& values, FixedPoint format) {
  for (float& value : values) value = static_cast<float>(decode(encode(double(value), format), format));
}

}  // namespace weft
