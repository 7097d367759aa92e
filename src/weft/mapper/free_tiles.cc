// SPDX-License-Identifier: Apache-2.0
#include "weft/mapper/free_tiles.h"

#include <fmt/format.h>

#include <algorithm>

#include "weft/base/error.h"
#include "weft/placement/placement.h"

namespace weft::free_search {
namespace {

constexpr std::uint64_t kMostTiles = 1u << 22;                 ///< some hundred bytes each
constexpr std::int64_t kLargestBound = std::int64_t{1} << 40;  ///< its divisors are found one by one
constexpr std::int64_t kLongestWindow = 1 << 20;               ///< outputs, taps: their tiles are summed one by one
constexpr std::int64_t kLongestCounted = 1 << 14;   ///< outputs times taps: walked once for each nest of tiles
constexpr std::size_t kMostParts = (1u << 16) - 1;  ///< what Key::child can tell apart

[[noreturn]] void refuse(const LoopProblem& problem, const std::string& why) {
  throw Error(Problem{.id = "mapper.unsupported",
                      .what = fmt::format("{} {} to search without a dataflow", problem.name, why),
                      .where = {},
                      .mend = "name a dataflow with --dataflow"});
}

bool is_prime(std::int64_t n) {
  for (std::int64_t p = 2; p <= n / p; ++p) {
    if (n % p == 0) return false;
  }
  return true;
}

DimTiles dim_tiles(std::int64_t bound) {
  DimTiles table;
  table.extent = divisors(bound);
  table.steps.resize(table.extent.size());
  for (std::size_t i = 0; i < table.extent.size(); ++i) {
    table.count.push_back(bound / table.extent[i]);
    for (std::size_t j = i + 1; j < table.extent.size(); ++j) {
      if (table.extent[j] % table.extent[i] != 0) continue;
      const std::int64_t b = table.extent[j] / table.extent[i];
      table.steps[i].push_back({std::uint32_t(j), b, is_prime(b)});
    }
  }
  return table;
}

}  // namespace

std::vector<std::int64_t> divisors(std::int64_t n) {
  std::vector<std::int64_t> result;
  for (std::int64_t d = 1; d <= n / d; ++d) {
    if (n % d != 0) continue;
    result.push_back(d);
    if (d != n / d) result.push_back(n / d);
  }
  std::sort(result.begin(), result.end());
  return result;
}

std::uint32_t DimTiles::number_of(std::int64_t wanted) const {
  return std::uint32_t(std::lower_bound(extent.begin(), extent.end(), wanted) - extent.begin());
}

Tiles::Tiles(const LoopProblem& problem, const std::array<std::int64_t, kTensors>& word_bits) {
  list_extents(problem);
  list_windows(problem);
  list_words(problem, word_bits);
}

void Tiles::list_extents(const LoopProblem& problem) {
  std::uint64_t stride = 1;
  for (std::size_t d = 0; d < kDims; ++d) {
    if (problem.bounds[d] > kLargestBound) refuse(problem, "is too large");
    dims_[d] = dim_tiles(problem.bounds[d]);
    dims_[d].stride = std::uint32_t(stride);
    stride *= dims_[d].extent.size();
    if (stride > kMostTiles) refuse(problem, "has too many tiles");
  }
  size_ = std::uint32_t(stride);
  numbers_.resize(size_);
  for (std::uint32_t tile = 0; tile < size_; ++tile) {
    for (std::size_t d = 0; d < kDims; ++d)
      numbers_[tile][d] = std::uint16_t(tile / dims_[d].stride % std::uint32_t(dims_[d].extent.size()));
  }
}

void Tiles::list_windows(const LoopProblem& problem) {
  for (const Axis& axis : problem.tensor(Tensor3::ifmap).axes) {
    if (axis.terms.size() < 2) continue;
    WindowAxis w{&axis, index(axis.terms[0].dim), index(axis.terms[1].dim), {}, {}, {}};
    w.bounds = {problem.bounds[w.a], problem.bounds[w.b]};
    if (std::max({w.bounds[0], w.bounds[1], axis.extent}) > kLongestWindow) refuse(problem, "is too long");
    for (const std::int64_t m : dims_[w.a].extent) {
      for (const std::int64_t n : dims_[w.b].extent) {
        w.words.push_back(double(window_words(axis, w.bounds[0], m, w.bounds[1], n)));
        w.first.push_back(double(window_words(axis, m, m, n, n)));
      }
    }
    windows_.push_back(std::move(w));
  }
  WEFT_ASSERT(windows_.size() <= kMaxWindows, "an ifmap has at most two window axes");
  for (const Tensor3 t : kAllTensors) {
    for (const Dim d : kAllDims) {
      const bool depends = problem.relevant(t, d);
      relevant_[index(t)][index(d)] = depends;
      if (depends && !(t == Tensor3::ifmap && windowed(index(d)))) fixed_words_[index(t)] *= double(problem.bound(d));
    }
  }
}

void Tiles::list_words(const LoopProblem& problem, const std::array<std::int64_t, kTensors>& word_bits) {
  of_.resize(size_);
  for (std::uint32_t tile = 0; tile < size_; ++tile) {
    TileWords& of = of_[tile];
    DimSizes extents;
    for (std::size_t d = 0; d < kDims; ++d) extents[d] = extent(tile, d);
    for (const Tensor3 t : kAllTensors) {
      const std::size_t i = index(t);
      of.bits[i] = double(Int128(tile_words(problem, t, extents)) * word_bits[i]);
      of.others[i] = fixed_words_[i];
      for (std::size_t d = 0; d < kDims; ++d) {
        if (!relevant_[i][d]) {
          of.others[i] *= double(count(tile, d));
        } else if (t != Tensor3::ifmap || !windowed(d)) {
          of.first[i] *= double(extent(tile, d));
        }
      }
      of.base[i] = of.others[i];
    }
    std::size_t part = 0;
    for (std::size_t w = 0; w < windows_.size(); ++w) {
      of.base[index(Tensor3::ifmap)] *= window(w, tile);
      of.first[index(Tensor3::ifmap)] *= windows_[w].first[window_number(w, tile)];
      part = part * windows_[w].words.size() + window_number(w, tile);
    }
    of.window_part = std::uint16_t(part + 1);
    if (of.window_part >= extents_of_part_.size()) extents_of_part_.resize(of.window_part + 1u);
    for (std::size_t w = 0; w < windows_.size(); ++w) extents_of_part_[of.window_part][w] = window_extent(w, tile);
  }
}

std::optional<std::uint32_t> Tiles::of_children(std::uint32_t tile, const DimSizes& children) const {
  std::uint32_t all = tile;
  for (std::size_t d = 0; d < kDims; ++d) {
    if (children[d] == 1) continue;
    if (count(tile, d) % children[d] != 0) return std::nullopt;
    all = with(all, d, dims_[d].number_of(extent(tile, d) * children[d]));
  }
  return all;
}

TileExtents Tiles::extents() const {
  TileExtents extents;
  for (std::size_t d = 0; d < kDims; ++d) extents[d] = dims_[d].extent;
  return extents;
}

double Tiles::copies(Tensor3 t, const DimSizes& children) const {
  double copies = 1;
  for (std::size_t d = 0; d < kDims; ++d) {
    if (!relevant(t, d)) copies *= double(children[d]);
  }
  return copies;
}

bool Tiles::windowed(std::size_t d) const {
  return std::any_of(windows_.begin(), windows_.end(), [&](const WindowAxis& w) { return w.a == d || w.b == d; });
}

bool Tiles::windows_countable() const {
  std::size_t parts = 1;
  for (const WindowAxis& w : windows_) {
    if (w.bounds[0] * w.bounds[1] > kLongestCounted) return false;
    parts *= w.words.size();
  }
  return parts < kMostParts;
}

}  // namespace weft::free_search
