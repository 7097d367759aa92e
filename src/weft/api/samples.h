// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "weft/network/network.h"
#include "weft/tensor/dense.h"

namespace weft {

/// Samples in batches, as a network is fed.
struct Batches {
  std::vector<std::vector<FloatTensor>> inputs;  ///< by batch, then input
  std::vector<std::int64_t> labels;              ///< of the samples in order; empty: unknown
  std::string source;                            ///< for people
};

/// The first `samples` samples of a data set (data/dataset.h) for a network with one input, whose batch they must fill.
/// `network_name` is what the user called the network, to find its preprocessing. Errors: dataset.*, image.*, file.*;
/// simulation.bad-samples if they do not fill whole batches, or there are fewer.
Batches load_batches(const Network& network, const std::string& network_name, const std::string& data,
                     std::int64_t samples);

/// Normal random values with deviation 1 for every input.
Batches random_batches(const Network& network, std::int64_t samples, std::uint64_t seed);

}  // namespace weft
