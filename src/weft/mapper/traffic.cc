// SPDX-License-Identifier: Apache-2.0
#include "weft/mapper/traffic.h"

#include <algorithm>
#include <limits>

#include "weft/base/ceil_div.h"
#include "weft/mapper/window_sums.h"
#include "weft/placement/placement.h"

namespace weft {
namespace {

/// Tiles by the numbers of their extents.
using TileNumbers = std::array<std::size_t, kDims>;

/// What a tile needs and moves, as products over the dimensions and the window axes of the ifmap.
class Words {
 public:
  Words(const LoopProblem& problem, const std::array<std::int64_t, kTensors>& word_bits, const TileExtents& extents)
      : problem_(problem), word_bits_(word_bits), extents_(extents) {
    for (std::size_t d = 0; d < kDims; ++d) {
      for (const std::int64_t extent : extents[d]) counts_[d].push_back(double(ceil_div(problem.bounds[d], extent)));
    }
    for (const Axis& axis : problem.tensor(Tensor3::ifmap).axes) {
      if (axis.terms.size() < 2) continue;
      Window& window = windows_.emplace_back(Window{&axis, index(axis.terms[0].dim), index(axis.terms[1].dim), {}});
      windowed_[window.a] = windowed_[window.b] = true;
      window.words.assign(extents[window.a].size() * extents[window.b].size(), kUnknown);
    }
    for (const Tensor3 t : kAllTensors) {
      for (const Dim d : kAllDims) relevant_[index(t)][index(d)] = problem.relevant(t, d);
      whole_[index(t)] = double(tile_words(problem, t, problem.bounds));
    }
    DimSizes fixed = problem.bounds;  // of the ifmap, without what padding adds to its windows
    for (const Window& window : windows_) fixed[window.a] = fixed[window.b] = 1;
    whole_[index(Tensor3::ifmap)] = double(tile_words(problem, Tensor3::ifmap, fixed));
    for (Window& window : windows_)
      whole_[index(Tensor3::ifmap)] *=
          double(window_words(window, extents[window.a].size() - 1, extents[window.b].size() - 1));
  }

  const TileExtents& extents() const { return extents_; }
  bool relevant(Tensor3 t, std::size_t d) const { return relevant_[index(t)][d]; }
  /// Whether a transfer has fewer words if its tile is larger along d.
  bool falls(const OutermostTransfer& transfer, std::size_t d) const {
    return !relevant(transfer.t, d) || (transfer.t == Tensor3::ifmap && !transfer.slides && windowed_[d]);
  }
  double whole(Tensor3 t) const { return whole_[index(t)]; }

  double bits(Tensor3 t, const TileNumbers& tile) const {
    DimSizes sizes;
    for (std::size_t d = 0; d < kDims; ++d) sizes[d] = extents_[d][tile[d]];
    return double(tile_words(problem_, t, sizes)) * double(word_bits_[index(t)]);
  }
  double words(const OutermostTransfer& transfer, const TileNumbers& tile) {
    double words = whole(transfer.t);
    for (std::size_t d = 0; d < kDims; ++d) {
      if (!relevant(transfer.t, d)) words *= counts_[d][tile[d]];
    }
    if (transfer.t != Tensor3::ifmap || transfer.slides) return words;
    for (Window& window : windows_) {
      const double whole = double(window_words(window, extents_[window.a].size() - 1, extents_[window.b].size() - 1));
      words *= whole > 0 ? double(window_words(window, tile[window.a], tile[window.b])) / whole : 1;
    }
    return words;
  }

 private:
  static constexpr std::int64_t kUnknown = -1;
  struct Window {
    const Axis* axis;
    std::size_t a, b;
    std::vector<std::int64_t> words;  ///< over all tiles, by the numbers of their extents
  };
  std::int64_t window_words(Window& window, std::size_t a, std::size_t b) const {
    std::int64_t& words = window.words[a * extents_[window.b].size() + b];
    if (words == kUnknown)
      words = weft::window_words(*window.axis, problem_.bounds[window.a], extents_[window.a][a],
                                 problem_.bounds[window.b], extents_[window.b][b]);
    return words;
  }

  const LoopProblem& problem_;
  const std::array<std::int64_t, kTensors>& word_bits_;
  const TileExtents& extents_;
  std::array<std::vector<double>, kDims> counts_;  ///< tiles of each extent
  std::vector<Window> windows_;
  std::array<bool, kDims> windowed_{};
  std::array<std::array<bool, kDims>, kTensors> relevant_{};
  std::array<double, kTensors> whole_{};
};

/// The transfers in one order, the outermost first.
class Chain {
 public:
  Chain(const std::vector<OutermostTransfer>& transfers, Words& words, double& least)
      : transfers_(transfers), words_(words), least_(least) {}
  void run() {
    TileNumbers whole{};
    for (std::size_t d = 0; d < kDims; ++d) whole[d] = words_.extents()[d].size() - 1;
    place(0, whole, 0);
  }

 private:
  /// Whether transfer k's tile may have any extent along d; else it has that of the tile around it, or 1.
  bool chooses(std::size_t k, std::size_t d) const {
    return words_.relevant(transfers_[k].t, d) &&
           std::any_of(transfers_.begin() + std::ptrdiff_t(k), transfers_.end(),
                       [&](const OutermostTransfer& transfer) { return words_.falls(transfer, d); });
  }

  /// Every tile of transfer k inside `around`, those further out costing `cost`.
  void place(std::size_t k, const TileNumbers& around, double cost) {
    if (k == transfers_.size()) {
      least_ = std::min(least_, cost);
      return;
    }
    TileNumbers least = around, most = around;
    for (std::size_t d = 0; d < kDims; ++d) {
      if (!words_.relevant(transfers_[k].t, d)) continue;
      least[d] = 0;
      if (!chooses(k, d)) most[d] = 0;
    }
    choose(k, 0, least, most, cost);
  }

  /// Extents along d and the dimensions after it, between those of two tiles, from the largest that there is room for
  /// down, until nothing is to be gained.
  void choose(std::size_t k, std::size_t d, TileNumbers& least, TileNumbers& most, double cost) {
    while (d < kDims && least[d] == most[d]) ++d;
    if (d == kDims) {
      if (!fits(k, least)) return;
      bits_[k] = words_.bits(transfers_[k].t, least);
      return place(k + 1, least, cost + transfers_[k].word * words_.words(transfers_[k], least));
    }
    const std::size_t all = most[d];
    std::size_t n = 0;
    while (n <= all && fits(k, with(least, d, n))) ++n;
    while (n-- > 0) {
      least[d] = most[d] = n;
      if (cost + still(k, most) >= least_) break;
      choose(k, d + 1, least, most, cost);
    }
    least[d] = 0;
    most[d] = all;
  }

  static TileNumbers with(TileNumbers tile, std::size_t d, std::size_t n) {
    tile[d] = n;
    return tile;
  }

  /// What the transfers from the k-th on cost at least inside a tile.
  double still(std::size_t k, const TileNumbers& tile) {
    double cost = 0;
    for (std::size_t j = k; j < transfers_.size(); ++j) cost += transfers_[j].word * words_.words(transfers_[j], tile);
    return cost;
  }

  bool fits(std::size_t k, const TileNumbers& tile) const {
    double bits = words_.bits(transfers_[k].t, tile);
    for (std::size_t j = 0; j < k; ++j) {
      if (transfers_[j].store == transfers_[k].store) bits += bits_[j];
    }
    return bits <= transfers_[k].room;
  }

  const std::vector<OutermostTransfer>& transfers_;
  Words& words_;
  double& least_;
  std::array<double, kTensors> bits_{};
};

}  // namespace

std::vector<std::int64_t> distinct_bounds(std::int64_t extent) {
  std::vector<std::int64_t> bounds;
  for (std::int64_t bound = extent; bound >= 1;) {
    const std::int64_t tiles = ceil_div(extent, bound);
    bound = ceil_div(extent, tiles);
    bounds.push_back(bound);
    if (bound == 1) break;
    --bound;
  }
  std::reverse(bounds.begin(), bounds.end());
  return bounds;
}

bool is_distinct_bound(std::int64_t extent, std::int64_t bound) {
  return ceil_div(extent, ceil_div(extent, bound)) == bound;
}

double least_traffic(std::vector<OutermostTransfer> transfers, const LoopProblem& problem,
                     const std::array<std::int64_t, kTensors>& word_bits, const TileExtents& extents) {
  if (transfers.empty()) return 0;
  const auto by_tensor = [](const OutermostTransfer& a, const OutermostTransfer& b) { return a.t < b.t; };
  std::sort(transfers.begin(), transfers.end(), by_tensor);
  Words words(problem, word_bits, extents);
  double least = std::numeric_limits<double>::infinity();
  do {
    Chain(transfers, words, least).run();
  } while (std::next_permutation(transfers.begin(), transfers.end(), by_tensor));
  return least;
}

}  // namespace weft
