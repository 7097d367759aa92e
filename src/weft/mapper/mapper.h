// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "weft/dataflow/conventions.h"
#include "weft/dataflow/dataflow.h"
#include "weft/dataflow/mapping.h"
#include "weft/model/cost.h"

namespace weft {

/// What is least in the best mapping. Of mappings equal in it the best one has the least of the second objective, then
/// of energy, then of latency, then more active PEs.
enum class Objective : std::uint8_t { energy, latency, edp };
inline constexpr std::array<std::string_view, 3> kObjectiveNames = {"energy", "latency", "edp"};
std::string to_string(Objective objective);

/// What the mapper proves about its answer.
struct Certificate {
  bool optimal = false;                  ///< nothing in the space is better
  Int128 objective_value = 0;            ///< energy in millionths of the unit; latency in cycles; EDP as their product
  Int128 lower_bound = 0;                ///< nothing in the space is below; equal to objective_value if optimal
  Int128 space = 0;                      ///< mappings that the dataflow's constraints allow on the arrays; 0: not known
  std::int64_t visited = 0;              ///< of them, those that were costed
  std::map<std::string, Int128> pruned;  ///< and those that each argument ruled out
  bool free = false;                     ///< no dataflow: the space is find_free_mapping's, visited are partial nests
  bool folds = false;                    ///< of a dimension over the outermost array are in it
  double seconds = 0;
};

/// The best mapping of one layer.
struct MappingResult {
  Mapping mapping;
  Counts counts;
  Cost cost;
  Certificate certificate;
  /// The next best ones, as many as were asked for and there are. Without a dataflow, of those that have the same
  /// points at the same tiles and the same loops over the arrays only the best, whatever the order of their other
  /// loops.
  std::vector<MappingResult> next;
  bool next_proven = true;  ///< nothing else comes before the last of them
};

struct MapOptions {
  Objective objective = Objective::energy;
  Conventions conventions;
  double ifmap_zeros = 0;           ///< share of zeros, where the hardware gates them
  OffchipCode offchip;              ///< what compression makes of what crosses to off-chip memory
  std::optional<Objective> second;  ///< none: the other of energy and latency; energy after EDP
  std::size_t top = 1;              ///< so many mappings, the best first
  bool perfect = false;             ///< only bounds that divide; without a dataflow
  std::optional<double> budget;     ///< seconds after which a search stops as soon as it has a mapping
};

/// What the second objective is if none is asked for.
Objective second_objective(const MapOptions& options);

/// The best mapping of `problem` on `hardware` that `dataflow` allows, with its certificate. Deterministic. Throws
/// Error: infeasible.capacity, naming the smallest change that would make it feasible; infeasible.dimension;
/// mapper.unsupported.
MappingResult find_mapping(const LoopProblem& problem, const Hardware& hardware, const Dataflow& dataflow,
                           const MapOptions& options);

/// A mapping that fits, with the model's counts and cost of it, partial sums that come back dense; of the certificate
/// only the objective value. Errors: mapping.*
MappingResult costed(Mapping mapping, const LoopProblem& problem, const Hardware& hardware, const MapOptions& options);

/// Objective value of a cost.
Int128 objective_value(Objective objective, const Cost& cost, const Counts& counts);

}  // namespace weft
