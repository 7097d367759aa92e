// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace weft {

/// Run-length coding of values many of which are zero, as the Eyeriss chip does it off chip (Chen et al., JSSC 52(1)
/// 2017): pairs of a run of zeros and the level (value) that ends it, as many to a word as fit
/// beside one bit that says "last word". On the chip 5 + 16 bits, three pairs in 64.
struct RunLengthCode {
  int run_bits = 5;     ///< 1 to 16; a run is at most 2^run_bits - 1
  int level_bits = 16;  ///< 2 to 16, two's complement
  int word_bits = 64;   ///< at most 64, and room for a pair and the bit
  bool operator==(const RunLengthCode&) const = default;

  int pairs() const { return (word_bits - 1) / (run_bits + level_bits); }
  std::int64_t longest_run() const { return (std::int64_t{1} << run_bits) - 1; }
};

/// The values as words: pair i at bits i (run_bits + level_bits) and up, the run in its lower bits; the highest bit of
/// the word_bits is set in the last word. A run longer than a pair can say ends in a level of zero, and so does one at
/// the end; pairs that the last word does not need are zeros. Values must fit level_bits. Nothing gives no words.
std::vector<std::uint64_t> run_length_encode(std::span<const std::int16_t> values, const RunLengthCode& code);

/// The `count` values of such words, or nothing if run_length_encode does not make these words of any `count` values.
/// Memory: `count` values, taken only as words give them.
std::optional<std::vector<std::int16_t>> run_length_decode(std::span<const std::uint64_t> words, std::int64_t count,
                                                           const RunLengthCode& code);

/// Bits a value takes on average when a share `zeros` of many values is zero, independently of one another: each value
/// that is not zero has a pair, and each 2^run_bits zeros in a row have one more: (1-z) / (1 - z^(2^run_bits)) pairs a
/// value, since the run before a value is geometric.
double expected_run_length_bits(double zeros, const RunLengthCode& code);

/// What there is to say of values that are coded.
struct ValueStatistics {
  std::int64_t count = 0, zeros = 0;
  std::int64_t runs = 0;  ///< maximal runs of zeros
  std::int64_t longest_run = 0;
  double entropy_bits = 0;  ///< of a value by its frequency: no code of single values takes less
  bool operator==(const ValueStatistics&) const = default;
};
ValueStatistics value_statistics(std::span<const std::int16_t> values);

}  // namespace weft
