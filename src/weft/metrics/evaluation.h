// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "weft/mapper/mapper.h"
#include "weft/network/layer.h"

namespace weft {

/// Share of zeros in the ifmap of each layer, by layer name, and where the figures are from. A file of `kind: statistics`.
struct ActivationStatistics {
  std::string source;
  std::map<std::string, double> ifmap_zeros;  ///< 0 .. 1
};
ActivationStatistics read_statistics(const std::string& path);
/// Published statistics of a built-in network (data/statistics/NAME.yaml), or none.
std::optional<ActivationStatistics> published_statistics(const std::string& network_name);

struct EvaluationOptions {
  std::int64_t batch = 1;
  std::string conventions;             ///< "" : as the hardware file says; else options on top of that, or a preset
  Objective objective = Objective::energy;
  std::string dataflow;                ///< "" : as the hardware file says
  std::vector<LayerMapping> mappings;  ///< evaluated instead of searching, for the layers they name
  std::optional<ActivationStatistics> statistics;
  std::vector<std::string> layers;     ///< only these; empty: all that multiply
  bool check = false;                  ///< re-derive every count by walking the nest (small layers only)
  int jobs = 0;
  std::function<void(std::size_t done, std::size_t of)> progress;  ///< may be empty
};

/// One layer that multiplies, on the hardware.
struct LayerEvaluation {
  Layer layer;
  double ifmap_zeros = 0;
  Mapping mapping;
  Counts counts;
  Cost cost;
  std::optional<Certificate> certificate;  ///< none for a mapping that was given
};

/// A layer that does not multiply: counted as operations and off-chip traffic, run from and to the off-chip memory.
struct OtherLayer {
  Layer layer;
  std::int64_t read_bytes = 0, write_bytes = 0;
};

/// The survey's Table V for a network on a machine (Section VIII). Sums are exact; derived figures are functions below.
struct Evaluation {
  std::string network;
  Hardware hardware;
  std::int64_t batch = 1;
  Conventions conventions;
  Objective objective = Objective::energy;
  std::string dataflow;
  std::string zeros_source;  ///< "" : dense
  std::vector<LayerEvaluation> layers;
  std::vector<OtherLayer> other_layers;
};

Evaluation evaluate(const Network& network, const Hardware& hardware, const EvaluationOptions& options);

/// Figures of one layer or of all.
struct Totals {
  Int128 macs = 0;
  Int128 energy = 0, chip_energy = 0;      ///< millionths of the hardware's unit
  std::vector<Int128> energy_by_node;      ///< in the order of Hardware::nodes
  std::array<Int128, kTensors> energy_by_tensor{};
  Int128 compute_energy = 0, static_energy = 0;
  std::int64_t processing_cycles = 0, latency_cycles = 0, steps = 0;
  Int128 offchip_read_bytes = 0, offchip_write_bytes = 0;
  std::int64_t active_pes = 0;             ///< of the whole: weighted by steps, rounded
};
Totals totals(const Evaluation& evaluation);
Totals totals(const LayerEvaluation& layer, const Hardware& hardware);

/// Core area: the published figure if the hardware file has one, else the sum of the area table. Nothing without either.
struct CoreArea {
  SquareMillimetres area;
  bool published = false;
};
std::optional<CoreArea> core_area(const Hardware& hardware);

}  // namespace weft
