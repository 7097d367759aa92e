// SPDX-License-Identifier: Apache-2.0
#include "weft/dataflow/loop_problem.h"

#include <algorithm>
#include <utility>

namespace weft {
namespace {

template <class Letter, std::size_t n>
std::optional<Letter> named(const std::array<std::string_view, n>& names, std::string_view wanted) {
  const auto found = std::find(names.begin(), names.end(), wanted);
  if (found == names.end()) return std::nullopt;
  return static_cast<Letter>(found - names.begin());
}

Axis plain(Dim d, std::int64_t bound) { return {.terms = {{d, 1}}, .offset = 0, .extent = bound}; }

/// The axis of a sliding window: `stride` * out + `dilation` * tap - `before`.
Axis window(Dim out, std::int64_t stride, Dim tap, std::int64_t dilation, std::int64_t before, std::int64_t extent,
            std::int64_t after, Padding padding) {
  const bool stored = padding == Padding::stored;
  return {.terms = {{out, stride}, {tap, dilation}},
          .offset = stored ? 0 : -before,
          .extent = stored ? before + extent + after : extent};
}

}  // namespace

std::optional<Dim> dim_named(std::string_view name) { return named<Dim>(kDimNames, name); }
std::optional<Tensor3> tensor_named(std::string_view name) { return named<Tensor3>(kTensorNames, name); }

bool depends_on(const Projection& projection, Dim d) {
  return std::any_of(projection.axes.begin(), projection.axes.end(), [d](const Axis& axis) {
    return std::any_of(axis.terms.begin(), axis.terms.end(), [d](const Axis::Term& term) { return term.dim == d; });
  });
}

std::int64_t macs(const LoopProblem& problem) {
  std::int64_t product = 1;
  for (const std::int64_t bound : problem.bounds) product *= bound;
  return product;
}

bool has_padding(const LoopProblem& problem, const Axis& axis) {
  std::int64_t last = axis.offset;
  for (const Axis::Term& term : axis.terms) last += term.coefficient * (problem.bound(term.dim) - 1);
  return axis.offset < 0 || last >= axis.extent;
}

LoopProblem loop_problem(const ConvShape& s, std::string name, Padding padding) {
  LoopProblem problem;
  problem.name = std::move(name);
  problem.bounds = {s.N, s.G, s.M, s.C, s.E, s.F, s.R, s.S};
  problem.tensors[index(Tensor3::ifmap)].axes = {
      plain(Dim::N, s.N), plain(Dim::G, s.G), plain(Dim::C, s.C),
      window(Dim::E, s.U_h, Dim::R, s.D_h, s.pad_top, s.H, s.pad_bottom, padding),
      window(Dim::F, s.U_w, Dim::S, s.D_w, s.pad_left, s.W, s.pad_right, padding)};
  problem.tensors[index(Tensor3::weight)].axes = {plain(Dim::G, s.G), plain(Dim::M, s.M), plain(Dim::C, s.C),
                                                  plain(Dim::R, s.R), plain(Dim::S, s.S)};
  problem.tensors[index(Tensor3::psum)].axes = {plain(Dim::N, s.N), plain(Dim::G, s.G), plain(Dim::M, s.M),
                                                plain(Dim::E, s.E), plain(Dim::F, s.F)};
  return problem;
}

}  // namespace weft
