// SPDX-License-Identifier: Apache-2.0
#include "weft/base/random.h"

#include <bit>
#include <cmath>

#include "weft/base/error.h"

namespace weft {
namespace {

constexpr std::uint64_t kGoldenGamma = 0x9E3779B97F4A7C15;  // 2^64 / golden ratio, made odd

// FNV-1a, for names.
std::uint64_t hash(std::string_view text) {
  std::uint64_t h = 0xCBF29CE484222325;
  for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001B3;
  return h;
}

}  // namespace

std::uint64_t split_mix(std::uint64_t seed, std::uint64_t index) {
  std::uint64_t z = seed + (index + 1) * kGoldenGamma;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

Random::Random(std::uint64_t seed) : state_{} {
  for (std::size_t i = 0; i < state_.size(); ++i) state_[i] = split_mix(seed, i);
}

Random Random::fork(std::string_view name) const {
  std::uint64_t seed = hash(name);
  for (const std::uint64_t word : state_) seed = split_mix(seed ^ word, 0);
  return Random(seed);
}

std::uint64_t Random::next() {
  const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const std::uint64_t t = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= t;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

// Lemire, "Fast random integer generation in an interval", ACM TOMACS 2019: the high half of a product is uniform once
// the 2^64 mod n lowest low halves are refused.
std::uint64_t Random::below(std::uint64_t n) {
  WEFT_ASSERT(n > 0, "there is no number below 0");
  const std::uint64_t refused = -n % n;
  while (true) {
    const auto product = static_cast<unsigned __int128>(next()) * n;
    if (static_cast<std::uint64_t>(product) >= refused) return static_cast<std::uint64_t>(product >> 64);
  }
}

std::int64_t Random::between(std::int64_t least, std::int64_t most) {
  WEFT_ASSERT(least <= most, "an interval has its ends in order");
  const std::uint64_t span = static_cast<std::uint64_t>(most) - static_cast<std::uint64_t>(least);
  const std::uint64_t offset = span == UINT64_MAX ? next() : below(span + 1);
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(least) + offset);
}

double Random::uniform() { return double(next() >> 11) * 0x1p-53; }

double Random::normal() {
  while (true) {
    const double x = 2 * uniform() - 1;
    const double y = 2 * uniform() - 1;
    const double square = x * x + y * y;
    if (square > 0 && square < 1) return x * std::sqrt(-2 * std::log(square) / square);
  }
}

}  // namespace weft
