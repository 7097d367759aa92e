// SPDX-License-Identifier: Apache-2.0
#include "weft/mapper/free_traffic.h"

#include <algorithm>
#include <array>
#include <limits>

namespace weft::free_search {
namespace {

/// The transfers in one order, the outermost first.
class Chain {
 public:
  Chain(const std::vector<OutermostTransfer>& transfers, const Tiles& tiles, double& least)
      : transfers_(transfers), tiles_(tiles), least_(least), still_(transfers.size() + 1) {
    for (std::size_t k = transfers.size(); k-- > 0;) {
      const OutermostTransfer& transfer = transfers[k];
      still_[k] = still_[k + 1] + transfer.constant + transfer.word * tiles.whole_words(transfer.t);
    }
  }
  void run() { place(0, tiles_.size() - 1, 0); }

 private:
  /// Whether transfer k has fewer words if its tile is larger along d.
  bool falls(std::size_t k, std::size_t d) const {
    const OutermostTransfer& transfer = transfers_[k];
    return !tiles_.relevant(transfer.t, d) || (transfer.t == Tensor3::ifmap && !transfer.slides && tiles_.windowed(d));
  }
  bool serves_further_in(std::size_t k, std::size_t d) const {
    for (std::size_t j = k; j < transfers_.size(); ++j) {
      if (falls(j, d)) return true;
    }
    return false;
  }

  /// Every tile of transfer k inside `around`, those further out costing `cost`.
  void place(std::size_t k, std::uint32_t around, double cost) {
    if (cost + still_[k] >= least_) return;
    if (k == transfers_.size()) {
      least_ = cost;
      return;
    }
    choose(k, 0, around, cost);
  }

  /// Extents along d and the dimensions after it, the largest first.
  void choose(std::size_t k, std::size_t d, std::uint32_t tile, double cost) {
    if (d == kDims) return decide(k, tile, cost);
    if (!tiles_.relevant(transfers_[k].t, d)) return choose(k, d + 1, tile, cost);
    const std::uint32_t most = serves_further_in(k, d) ? tiles_.number(tile, d) : 0;
    for (std::uint32_t n = most + 1; n-- > 0;) choose(k, d + 1, tiles_.with(tile, d, n), cost);
  }

  void decide(std::size_t k, std::uint32_t tile, double cost) {
    const OutermostTransfer& transfer = transfers_[k];
    double bits = tiles_.bits(transfer.t, tile);
    for (std::size_t j = 0; j < k; ++j) {
      if (transfers_[j].store == transfer.store) bits += bits_[j];
    }
    if (bits > transfer.room) return;
    bits_[k] = tiles_.bits(transfer.t, tile);
    const double words = transfer.slides ? tiles_.others(transfer.t, tile) / tiles_.fixed_words(transfer.t) *
                                               tiles_.whole_words(transfer.t)
                                         : tiles_.base(transfer.t, tile);
    place(k + 1, tile, cost + transfer.constant + transfer.word * words);
  }

  const std::vector<OutermostTransfer>& transfers_;
  const Tiles& tiles_;
  double& least_;
  std::vector<double> still_;  ///< what the transfers from the k-th on cost at least
  std::array<double, kTensors> bits_{};
};

}  // namespace

double least_traffic(std::vector<OutermostTransfer> transfers, const Tiles& tiles) {
  if (transfers.empty()) return 0;
  const auto by_tensor = [](const OutermostTransfer& a, const OutermostTransfer& b) { return a.t < b.t; };
  std::sort(transfers.begin(), transfers.end(), by_tensor);
  double least = std::numeric_limits<double>::infinity();
  do {
    Chain(transfers, tiles, least).run();
  } while (std::next_permutation(transfers.begin(), transfers.end(), by_tensor));
  return least;
}

}  // namespace weft::free_search
