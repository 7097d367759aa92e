// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <vector>

#include "weft/base/units.h"
#include "weft/placement/placement.h"

namespace weft {

/// How the children that a spatial loop makes enter a sum.
enum class Spread : std::uint8_t {
  first,  ///< only child 0, which always has the most to do
  each,   ///< a word wanted by several children counts for each
  shared  ///< a word wanted by several children counts once
};

/// The steps of a nest are sorted by the loop that advances (all loops outside the storage point are temporal or
/// spatial; the steps are those of the temporal ones). `kStart` stands for the first step, at which everything is at
/// its start.
inline constexpr int kStart = -1;

/// Which steps enter a sum; false leaves all in.
struct StepFilter {
  bool still = false;   ///< no loop inside the advancing one that the tensor depends on had left its start
  bool quiet = false;   ///< no storage point that stalls this one gets a new tile
  bool origin = false;  ///< every loop over a dimension that the tensor does not depend on is at its start
};

/// A storage point that stalls another one: its tensor and the loops outside it; `always` if every step gives its tile
/// up.
struct StallPoint {
  Tensor3 tensor = Tensor3::ifmap;
  std::size_t loops_outside = 0;
  bool always = false;
};

/// Sums of words over the steps of the loops outside one storage point (or outside the compute node: all loops). Each
/// is a product over the tensor's coordinates and the other dimensions, so nothing is walked but single dimensions.
class StepSums {
 public:
  StepSums(const LoopProblem& problem, const Placement& placement, Tensor3 tensor, std::size_t loops_outside,
           std::vector<StallPoint> stalls);

  /// Words of the whole tiles that the steps arrive at where loop `advancing` advances. `spread` has one entry for each
  /// loop of the placement (only spatial ones matter).
  Int128 tiles(int advancing, StepFilter filter, const std::vector<Spread>& spread) const;
  /// The words of the tile arrived at that were not in the tile left, at those steps; the advancing loop is relevant.
  Int128 slides(int advancing, StepFilter filter, const std::vector<Spread>& spread) const;

  /// The factors of those products: words along one coordinate of the tensor, and, for a dimension that it does not
  /// depend on, positions times groups of children.
  Int128 axis_sum(const Axis& axis, int advancing, StepFilter filter, const std::vector<Spread>& spread,
                  bool slide) const;
  Int128 other_sum(Dim d, int advancing, StepFilter filter, const std::vector<Spread>& spread) const;

  /// Temporal loops outside, and which of them the tensor depends on.
  const std::vector<int>& steps() const { return steps_; }
  bool relevant(int loop) const;
  /// Whether a step of this loop ever leaves the stalling points alone.
  bool can_be_quiet(int advancing) const;

 private:
  struct Context;
  struct Enumeration;
  std::vector<Context> contexts(Dim d, int advancing) const;
  static bool passes(const Context& context, const StepFilter& filter, bool relevant_dim);
  Int128 product(int advancing, StepFilter filter, const std::vector<Spread>& spread, bool slide) const;
  Int128 compute_axis_sum(const Axis& axis, int advancing, StepFilter filter, const std::vector<Spread>& spread,
                          bool slide) const;
  Int128 compute_other_sum(Dim d, int advancing, StepFilter filter, const std::vector<Spread>& spread) const;
  /// Whether a key has room for the loops; nests of very many are summed anew each time.
  bool keeps() const { return outside_ <= 31; }
  std::uint64_t key(Dim d, int advancing, const std::vector<Spread>& spread) const;

  const LoopProblem& problem_;
  const Placement& placement_;
  Tensor3 tensor_;
  std::size_t outside_;
  std::vector<StallPoint> stalls_;
  DimSizes tile_;  ///< extent of the tile inside the point
  std::vector<int> steps_;
  mutable std::map<std::array<std::uint64_t, 3>, Int128> known_;  ///< sums made before
};

}  // namespace weft
