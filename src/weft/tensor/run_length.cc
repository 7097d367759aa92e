// SPDX-License-Identifier: Apache-2.0
#include "weft/tensor/run_length.h"

#include <algorithm>
#include <cmath>

#include "weft/base/error.h"

namespace weft {
namespace {

constexpr std::uint64_t low_bits(int n) { return n >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << n) - 1; }

/// Packs pairs into words.
class Packer {
 public:
  explicit Packer(const RunLengthCode& code) : code_(code) {}

  void pair(std::int64_t run, std::int16_t level) {
    if (filled_ == 0) words_.push_back(0);
    const std::uint64_t bits = static_cast<std::uint64_t>(run) |
                               (static_cast<std::uint64_t>(level) & low_bits(code_.level_bits)) << code_.run_bits;
    words_.back() |= bits << (filled_ * (code_.run_bits + code_.level_bits));
    filled_ = (filled_ + 1) % code_.pairs();
  }

  std::vector<std::uint64_t> finish() {
    if (!words_.empty()) words_.back() |= std::uint64_t{1} << (code_.word_bits - 1);
    return std::move(words_);
  }

 private:
  const RunLengthCode& code_;
  std::vector<std::uint64_t> words_;
  int filled_ = 0;  // pairs in the last word; 0: it is full
};

}  // namespace

std::vector<std::uint64_t> run_length_encode(std::span<const std::int16_t> values, const RunLengthCode& code) {
  WEFT_ASSERT(code.pairs() >= 1 && code.word_bits <= 64, "a word has room for a pair");
  Packer packer(code);
  std::int64_t run = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] == 0 && run < code.longest_run() && i + 1 < values.size()) {
      ++run;
    } else {
      packer.pair(run, values[i]);
      run = 0;
    }
  }
  return packer.finish();
}

std::optional<std::vector<std::int16_t>> run_length_decode(std::span<const std::uint64_t> words, std::int64_t count,
                                                           const RunLengthCode& code) {
  std::vector<std::int16_t> values;
  const auto given = [&] { return static_cast<std::int64_t>(values.size()); };
  const int pair_bits = code.run_bits + code.level_bits;
  for (std::size_t w = 0; w < words.size(); ++w) {
    if (given() == count) return std::nullopt;  // nothing was left to say
    for (int i = 0; i < code.pairs() && given() < count; ++i) {
      const std::uint64_t bits = words[w] >> (i * pair_bits) & low_bits(pair_bits);
      const auto run = static_cast<std::int64_t>(bits & low_bits(code.run_bits));
      const std::uint64_t level = bits >> code.run_bits;
      if (run >= count - given()) return std::nullopt;
      values.insert(values.end(), static_cast<std::size_t>(run), 0);
      const std::uint64_t sign = std::uint64_t{1} << (code.level_bits - 1);
      values.push_back(static_cast<std::int16_t>((level ^ sign) - sign));
    }
  }
  if (given() != count) return std::nullopt;
  // One form only: what does not come out the same again (a short run that ends in zero, bits in the padding, a "last"
  // bit at the wrong place) is no code.
  const std::vector<std::uint64_t> again = run_length_encode(values, code);
  if (!std::equal(again.begin(), again.end(), words.begin(), words.end())) return std::nullopt;
  return values;
}

double expected_run_length_bits(double zeros, const RunLengthCode& code) {
  const double overflow = std::pow(zeros, double(code.longest_run() + 1));
  const double pairs = overflow < 1 ? (1 - zeros) / (1 - overflow) : 1 / double(code.longest_run() + 1);
  return pairs * code.word_bits / code.pairs();
}

ValueStatistics value_statistics(std::span<const std::int16_t> values) {
  ValueStatistics result{.count = static_cast<std::int64_t>(values.size())};
  std::vector<std::int64_t> times(std::size_t{1} << 16, 0);
  std::int64_t run = 0;
  for (const std::int16_t value : values) {
    ++times[static_cast<std::uint16_t>(value)];
    run = value == 0 ? run + 1 : 0;
    result.runs += run == 1 ? 1 : 0;
    result.longest_run = std::max(result.longest_run, run);
  }
  result.zeros = times[0];
  for (const std::int64_t n : times) {
    if (n == 0) continue;
    const double share = double(n) / double(values.size());
    result.entropy_bits -= share * std::log2(share);
  }
  return result;
}

}  // namespace weft
