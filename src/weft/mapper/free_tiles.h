// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "weft/dataflow/loop_problem.h"
#include "weft/mapper/traffic.h"
#include "weft/mapper/window_sums.h"

/// The parts of the search without a dataflow (mapper/free_search.h); nothing else includes them.
namespace weft::free_search {

/// Ascending. O(sqrt(n)).
std::vector<std::int64_t> divisors(std::int64_t n);

/// The loop over an array that folds a dimension of so many steps, which does not divide: as many children as there is
/// room for, but no more than so many folds need. 0 if the room, or as many children as the best divisor, does it.
std::int64_t fold_bound(std::int64_t steps, std::int64_t room);

/// Whether a loop of that bound outside the arrays makes full use of it: no smaller one makes as few tiles, and its
/// last tile has two steps at least.
bool is_outer_step(std::int64_t steps, std::int64_t bound);

/// Rooms that an array may leave for a loop that folds a dimension: those next to how many children it has on other
/// axes.
struct FoldRoom {
  std::int64_t others = 1, room = 1;
  auto operator<=>(const FoldRoom&) const = default;
};
/// The same where others divide so many steps first; 0 if they do not.
std::int64_t fold_bound(std::int64_t steps, const FoldRoom& room);
using FoldRooms = std::array<std::vector<FoldRoom>, kDims>;

/// The tile extents that one dimension may have, smallest first: the divisors of its bound, and those of folds over the
/// outermost array and of loops outside it. And the loops that lead from one to a larger one.
struct DimTiles {
  struct Step {
    std::uint32_t to;    ///< number of the larger extent
    std::int64_t bound;  ///< of the loop
    bool prime;          ///< no two loops make it
  };
  std::vector<std::int64_t> extent, count;  ///< count: how many tiles of that extent the dimension has
  std::vector<std::uint8_t> even;           ///< whether the extent divides the bound
  std::vector<std::uint32_t> place;         ///< among those that are as even
  std::array<std::uint32_t, 2> places{};    ///< how many are uneven, and how many even
  std::vector<std::vector<Step>> steps;

  std::uint32_t number_of(std::int64_t wanted) const;  ///< of an extent that is there
};

/// An axis of the ifmap whose coordinate is a sum of two dimensions, outputs `a` and taps `b`.
struct WindowAxis {
  const Axis* axis;
  std::size_t a, b;
  WindowExtent bounds;
  std::vector<double>
      words;  ///< over all window tiles, by the numbers of their extents: a's times those b has, plus b's
  std::vector<double> first;  ///< of the first of them
  bool padded = false;        ///< some coordinates are padding: tiles of one size differ in words
};
inline constexpr std::size_t kMaxWindows = 2;

/// Every tile that a layer's nest may cover, numbered so that larger ones come later, and what is asked of them again
/// and again. One dimension at most has an uneven extent; none where they would be too many to list. Throws Error
/// (mapper.unsupported) for layers with too many tiles even so.
class Tiles {
 public:
  Tiles(const LoopProblem& problem, const std::array<std::int64_t, kTensors>& word_bits, const FoldRooms& rooms);

  std::uint32_t size() const { return size_; }
  /// Whether some have an uneven extent.
  bool has_uneven() const { return first_of_block_[kBlocks - 1] > 0; }
  /// The tile of one MAC.
  std::uint32_t smallest() const { return first_of_block_[kBlocks - 1]; }
  TileExtents extents() const;
  const DimTiles& dim(std::size_t d) const { return dims_[d]; }
  std::uint32_t number(std::uint32_t tile, std::size_t d) const { return numbers_[tile][d]; }
  std::int64_t extent(std::uint32_t tile, std::size_t d) const { return dims_[d].extent[number(tile, d)]; }
  std::int64_t count(std::uint32_t tile, std::size_t d) const { return dims_[d].count[number(tile, d)]; }
  bool divides(std::uint32_t tile, std::size_t d) const { return dims_[d].even[number(tile, d)] != 0; }
  /// The tile with another extent in dimension d, by its number.
  std::uint32_t with(std::uint32_t tile, std::size_t d, std::uint32_t extent_number) const {
    const DimTiles& dim = dims_[d];
    const std::uint32_t old = number(tile, d);
    if (dim.even[extent_number] != dim.even[old]) return renumbered(tile, d, extent_number);
    return tile + (dim.place[extent_number] - dim.place[old]) * strides_[block_[tile]][d];
  }

  /// The tile of all children of an array together, if their number divides, but for one dimension that they fold.
  std::optional<std::uint32_t> of_children(std::uint32_t tile, const DimSizes& children,
                                           std::optional<std::size_t> folded = {}) const;
  /// Steps of children that have so many tiles of `inner` each; those of `outer` are all children's.
  double steps(std::uint32_t inner, std::uint32_t outer) const;

  bool relevant(Tensor3 t, std::size_t d) const { return relevant_[index(t)][d]; }
  bool windowed(std::size_t d) const;  ///< whether a window axis depends on d
  /// How many tiles `inner` there are for one tile `outer` along all that t does not depend on.
  double copies(Tensor3 t, std::uint32_t inner, std::uint32_t outer) const {
    return others(t, inner) / others(t, outer);
  }
  /// Words of the whole tensor along the axes that are no windows, and of all of it.
  double fixed_words(Tensor3 t) const { return fixed_words_[index(t)]; }
  double whole_words(Tensor3 t) const { return of_[size_ - 1].base[index(t)]; }

  /// Room that a tile of t needs.
  double bits(Tensor3 t, std::uint32_t tile) const { return of_[tile].bits[index(t)]; }
  /// Words of all tiles of t if each is taken once for every step of the other dimensions' loops outside it.
  double base(Tensor3 t, std::uint32_t tile) const { return of_[tile].base[index(t)]; }
  /// Words of the first tile of t, at the origin of all dimensions.
  double first_words(Tensor3 t, std::uint32_t tile) const { return of_[tile].first[index(t)]; }
  /// As base(), but along the window axes.
  double others(Tensor3 t, std::uint32_t tile) const { return of_[tile].others[index(t)]; }

  const std::vector<WindowAxis>& windows() const { return windows_; }
  /// Words of all window tiles along axis w.
  double window(std::size_t w, std::uint32_t tile) const { return windows_[w].words[window_number(w, tile)]; }
  std::size_t window_number(std::size_t w, std::uint32_t tile) const {
    return number(tile, windows_[w].a) * dims_[windows_[w].b].extent.size() + number(tile, windows_[w].b);
  }
  WindowExtent window_extent(std::size_t w, std::uint32_t tile) const {
    return {extent(tile, windows_[w].a), extent(tile, windows_[w].b)};
  }

  /// A tile's extents along all windows as one number, at least 1; 0 stands for none.
  std::uint16_t window_part(std::uint32_t tile) const { return of_[tile].window_part; }
  const std::array<WindowExtent, kMaxWindows>& window_extents(std::uint16_t part) const {
    return extents_of_part_[part];
  }
  /// Whether such a number has room for every part, and the windows are short enough to be walked.
  bool windows_countable() const;

 private:
  struct TileWords {
    std::array<double, kTensors> bits{}, others{}, base{}, first{1, 1, 1};
    std::uint16_t window_part = 0;
  };
  void list_extents(const LoopProblem& problem, const FoldRooms& rooms);
  std::uint64_t count_tiles() const;
  void list_numbers(const LoopProblem& problem);
  std::uint32_t renumbered(std::uint32_t tile, std::size_t d, std::uint32_t extent_number) const;
  void list_windows(const LoopProblem& problem);
  void list_words(const LoopProblem& problem, const std::array<std::int64_t, kTensors>& word_bits);

  /// Block d has the tiles with an uneven extent in dimension d, the last block those with none.
  static constexpr std::size_t kBlocks = kDims + 1;

  std::array<DimTiles, kDims> dims_;
  std::uint32_t size_ = 0;
  std::array<std::uint32_t, kBlocks> first_of_block_{};
  std::array<std::array<std::uint32_t, kDims>, kBlocks> strides_{};  ///< what the next extent adds to a number
  std::vector<std::uint8_t> block_;                                  ///< by tile
  std::vector<std::array<std::uint16_t, kDims>> numbers_;
  std::vector<WindowAxis> windows_;
  std::array<std::array<bool, kDims>, kTensors> relevant_{};
  std::array<double, kTensors> fixed_words_{1, 1, 1};
  std::vector<TileWords> of_;
  std::vector<std::array<WindowExtent, kMaxWindows>> extents_of_part_;
};

}  // namespace weft::free_search
