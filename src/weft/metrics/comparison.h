// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "weft/metrics/evaluation.h"

namespace weft {

/// A dataflow with the machine it is compared on.
struct ComparedDataflow {
  std::string name;  ///< as figures print it: "RS", "OSA"
  std::string dataflow;
  std::string machine;
};

/// Dataflows compared at equal area (Chen, Emer, Sze, ISCA 2016; survey Figs. 33 to 35). A file of `kind: comparison`.
struct ComparisonRule {
  std::string name, description, source;
  std::string conventions;  ///< how every machine's accesses are counted, whatever its own file says
  /// What sets the area for storage of J PEs: J register files, and one buffer of J times its capacity.
  struct Storage {
    std::string component;
    Bytes capacity_per_pe;
  };
  Storage registers, buffer;
  std::string buffer_store;  ///< the store of each machine that takes what its register files leave of that area
  std::vector<ComparedDataflow> dataflows;
};
/// From data/comparisons/NAME.yaml. Throws Error (yaml.*, file.*).
ComparisonRule load_comparison(const std::string& name);
ComparisonRule parse_comparison(std::string_view text, const std::string& file_name);

/// The dataflows of a rule by their names or those of their files; case and underscores do not matter ("os_a"). "all"
/// stands for every one. Throws Error (comparison.unknown-dataflow).
std::vector<ComparedDataflow> chosen_dataflows(const ComparisonRule& rule, const std::vector<std::string>& names);

/// The machine with `pes` PEs. Its buffer has the largest capacity, in whole bytes, that the area allows. Throws Error:
/// comparison.bad-machine (it has not one fanout of one axis, or no such store, or no areas), comparison.no-area (the
/// register files alone need more).
Hardware at_equal_area(Hardware machine, const ComparisonRule& rule, std::int64_t pes);

/// The levels of the survey's Fig. 22, as any machine has them: compute nodes, stores inside the array, fanouts, stores
/// on the chip outside it, memory off the chip.
enum class Level : std::uint8_t { alu, rf, array, glb, dram };
inline constexpr int kLevels = 5;
inline constexpr std::array<std::string_view, kLevels> kLevelNames = {"alu", "rf", "array", "glb", "dram"};

/// Energies in millionths of the hardware's unit.
struct EnergyByLevel {
  std::array<Int128, kLevels> by_level{};
  std::array<Int128, kTensors> by_tensor{};
  Int128 compute = 0;
  Int128 total = 0;
  Int128 macs = 0;
};
struct LayerEnergy {
  std::string layer;
  EnergyByLevel energy;
};

/// One dataflow on one number of PEs with one batch, over the layers of one kind.
struct ComparisonPoint {
  ComparedDataflow dataflow;
  std::int64_t pes = 0, batch = 0;
  LayerKind layers = LayerKind::conv;
  Bytes buffer;          ///< capacity of the buffer store
  bool feasible = true;  ///< every layer has a mapping
  std::string reason;    ///< why not
  EnergyByLevel energy;
  std::vector<LayerEnergy> by_layer;
  Int128 dram_accesses = 0;       ///< words of 16 bits, read or written
  std::int64_t delay_cycles = 0;  ///< of all layers, one after another
  std::int64_t active_pes = 0;    ///< weighted by steps
};

struct ComparisonOptions {
  std::vector<std::string> dataflows = {"all"};
  std::vector<std::int64_t> pes = {256};
  std::vector<std::int64_t> batches = {16};
  std::string conventions;  ///< "" : as the rule says
  Objective objective = Objective::energy;
  int jobs = 0;  ///< threads; 0: as many as the process may use
  /// May be empty. Called with 0 before the first point, then after each; from any thread, one call at a time.
  std::function<void(std::size_t done, std::size_t of)> progress;
};

struct Comparison {
  std::string network;
  ComparisonRule rule;
  Conventions conventions;
  Objective objective = Objective::energy;
  EnergyUnit unit = EnergyUnit::mac;
  std::vector<ComparisonPoint> points;  ///< CONV before FC, then by PEs, batch and dataflow, as the options list them
};

/// Compares dataflows on the CONV and the FC layers of a network (whichever it has). Deterministic for any `jobs`.
/// Throws Error (comparison.*, evaluation.no-layers, conventions.*); a point without mapping is one that is not
/// feasible.
Comparison compare(const Network& network, const ComparisonRule& rule, const ComparisonOptions& options);

}  // namespace weft
