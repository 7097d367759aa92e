// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "weft/mapper/mapper.h"
#include "weft/mapper/skeleton.h"

namespace weft {

/// What a choice costs at least. Exact (equal to count() and cost()) unless `exact` is false: where a ragged last tile
/// may leave a loop at its start, a few transfers fewer than a product of bounds are made.
struct Estimate {
  Int128 energy = 0;
  std::int64_t latency = 0;
  bool exact = true;
};

/// Costs choices of one skeleton quickly: each transfer is a product, over the dimensions, of numbers that depend on
/// the bounds of one dimension (of two for a window), and those are kept.
class Estimator {
 public:
  Estimator(const LoopProblem& problem, const Hardware& hardware, const Skeleton& skeleton, const MapOptions& options);
  ~Estimator();
  Estimator(const Estimator&) = delete;
  Estimator& operator=(const Estimator&) = delete;

  Estimate operator()(const Choice& choice);
  /// The same without what grows with the tiles of the stores outside the array: the first fill of those that are not
  /// single-buffered. It falls as the bounds of free loops grow, which the whole does not quite.
  /// And for the best order of the loops that may change places, for each tensor by itself. So a bound of all that can
  /// be made of a choice whose free loops take all that is left.
  Estimate without_first_fills(const Choice& choice);
  /// What the model multiplies with prices, one number a term: words of each transfer, as one store or the other sees
  /// them.
  using Terms = std::vector<double>;
  /// The terms of a choice, with the loops of the slots in `moving` (a bit each) taken as moving and no others,
  /// whatever their bounds, in the best order for each. Each term is then a product over groups of dimensions that
  /// share no window.
  Terms terms(const Choice& choice, std::uint32_t moving);
  /// Energy that does not depend on time, of such terms; rounded down.
  Int128 moving_energy(const Terms& terms) const;
  /// Cycles that transfers into single-buffered stores stall the machine at least, of such terms; rounded down.
  std::int64_t stalled_cycles(const Terms& terms) const;
  Int128 energy_per_cycle() const;  ///< of clock networks and leakage

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace weft
