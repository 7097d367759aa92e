// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "weft/base/thread_pool.h"
#include "weft/runtime/run.h"

namespace weft {

/// What running a network in float32 on some batches shows.
struct Calibration {
  std::vector<float> largest;                     ///< magnitude, by value; 0 for those that are no activations
  std::vector<std::vector<FloatTensor>> outputs;  ///< of each batch
};
/// Each batch has the network's inputs. The result does not depend on the pool.
Calibration calibrate(const Program& program, const std::vector<std::vector<FloatTensor>>& batches, ThreadPool& pool);

/// The index of the largest value of each sample (extent of axis 0) in one output.
std::vector<std::size_t> best_classes(const FloatTensor& output);

}  // namespace weft
