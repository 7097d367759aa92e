// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "weft/base/terminal.h"
#include "weft/hardware/hardware.h"

namespace weft {

/// What one action of one node costs, with its provenance.
struct PriceLine {
  std::string node, action;
  Price price;
};
/// Every action that the nodes perform, outermost node first.
std::vector<PriceLine> price_table(const Hardware& hardware);

/// "read 15 pJ a 16 b", "leak 30 mW", "mac 2 pJ".
std::string price_text(const PriceLine& line, EnergyUnit unit);

/// What the machine is, its tree, prices and areas with their sources.
std::string hardware_text(const Hardware& hardware, const TextStyle& style);

/// The document "weft.hardware/1".
nlohmann::ordered_json hardware_json(const Hardware& hardware);

/// One line a price.
std::string hardware_csv(const Hardware& hardware);

/// The rows of the price table as JSON: node, action, component, energy_pJ (or energy_mac), per, method, technology,
/// voltage, source. `per` is "access", "word", "MAC", "cycle" or "second" (a power); accesses have width_bits.
nlohmann::ordered_json prices_json(const Hardware& hardware);

}  // namespace weft
