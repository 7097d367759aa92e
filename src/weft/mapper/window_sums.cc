// SPDX-License-Identifier: Apache-2.0
#include "weft/mapper/window_sums.h"

#include <algorithm>
#include <set>

namespace weft {
namespace {

/// Distinct coordinates of one tile pair: e in [e0, e1), r in [r0, r1).
std::int64_t tile_words(const Axis& axis, std::int64_t e0, std::int64_t e1, std::int64_t r0, std::int64_t r1) {
  const std::int64_t a = axis.terms[0].coefficient, b = axis.terms[1].coefficient;
  const std::int64_t first = a * e0 + b * r0 + axis.offset, last = a * (e1 - 1) + b * (r1 - 1) + axis.offset;
  // Every coordinate between is touched where unit steps of one dimension fill the gaps that the other's steps leave.
  const bool taps_fill = b == 1 && (r1 - r0 >= a || e1 - e0 == 1);
  const bool outputs_fill = a == 1 && (e1 - e0 >= b || r1 - r0 == 1);
  if (taps_fill || outputs_fill) {
    return std::max<std::int64_t>(0, std::min(last, axis.extent - 1) - std::max<std::int64_t>(first, 0) + 1);
  }
  std::set<std::int64_t> seen;
  for (std::int64_t e = e0; e < e1; ++e) {
    for (std::int64_t r = r0; r < r1; ++r) {
      const std::int64_t at = a * e + b * r + axis.offset;
      if (at >= 0 && at < axis.extent) seen.insert(at);
    }
  }
  return std::int64_t(seen.size());
}

}  // namespace

std::int64_t window_words(const Axis& axis, std::int64_t outputs, std::int64_t m, std::int64_t taps, std::int64_t n) {
  std::int64_t sum = 0;
  for (std::int64_t e = 0; e < outputs; e += m) {
    for (std::int64_t r = 0; r < taps; r += n) {
      sum += tile_words(axis, e, std::min(outputs, e + m), r, std::min(taps, r + n));
    }
  }
  return sum;
}

namespace {

/// Walks the nest of one window axis.
struct Walker {
  const Axis& axis;
  const WindowExtent& bounds;
  const WindowNest& nest;
  SlidingWords words;
  std::vector<std::int64_t> stamp = std::vector<std::int64_t>(std::size_t(axis.extent), 0);
  std::vector<std::int64_t> taken = stamp;  ///< the step in which a child last took the word
  std::int64_t tiles = 0, step = 0;

  template <class Visit>
  void visit(const WindowExtent& from, const Visit& visit) const {
    for (std::int64_t e = from[0]; e < std::min(bounds[0], from[0] + nest.resident[0]); ++e) {
      for (std::int64_t r = from[1]; r < std::min(bounds[1], from[1] + nest.resident[1]); ++r) {
        const std::int64_t x = axis.terms[0].coefficient * e + axis.terms[1].coefficient * r + axis.offset;
        if (x >= 0 && x < axis.extent) visit(std::size_t(x));
      }
    }
  }

  void take(const WindowExtent& at, const WindowExtent& moved) {
    const std::int64_t old = ++tiles, own = ++tiles;
    for (std::size_t d = 0; d < 2; ++d) {
      if (nest.slid[d] == nest.stride[d] || moved[d] % nest.slid[d] == 0) continue;
      WindowExtent before = at;
      before[d] -= nest.stride[d];
      visit(before, [&](std::size_t x) { stamp[x] = old; });
    }
    visit(at, [&](std::size_t x) {
      if (stamp[x] == old || stamp[x] == own) return;
      stamp[x] = own;
      ++words.each;
      if (taken[x] != step) ++words.shared;
      taken[x] = step;
    });
  }

  /// One step of the loops outside the array (`p`) and inside each child (`q`): all children.
  void children(const WindowExtent& p, const WindowExtent& q) {
    ++step;
    for (std::int64_t e = p[0]; e < std::min(bounds[0], p[0] + nest.all[0]); e += nest.child[0]) {
      for (std::int64_t r = p[1]; r < std::min(bounds[1], p[1] + nest.all[1]); r += nest.child[1]) {
        const WindowExtent at{e + q[0], r + q[1]};
        if (at[0] >= bounds[0] || at[1] >= bounds[1]) continue;
        // What moves is the loop outside the array, if a step is as wide as all children are.
        const auto moved = [&](std::size_t d) { return nest.stride[d] == nest.all[d] ? p[d] : p[d] + q[d]; };
        take(at, {moved(0), moved(1)});
      }
    }
    if (step > 1) return;
    words.first_each = words.each;
    words.first_shared = words.shared;
  }

  void run() {
    for (std::int64_t pe = 0; pe < bounds[0]; pe += nest.all[0]) {
      for (std::int64_t pr = 0; pr < bounds[1]; pr += nest.all[1]) {
        for (std::int64_t qe = 0; qe < nest.child[0]; qe += nest.resident[0]) {
          for (std::int64_t qr = 0; qr < nest.child[1]; qr += nest.resident[1]) children({pe, pr}, {qe, qr});
        }
      }
    }
  }
};

}  // namespace

SlidingWords sliding_words(const Axis& axis, const WindowExtent& bounds, const WindowNest& nest) {
  Walker walker{axis, bounds, nest, {}};
  walker.run();
  return walker.words;
}

}  // namespace weft
