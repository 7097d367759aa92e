// SPDX-License-Identifier: Apache-2.0
#include "weft/mapper/free_space.h"

#include <algorithm>
#include <map>

namespace weft::free_search {
namespace {

/// A whole number, unless 128 bits did not suffice.
struct Checked {
  Int128 value = 0;
  bool lost = false;

  Checked(Int128 number = 0) : value(number) {}  // NOLINT(google-explicit-constructor): it stands for the number
  Checked& operator+=(const Checked& other) {
    lost = __builtin_add_overflow(value, other.value, &value) || lost || other.lost;
    return *this;
  }
  Checked& operator*=(const Checked& other) {
    lost = __builtin_mul_overflow(value, other.value, &value) || lost || other.lost;
    return *this;
  }
  friend Checked operator*(Checked a, const Checked& b) { return a *= b; }
  bool is_zero() const { return value == 0 && !lost; }
};

/// Counts by the number of loops or blocks, from 0.
using Counts = std::vector<Checked>;

/// Binomial coefficients, and the sequences of one dimension's blocks, as they are met.
class Numbers {
 public:
  const Checked& binomial(std::size_t n, std::size_t k) {
    for (std::size_t row = rows_.size(); row <= n; ++row) {
      Counts next(row + 1, 1);
      for (std::size_t i = 1; i < row; ++i) {
        next[i] = rows_[row - 1][i - 1];
        next[i] += rows_[row - 1][i];
      }
      rows_.push_back(std::move(next));
    }
    return rows_[n][k];
  }

  /// Sequences of loops that make `bound`, by the blocks that may stand side by side.
  const Counts& blocks(std::int64_t bound) {
    if (const auto found = blocks_.find(bound); found != blocks_.end()) return found->second;
    const Counts loops = factorizations(bound);
    Counts result = loops;
    for (std::size_t j = 1; j < result.size(); ++j) {
      result[j] = 0;
      for (std::size_t c = j; c < loops.size(); ++c)
        result[j] += loops[c] * binomial(c - 1, j - 1) * Checked((c - j) % 2 == 0 ? 1 : -1);
    }
    return blocks_[bound] = std::move(result);
  }

 private:
  /// Ordered factorizations of n into so many factors of 2 or more.
  const Counts& factorizations(std::int64_t n) {
    if (const auto found = factorizations_.find(n); found != factorizations_.end()) return found->second;
    Counts counts(1, n == 1 ? 1 : 0);
    for (const std::int64_t first : divisors(n)) {
      if (first == 1) continue;
      const Counts& rest = factorizations(n / first);
      if (counts.size() < rest.size() + 1) counts.resize(rest.size() + 1);
      for (std::size_t c = 0; c < rest.size(); ++c) counts[c + 1] += rest[c];
    }
    return factorizations_[n] = std::move(counts);
  }

  std::vector<Counts> rows_;
  std::map<std::int64_t, Counts> factorizations_, blocks_;
};

/// Sequences of the blocks of all dimensions, by their number.
Counts sequences(const DimSizes& bounds, Numbers& numbers) {
  Counts all(1, 1);
  for (const std::int64_t bound : bounds) {
    if (bound == 1) continue;
    const Counts& more = numbers.blocks(bound);
    Counts mixed(all.size() + more.size() - 1);
    for (std::size_t j = 1; j < more.size(); ++j) {
      if (more[j].is_zero()) continue;
      for (std::size_t i = 0; i < all.size(); ++i) mixed[i + j] += all[i] * more[j] * numbers.binomial(i + j, j);
    }
    all = std::move(mixed);
  }
  return all;
}

/// Ways to put a region's points between so many blocks.
Checked places(const std::array<std::size_t, kTensors>& points, std::size_t loops, Numbers& numbers) {
  Checked ways = 1;
  for (const std::size_t q : points) ways *= numbers.binomial(loops + q, q);
  return ways;
}

}  // namespace

Int128 size_of_space(const Machine& machine, const DimSizes& bounds, const std::vector<Kept>& choices) {
  if (machine.regions.size() > 2) return 0;
  Numbers numbers;
  std::map<DimSizes, std::int64_t> outside;  // bounds of the loops that are not over the array, smallest first
  const auto add_outside = [&](DimSizes left) {
    std::sort(left.begin(), left.end());
    ++outside[left];
  };
  if (machine.regions.size() == 1) add_outside(bounds);
  for (const SpatialChoice& choice : machine.regions.back().spread) {
    DimSizes left = bounds;
    for (std::size_t d = 0; d < kDims; ++d) left[d] /= choice.children[d];
    add_outside(left);
  }
  Counts all;
  for (const auto& [left, times] : outside) {
    const Counts some = sequences(left, numbers);
    if (all.size() < some.size()) all.resize(some.size());
    for (std::size_t j = 0; j < some.size(); ++j) all[j] += some[j] * Checked(times);
  }
  Checked size;
  for (const Kept& kept : choices) {
    std::vector<std::array<std::size_t, kTensors>> points(machine.regions.size());
    for (std::size_t r = 0; r < machine.regions.size(); ++r) {
      for (const Tensor3 t : kAllTensors) {
        const std::vector<std::size_t>& stores = machine.regions[r].stores[index(t)];
        points[r][index(t)] =
            std::size_t(std::count_if(stores.begin(), stores.end(), [&](std::size_t n) { return kept[n][index(t)]; }));
      }
    }
    for (std::size_t j = 0; j < all.size(); ++j) {
      if (all[j].is_zero()) continue;
      if (points.size() == 1) {
        size += all[j] * places(points[0], j, numbers);
        continue;
      }
      for (std::size_t inside = 0; inside <= j; ++inside) {  // outside them there is a point, just inside the array
        Checked ways = places(points[1], inside, numbers);
        if (inside > 0) ways += places(points[1], inside - 1, numbers) * Checked(-1);
        size += all[j] * ways * places(points[0], j - inside, numbers);
      }
    }
  }
  return size.lost ? 0 : size.value;
}

}  // namespace weft::free_search
