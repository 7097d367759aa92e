// SPDX-License-Identifier: Apache-2.0
#include "weft/simulator/execute.h"

#include <algorithm>
#include <array>

#include "weft/base/ceil_div.h"
#include "weft/base/error.h"

namespace weft {
namespace {

constexpr std::size_t kNoDim = kDims;

/// Elements from one index of each dimension to the next; 0 where the tensor does not depend on it.
using Strides = std::array<std::int64_t, kDims>;

/// One addition, with what it needs at hand.
struct Adder {
  std::int64_t half;
  int shift;
  std::int64_t least, most;
  int bits;
  bool wraps;

  explicit Adder(const Accumulation& how)
      : half(how.product_shift > 0 && how.product_rounding == Rounding::nearest
                 ? std::int64_t{1} << (how.product_shift - 1)
                 : 0),
        shift(how.product_shift),
        least(least_code(how.bits)),
        most(most_code(how.bits)),
        bits(how.bits),
        wraps(how.excess == Excess::wrap) {}

  std::int32_t add(std::int64_t sum, std::int64_t part, std::int64_t& overflows) const {
    sum += part;
    if (sum >= least && sum <= most) [[likely]]
      return static_cast<std::int32_t>(sum);
    ++overflows;
    return static_cast<std::int32_t>(fitted(sum, bits, wraps ? Excess::wrap : Excess::saturate));
  }
  std::int64_t product(std::int16_t x, std::int16_t w) const { return (std::int64_t{x} * w + half) >> shift; }
};

/// Dense strides over `order` (dimensions, the last one fastest) with these extents.
Strides dense(const std::vector<Dim>& order, const DimSizes& extents) {
  Strides strides{};
  std::int64_t next = 1;
  for (auto d = order.rbegin(); d != order.rend(); ++d) {
    strides[index(*d)] = next;
    next *= extents[index(*d)];
  }
  return strides;
}

/// calls f(point) for every point of a box over `dims`, in that order, last fastest.
template <class Function>
void for_box(const std::vector<Dim>& dims, const DimSizes& extents, Function f) {
  DimSizes at{};
  for (const Dim d : dims) {
    if (extents[index(d)] < 1) return;
  }
  for (;;) {
    f(at);
    std::size_t i = dims.size();
    while (i-- > 0) {
      std::int64_t& x = at[index(dims[i])];
      if (++x < extents[index(dims[i])]) break;
      x = 0;
      if (i == 0) return;
    }
    if (i >= dims.size()) return;
  }
}

std::int64_t dot(const Strides& strides, const DimSizes& at) {
  std::int64_t sum = 0;
  for (std::size_t d = 0; d < kDims; ++d) sum += strides[d] * at[d];
  return sum;
}

const std::vector<Dim> kPsumDims = {Dim::N, Dim::G, Dim::M, Dim::E, Dim::F};
const std::vector<Dim> kWeightDims = {Dim::G, Dim::M, Dim::C, Dim::R, Dim::S};

/// A tile of partial sums, or a part of a larger one: `at` is the word at the present position.
struct Tile {
  std::int32_t* at = nullptr;
  Strides strides{};
};

class Executor {
 public:
  Executor(const ConvShape& shape, const LoopProblem& problem, const Placement& placement, Hold hold,
           const Accumulation& how)
      : shape_(shape), problem_(problem), placement_(placement), hold_(hold), adder_(how) {
    const auto& points = placement.points[index(Tensor3::psum)];
    for (std::size_t l = 0; l < points.size(); ++l) {
      const std::size_t end = l + 1 < points.size() ? points[l + 1].loops_outside : placement.loops.size();
      Gap gap;
      for (std::size_t i = points[l].loops_outside; i < end; ++i) {
        const PlacedLoop& loop = placement.loops[i];
        (loop.spatial ? gap.spatial : gap.temporal).push_back(loop);
      }
      if (l + 1 < points.size()) {
        for (const Dim d : kAllDims) gap.inner[index(d)] = tile_at(problem, placement, end)[index(d)];
      }
      gaps_.push_back(std::move(gap));
    }
    psum_order_ = inward(kPsumDims);
    for (std::size_t d = 0; d < kDims; ++d) relevant_[d] = problem.relevant(Tensor3::psum, static_cast<Dim>(d));
  }

  Sums run(std::span<const std::int16_t> ifmap, std::span<const std::int16_t> weight) {
    lay_out_ifmap(ifmap);
    lay_out_weight(weight);
    const Strides strides = dense(psum_order_, problem_.bounds);
    std::int64_t words = 1;
    for (const Dim d : kPsumDims) words *= problem_.bound(d);
    std::vector<std::int32_t> psum(static_cast<std::size_t>(words), 0);
    gap(0, {}, {}, {}, {psum.data(), strides});
    Sums sums{.values = {}, .overflows = overflows_};
    sums.values.reserve(psum.size());
    for_box(kPsumDims, problem_.bounds,
            [&](const DimSizes& at) { sums.values.push_back(psum[static_cast<std::size_t>(dot(strides, at))]); });
    return sums;
  }

 private:
  /// The loops between two storage points of psum, or inside the last.
  struct Gap {
    std::vector<PlacedLoop> temporal, spatial;
    DimSizes inner{};  ///< the tile inside
  };
  using Loops = std::vector<PlacedLoop>;

  // ---- tensors as the kernel reads them
  // ------------------------------------------------------------------------------

  /// `dims` so that those looped over further in come later: neighbouring MACs touch neighbouring words.
  std::vector<Dim> inward(std::vector<Dim> dims) const {
    std::array<std::size_t, kDims> deepest{};
    for (std::size_t i = 0; i < placement_.loops.size(); ++i) deepest[index(placement_.loops[i].dim)] = i + 1;
    std::stable_sort(dims.begin(), dims.end(), [&](Dim a, Dim b) { return deepest[index(a)] < deepest[index(b)]; });
    return dims;
  }

  /// With its padding, so that no MAC has to look where it is.
  void lay_out_ifmap(std::span<const std::int16_t> ifmap) {
    const ConvShape& s = shape_;
    const std::int64_t rows = (s.E - 1) * s.U_h + (s.R - 1) * s.D_h + 1;
    const std::int64_t columns = (s.F - 1) * s.U_w + (s.S - 1) * s.D_w + 1;
    const std::int64_t planes = s.N * s.G * s.C;
    ifmap_.assign(static_cast<std::size_t>(planes * rows * columns), 0);
    const std::int64_t height = std::min(s.H, rows - s.pad_top), width = std::min(s.W, columns - s.pad_left);
    for (std::int64_t p = 0; p < planes; ++p) {
      for (std::int64_t y = 0; y < height && width > 0; ++y) {
        std::copy_n(ifmap.begin() + (p * s.H + y) * s.W, width,
                    ifmap_.begin() + (p * rows + y + s.pad_top) * columns + s.pad_left);
      }
    }
    const std::int64_t plane = rows * columns;
    ifmap_strides_ = {s.G * s.C * plane, s.C * plane, 0, plane, s.U_h * columns, s.U_w, s.D_h * columns, s.D_w};
  }

  void lay_out_weight(std::span<const std::int16_t> weight) {
    weight_strides_ = dense(inward(kWeightDims), problem_.bounds);
    weight_.resize(weight.size());
    std::size_t from = 0;
    for_box(kWeightDims, problem_.bounds,
            [&](const DimSizes& at) { weight_[static_cast<std::size_t>(dot(weight_strides_, at))] = weight[from++]; });
  }

  // ---- the nest
  // ------------------------------------------------------------------------------------------------------

  std::int64_t trips(const PlacedLoop& loop, const DimSizes& at) const {
    const std::int64_t left = problem_.bound(loop.dim) - at[index(loop.dim)];
    return left <= 0 ? 0 : std::min(loop.bound, ceil_div(left, loop.tile));
  }

  /// Whether the tiles inside stay while loop i moves: no loop further in that psum depends on makes a second trip.
  bool stays(const Loops& loops, std::size_t i, const DimSizes& clock) const {
    if (hold_ == Hold::iteration || relevant_[index(loops[i].dim)]) return false;
    for (std::size_t k = i + 1; k < loops.size(); ++k) {
      if (relevant_[index(loops[k].dim)] && trips(loops[k], clock) > 1) return false;
    }
    return true;
  }

  /// Runs the loops inside storage point l. `pending`: loops from outside that leave the tile at l where it is.
  /// `at` is where this child is, `clock` where child 0 of every fanout is: it decides when tiles are given up.
  void gap(std::size_t l, const Loops& pending, const DimSizes& at, const DimSizes& clock, const Tile& tile) {
    if (l + 1 == gaps_.size()) return kernel(pending, at, tile);
    if (pending.empty()) return steps(l, gaps_[l].temporal, 0, {}, at, clock, tile);
    Loops loops = pending;
    loops.insert(loops.end(), gaps_[l].temporal.begin(), gaps_[l].temporal.end());
    steps(l, loops, 0, {}, at, clock, tile);
  }

  void steps(std::size_t l, const Loops& loops, std::size_t i, const Loops& kept, const DimSizes& at,
             const DimSizes& clock, const Tile& tile) {
    if (i == loops.size()) return visit(l, kept, 0, true, at, clock, tile);
    const PlacedLoop& loop = loops[i];
    if (stays(loops, i, clock)) {
      Loops more = kept;
      more.push_back(loop);
      return steps(l, loops, i + 1, more, at, clock, tile);
    }
    const std::size_t d = index(loop.dim);
    DimSizes here = at, now = clock;
    Tile part = tile;
    for (std::int64_t k = trips(loop, clock); k > 0; --k) {
      if (here[d] >= problem_.bounds[d]) return;  // this child has nothing left; child 0 goes on
      steps(l, loops, i + 1, kept, here, now, part);
      here[d] += loop.tile;
      now[d] += loop.tile;
      part.at += loop.tile * tile.strides[d];
    }
  }

  /// Every child's part of one visit, child after child. `first`: this child works on the words themselves.
  void visit(std::size_t l, const Loops& kept, std::size_t i, bool first, const DimSizes& at, const DimSizes& clock,
             const Tile& tile) {
    const Gap& g = gaps_[l];
    if (i == g.spatial.size()) {
      if (first) return gap(l + 1, kept, at, clock, tile);
      return apart(l, kept, at, clock, tile);
    }
    const PlacedLoop& loop = g.spatial[i];
    const std::size_t d = index(loop.dim);
    DimSizes here = at;
    Tile part = tile;
    for (std::int64_t k = 0; k < loop.bound && here[d] < problem_.bounds[d]; ++k) {
      visit(l, kept, i + 1, first && (k == 0 || relevant_[d]), here, clock, part);
      here[d] += loop.tile;
      part.at += loop.tile * tile.strides[d];
    }
  }

  /// A child that begins at 0 and is added to the others at the end.
  void apart(std::size_t l, const Loops& kept, const DimSizes& at, const DimSizes& clock, const Tile& tile) {
    DimSizes extents{};
    std::int64_t words = 1;
    for (const Dim d : kPsumDims) {
      extents[index(d)] = std::min(gaps_[l].inner[index(d)], problem_.bound(d) - at[index(d)]);
      words *= extents[index(d)];
    }
    if (spare_.size() <= l) spare_.resize(l + 1);
    std::vector<std::int32_t> own = std::move(spare_[l]);
    own.assign(static_cast<std::size_t>(words), 0);
    const Strides strides = dense(psum_order_, extents);
    gap(l + 1, kept, at, clock, {own.data(), strides});
    const std::int32_t* from = own.data();
    for_box(psum_order_, extents, [&](const DimSizes& word) {
      std::int32_t& to = tile.at[dot(tile.strides, word)];
      to = adder_.add(to, *from++, overflows_);
    });
    spare_[l] = std::move(own);
  }

  // ---- the kernel: temporal loops, then what happens at once
  // ---------------------------------------------------------

  /// A loop of the kernel with the distance that a step is in each tensor.
  struct KernelLoop {
    std::int64_t bound, tile;
    std::size_t dim;
    std::int64_t ifmap, weight, psum;
    bool alone;  ///< no loop of the kernel further out has its dimension: its trips are known at the start
    std::int64_t trips;
  };

  void kernel(const Loops& pending, const DimSizes& at, const Tile& tile) {
    const Gap& g = gaps_.back();
    kernel_.clear();
    for (const Loops* loops : {&pending, &g.temporal, &g.spatial}) {
      for (const PlacedLoop& loop : *loops) {
        const std::size_t d = index(loop.dim);
        const bool alone =
            std::none_of(kernel_.begin(), kernel_.end(), [d](const KernelLoop& k) { return k.dim == d; });
        kernel_.push_back({loop.bound, loop.tile, d, loop.tile * ifmap_strides_[d], loop.tile * weight_strides_[d],
                           loop.tile * tile.strides[d], alone, alone ? trips(loop, at) : 0});
      }
    }
    // Something to loop over at the end, so that the innermost loops are always two.
    while (kernel_.size() < 2) kernel_.push_back({1, 1, kNoDim, 0, 0, 0, true, 1});
    at_ = at;
    multiply(0, ifmap_.data() + dot(ifmap_strides_, at), weight_.data() + dot(weight_strides_, at), tile.at);
  }

  std::int64_t trips_now(const KernelLoop& loop) const {
    if (loop.alone) return loop.trips;
    const std::int64_t left = problem_.bounds[loop.dim] - at_[loop.dim];
    return left <= 0 ? 0 : std::min(loop.bound, ceil_div(left, loop.tile));
  }

  void multiply(std::size_t k, const std::int16_t* x, const std::int16_t* w, std::int32_t* p) {
    const KernelLoop& loop = kernel_[k];
    const std::int64_t n = trips_now(loop);
    if (k + 2 == kernel_.size() && kernel_[k + 1].alone) return rows(loop, n, kernel_[k + 1], x, w, p);
    if (k + 1 == kernel_.size()) return row(loop, n, x, w, p);
    for (std::int64_t i = 0; i < n; ++i) {
      multiply(k + 1, x, w, p);
      x += loop.ifmap, w += loop.weight, p += loop.psum;
      if (loop.dim != kNoDim) at_[loop.dim] += loop.tile;
    }
    if (loop.dim != kNoDim) at_[loop.dim] -= n * loop.tile;
  }

  void rows(const KernelLoop& outer, std::int64_t n, const KernelLoop& inner, const std::int16_t* x,
            const std::int16_t* w, std::int32_t* p) {
    for (std::int64_t i = 0; i < n; ++i) {
      row(inner, inner.trips, x, w, p);
      x += outer.ifmap, w += outer.weight, p += outer.psum;
    }
  }

  void row(const KernelLoop& loop, std::int64_t n, const std::int16_t* x, const std::int16_t* w, std::int32_t* p) {
    const Adder adder = adder_;
    std::int64_t overflows = 0;
    if (loop.psum == 0) {
      std::int32_t sum = *p;
      for (std::int64_t i = 0; i < n; ++i, x += loop.ifmap, w += loop.weight) {
        sum = adder.add(sum, adder.product(*x, *w), overflows);
      }
      *p = sum;
    } else if (loop.ifmap == 0 && loop.weight == 1 && loop.psum == 1) {
      const std::int16_t value = *x;
      for (std::int64_t i = 0; i < n; ++i) p[i] = adder.add(p[i], adder.product(value, w[i]), overflows);
    } else {
      for (std::int64_t i = 0; i < n; ++i, x += loop.ifmap, w += loop.weight, p += loop.psum) {
        *p = adder.add(*p, adder.product(*x, *w), overflows);
      }
    }
    overflows_ += overflows;
  }

  const ConvShape& shape_;
  const LoopProblem& problem_;
  const Placement& placement_;
  const Hold hold_;
  const Adder adder_;
  std::vector<Gap> gaps_;  ///< gaps_[l]: the loops inside storage point l of psum and outside the next
  std::array<bool, kDims> relevant_{};
  std::vector<Dim> psum_order_;
  std::vector<std::int16_t> ifmap_, weight_;
  Strides ifmap_strides_{}, weight_strides_{};
  std::vector<std::vector<std::int32_t>> spare_;  ///< memory of tiles, by gap
  std::vector<KernelLoop> kernel_;
  DimSizes at_{};
  std::int64_t overflows_ = 0;
};

}  // namespace

Sums plain_sums(const ConvShape& s, const Accumulation& how, std::span<const std::int16_t> ifmap,
                std::span<const std::int16_t> weight) {
  const Adder adder(how);
  Sums sums;
  sums.values.reserve(static_cast<std::size_t>(s.N * s.G * s.M * s.E * s.F));
  for (std::int64_t n = 0; n < s.N; ++n) {
    for (std::int64_t g = 0; g < s.G; ++g) {
      for (std::int64_t m = 0; m < s.M; ++m) {
        for (std::int64_t e = 0; e < s.E; ++e) {
          for (std::int64_t f = 0; f < s.F; ++f) {
            std::int32_t sum = 0;
            for (std::int64_t c = 0; c < s.C; ++c) {
              for (std::int64_t r = 0; r < s.R; ++r) {
                const std::int64_t y = s.U_h * e + s.D_h * r - s.pad_top;
                if (y < 0 || y >= s.H) continue;
                for (std::int64_t k = 0; k < s.S; ++k) {
                  const std::int64_t x = s.U_w * f + s.D_w * k - s.pad_left;
                  if (x < 0 || x >= s.W) continue;
                  sum = adder.add(
                      sum,
                      adder.product(ifmap[static_cast<std::size_t>((((n * s.G + g) * s.C + c) * s.H + y) * s.W + x)],
                                    weight[static_cast<std::size_t>((((g * s.M + m) * s.C + c) * s.R + r) * s.S + k)]),
                      sums.overflows);
                }
              }
            }
            sums.values.push_back(sum);
          }
        }
      }
    }
  }
  return sums;
}

Sums execute(const ConvShape& shape, const LoopProblem& problem, const Placement& placement, Hold hold,
             const Accumulation& how, std::span<const std::int16_t> ifmap, std::span<const std::int16_t> weight) {
  WEFT_ASSERT(how.bits >= 2 && how.bits <= 32, "partial sums are kept in 32 bits");
  return Executor(shape, problem, placement, hold, how).run(ifmap, weight);
}

}  // namespace weft
