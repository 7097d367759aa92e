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
  /// What the model multiplies with prices, one number a term: words of each transfer, as one store or the other sees
  /// them.
  using Terms = std::vector<double>;
  /// The terms of a choice, with the loops of the slots in `moving` (a bit each) taken as moving and no others,
  /// whatever their bounds, in the best order for each. Each term is then a product over groups of dimensions that
  /// share no window.
  Terms terms(const Choice& choice, std::uint32_t moving);
  Terms ordered_terms(const Choice& choice, std::uint32_t moving);  ///< in the order of the choice
  /// Loops that may stand still together in ragged last tiles, as slots (a bit each), and the terms that then say too
  /// much: by one of all their tiles (`less`), or by who knows how much (`lost`).
  struct Standing {
    std::uint32_t slots = 0;
    std::vector<std::size_t> less, lost;
  };
  /// Of any order and bounds, if no other loops than those of `moving` move.
  std::vector<Standing> standing(std::uint32_t moving) const;
  /// Energy and cycles at least, of so many steps: with the stalls of transfers into single-buffered stores, and not
  /// less time than any bandwidth asks for.
  struct Least {
    Int128 energy = 0;
    std::int64_t latency = 0;
  };
  /// What that follows from: sums over the terms, the energy no less than with the least traffic from the outermost
  /// stores. `spared`: shares of the terms that ragged last tiles may spare, or nothing.
  using Sums = std::array<double, 8>;
  Sums sums(const Terms& terms, const std::vector<double>& spared = {}) const;
  /// What no choice is below: every weight comes from its outermost store, every partial sum goes there, and each MAC
  /// meets the stores that are beside it in its PE. Ragged last tiles may spare the rest.
  Sums compulsory() const;
  Least least(const Sums& sums, std::int64_t steps) const;

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace weft
