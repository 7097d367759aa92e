// SPDX-License-Identifier: Apache-2.0
#include "weft/metrics/offchip.h"

#include <algorithm>
#include <cmath>

namespace weft {
namespace {

std::optional<double> find(const std::map<std::string, double>& figures, const std::string& layer) {
  const auto found = figures.find(layer);
  return found == figures.end() ? std::nullopt : std::optional(found->second);
}

/// Names of the layers that multiply and read this layer's ofmap, directly or through layers that do not multiply.
std::vector<std::string> readers(const Network& network, const std::vector<Layer>& layers, const Layer& layer) {
  std::vector<bool> reached(network.values.size(), false);
  const auto reach = [&](const Node& node) {
    for (const ValueId id : node.outputs) {
      if (id != kNoValue) reached[static_cast<std::size_t>(id)] = true;
    }
  };
  reach(network.nodes[layer.node]);
  std::vector<std::string> names;
  for (std::size_t n = layer.node + 1; n < network.nodes.size(); ++n) {
    const Node& node = network.nodes[n];
    const bool reads = std::any_of(node.inputs.begin(), node.inputs.end(),
                                   [&](ValueId id) { return id != kNoValue && reached[static_cast<std::size_t>(id)]; });
    if (!reads) continue;
    const auto multiplying = std::find_if(layers.begin(), layers.end(), [n](const Layer& l) { return l.node == n; });
    if (multiplying == layers.end()) {
      reach(node);
    } else {
      names.push_back(multiplying->name);
    }
  }
  return names;
}

}  // namespace

std::optional<RunLengthCode> link_code(const Hardware& hardware, std::int64_t value_bits) {
  const LinkCodec* codec = hardware.codec();
  if (codec == nullptr || value_bits > 16) return std::nullopt;
  return RunLengthCode{
      .run_bits = codec->run_bits, .level_bits = static_cast<int>(value_bits), .word_bits = codec->word_bits};
}

std::int64_t code_parts(double bits, std::int64_t dense_bits) {
  const double parts = std::ceil(bits / double(dense_bits) * double(OffchipCode::kWhole));
  return static_cast<std::int64_t>(std::min(parts, double(OffchipCode::kWhole)));
}

std::vector<OffchipCode> offchip_codes(const Network& network, const std::vector<Layer>& layers,
                                       const Hardware& hardware, const ActivationStatistics& statistics) {
  std::vector<OffchipCode> codes(layers.size());
  const std::int64_t bits = hardware.bits[index(Tensor3::ifmap)];  // an ofmap is the next layer's ifmap
  const auto code = link_code(hardware, bits);
  if (!code) return codes;
  const TensorFlags& coded = hardware.codec()->tensors;
  const auto parts = [&](std::optional<double> measured, std::optional<double> zeros) {
    if (!measured && !zeros) return OffchipCode::kWhole;
    return code_parts(measured ? *measured : expected_run_length_bits(*zeros, *code), bits);
  };
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const std::string& name = layers[i].name;
    if (coded[index(Tensor3::ifmap)]) {
      codes[i].parts[index(Tensor3::ifmap)] =
          parts(find(statistics.ifmap_code_bits, name), find(statistics.ifmap_zeros, name));
    }
    if (!coded[index(Tensor3::psum)]) continue;
    std::optional<double> zeros = find(statistics.ofmap_zeros, name);
    const std::vector<std::string> next = zeros ? std::vector<std::string>() : readers(network, layers, layers[i]);
    for (const std::string& reader : next) {
      zeros = std::min(zeros.value_or(1), find(statistics.ifmap_zeros, reader).value_or(0));
    }
    codes[i].parts[index(Tensor3::psum)] = parts(find(statistics.ofmap_code_bits, name), zeros);
  }
  return codes;
}

Int128 coded_bytes(Int128 words, Tensor3 t, const Hardware& hardware, const OffchipCode& code) {
  return (words * hardware.bits[index(t)] * code.parts[index(t)] + 8 * OffchipCode::kWhole - 1) /
         (8 * OffchipCode::kWhole);
}

}  // namespace weft
