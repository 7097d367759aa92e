// SPDX-License-Identifier: Apache-2.0
#include "weft/mapper/free_tiles.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "weft/base/ceil_div.h"
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

/// Folds of a dimension over an array, and the tiles of loops outside it: of those that make as many tiles the
/// smallest, and whose last one has two steps at least. (With one step a loop stands still there, and what a tile costs
/// would hang on more than the tile.)
std::set<std::int64_t> uneven_extents(std::int64_t bound, const std::vector<FoldRoom>& rooms) {
  std::set<std::int64_t> found;
  std::vector<std::int64_t> fresh;
  const auto add = [&](std::int64_t extent) {
    if (extent < bound && bound % extent != 0 && found.insert(extent).second) fresh.push_back(extent);
  };
  for (const std::int64_t inner : divisors(bound)) {
    for (const FoldRoom& room : rooms) {
      const std::int64_t b = fold_bound(bound / inner, room);
      if (b > 0) add(inner * room.others * b);
    }
  }
  while (!fresh.empty()) {
    const std::int64_t inner = fresh.back(), count = ceil_div(bound, inner);
    fresh.pop_back();
    for (const std::int64_t b : distinct_bounds(count)) {
      if (is_outer_step(count, b)) add(inner * b);
    }
  }
  return found;
}

/// From an even extent to even ones that it divides; from an uneven one to all that a loop outside makes of it.
std::vector<DimTiles::Step> steps_from(const DimTiles& table, std::size_t from) {
  std::vector<DimTiles::Step> steps;
  const std::size_t whole = table.extent.size() - 1;
  for (std::size_t to = from + 1; to <= whole; ++to) {
    if (table.even[from] > table.even[to]) continue;
    const std::int64_t count = table.count[from];
    const bool divides = table.extent[to] % table.extent[from] == 0;
    const std::int64_t b = to == whole ? count : table.extent[to] / table.extent[from];
    if (to != whole && !(divides && (table.even[from] != 0 || is_outer_step(count, b)))) continue;
    steps.push_back({std::uint32_t(to), b, true});
  }
  return steps;
}

DimTiles dim_tiles(std::int64_t bound, const std::vector<FoldRoom>& rooms) {
  DimTiles table;
  const std::set<std::int64_t> uneven = uneven_extents(bound, rooms);
  table.extent = divisors(bound);
  table.extent.insert(table.extent.end(), uneven.begin(), uneven.end());
  std::sort(table.extent.begin(), table.extent.end());
  for (const std::int64_t extent : table.extent) {
    table.count.push_back(ceil_div(bound, extent));
    table.even.push_back(bound % extent == 0 ? 1 : 0);
    table.place.push_back(table.places[table.even.back()]++);
  }
  for (std::size_t i = 0; i < table.extent.size(); ++i) table.steps.push_back(steps_from(table, i));
  for (std::vector<DimTiles::Step>& steps : table.steps) {
    for (DimTiles::Step& step : steps) {
      step.prime = std::none_of(steps.begin(), steps.end(), [&](const DimTiles::Step& first) {
        const std::vector<DimTiles::Step>& next = table.steps[first.to];
        return std::any_of(next.begin(), next.end(), [&](const DimTiles::Step& s) { return s.to == step.to; });
      });
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

bool is_outer_step(std::int64_t steps, std::int64_t bound) {
  const std::int64_t tiles = ceil_div(steps, bound);
  return bound > 1 && tiles > 1 && bound == ceil_div(steps, tiles) && steps - (tiles - 1) * bound > 1;
}

std::int64_t fold_bound(std::int64_t steps, std::int64_t room) {
  if (room < 2 || steps <= room) return 0;
  const std::int64_t bound = ceil_div(steps, ceil_div(steps, room));
  return steps % bound == 0 ? 0 : bound;
}

std::int64_t fold_bound(std::int64_t steps, const FoldRoom& room) {
  return steps % room.others == 0 ? fold_bound(steps / room.others, room.room) : 0;
}

std::uint32_t DimTiles::number_of(std::int64_t wanted) const {
  return std::uint32_t(std::lower_bound(extent.begin(), extent.end(), wanted) - extent.begin());
}

Tiles::Tiles(const LoopProblem& problem, const std::array<std::int64_t, kTensors>& word_bits, const FoldRooms& rooms) {
  constexpr std::uint64_t kMostWithFolds = 1u << 20;
  list_extents(problem, rooms);
  if (count_tiles() > kMostWithFolds) list_extents(problem, {});
  list_numbers(problem);
  list_windows(problem);
  list_words(problem, word_bits);
}

void Tiles::list_extents(const LoopProblem& problem, const FoldRooms& rooms) {
  for (std::size_t d = 0; d < kDims; ++d) {
    if (problem.bounds[d] > kLargestBound) refuse(problem, "is too large");
    dims_[d] = dim_tiles(problem.bounds[d], rooms[d]);
  }
}

std::uint64_t Tiles::count_tiles() const {
  double size = 0;
  for (std::size_t block = 0; block < kBlocks; ++block) {
    double of_block = 1;
    for (std::size_t d = 0; d < kDims; ++d) of_block *= dims_[d].places[block == d ? 0 : 1];
    size += of_block;
  }
  return std::uint64_t(std::min(size, 1e18));
}

/// Loops outside the arrays lead from a block to itself or to the last.
void Tiles::list_numbers(const LoopProblem& problem) {
  std::uint64_t size = 0;
  for (std::size_t block = 0; block < kBlocks; ++block) {
    first_of_block_[block] = std::uint32_t(size);
    std::uint64_t stride = 1;
    for (std::size_t d = 0; d < kDims; ++d) {
      strides_[block][d] = std::uint32_t(stride);
      stride *= dims_[d].places[block == d ? 0 : 1];
      if (size + stride > kMostTiles) refuse(problem, "has too many tiles");
    }
    size += stride;
  }
  size_ = std::uint32_t(size);
  numbers_.resize(size_);
  block_.resize(size_);
  std::array<std::array<std::vector<std::uint16_t>, 2>, kDims> number_of;  // by place
  for (std::size_t d = 0; d < kDims; ++d) {
    for (std::size_t n = 0; n < dims_[d].extent.size(); ++n) number_of[d][dims_[d].even[n]].push_back(std::uint16_t(n));
  }
  for (std::size_t block = 0; block < kBlocks; ++block) {
    const std::uint32_t end = block + 1 < kBlocks ? first_of_block_[block + 1] : size_;
    for (std::uint32_t tile = first_of_block_[block]; tile < end; ++tile) {
      block_[tile] = std::uint8_t(block);
      for (std::size_t d = 0; d < kDims; ++d) {
        const std::vector<std::uint16_t>& numbers = number_of[d][block == d ? 0 : 1];
        numbers_[tile][d] = numbers[(tile - first_of_block_[block]) / strides_[block][d] % numbers.size()];
      }
    }
  }
}

/// The tile with an extent in dimension d that is even where its own is not, or the other way round.
std::uint32_t Tiles::renumbered(std::uint32_t tile, std::size_t d, std::uint32_t extent_number) const {
  const std::size_t block = dims_[d].even[extent_number] != 0 ? kBlocks - 1 : d;
  std::uint32_t result = first_of_block_[block] + dims_[d].place[extent_number] * strides_[block][d];
  for (std::size_t e = 0; e < kDims; ++e) {
    if (e != d) result += dims_[e].place[number(tile, e)] * strides_[block][e];
  }
  return result;
}

void Tiles::list_windows(const LoopProblem& problem) {
  for (const Axis& axis : problem.tensor(Tensor3::ifmap).axes) {
    if (axis.terms.size() < 2) continue;
    WindowAxis w{&axis, index(axis.terms[0].dim), index(axis.terms[1].dim), {}, {}, {}};
    w.bounds = {problem.bounds[w.a], problem.bounds[w.b]};
    w.padded = has_padding(problem, axis);
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

std::optional<std::uint32_t> Tiles::of_children(std::uint32_t tile, const DimSizes& children,
                                                std::optional<std::size_t> folded) const {
  std::uint32_t all = tile;
  for (std::size_t d = 0; d < kDims; ++d) {
    if (children[d] == 1) continue;
    if (d != folded && count(tile, d) % children[d] != 0) return std::nullopt;
    all = with(all, d, dims_[d].number_of(extent(tile, d) * children[d]));
  }
  return all;
}

double Tiles::steps(std::uint32_t inner, std::uint32_t outer) const {
  double steps = 1;
  for (std::size_t d = 0; d < kDims; ++d) steps *= double(count(outer, d) * extent(inner, d));
  return steps;
}

TileExtents Tiles::extents() const {
  TileExtents extents;
  for (std::size_t d = 0; d < kDims; ++d) extents[d] = dims_[d].extent;
  return extents;
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
