// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "weft/metrics/evaluation.h"
#include "weft/metrics/layer_codes.h"
#include "weft/tensor/dense.h"
#include "weft/tensor/run_length.h"

namespace weft {

/// What crosses the link to off-chip memory as one feature map, over all samples.
struct MapTraffic {
  ValueStatistics values;       ///< entropy: the mean of the maps'
  std::int64_t coded_bits = 0;  ///< dense where the machine has no codec for it
  std::int64_t dense_bits = 0;
  bool operator==(const MapTraffic&) const = default;
};

/// One layer, simulated on all samples.
struct LayerSimulation {
  FixedPoint ifmap, weight, accumulator, ofmap;
  Int128 macs = 0, zero_macs = 0, zero_firsts = 0, gated_filter_reads = 0;
  Accesses gated_updates;      ///< of partial sums, at their innermost store
  std::int64_t steps = 0;      ///< where zeros are skipped: those that are left; else 0
  double ifmap_zeros = 0;      ///< share of zeros in the ifmap, without padding
  MapTraffic ifmap_map;        ///< as stored: with padding, where the conventions store it
  MapTraffic ofmap_map;        ///< as written: behind an activation that alone reads it
  std::int64_t overflows = 0;  ///< additions that did not fit the accumulator, in the mapping's order
  std::int64_t clipped = 0;    ///< values of the ofmap that did not fit its code
  bool outputs_equal = true;   ///< to the plain loops
  bool counts_equal = true, cycles_equal = true;  ///< the walk's to the model's
  /// Where sums saturate in the accumulator, the mapping's order is what is computed, and the plain loops may differ.
  bool agrees() const { return (outputs_equal || overflows > 0) && counts_equal && cycles_equal; }
};

/// Inferences with the same class in first place.
struct Agreement {
  std::int64_t samples = 0;
  std::int64_t as_float = 0;  ///< fixed point and float32 answer the same
  std::int64_t labelled = 0;  ///< samples with a label; of these are right:
  std::int64_t right = 0, right_float = 0;
};

struct SimulationOptions {
  /// Layers, mappings, conventions, jobs ..; statistics and check are not looked at. Progress counts layers of batches,
  /// each time that they are run.
  EvaluationOptions evaluation;
  /// The network's inputs, a batch at a time. At least one.
  std::vector<std::vector<FloatTensor>> batches;
  std::vector<std::int64_t> labels;  ///< of the samples in order; empty: unknown
};

/// A network executed on a machine. `evaluation` prices what happened: its counts are those of all batches together (so
/// its batch is the number of samples), with the zeros that were really there and the bytes that were really coded.
struct Simulation {
  Evaluation evaluation;
  std::vector<LayerSimulation> layers;  ///< as evaluation.layers
  std::int64_t batches = 0;
  Agreement classes;
  bool agrees() const;
};

/// Runs the network on every batch in the machine's fixed point: a binary point for each tensor by its range in float32
/// on the same samples; layers that multiply by their mapping's order (and by plain loops, to compare); the others in
/// float32, rounded to their code. Mappings that are not given are searched for what measure() finds. Batches run in
/// parallel; the result does not depend on `jobs`.
/// Throws Error: simulation.unsupported-layer, simulation.too-wide; runtime.*, and those of evaluate.
Simulation simulate(const Network& network, const Hardware& hardware, const SimulationOptions& options);

/// What running the network in the machine's fixed point, by plain loops, shows, as `evaluate` takes it: zeros by the
/// MACs they save, and bits a value as coded. Throws what simulate() throws, but for what is wrong with mappings.
ActivationStatistics measure(const Network& network, const Hardware& hardware, const SimulationOptions& options);

}  // namespace weft
