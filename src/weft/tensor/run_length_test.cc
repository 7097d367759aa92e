// SPDX-License-Identifier: Apache-2.0
#include "weft/tensor/run_length.h"

#include <catch2/catch.hpp>

#include "weft/base/random.h"

namespace weft {
namespace {

using Values = std::vector<std::int16_t>;
using Words = std::vector<std::uint64_t>;

/// run + level of the chip's code, by hand.
std::uint64_t pair(std::uint64_t run, std::uint64_t level, int at) { return (run | level << 5) << (21 * at); }
constexpr std::uint64_t kLast = std::uint64_t{1} << 63;

}  // namespace

TEST_CASE("runs of zeros and the levels that end them fill words of three pairs and a bit") {
  const RunLengthCode chip;
  CHECK(chip.pairs() == 3);
  // The example of JSSC 52(1) 2017: 0, 0, 12, 0, 0, 0, 0, 53, 0, 0, 22 in one word.
  CHECK(run_length_encode(Values{0, 0, 12, 0, 0, 0, 0, 53, 0, 0, 22}, chip) ==
        Words{pair(2, 12, 0) | pair(4, 53, 1) | pair(2, 22, 2) | kLast});
  CHECK(run_length_encode(Values{1, 2, 3, -1}, chip) ==
        Words{pair(0, 1, 0) | pair(0, 2, 1) | pair(0, 3, 2), pair(0, 0xffff, 0) | kLast});
  CHECK(run_length_encode(Values{}, chip).empty());
}

TEST_CASE("a run of 31 zeros is one pair's, one of 32 ends in a zero") {
  const RunLengthCode chip;
  Values values(31, 0);
  values.push_back(7);
  CHECK(run_length_encode(values, chip) == Words{pair(31, 7, 0) | kLast});
  values.insert(values.begin(), 0);
  CHECK(run_length_encode(values, chip) == Words{pair(31, 0, 0) | pair(0, 7, 1) | kLast});
  CHECK(run_length_encode(Values(3, 0), chip) == Words{pair(2, 0, 0) | kLast});
}

TEST_CASE("what is encoded is decoded, at any width and share of zeros") {
  Random random(5);
  for (int trial = 0; trial < 500; ++trial) {
    RunLengthCode code{.run_bits = int(random.between(1, 8)), .level_bits = int(random.between(2, 16))};
    code.word_bits = int(random.between(code.run_bits + code.level_bits + 1, 64));
    const std::int64_t zeros = random.between(0, 100), most = (1 << (code.level_bits - 1)) - 1;
    Values values(std::size_t(random.between(0, 400)));
    for (auto& value : values)
      value = std::int16_t(random.between(1, 100) <= zeros ? 0 : random.between(-most - 1, most));
    const Words words = run_length_encode(values, code);
    REQUIRE(run_length_decode(words, std::int64_t(values.size()), code) == values);
    // How many values there are is not in the words: a filler may be a zero. Never can there be many fewer or more.
    CHECK_FALSE(run_length_decode(words, std::int64_t(values.size()) + code.pairs() + 1, code));
  }
}

TEST_CASE("words that the encoder does not make are refused") {
  const RunLengthCode chip;
  CHECK(run_length_decode(Words{pair(2, 12, 0) | kLast}, 3, chip) == Values{0, 0, 12});
  CHECK_FALSE(run_length_decode(Words{pair(2, 12, 0)}, 3, chip));                          // no last bit
  CHECK_FALSE(run_length_decode(Words{pair(2, 12, 0) | pair(0, 1, 1) | kLast}, 3, chip));  // more than there is
  CHECK_FALSE(run_length_decode(Words{pair(1, 0, 0) | pair(0, 12, 1) | kLast}, 3, chip));  // a run cut in two
  CHECK_FALSE(run_length_decode(Words{pair(31, 1, 0) | kLast}, 3, chip));                  // a run past the end
  CHECK_FALSE(run_length_decode(Words{pair(2, 12, 0) | kLast, kLast}, 3, chip));
}

TEST_CASE("the expected length is that of independent zeros") {
  const RunLengthCode chip;
  CHECK(expected_run_length_bits(0, chip) == Approx(64.0 / 3));
  CHECK(expected_run_length_bits(0.5, chip) == Approx(32.0 / 3));
  CHECK(expected_run_length_bits(1, chip) == Approx(64.0 / 3 / 32));
  Random random(6);
  for (const int percent : {30, 80, 97}) {
    Values values(300'000);
    for (auto& value : values) value = random.between(1, 100) <= percent ? 0 : 1;
    const double bits = 64.0 * double(run_length_encode(values, chip).size()) / double(values.size());
    CHECK(bits == Approx(expected_run_length_bits(percent / 100.0, chip)).epsilon(0.01));
  }
}

TEST_CASE("statistics count zeros, their runs, and the entropy of a value") {
  const ValueStatistics s = value_statistics(Values{0, 0, 5, 0, 5, 5, 0, 0});
  CHECK(s.count == 8);
  CHECK(s.zeros == 5);
  CHECK(s.runs == 3);
  CHECK(s.longest_run == 2);
  CHECK(s.entropy_bits == Approx(0.954434));  // of 5/8 and 3/8
}

}  // namespace weft
