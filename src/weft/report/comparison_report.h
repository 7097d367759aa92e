// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <nlohmann/json.hpp>
#include <string>

#include "weft/base/terminal.h"
#include "weft/metrics/comparison.h"

namespace weft {

/// The survey's Figs. 33 and 34 as one table for each kind of layers, number of PEs and batch: energy per MAC by level
/// and by tensor, DRAM accesses, delay and energy-delay product per MAC. With one number of PEs and one batch also Fig.
/// 35: the layers of the dataflow that needs least.
std::string comparison_text(const Comparison& comparison, const TextStyle& style);

/// The document "weft.comparison/1". Energies are in the machines' unit, which for the normalised ones is the energy of
/// one MAC. A point that is not feasible has null for its figures. `layers` is "conv" or "fc"; delay is in cycles.
nlohmann::ordered_json comparison_json(const Comparison& comparison);

/// One line a point.
std::string comparison_csv(const Comparison& comparison);

}  // namespace weft
