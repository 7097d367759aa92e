// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "weft/base/terminal.h"
#include "weft/data/dataset.h"

namespace weft {

/// What one sample gives a network.
struct SampleLine {
  std::int64_t index = 0;
  std::string name;  ///< sample_name
  double least = 0, mean = 0, largest = 0;
  double zeros = 0;  ///< share of the values that are 0
};

struct DatasetReport {
  Dataset dataset;
  std::vector<std::int64_t> label_counts;  ///< samples of each class
  std::vector<SampleLine> samples;         ///< the first few
};

/// Counts the labels and prepares the first `samples` samples. Errors: as network_input.
DatasetReport describe(Dataset dataset, std::int64_t samples);

std::string dataset_text(const DatasetReport& report, const TextStyle& style);
/// The document "weft.dataset/1".
nlohmann::ordered_json dataset_json(const DatasetReport& report);
/// One line a class: class,name,samples.
std::string dataset_csv(const DatasetReport& report);

}  // namespace weft
