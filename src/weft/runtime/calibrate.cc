// SPDX-License-Identifier: Apache-2.0
#include "weft/runtime/calibrate.h"

#include <algorithm>
#include <cmath>

namespace weft {

Calibration calibrate(const Program& program, const std::vector<std::vector<FloatTensor>>& batches, ThreadPool& pool) {
  struct One {
    std::vector<float> largest;
    std::vector<FloatTensor> outputs;
  };
  const std::vector<One> all = pool.parallel_map(batches.size(), [&](std::size_t b) {
    One one{.largest = std::vector<float>(program.network.values.size(), 0.0F), .outputs = {}};
    RunHooks hooks;
    hooks.seen = [&](ValueId id, const FloatTensor& tensor) {
      float& most = one.largest[std::size_t(id)];
      for (const float value : tensor.values) most = std::max(most, std::fabs(value));
    };
    one.outputs = run(program, batches[b], hooks);
    return one;
  });
  Calibration result{.largest = std::vector<float>(program.network.values.size(), 0.0F), .outputs = {}};
  for (const One& one : all) {
    for (std::size_t i = 0; i < result.largest.size(); ++i)
      result.largest[i] = std::max(result.largest[i], one.largest[i]);
    result.outputs.push_back(one.outputs);
  }
  return result;
}

std::vector<std::size_t> best_classes(const FloatTensor& output) {
  std::vector<std::size_t> best;
  const std::size_t samples = output.shape.empty() ? 1 : std::size_t(output.shape[0]);
  const std::size_t classes = samples == 0 ? 0 : output.values.size() / samples;
  for (std::size_t i = 0; i < samples && classes > 0; ++i) {
    const auto first = output.values.begin() + std::ptrdiff_t(i * classes);
    best.push_back(std::size_t(std::max_element(first, first + std::ptrdiff_t(classes)) - first));
  }
  return best;
}

}  // namespace weft
