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

/// Share of zeros in the ifmap of each layer as the machine stores it, by layer name, and where the figures are from.
/// A file of `kind: statistics`:
///
///   kind: statistics
///   version: 1
///   network: alexnet
///   source: "Chen et al., JSSC 52(1) 2017, Table V"
///   ifmap_zeros: {conv1: 0.0001, conv2: 0.387}
///   ofmap_zeros: {conv1: 0.387}     # optional: as it is written; else that of the ifmaps it becomes
struct ActivationStatistics {
  std::string network;  ///< whose layers these are
  std::string source;
  std::map<std::string, double> ifmap_zeros;  ///< 0 .. 1
  std::map<std::string, double> ofmap_zeros;
  /// Bits that a value took when it was really coded (simulation.h); else what independent zeros would take.
  std::map<std::string, double> ifmap_code_bits, ofmap_code_bits;
};
/// Throws Error (statistics.bad-share, yaml.*, file.*).
ActivationStatistics read_statistics(const std::string& path);
ActivationStatistics parse_statistics(std::string_view text, const std::string& file_name);
/// Published statistics of a built-in network (data/statistics/NAME.yaml), or none.
std::optional<ActivationStatistics> published_statistics(const std::string& network_name);

struct EvaluationOptions {
  std::string conventions;  ///< "" : as the hardware file says; else options on top of that, or a preset
  Objective objective = Objective::energy;
  std::optional<Objective> second;  ///< and these as in MapOptions
  std::size_t top = 1;
  std::optional<double> budget;
  bool perfect = false;
  std::string dataflow;                ///< name or path; "" : as the hardware file says
  std::vector<LayerMapping> mappings;  ///< evaluated instead of searching, for the layers they name
  std::optional<ActivationStatistics> statistics;
  std::vector<std::string> layers;  ///< only these: names, or kinds ("conv", "fc", "matmul"); empty: all that multiply
  bool check = false;               ///< re-derive the counts by walking the nest
  int jobs = 0;                     ///< threads; 0: as many as the process may use
  /// May be empty. Called with 0 before the first layer, then after each one that was not solved before; from any
  /// thread, one call at a time.
  std::function<void(std::size_t done, std::size_t of)> progress;
};

/// How the machine's authors count, and what is wanted on top of that ("": nothing).
Conventions conventions_for(const Hardware& hardware, const std::string& wanted);

/// Whether a walk of the nest (simulator/walk.h) gave the counts and cycles of the closed forms. Too large: a feature
/// map is longer than kMostWalked on an axis that a window slides over, where the walk marks every coordinate.
enum class WalkCheck : std::uint8_t { not_asked, agrees, too_large, differs };
inline constexpr std::int64_t kMostWalked = std::int64_t{1} << 20;

/// One layer that multiplies, on the hardware.
struct LayerEvaluation {
  Layer layer;
  LoopProblem problem;
  double ifmap_zeros = 0;
  OffchipCode offchip;                         ///< what the machine's codec makes of the feature maps
  std::optional<std::int64_t> skipping_steps;  ///< on a machine that skips zeros: the steps that are left
  Mapping mapping;
  std::string mapping_file;  ///< of a mapping that was given; "" for one that was searched
  Placement placement;
  Counts counts;
  Cost cost;
  std::optional<Certificate> certificate;  ///< none for a mapping that was given
  WalkCheck check = WalkCheck::not_asked;
  std::vector<LayerEvaluation> next;  ///< the next best mappings, as many as were asked for; without certificates
  bool next_proven = true;            ///< no other mapping comes before the last of them
};

/// A layer that does not multiply, counted as if it ran by itself from and to the off-chip memory: it reads its
/// activations (at the ifmap's width) and parameters (at the weight's), and writes its output (at the ifmap's width, as
/// the next layer reads it). Layers of kind `data` (Reshape, Concat, Dropout ..) only rename or choose; they move
/// nothing. A machine that fuses such a layer with the one before moves less; the totals leave it out.
struct OtherLayer {
  Layer layer;
  std::int64_t read_bytes = 0, write_bytes = 0;
};

/// The survey's Table V for a network on a machine (Section VIII). Sums are exact; derived figures are functions below.
struct Evaluation {
  std::string network;
  Hardware hardware;
  std::int64_t batch = 1;  ///< inferences at once: extent of axis 0 of the network's first input
  Conventions conventions;
  Objective objective = Objective::energy;
  std::optional<Objective> second;
  std::string dataflow;      ///< "" if no mapping was searched
  std::string zeros_source;  ///< "" : dense
  std::vector<LayerEvaluation> layers;
  std::vector<OtherLayer> other_layers;  ///< empty when only some layers were asked for
};

/// The layers that evaluate() evaluates; throws what it throws for names that are not there.
std::vector<Layer> layers_to_evaluate(const Network& network, const EvaluationOptions& options);
/// The mapping given for a layer, or none.
const LayerMapping* mapping_for(const std::string& layer, const std::vector<LayerMapping>& mappings);

/// Evaluates a network as it is: the caller sets the batch (with_batch, load_network), which every figure is then for.
/// Layers with equal loops and equal zeros are solved once; layers run in parallel; the result does not depend on
/// `jobs`. Throws Error: evaluation.unknown-layer (in `layers`, `mappings` or `statistics`), .unnamed-mapping,
/// .no-layers; mapping.*, conventions.*, dataflow.*, layer.*, infeasible.*
Evaluation evaluate(const Network& network, const Hardware& hardware, const EvaluationOptions& options);

/// Figures of one layer or of all; all layers run one after another.
struct Totals {
  Int128 macs = 0;
  Int128 energy = 0, chip_energy = 0;  ///< millionths of the hardware's unit; chip: without off-chip memory
  std::vector<Int128> energy_by_node;  ///< in the order of Hardware::nodes
  std::array<Int128, kTensors> energy_by_tensor{};
  Int128 compute_energy = 0, static_energy = 0;
  std::int64_t processing_cycles = 0, latency_cycles = 0, steps = 0;
  Int128 offchip_read_bytes = 0, offchip_write_bytes = 0;  ///< each layer and tensor rounded up to whole bytes
  std::int64_t active_pes = 0;                             ///< of the whole: weighted by steps, rounded
};
Totals totals(const Evaluation& evaluation);
Totals totals(const LayerEvaluation& layer, const Hardware& hardware);

/// Sums of the layers that do not multiply.
struct OtherTotals {
  Int128 operations = 0, read_bytes = 0, write_bytes = 0;
};
OtherTotals totals(const std::vector<OtherLayer>& layers);

/// MACs whose ifmap value is not zero, by the shares of zeros; rounded for each layer.
Int128 nonzero_macs(const Evaluation& evaluation);

/// Power of the chip: its energy over the time. Nothing for normalised energies and for no time.
std::optional<Watts> chip_power(const Totals& totals, const Hardware& hardware);

/// Capacity of the stores on the chip, all instances.
Bytes onchip_memory(const Hardware& hardware);

/// Core area: the published figure if the hardware file has one, else the sum of the area table. Nothing without
/// either.
struct CoreArea {
  SquareMillimetres area;
  bool published = false;
};
std::optional<CoreArea> core_area(const Hardware& hardware);

}  // namespace weft
