// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <nlohmann/json.hpp>
#include <string>

#include "weft/base/terminal.h"
#include "weft/metrics/evaluation.h"

namespace weft {

struct EvaluationReportOptions {
  TextStyle style;
  bool every = false;   ///< list each layer that does not multiply, and what each argument of the mapper pruned
  bool timing = false;  ///< also how long the mapper took, which differs from run to run
};

/// The survey's Table V for a network on a machine, then where the energy goes, the layers, and how the numbers came
/// about.
std::string evaluation_text(const Evaluation& evaluation, const EvaluationReportOptions& options);

/// The document "weft.evaluation/1". UNIT in names is pJ, or mac where the components are normalised.
///   totals, layers  energy_UNIT, chip_energy_UNIT (without off-chip memory), energy_by_level_UNIT (by node of the
///   machine),
///                   energy_by_tensor_UNIT (ifmap, weight, psum, compute; and static where power is always spent),
///                   processing_cycles (off-chip transfers hidden), latency_cycles, latency_s, offchip_read_bytes,
///                   offchip_write_bytes, active_pes, and chip_power_W for picojoules
///   accesses        words read and written at each store that keeps the tensor
///   hops            words that cross each fanout, by tensor
///   mapping         what `--mapping FILE` reads back; mapping_origin is "mapper" or "given"
///   certificate     null for a mapping that was given; `seconds` only with timing
///   other_layers    layers that do not multiply, each by itself; outside the totals but for totals.other_*
///   sources         every price with its provenance
/// Numbers are exact: whole numbers of any size, energies in decimals.
nlohmann::ordered_json evaluation_json(const Evaluation& evaluation, bool timing);

/// Its `totals`.
nlohmann::ordered_json totals_json(const Evaluation& evaluation);

/// One line a layer that multiplies.
std::string evaluation_csv(const Evaluation& evaluation);

/// Each layer's loop nest with tiles and room, its cost and its certificate.
std::string mapping_text(const Evaluation& evaluation, const EvaluationReportOptions& options);

/// The document "weft.mapping/1": the mappings, what they cost, and what is proven of them.
nlohmann::ordered_json mapping_json(const Evaluation& evaluation, bool timing);

/// One line a layer; the mapping is JSON in one field.
std::string mapping_csv(const Evaluation& evaluation);

/// The loop nest alone:
///
///   dram            ifmap 1.18 MiB, weight 68.1 KiB, psum 2.22 MiB
///   for N in 4
///     for E in 8                                  # tiles of 7, the last 6
///       glb         psum 72.2 KiB of 100 KiB
///       parallel for R in 11 at array.y
std::string nest_text(const LayerEvaluation& layer, const Hardware& hardware);

/// "proven best of 1,234,567 mappings for energy", "the best found; at most 3.1 % above the least possible energy".
std::string certificate_text(const Certificate& certificate, Objective objective);

}  // namespace weft
