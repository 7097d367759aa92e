// SPDX-License-Identifier: Apache-2.0
#include "weft/mapper/free_traffic.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <limits>

#include "weft/base/random.h"

namespace weft::free_search {
namespace {

/// Three tiles inside one another, each way to give them to the transfers: every one is tried.
double least_of_all_chains(const std::vector<OutermostTransfer>& transfers, const Tiles& tiles) {
  const auto inside = [&](std::uint32_t a, std::uint32_t b) {
    for (std::size_t d = 0; d < kDims; ++d) {
      if (tiles.extent(a, d) > tiles.extent(b, d)) return false;
    }
    return true;
  };
  const auto cost = [&](const OutermostTransfer& transfer, std::uint32_t tile) {
    double words = transfer.slides ? tiles.others(transfer.t, tile) : tiles.base(transfer.t, tile);
    for (std::size_t w = 0; transfer.slides && w < tiles.windows().size(); ++w)
      words *= tiles.window(w, tiles.size() - 1);
    return transfer.constant + transfer.word * words;
  };
  double least = std::numeric_limits<double>::infinity();
  std::array<std::size_t, 3> order{0, 1, 2};
  do {
    const auto &first = transfers[order[0]], &second = transfers[order[1]], &third = transfers[order[2]];
    const auto room = [&](const OutermostTransfer& t, const OutermostTransfer& other, std::uint32_t tile) {
      return t.store == other.store ? tiles.bits(t.t, tile) : 0;
    };
    for (std::uint32_t a = 0; a < tiles.size(); ++a) {
      if (tiles.bits(first.t, a) > first.room) continue;
      for (std::uint32_t b = 0; b <= a; ++b) {
        if (!inside(b, a) || tiles.bits(second.t, b) + room(first, second, a) > second.room) continue;
        for (std::uint32_t c = 0; c <= b; ++c) {
          if (!inside(c, b)) continue;
          if (tiles.bits(third.t, c) + room(first, third, a) + room(second, third, b) > third.room) continue;
          least = std::min(least, cost(first, a) + cost(second, b) + cost(third, c));
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
      loop_problem({.M = 4, .C = 4, .H = 6, .W = 2, .R = 3, .E = 4, .F = 2}, "conv", Padding::implicit);
  const Tiles tiles(problem, {16, 16, 16});
  int infeasible = 0;
  for (int trial = 0; trial < 40; ++trial) {
    std::vector<OutermostTransfer> transfers;
    const double shared = 16 * double(random.between(2, 60));
    for (const Tensor3 t : kAllTensors) {
      const bool alone = random.below(4) == 0;
      transfers.push_back({.t = t,
                           .word = double(random.between(0, 3)),
                           .constant = double(random.between(-4, 4)),
                           .slides = t == Tensor3::ifmap && random.below(2) == 0,
                           .room = alone ? 16 * double(random.between(0, 20)) : shared,
                           .store = alone ? 10 + index(t) : 1});
    }
    INFO("trial " << trial);
    const double least = least_of_all_chains(transfers, tiles);
    CHECK(least_traffic(transfers, tiles) == Approx(least));
    infeasible += least == std::numeric_limits<double>::infinity() ? 1 : 0;
  }
  CHECK(infeasible > 0);
  CHECK(infeasible < 20);
}

TEST_CASE("no transfers cost nothing") {
  CHECK(least_traffic({}, Tiles(loop_problem({.M = 2}, "fc", Padding::implicit), {16, 16, 16})) == 0);
}

}  // namespace weft::free_search
