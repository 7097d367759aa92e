// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <vector>

#include "weft/mapper/estimate.h"
#include "weft/mapper/skeleton.h"

namespace weft {

/// One way to spread dimensions over the array: the number of children along each, and how it is laid on the axes.
struct SpatialChoice {
  DimSizes children{1, 1, 1, 1, 1, 1, 1, 1};
  AxisBounds axes;
};

/// Whether a loop of this bound over so many tiles stands still in its last one: there it does not displace what loops
/// further in keep.
constexpr bool stands_still(std::int64_t tiles, std::int64_t bound) { return bound > 1 && tiles % bound == 1; }

using FreeSet = std::uint32_t;  ///< free loops, a bit each
using DimSet = std::uint32_t;   ///< dimensions, a bit each

/// Of each free loop: which of its candidate bounds it has.
using FreeIndex = std::array<std::uint32_t, kDims>;
/// Of each free loop: in what share of its tiles it may stand still.
using Shares = std::array<double, kDims>;

/// Lower bounds for the mappings of a dataflow, in three steps: the loops over the array and in the PEs (a pair of
/// choices), which of the free loops move (a class), and how far.
///
/// Within a class every transfer is a product over groups of dimensions that share no window, and falls as the bounds
/// of free loops grow. So each group's factors are found once, and a bound is a few products. Not so where loops stand
/// still in their last tiles: the transfers that may then stay are counted less by one of all tiles.
class ClassBounds {
 public:
  struct Group;
  struct GroupChoice;
  static constexpr int kBestOrder = -1;  ///< each tensor sees the outer loops in the order that suits it best

  /// Sorts `insides` such that those which agree in the first groups follow each other.
  ClassBounds(const LoopProblem& problem, const Skeleton& skeleton, Estimator& estimate,
              const std::vector<SpatialChoice>& spatials, std::vector<DimSizes>& insides);

  /// Of a choice over the array and one in the PEs: what a group of dimensions has of it.
  struct Place {
    std::size_t row = 0, column = 0;
  };
  /// A choice over the array and one in the PEs.
  struct Pair {
    std::array<Place, kDims> at{};  ///< by group
    std::int64_t steps = 1;
    DimSet tiled = 0;  ///< dimensions with more than one tile outside
    Shares still{};
  };
  Pair pair(std::size_t s, std::size_t i);

  /// The bounds that free loop `k` may have, ascending; the last takes all that is left.
  const std::vector<std::int64_t>& candidates(const Pair& pair, std::size_t k) const;
  FreeIndex largest(const Pair& pair) const;

  /// The classes that there are when those dimensions are tiled: all sets of their free loops, ascending.
  const std::vector<FreeSet>& classes(DimSet tiled) { return tiling(tiled).classes; }

  /// Sums of a class with the free loops that move at these bounds, less what those may spare that stand still.
  /// `order`: one of orders().
  Estimator::Sums least_sums(const Pair& pair, FreeSet moving, const FreeIndex& at, const Shares& still,
                             int order = kBestOrder);

  /// Some of the classes that there are when those dimensions are tiled.
  struct Classes {
    DimSet tiled = 0;
    std::vector<FreeSet> moving;
  };

  /// Pairs of a choice over the array with those in the PEs that agree with `inside`, the first of them, in the first
  /// `fixed` groups. Their steps at least, and least sums of each class; no sums if there are no such pairs.
  struct Range {
    std::size_t spatial = 0, inside = 0, fixed = 0;
  };
  std::int64_t sum_range(const Range& range, const Classes& classes, std::vector<Estimator::Sums>& by_class);

  /// The sets of dimensions that a choice over the array may leave tiled.
  std::vector<DimSet> tiled_sets(std::size_t s) const;
  const std::vector<Group>& groups() const { return groups_; }

  /// The orders that differ for a tensor when the loops of these slots move: permutations of those that may change
  /// places, among the places that they have.
  const std::vector<LoopOrder>& orders(std::uint32_t moving_slots);
  /// The slots that move in a class; of the free loops in `both` the outer loop of their dimension moves too.
  std::uint32_t moving_slots(DimSet tiled, FreeSet moving, FreeSet both) const;
  /// The free loops that do not take all that is left.
  FreeSet partial(const Pair& pair, FreeSet moving, const FreeIndex& at) const;

  struct GroupChoice {
    DimSizes children{}, inside{};
    std::int64_t steps = 1;
    DimSet tiled = 0;
    Shares still{};
    std::array<std::vector<std::int64_t>, kDims> candidates;  ///< by free loop
    bool useful = false;                                      ///< over an array of some shape
  };
  /// What the first columns of a group's loops in the PEs can do at least, with given loops over the array.
  struct Least {
    std::int64_t steps = 0;  ///< 0: there are none
    Shares still{};
    std::vector<Estimator::Terms> by_moving;
  };
  struct Row {
    std::vector<DimSet> tiled;              ///< sets of the group's dimensions that its choices tile
    std::vector<std::vector<Least>> least;  ///< by the number of the tiling of all groups, up to each stop
  };
  struct Group {
    std::vector<Dim> dims;
    DimSet set = 0;
    std::vector<std::size_t> free;                     ///< its free loops
    std::vector<std::size_t> spatial_key, inside_key;  ///< of each choice of the lists: row and column of the table
    std::vector<std::size_t> run_end;                  ///< of each inside: the next one that differs so far
    std::size_t columns = 0;
    std::vector<std::size_t> stops;  ///< some columns, ascending, the last among them
    std::vector<GroupChoice> table;
    std::vector<Row> rows;
    std::vector<bool> useful;  ///< by choice over the array and column
    bool is_useful(std::size_t s, std::size_t i) const { return useful[s * columns + inside_key[i]]; }
    Place place(std::size_t s, std::size_t i) const { return {spatial_key[s], inside_key[i]}; }
    const GroupChoice& at(Place place) const { return table[place.row * columns + place.column]; }
    const GroupChoice& at(std::size_t s, std::size_t i) const { return at(place(s, i)); }
  };

 private:
  /// Which loops move outside the array, and in what order.
  struct Class {
    FreeSet moving = 0, both = 0;
    std::uint32_t slots = 0;
    LoopOrder order{};
    bool ordered = false;
    Estimator::Terms base;  ///< of the largest choice in every group
    /// What the choices of a group do to the terms, relative to the largest: by group, row, column, the bounds of its
    /// free loops in `both`, term. Negative: not known yet.
    std::array<std::vector<std::vector<double*>>, kDims> factors;
  };

  /// Free loops that may stand still together, and the terms that then say too much.
  struct Standing {
    FreeSet loops = 0;
    double share = 1;  ///< of the children of arrays outside, those in which outermost loops among them stand still
    Estimator::Standing terms;
  };
  /// The classes that there are when some dimensions are tiled.
  struct Tiling {
    std::size_t number = 0;
    std::vector<FreeSet> classes;
    std::vector<Class*> in_best_order;            ///< by the loops that move, and those that do in part
    std::vector<std::vector<Class*>> in_order;    ///< the same, by order
    std::vector<std::vector<Standing>> standing;  ///< by the loops that move
  };

  Tiling& tiling(DimSet tiled);
  std::vector<std::vector<Dim>> dimension_groups() const;
  void sort(std::vector<DimSizes>& insides) const;
  void find_largest(const std::vector<SpatialChoice>& spatials, const std::vector<DimSizes>& insides);
  GroupChoice group_choice(const Group& group, const DimSizes& children, const DimSizes& inside) const;
  bool useful(const SpatialChoice& spatial, const Group& group, std::size_t column) const;
  void note_useful(Group& group, const std::vector<SpatialChoice>& spatials);
  Class& class_of(DimSet tiled, FreeSet moving, FreeSet both, int order);
  Choice core_of(const Group* group, const GroupChoice* at) const;
  Estimator::Terms terms(Choice choice, const Class& in);
  const double* factor(std::size_t g, Place place, Class& in, const FreeIndex& at);
  void find_factor(const Group& group, const GroupChoice& choice, const Class& in, const FreeIndex& at, double* factor);
  double* unknown_factors(std::size_t count);
  void note_runs(std::size_t insides);
  void note_stops(std::size_t insides);
  const std::vector<Least>& least_of_row(std::size_t g, std::size_t row, DimSet tiled);
  std::vector<Standing> standing(DimSet tiled, FreeSet moving) const;
  void multiply(const Class& in, const std::array<const double*, kDims>& factors, Estimator::Terms& product);
  void multiply(const Pair& pair, FreeSet moving, const FreeIndex& at, int order, Estimator::Terms& product);
  bool may_stand_still(const Pair& pair, FreeSet moving, const Shares& still);
  void spare(const std::vector<Standing>& standing, const Shares& still, const Estimator::Terms& whole,
             Estimator::Terms& terms);
  bool order_matters(std::uint32_t moving_slots, Tensor3 t) const;
  std::vector<std::uint32_t> order_signature(std::uint32_t moving_slots, const std::vector<std::uint8_t>& loops) const;

  const LoopProblem& problem_;
  const Skeleton& skeleton_;
  Estimator& estimate_;
  DimSizes extent_ = skeleton_.extents(problem_);
  std::vector<Group> groups_;                  ///< those with a choice
  GroupChoice only_;                           ///< of the others
  std::array<std::size_t, kDims> group_of_{};  ///< by free loop
  SpatialChoice widest_;                       ///< every dimension at its largest, more than the array has room for
  DimSizes largest_{};
  std::vector<std::vector<std::array<std::size_t, kDims>>> stop_;  ///< of each group, by fixed groups and inside
  std::deque<Class> classes_;
  std::vector<std::vector<double>> factors_;                  ///< of all classes, in pieces that stay where they are
  std::array<std::unique_ptr<Tiling>, 1u << kDims> tilings_;  ///< by the dimensions tiled
  std::size_t tilings_met_ = 0;
  std::map<std::uint32_t, std::vector<LoopOrder>> orders_;  ///< by the slots that move
  Estimator::Terms product_, whole_;
  std::vector<double> spared_;  ///< share of each term
};

}  // namespace weft
