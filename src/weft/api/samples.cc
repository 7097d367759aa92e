// SPDX-License-Identifier: Apache-2.0
#include "weft/api/samples.h"

#include <fmt/format.h>

#include <algorithm>

#include "weft/base/error.h"
#include "weft/data/dataset.h"

namespace weft {
namespace {

[[noreturn]] void refuse(std::string what, std::string mend) {
  throw Error(Problem{"simulation.bad-samples", std::move(what), {}, std::move(mend)});
}

const TensorType& input_type(const Network& network, std::size_t i) {
  return network.values[static_cast<std::size_t>(network.inputs[i])].type;
}

/// Batches that so many samples fill.
std::int64_t whole_batches(std::int64_t samples, std::int64_t batch) {
  if (samples >= 1 && samples % batch == 0) return samples / batch;
  refuse(fmt::format("{} samples do not fill batches of {}", samples, batch),
         fmt::format("give --samples {}", std::max<std::int64_t>(batch, (samples + batch - 1) / batch * batch)));
}

}  // namespace

Batches load_batches(const Network& network, const std::string& network_name, const std::string& data,
                     std::int64_t samples) {
  if (network.inputs.size() != 1) {
    refuse(fmt::format("network '{}' has {} inputs; a data set feeds one", network.name, network.inputs.size()),
           "leave --data out: random values feed any network");
  }
  const std::int64_t batch = batch_size(network), batches = whole_batches(samples, batch);
  const Dataset dataset =
      load_dataset(data, {.split = "", .preprocessing = "", .network = network_name, .limit = samples});
  TensorType one = input_type(network, 0);
  if (!one.shape.empty()) one.shape[0] = 1;
  require_input(dataset, one);
  if (dataset.size() < samples) {
    refuse(fmt::format("data set '{}' has {} samples, not {}", data, dataset.size(), samples),
           fmt::format("give --samples {} or fewer", dataset.size()));
  }
  Batches result{.inputs = {}, .labels = dataset.labels, .source = fmt::format("{} ({})", data, dataset.kind)};
  for (std::int64_t b = 0; b < batches; ++b) {
    FloatTensor input{input_type(network, 0).shape, {}};
    for (std::int64_t i = b * batch; i < (b + 1) * batch; ++i) {
      const FloatTensor sample = floats(network_input(dataset, i));
      input.values.insert(input.values.end(), sample.values.begin(), sample.values.end());
    }
    result.inputs.push_back({std::move(input)});
  }
  return result;
}

Batches random_batches(const Network& network, std::int64_t samples, std::uint64_t seed) {
  Batches result{.inputs = {}, .labels = {}, .source = fmt::format("random values, seed {}", seed)};
  const std::int64_t batches = whole_batches(samples, batch_size(network));
  std::uint64_t next = 0;
  for (std::int64_t b = 0; b < batches; ++b) {
    std::vector<FloatTensor> inputs;
    for (std::size_t i = 0; i < network.inputs.size(); ++i) {
      FloatTensor input{input_type(network, i).shape, {}};
      const std::int64_t n = elements(input.shape);
      input.values.resize(static_cast<std::size_t>(n));
      for (float& value : input.values) value = random_value({.seed = seed, .deviation = 1}, next++);
      inputs.push_back(std::move(input));
    }
    result.inputs.push_back(std::move(inputs));
  }
  return result;
}

}  // namespace weft
