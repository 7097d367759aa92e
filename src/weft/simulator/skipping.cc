// SPDX-License-Identifier: Apache-2.0
#include "weft/simulator/skipping.h"

#include <algorithm>
#include <map>

#include "weft/base/ceil_div.h"

namespace weft {
namespace {

class Skipper {
 public:
  Skipper(const ConvShape& shape, const LoopProblem& problem, const Placement& placement,
          std::span<const std::int16_t> ifmap)
      : s_(shape), problem_(problem), ifmap_(ifmap) {
    const auto& loops = placement.loops;
    std::size_t inside = loops.size();  // of the last spatial loop
    while (inside > 0 && !loops[inside - 1].spatial) --inside;
    tile_.fill(1);
    for (std::size_t i = 0; i < loops.size(); ++i) {
      if (i >= inside) {
        tile_[index(loops[i].dim)] *= loops[i].bound;
      } else {
        (loops[i].spatial ? spatial_ : outer_).push_back(loops[i]);
      }
    }
  }

  std::int64_t run() {
    pass(0, {});
    return steps_;
  }

 private:
  void pass(std::size_t i, const DimSizes& at) {
    if (i == outer_.size()) {
      steps_ += std::max<std::int64_t>(1, busiest(0, at));
      return;
    }
    const PlacedLoop& loop = outer_[i];
    DimSizes here = at;
    for (std::int64_t k = 0; k < loop.bound && here[index(loop.dim)] < problem_.bound(loop.dim); ++k) {
      pass(i + 1, here);
      here[index(loop.dim)] += loop.tile;
    }
  }

  std::int64_t busiest(std::size_t i, const DimSizes& at) {
    if (i == spatial_.size()) return macs(at);
    const PlacedLoop& loop = spatial_[i];
    DimSizes here = at;
    std::int64_t most = 0;
    for (std::int64_t k = 0; k < loop.bound && here[index(loop.dim)] < problem_.bound(loop.dim); ++k) {
      most = std::max(most, busiest(i + 1, here));
      here[index(loop.dim)] += loop.tile;
    }
    return most;
  }

  /// MACs of one PE in one pass whose ifmap value is not zero; counted once for all filters.
  std::int64_t macs(DimSizes first) {
    const auto count = [&](Dim d) { return std::min(tile_[index(d)], problem_.bound(d) - first[index(d)]); };
    const std::int64_t filters = count(Dim::M);
    first[index(Dim::M)] = 0;
    const auto [found, is_new] = known_.try_emplace(first, 0);
    if (is_new) {
      for (std::int64_t n = 0; n < count(Dim::N); ++n) {
        for (std::int64_t g = 0; g < count(Dim::G); ++g) {
          for (std::int64_t c = 0; c < count(Dim::C); ++c) {
            const std::int64_t plane =
                ((first[index(Dim::N)] + n) * s_.G + first[index(Dim::G)] + g) * s_.C + first[index(Dim::C)] + c;
            found->second += looks(plane, first, count(Dim::E), count(Dim::F), count(Dim::R), count(Dim::S));
          }
        }
      }
    }
    return found->second * filters;
  }

  /// Pairs of an output and a tap of one plane that meet a value that is not zero.
  std::int64_t looks(std::int64_t plane, const DimSizes& first, std::int64_t E, std::int64_t F, std::int64_t R,
                     std::int64_t S) const {
    std::int64_t total = 0;
    for (std::int64_t e = first[index(Dim::E)]; e < first[index(Dim::E)] + E; ++e) {
      for (std::int64_t r = first[index(Dim::R)]; r < first[index(Dim::R)] + R; ++r) {
        const std::int64_t y = s_.U_h * e + s_.D_h * r - s_.pad_top;
        if (y < 0 || y >= s_.H) continue;
        for (std::int64_t f = first[index(Dim::F)]; f < first[index(Dim::F)] + F; ++f) {
          for (std::int64_t k = first[index(Dim::S)]; k < first[index(Dim::S)] + S; ++k) {
            const std::int64_t x = s_.U_w * f + s_.D_w * k - s_.pad_left;
            const bool inside = x >= 0 && x < s_.W;
            total += inside && ifmap_[static_cast<std::size_t>((plane * s_.H + y) * s_.W + x)] != 0 ? 1 : 0;
          }
        }
      }
    }
    return total;
  }

  const ConvShape& s_;
  const LoopProblem& problem_;
  std::span<const std::int16_t> ifmap_;
  std::vector<PlacedLoop> outer_, spatial_;
  DimSizes tile_{};  ///< of the temporal loops inside the array
  std::map<DimSizes, std::int64_t> known_;
  std::int64_t steps_ = 0;
};

}  // namespace

std::int64_t steps_without_zeros(const ConvShape& shape, const LoopProblem& problem, const Placement& placement,
                                 std::span<const std::int16_t> ifmap) {
  return Skipper(shape, problem, placement, ifmap).run();
}

}  // namespace weft
