// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>

#include "weft/mapper/free_transfers.h"

namespace weft::free_search {

/// Energy and cycles that a mapping has at least.
struct Least {
  double cost = 0, time = 0;
};

/// What the mappings that begin like a nest cost at least: what is decided, what its open transfers cost if the next
/// loop decides all but one of them, and the compulsory traffic of those not begun.
class Bounds {
 public:
  Bounds(const Hardware& hardware, const Conventions& how, const Machine& machine, const Tiles& tiles)
      : hardware_(hardware), how_(how), machine_(machine), tiles_(tiles) {}

  /// The stores from now on, and the energy at least of all transfers from the outermost stores.
  void use(const StoreChoice& stores, double outermost_least) {
    stores_ = &stores;
    outermost_least_ = outermost_least;
  }

  Least least(const Figures& f, const Key& key, std::size_t region, std::uint32_t tile) const;

  /// What crossing the only array costs at least: a constant and, for each tensor, a price for each child and one
  /// shared by the children that want its words. Of the tensors whose transfers are open one may stay for ever.
  struct Crossing {
    Least base;
    std::array<double, kTensors> each{}, shared{}, stay{};
    std::array<bool, kTensors> open{};
  };
  Crossing crossing(const Figures& f, const Key& key, std::uint32_t tile) const;
  /// With this choice.
  Least least(const Crossing& crossing, const SpatialChoice& choice) const;

 private:
  double refund(Tensor3 t, std::size_t level, std::uint32_t tile) const;
  double not_begun(Tensor3 t, std::size_t level) const;

  const Hardware& hardware_;
  const Conventions& how_;
  const Machine& machine_;
  const Tiles& tiles_;
  const StoreChoice* stores_ = nullptr;
  double outermost_least_ = 0;
};

}  // namespace weft::free_search
