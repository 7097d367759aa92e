// SPDX-License-Identifier: Apache-2.0
#include "weft/mapper/free_space.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "weft/base/ceil_div.h"

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
    return blocks_[bound] = blocks_of(factorizations(bound));
  }
  /// The same of loops outside the arrays that make so many folds.
  const Counts& blocks_of_folds(std::int64_t folds) {
    if (const auto found = blocks_of_folds_.find(folds); found != blocks_of_folds_.end()) return found->second;
    return blocks_of_folds_[folds] = blocks_of(outer_loops(folds));
  }

 private:
  Counts blocks_of(const Counts& loops) {
    Counts result = loops;
    for (std::size_t j = 1; j < result.size(); ++j) {
      result[j] = 0;
      for (std::size_t c = j; c < loops.size(); ++c)
        result[j] += loops[c] * binomial(c - 1, j - 1) * Checked((c - j) % 2 == 0 ? 1 : -1);
    }
    return result;
  }

  /// Loops, the innermost first, that leave one of so many folds.
  const Counts& outer_loops(std::int64_t folds) {
    if (const auto found = outer_loops_.find(folds); found != outer_loops_.end()) return found->second;
    Counts counts(1, folds == 1 ? 1 : 0);
    for (const std::int64_t bound : distinct_bounds(folds)) {
      if (folds == 1 || (bound != folds && !is_outer_step(folds, bound))) continue;
      const Counts& rest = outer_loops(ceil_div(folds, bound));
      if (counts.size() < rest.size() + 1) counts.resize(rest.size() + 1);
      for (std::size_t c = 0; c < rest.size(); ++c) counts[c + 1] += rest[c];
    }
    return outer_loops_[folds] = std::move(counts);
  }

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
  std::map<std::int64_t, Counts> factorizations_, outer_loops_, blocks_, blocks_of_folds_;
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

/// Sequences of blocks, by those inside the array and those outside it.
using Sides = std::vector<Counts>;

void add_at(Sides& sides, std::size_t inside, std::size_t outside, const Checked& count) {
  if (sides.size() <= inside) sides.resize(inside + 1);
  if (sides[inside].size() <= outside) sides[inside].resize(outside + 1);
  sides[inside][outside] += count;
}

/// With bounds that divide: the array stands anywhere among the blocks.
void add_even(Sides& sides, const Machine& machine, const DimSizes& bounds, Numbers& numbers) {
  std::map<DimSizes, std::int64_t> lefts;  // bounds of the loops that are not over the array, smallest first
  for (const SpatialChoice& choice : machine.regions.back().spread) {
    if (choice.fold) continue;
    DimSizes left = bounds;
    for (std::size_t d = 0; d < kDims; ++d) left[d] /= choice.children[d];
    std::sort(left.begin(), left.end());
    ++lefts[left];
  }
  for (const auto& [left, times] : lefts) {
    const Counts all = sequences(left, numbers);
    for (std::size_t j = 0; j < all.size(); ++j) {
      for (std::size_t inside = 0; inside <= j && !all[j].is_zero(); ++inside)
        add_at(sides, inside, j - inside, all[j] * Checked(times));
    }
  }
}

/// With a fold: its dimension has blocks of its own on both sides of the array.
void add_folded(Sides& sides, const Machine& machine, const DimSizes& bounds, const Tiles& tiles, Numbers& numbers) {
  using OwnBounds = std::pair<std::int64_t, std::int64_t>;  // inside the array, and folds
  std::map<OwnBounds, std::map<DimSizes, std::int64_t>> lefts;
  std::set<std::array<DimSizes, 2>> seen;  // children and the bound inside, as an extent
  for (const SpatialChoice& choice : machine.regions.back().spread) {
    if (!choice.fold) continue;
    const std::size_t d = choice.fold->dim;
    for (const std::int64_t inside : divisors(bounds[d])) {
      const std::uint32_t tile = tiles.with(tiles.smallest(), d, tiles.dim(d).number_of(inside));
      const std::optional<DimSizes> children = children_around(tile, choice, tiles);
      if (!children) continue;
      DimSizes extent, left = bounds;
      extent.fill(1);
      extent[d] = inside;
      if (!seen.insert({*children, extent}).second) continue;
      for (std::size_t e = 0; e < kDims; ++e) left[e] = e == d ? 1 : left[e] / (*children)[e];
      std::sort(left.begin(), left.end());
      ++lefts[{inside, ceil_div(bounds[d] / inside, (*children)[d])}][left];
    }
  }
  for (const auto& [own, of_own] : lefts) {
    Counts others;
    for (const auto& [left, times] : of_own) {
      const Counts some = sequences(left, numbers);
      if (others.size() < some.size()) others.resize(some.size());
      for (std::size_t j = 0; j < some.size(); ++j) others[j] += some[j] * Checked(times);
    }
    const Counts inner = numbers.blocks(own.first), outer = numbers.blocks_of_folds(own.second);
    for (std::size_t j = 0; j < others.size(); ++j) {
      if (others[j].is_zero()) continue;
      for (std::size_t p = 0; p <= j; ++p) {  // inside
        for (std::size_t i = 0; i < inner.size(); ++i) {
          if (inner[i].is_zero()) continue;
          const Checked mixed = others[j] * inner[i] * numbers.binomial(p + i, i);
          for (std::size_t o = 0; o < outer.size(); ++o) {
            if (!outer[o].is_zero()) add_at(sides, p + i, j - p + o, mixed * outer[o] * numbers.binomial(j - p + o, o));
          }
        }
      }
    }
  }
}

}  // namespace

Int128 size_of_space(const Machine& machine, const DimSizes& bounds, const std::vector<Kept>& choices,
                     const Tiles& tiles) {
  if (machine.regions.size() > 2) return 0;
  Numbers numbers;
  Sides sides;
  if (machine.regions.size() == 1) {
    sides.push_back(sequences(bounds, numbers));
  } else {
    add_even(sides, machine, bounds, numbers);
    add_folded(sides, machine, bounds, tiles, numbers);
  }
  std::map<std::vector<std::array<std::size_t, kTensors>>, std::int64_t> points_of_regions;
  for (const Kept& kept : choices) {
    std::vector<std::array<std::size_t, kTensors>> points(machine.regions.size());
    for (std::size_t r = 0; r < machine.regions.size(); ++r) {
      for (const Tensor3 t : kAllTensors) {
        const std::vector<std::size_t>& stores = machine.regions[r].stores[index(t)];
        points[r][index(t)] =
            std::size_t(std::count_if(stores.begin(), stores.end(), [&](std::size_t n) { return kept[n][index(t)]; }));
      }
      std::sort(points[r].begin(), points[r].end());
    }
    ++points_of_regions[points];
  }
  Checked size;
  for (const auto& [points, times] : points_of_regions) {
    for (std::size_t inside = 0; inside < sides.size(); ++inside) {
      Checked ways = times;
      if (points.size() > 1) {  // outside the loops in the array there is a point, just inside it
        Checked within = places(points[1], inside, numbers);
        if (inside > 0) within += places(points[1], inside - 1, numbers) * Checked(-1);
        ways *= within;
      }
      for (std::size_t outside = 0; outside < sides[inside].size(); ++outside) {
        if (!sides[inside][outside].is_zero())
          size += sides[inside][outside] * ways * places(points[0], outside, numbers);
      }
    }
  }
  return size.lost ? 0 : size.value;
}

}  // namespace weft::free_search
