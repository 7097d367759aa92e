// SPDX-License-Identifier: Apache-2.0
#include "weft/mapper/traffic.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <limits>

#include "weft/base/random.h"
#include "weft/placement/placement.h"

namespace weft {
namespace {

using Tile = DimSizes;

std::vector<Tile> all_tiles(const TileExtents& extents) {
  std::vector<Tile> tiles(1);
  for (std::size_t d = 0; d < kDims; ++d) {
    std::vector<Tile> longer;
    for (Tile tile : tiles) {
      for (const std::int64_t extent : extents[d]) {
        tile[d] = extent;
        longer.push_back(tile);
      }
    }
    tiles = longer;
  }
  return tiles;
}

/// Words of all tiles of one tensor, each taken once for every tile of the other dimensions, by walking them.
double words_of(const LoopProblem& problem, const OutermostTransfer& transfer, const Tile& stays) {
  const Tile& tile = transfer.slides ? problem.bounds : stays;
  double times = 1, words = 1;
  for (const Dim d : kAllDims) {
    const std::int64_t bound = problem.bound(d), extent = stays[index(d)];
    if (!problem.relevant(transfer.t, d)) times *= double((bound + extent - 1) / extent);
  }
  for (const Axis& axis : problem.tensor(transfer.t).axes) {
    double along = 0;
    std::vector<std::int64_t> begin(axis.terms.size(), 0);
    for (bool more = true; more;) {
      std::int64_t low = axis.offset, high = axis.offset;
      for (std::size_t k = 0; k < begin.size(); ++k) {
        const std::size_t d = index(axis.terms[k].dim);
        low += axis.terms[k].coefficient * begin[k];
        high += axis.terms[k].coefficient * (std::min(begin[k] + tile[d], problem.bounds[d]) - 1);
      }
      along += double(std::max<std::int64_t>(0, std::min(high, axis.extent - 1) - std::max<std::int64_t>(low, 0) + 1));
      more = false;
      for (std::size_t k = 0; k < begin.size() && !more; ++k) {
        const std::size_t d = index(axis.terms[k].dim);
        begin[k] += tile[d];
        more = begin[k] < problem.bounds[d];
        if (!more) begin[k] = 0;
      }
    }
    words *= along;
  }
  return times * words;
}

/// Three tiles inside one another, each way to give them to the transfers: every one is tried.
double least_of_all_chains(const std::vector<OutermostTransfer>& transfers, const LoopProblem& problem,
                           const std::vector<Tile>& tiles) {
  const auto inside = [](const Tile& a, const Tile& b) {
    return std::equal(a.begin(), a.end(), b.begin(), [](std::int64_t x, std::int64_t y) { return x <= y; });
  };
  const auto bits = [&](const OutermostTransfer& of, const OutermostTransfer& beside, const Tile& tile) {
    return of.store == beside.store ? 16 * double(tile_words(problem, of.t, tile)) : 0;
  };
  std::vector<std::vector<double>> cost;
  for (const OutermostTransfer& transfer : transfers) {
    std::vector<double>& of = cost.emplace_back();
    for (const Tile& tile : tiles) of.push_back(transfer.word * words_of(problem, transfer, tile));
  }
  double least = std::numeric_limits<double>::infinity();
  std::array<std::size_t, 3> order{0, 1, 2};
  do {
    const auto [i, j, k] = order;
    const auto &first = transfers[i], &second = transfers[j], &third = transfers[k];
    for (std::size_t a = 0; a < tiles.size(); ++a) {
      if (bits(first, first, tiles[a]) > first.room) continue;
      for (std::size_t b = 0; b < tiles.size(); ++b) {
        if (!inside(tiles[b], tiles[a])) continue;
        if (bits(second, second, tiles[b]) + bits(first, second, tiles[a]) > second.room) continue;
        for (std::size_t c = 0; c < tiles.size(); ++c) {
          if (!inside(tiles[c], tiles[b])) continue;
          const double used = bits(first, third, tiles[a]) + bits(second, third, tiles[b]);
          if (used + bits(third, third, tiles[c]) > third.room) continue;
          least = std::min(least, cost[i][a] + cost[j][b] + cost[k][c]);
        }
      }
    }
  } while (std::next_permutation(order.begin(), order.end()));
  return least;
}

}  // namespace

TEST_CASE("the least traffic of three transfers is that of the best chain of tiles") {
  Random random(7);
  const LoopProblem problem =
      loop_problem({.M = 4, .C = 3, .H = 5, .W = 2, .R = 2, .E = 4, .F = 2, .pad_top = 1}, "conv", Padding::implicit);
  TileExtents extents;
  for (std::size_t d = 0; d < kDims; ++d) {
    for (std::int64_t extent = 1; extent <= problem.bounds[d]; ++extent) extents[d].push_back(extent);
  }
  extents[index(Dim::M)] = {1, 2, 4};
  const std::vector<Tile> tiles = all_tiles(extents);
  int infeasible = 0;
  for (int trial = 0; trial < 30; ++trial) {
    std::vector<OutermostTransfer> transfers;
    const double shared = 16 * double(random.between(2, 60));
    for (const Tensor3 t : kAllTensors) {
      const bool alone = random.below(4) == 0;
      transfers.push_back({.t = t,
                           .word = double(random.between(0, 3)),
                           .slides = t == Tensor3::ifmap && random.below(2) == 0,
                           .room = alone ? 16 * double(random.between(0, 20)) : shared,
                           .store = alone ? 10 + index(t) : 1});
    }
    INFO("trial " << trial);
    const double least = least_of_all_chains(transfers, problem, tiles);
    CHECK(least_traffic(transfers, problem, {16, 16, 16}, extents) == Approx(least));
    infeasible += least == std::numeric_limits<double>::infinity() ? 1 : 0;
  }
  CHECK(infeasible > 0);
  CHECK(infeasible < 15);
}

TEST_CASE("no transfers cost nothing") {
  CHECK(least_traffic({}, loop_problem({.M = 2}, "fc", Padding::implicit), {16, 16, 16}, {}) == 0);
}

}  // namespace weft
