// SPDX-License-Identifier: Apache-2.0
#include "weft/base/random.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <map>
#include <vector>

namespace weft {
namespace {

// The first outputs of the authors' splitmix64.c for the seed 1234567.
TEST_CASE("SplitMix64 gives the published sequence, in any order") {
  CHECK(split_mix(1234567, 4) == 16408922859458223821U);
  CHECK(split_mix(1234567, 0) == 6457827717110365317U);
  CHECK(split_mix(1234567, 1) == 3203168211198807973U);
  CHECK(split_mix(1234567, 2) == 9817491932198370423U);
  CHECK(split_mix(1234567, 3) == 4593380528125082431U);
}

// By hand from the definition: rotl(s1 * 5, 7) * 9 with s1 = 2 is 10 * 128 * 9; after one step s1 is 1 ^ (3 ^ 1) ^ ...
// = 0.
TEST_CASE("xoshiro256** steps as it is defined") {
  Random random(Random::State{1, 2, 3, 4});
  CHECK(random.next() == 11520);
  CHECK(random.next() == 0);
  CHECK(random.next() == 1509978240);
  CHECK(random.next() == 1215971899390074240);
}

TEST_CASE("a seed is a sequence, and a fork is another that depends on its name only") {
  Random a(1), b(1), c(2);
  CHECK(a.next() == b.next());
  CHECK(a.next() != c.next());

  const Random parent(7);
  Random weights = parent.fork("weights"), again = parent.fork("weights"), bias = parent.fork("bias");
  const std::uint64_t first = weights.next();
  CHECK(first == again.next());
  CHECK(first != bias.next());
  Random moved(7);
  moved.next();
  CHECK(moved.fork("weights").next() != first);
}

TEST_CASE("numbers below n are below n and all as likely") {
  Random random(2017);
  CHECK(random.below(1) == 0);
  std::map<std::uint64_t, int> counts;
  constexpr int kTrials = 60'000;
  for (int i = 0; i < kTrials; ++i) ++counts[random.below(6)];
  REQUIRE(counts.size() == 6);
  double chi_squared = 0;
  for (const auto& [value, count] : counts) {
    CHECK(value < 6);
    chi_squared += (count - kTrials / 6.0) * (count - kTrials / 6.0) / (kTrials / 6.0);
  }
  CHECK(chi_squared < 20.5);  // 5 degrees of freedom: passed with probability 0.999
  const std::uint64_t large = (std::uint64_t{1} << 63) + 1;
  for (int i = 0; i < 100; ++i) CHECK(random.below(large) < large);
}

TEST_CASE("an interval contains both its ends, and may be all of the integers") {
  Random random(3);
  std::map<std::int64_t, int> counts;
  for (int i = 0; i < 1000; ++i) ++counts[random.between(-1, 1)];
  CHECK(counts.size() == 3);
  CHECK(counts.begin()->first == -1);
  CHECK(random.between(5, 5) == 5);
  CHECK(random.between(INT64_MIN, INT64_MAX) != random.between(INT64_MIN, INT64_MAX));
}

TEST_CASE("uniform and normal numbers have the moments they should") {
  Random random(11);
  constexpr int kTrials = 100'000;
  double sum = 0, normal_sum = 0, square_sum = 0, fourth_sum = 0;
  for (int i = 0; i < kTrials; ++i) {
    const double u = random.uniform();
    REQUIRE((u >= 0 && u < 1));
    sum += u;
    const double z = random.normal();
    normal_sum += z;
    square_sum += z * z;
    fourth_sum += z * z * z * z;
  }
  // Five standard errors of the mean of each: deviations sqrt(1/12), 1, sqrt(2) and sqrt(96).
  const double error = 5 / std::sqrt(double(kTrials));
  CHECK(std::abs(sum / kTrials - 0.5) < error * std::sqrt(1 / 12.0));
  CHECK(std::abs(normal_sum / kTrials) < error);
  CHECK(std::abs(square_sum / kTrials - 1) < error * std::sqrt(2.0));
  CHECK(std::abs(fourth_sum / kTrials - 3) < error * std::sqrt(96.0));
}

}  // namespace
}  // namespace weft
