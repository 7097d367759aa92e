// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "weft/base/units.h"
#include "weft/base/yaml.h"

namespace weft {

/// What a library's energies are written in: picojoules, or the energy of one MAC (the normalised tables of the
/// survey's Fig. 22). Prices and sums are whole numbers of a millionth of it, so that equal means equal.
enum class EnergyUnit : std::uint8_t { picojoule, mac };
inline constexpr std::int64_t kEnergyScale = 1'000'000;
constexpr std::string_view suffix(EnergyUnit unit) { return unit == EnergyUnit::picojoule ? "pJ" : "mac"; }

/// How a price came about.
enum class PriceMethod : std::uint8_t { row, interpolated };
std::string_view name(PriceMethod method);

/// What one action costs, and where that is from.
struct Price {
  Int128 energy = 0;            ///< millionths of the library's unit, for one access of `width_bits`
  std::int64_t width_bits = 0;  ///< bits that one access moves; 0: the action is priced a word, whatever its code
  PriceMethod method = PriceMethod::row;
  std::string component, action;
  std::string node, voltage;  ///< as written: "65 nm", "1 V"; empty for normalised tables
  std::string source;
};

/// One row of a library.
struct PriceRow {
  std::string component, action;
  std::optional<std::int64_t> capacity_bytes;  ///< a point of a curve over capacity; else for any capacity
  std::int64_t width_bits = 0;
  Int128 energy = 0;
  std::string node, voltage, source;
  Place where;
};

/// Area of a component: one figure, or a figure a byte as a function of capacity.
struct AreaRow {
  std::string component;
  std::optional<std::int64_t> capacity_bytes;
  double square_micrometres = 0;  ///< of the whole component, or of one byte when capacity_bytes is given
  std::string source;
};

/// A component library: prices of actions with their provenance. A file of `kind: components`.
struct ComponentLibrary {
  std::string name;
  std::string description;
  EnergyUnit unit = EnergyUnit::picojoule;
  std::vector<PriceRow> prices;
  std::vector<AreaRow> areas;
};

/// Throws Error (components.*, yaml.*, file.*).
ComponentLibrary read_components(const std::string& path);
ComponentLibrary parse_components(std::string_view text, const std::string& file_name);

/// The price of an action of a component with that capacity (0: none). A row without capacity holds for any. Between
/// two capacities the price is interpolated log-log on the curve smoothed to be monotone (references D.6), never more
/// than 8x outside the curve. A `width_bits` other than the row's scales by 0.3 + 0.7 w/w_row (Accelergy's rule,
/// references D.3). Nothing if there is no such row or the curve does not reach.
std::optional<Price> find_price(const ComponentLibrary& library, std::string_view component, std::string_view action,
                                std::int64_t capacity_bytes, std::int64_t width_bits);

/// Area of one component of that capacity; linear between the points of a curve. Nothing without rows.
struct Area {
  SquareMillimetres area;
  std::string source;
};
std::optional<Area> find_area(const ComponentLibrary& library, std::string_view component, std::int64_t capacity_bytes);

/// The names of the components, each once, in file order.
std::vector<std::string> component_names(const ComponentLibrary& library);

}  // namespace weft
