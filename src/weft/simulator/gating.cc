// SPDX-License-Identifier: Apache-2.0
#include "weft/simulator/gating.h"

#include <algorithm>
#include <iterator>
#include <vector>

namespace weft {
namespace {

using Indices = std::vector<std::int64_t>;

/// Indices of a dimension at which all of these loops are at their start.
Indices starts(const LoopProblem& problem, Dim d, const std::vector<PlacedLoop>& loops) {
  Indices result;
  for (std::int64_t i = 0; i < problem.bound(d); ++i) {
    const auto at_start = [&](const PlacedLoop& loop) { return loop.dim != d || i / loop.tile % loop.bound == 0; };
    if (std::all_of(loops.begin(), loops.end(), at_start)) result.push_back(i);
  }
  return result;
}

/// Indices of one dimension whose PEs share a filter word in one step: the first of them, and how far the others are.
struct Group {
  Indices firsts, offsets = {0};
};

Group group(const LoopProblem& problem, Dim d, const std::vector<PlacedLoop>& sharing) {
  Group result{.firsts = starts(problem, d, sharing)};
  for (const PlacedLoop& loop : sharing) {
    if (loop.dim != d) continue;
    const std::vector<std::int64_t> inner = result.offsets;
    for (std::int64_t k = 1; k < loop.bound; ++k) {
      for (const std::int64_t offset : inner) result.offsets.push_back(offset + k * loop.tile);
    }
  }
  return result;
}

/// The coordinates on one window axis that the PEs of one group look at, those inside the ifmap.
std::vector<std::int64_t> looked_at(const Group& g, std::int64_t first, std::int64_t bound, std::int64_t stride,
                                    std::int64_t shift, std::int64_t extent) {
  std::vector<std::int64_t> result;
  for (const std::int64_t offset : g.offsets) {
    const std::int64_t x = (first + offset) * stride + shift;
    if (first + offset < bound && x >= 0 && x < extent) result.push_back(x);
  }
  return result;
}

/// MACs, one for each filter word that a group of PEs looks at in one step, that meet nothing but zeros; only those
/// with which the loops of `summing` start.
Int128 zero_looks(const ConvShape& s, const LoopProblem& problem, const std::vector<PlacedLoop>& sharing,
                  const std::vector<PlacedLoop>& summing, std::span<const std::int16_t> ifmap) {
  const Group n = group(problem, Dim::N, sharing), e = group(problem, Dim::E, sharing),
              f = group(problem, Dim::F, sharing);
  const Indices filter_rows = starts(problem, Dim::R, summing), filter_columns = starts(problem, Dim::S, summing);
  Indices channels;
  for (std::int64_t group = 0; group < s.G; ++group) {
    for (const std::int64_t c : starts(problem, Dim::C, summing)) channels.push_back(group * s.C + c);
  }
  Int128 zeros = 0;
  std::vector<std::vector<std::int64_t>> columns;  // for each f, then s
  for (const std::int64_t first : f.firsts) {
    for (const std::int64_t k : filter_columns) {
      columns.push_back(looked_at(f, first, s.F, s.U_w, s.D_w * k - s.pad_left, s.W));
    }
  }
  for (const std::int64_t image : n.firsts) {
    std::vector<std::int64_t> images;
    for (const std::int64_t offset : n.offsets) {
      if (image + offset < s.N) images.push_back(image + offset);
    }
    for (const std::int64_t channel : channels) {
      for (const std::int64_t row : e.firsts) {
        for (const std::int64_t r : filter_rows) {
          const auto rows = looked_at(e, row, s.E, s.U_h, s.D_h * r - s.pad_top, s.H);
          for (const auto& xs : columns) {
            const bool any = std::any_of(images.begin(), images.end(), [&](std::int64_t i) {
              return std::any_of(rows.begin(), rows.end(), [&](std::int64_t y) {
                const std::int16_t* line = ifmap.data() + ((i * s.G * s.C + channel) * s.H + y) * s.W;
                return std::any_of(xs.begin(), xs.end(), [&](std::int64_t x) { return line[x] != 0; });
              });
            });
            zeros += any ? 0 : 1;
          }
        }
      }
    }
  }
  return zeros * s.M;
}

}  // namespace

Int128 zero_macs(const ConvShape& s, std::span<const std::int16_t> ifmap) {
  return zero_looks(s, loop_problem(s, "", Padding::implicit), {}, {}, ifmap);
}

Int128 zero_firsts(const ConvShape& s, const LoopProblem& problem, const Placement& placement,
                   std::span<const std::int16_t> ifmap) {
  std::vector<PlacedLoop> summing;
  std::copy_if(placement.loops.begin(), placement.loops.end(), std::back_inserter(summing),
               [](const PlacedLoop& loop) { return !loop.spatial; });
  return zero_looks(s, problem, {}, summing, ifmap);
}

Int128 gated_filter_reads(const ConvShape& s, const LoopProblem& problem, const Placement& placement,
                          const Hardware& hardware, std::span<const std::int16_t> ifmap) {
  const std::size_t store = placement.points[index(Tensor3::weight)].back().node;
  std::vector<PlacedLoop> sharing;
  for (const PlacedLoop& loop : placement.loops) {
    const bool inside = loop.spatial && loop.node >= store && !problem.relevant(Tensor3::weight, loop.dim);
    if (inside && hardware.nodes[loop.node].fanout.multicast[index(Tensor3::weight)]) sharing.push_back(loop);
  }
  return zero_looks(s, problem, sharing, {}, ifmap);
}

}  // namespace weft
