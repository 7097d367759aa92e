// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

#include "weft/mapper/free_bounds.h"

namespace weft::free_search {

/// What was last put around a nest.
struct Move {
  enum Kind : std::uint8_t { none, loop, point, array } kind = none;
  std::uint8_t dim = 0;     ///< loop: the dimension; point: the tensor
  std::int64_t number = 0;  ///< loop: bound; point: node; array: the spatial choice
};

inline constexpr std::uint32_t kNoLabel = ~0u;

/// A nest so far, of the tile it covers: the last move, and the label of the nest it was put around.
struct Label {
  std::uint64_t key = Key{}.packed();
  std::uint32_t tile = 0, prev = kNoLabel, next = kNoLabel;
  bool dead = false;  ///< another is no worse
  Move move;
  double bound = 0;  ///< for a first mapping: the goal's value at least
};

/// A label to be, with its figures; those of clocks that are not in use are never set.
struct NewLabel : Label {
  Figures f;
  std::uint64_t kin = 0;  ///< alike in nests with the same points at the same tiles and the same arrays
};

/// How labels are compared.
struct Order {
  const Machine& machine;
  Goal goal;
  bool best_only = false;  ///< of each tile and key only the label with the least bound, for a first mapping
  std::size_t wanted = 1;  ///< mappings that are no kin

  bool no_worse(const double* a, const double* b) const;  ///< figures
};

/// The labels that none like them is better than, by tile and key; if several mappings are wanted, those that fewer
/// than so many are better than which are no kin, and none of their kin.
class Labels {
 public:
  Labels(std::size_t clocks, bool with_kin) : used_(used_figures(clocks)), with_kin_(with_kin) {}

  const Label& operator[](std::uint32_t l) const { return labels_[l]; }
  /// Those in use, until a label is added; and all of them.
  const double* figures(std::uint32_t l) const { return figures_.data() + l * used_; }
  void copy_figures(std::uint32_t l, Figures& into) const {
    constexpr std::size_t kOneClock = used_figures(1);
    if (used_ == kOneClock)
      std::copy_n(figures(l), kOneClock, into.begin());
    else
      std::copy_n(figures(l), used_, into.begin());
  }

  /// Forgets all labels.
  void clear() {
    labels_.clear();
    figures_.clear();
    kin_.clear();
  }
  std::uint64_t kin(std::uint32_t l) const { return with_kin_ ? kin_[l] : 0; }
  /// Begins a region; the labels of those further in stay.
  void enter(std::size_t codes, std::uint32_t tiles);
  /// Adds a label unless one like it is no worse. Of two that are equal the one with fewer steps stays.
  bool add(const NewLabel& label, const Order& order);
  /// Those of a tile that have passed the points of `code`, in the order they came.
  void list(std::uint32_t tile, std::size_t code, std::vector<std::uint32_t>& into) const;
  /// The first tile from this one on that has labels; the number of tiles if there is none.
  std::uint32_t next_reached(std::uint32_t tile) const;

 private:
  /// Labels of one tile and one key.
  struct Group {
    std::uint64_t key;
    std::uint32_t first = kNoLabel, next = kNoGroup;
  };
  static constexpr std::uint32_t kNoGroup = ~0u;

  std::uint32_t& list_of(std::uint32_t tile, std::uint64_t key);
  bool stays(std::uint32_t known, const NewLabel& label, const Order& order) const;

  std::size_t used_;  ///< figures
  bool with_kin_;
  std::vector<Label> labels_;
  std::vector<double> figures_;
  std::vector<std::uint64_t> kin_;
  std::vector<std::uint64_t> better_;  ///< kin that are no worse than a label to be
  std::vector<std::uint32_t> heads_;   ///< the first groups, by tile and points passed
  std::vector<Group> groups_;
  std::vector<std::uint64_t> reached_;  ///< tiles with labels, a bit each
  std::size_t codes_ = 1;
  std::uint32_t tiles_ = 0;
};

}  // namespace weft::free_search
