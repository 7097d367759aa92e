// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <string_view>

namespace weft {

/// Value `index` of the SplitMix64 sequence of a seed (Steele, Lea & Flood, OOPSLA 2014): random access, no state,
/// so that threads can each make their own part. split_mix(seed, 0) is the first value the published generator gives.
std::uint64_t split_mix(std::uint64_t seed, std::uint64_t index);

/// xoshiro256** (Blackman & Vigna, ACM TOMS 2021), seeded by SplitMix64: the same seed gives the same numbers on every
/// machine. Not for secrets. Meets the standard's UniformRandomBitGenerator, but std::shuffle and the standard's
/// distributions differ between libraries; use the members.
class Random {
 public:
  using result_type = std::uint64_t;
  using State = std::array<std::uint64_t, 4>;

  explicit Random(std::uint64_t seed);
  explicit Random(const State& state) : state_(state) {}  ///< not all zero

  /// An independent generator for a named part of the work. It depends on the present state and the name, and leaves
  /// this generator as it is: forks do not disturb one another.
  Random fork(std::string_view name) const;

  std::uint64_t next();
  std::uint64_t below(std::uint64_t n);                         ///< uniform, unbiased, 0 <= result < n; n is at least 1
  std::int64_t between(std::int64_t least, std::int64_t most);  ///< uniform, both ends included
  double uniform();                                             ///< 0 <= result < 1, a multiple of 2^-53
  double normal();                                              ///< mean 0, deviation 1 (Marsaglia's polar method)

  std::uint64_t operator()() { return next(); }
  static constexpr std::uint64_t min() { return 0; }
  static constexpr std::uint64_t max() { return UINT64_MAX; }

 private:
  State state_;
};

}  // namespace weft
