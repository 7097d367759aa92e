// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <limits>
#include <vector>

#include "weft/mapper/free_transfers.h"

namespace weft::free_search {

inline constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Ways to share the work out over the only array, by columns.
struct Sharings {
  std::array<std::vector<double>, kTensors> share;  ///< one over the children that may want one word of a tensor
  std::vector<double> idle;                         ///< steps more than those of a full machine

  std::size_t size() const { return idle.size(); }
  void add(const std::array<double, kTensors>& sharing, double idle_steps) {
    for (std::size_t i = 0; i < kTensors; ++i) share[i].push_back(1 / sharing[i]);
    idle.push_back(idle_steps);
  }
};

/// Energy and cycles that a mapping has at least.
struct Least {
  double cost = 0, time = 0;
};
double value_of(Objective objective, const Least& least);

/// What the mappings that begin like a nest cost at least: what is decided, what its open transfers cost if the next
/// loop decides all but one of them, and the compulsory traffic of those not begun.
class Bounds {
 public:
  Bounds(const Hardware& hardware, const MapOptions& options, const Machine& machine, const Tiles& tiles);

  /// The stores from now on, and the energy at least of all transfers from the outermost stores.
  void use(const StoreChoice& stores, double outermost_least) {
    stores_ = &stores;
    outermost_least_ = outermost_least;
  }

  /// The objective's value at least.
  double least(const Figures& f, const Key& key, std::size_t region, std::uint32_t tile);

  /// What crossing the only array costs at least: a constant and, for each tensor, a price for each child and one
  /// shared by the children that want its words. Of the tensors whose transfers are open one may stay for ever.
  struct Crossing {
    Least base;
    std::array<double, kTensors> each{}, shared{}, stay{kInfinity, kInfinity, kInfinity};
  };
  Crossing crossing(const Figures& f, const Key& key, std::uint32_t tile) const;
  /// With each of these ways to share the work out, and these shares of the ifmap: the objective's value at least.
  void least(const Crossing& crossing, const Sharings& ways, const std::vector<double>& ifmap_share,
             std::vector<double>& values) const;
  /// With the best of all ways.
  double least(const Crossing& crossing);

 private:
  Least least_of(const Figures& f, const Key& key, std::size_t region, std::uint32_t tile) const;
  double refund(Tensor3 t, std::size_t level, std::uint32_t tile) const;
  double not_begun(Tensor3 t, std::size_t level) const;

  const Hardware& hardware_;
  const Conventions& how_;
  const Machine& machine_;
  const Tiles& tiles_;
  const StoreChoice* stores_ = nullptr;
  double outermost_least_ = 0;
  Objective objective_;
  Sharings widest_;             ///< those that none is better than
  std::vector<double> values_;  ///< of the widest
};

}  // namespace weft::free_search
