// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "weft/network/layer.h"

namespace weft {

/// The dimensions of a loop nest, in the survey's letters (Table I) plus G, groups.
enum class Dim : std::uint8_t { N, G, M, C, E, F, R, S };
inline constexpr int kDims = 8;
inline constexpr std::array<Dim, kDims> kAllDims = {Dim::N, Dim::G, Dim::M, Dim::C, Dim::E, Dim::F, Dim::R, Dim::S};
inline constexpr std::array<std::string_view, kDims> kDimNames = {"N", "G", "M", "C", "E", "F", "R", "S"};
constexpr std::size_t index(Dim d) { return static_cast<std::size_t>(d); }
constexpr std::string_view name(Dim d) { return kDimNames[index(d)]; }
std::optional<Dim> dim_named(std::string_view name);

/// One number for each dimension: bounds, tile extents, positions.
using DimSizes = std::array<std::int64_t, kDims>;

/// The three tensors of a layer that multiplies: ifmap, weight (filter), psum (partial sum, at the end the ofmap).
enum class Tensor3 : std::uint8_t { ifmap, weight, psum };
inline constexpr int kTensors = 3;
inline constexpr std::array<Tensor3, kTensors> kAllTensors = {Tensor3::ifmap, Tensor3::weight, Tensor3::psum};
inline constexpr std::array<std::string_view, kTensors> kTensorNames = {"ifmap", "weight", "psum"};
constexpr std::size_t index(Tensor3 t) { return static_cast<std::size_t>(t); }
constexpr std::string_view name(Tensor3 t) { return kTensorNames[index(t)]; }
std::optional<Tensor3> tensor_named(std::string_view name);

/// One coordinate of a tensor: the sum over `terms` of coefficient * index, plus `offset`. Coordinates outside
/// 0 .. extent-1 are padding: zeros that exist nowhere. No dimension is in two axes of one tensor.
struct Axis {
  struct Term {
    Dim dim = Dim::N;
    std::int64_t coefficient = 1;
    bool operator==(const Term&) const = default;
  };
  std::vector<Term> terms;
  std::int64_t offset = 0;
  std::int64_t extent = 1;
  bool operator==(const Axis&) const = default;
};

/// How the loop indices select a word of one tensor.
struct Projection {
  std::vector<Axis> axes;
  bool operator==(const Projection&) const = default;
};
bool depends_on(const Projection& projection, Dim d);

/// Whether padded zeros are words like any other (the survey's own analyses) or are made at the PE.
enum class Padding : std::uint8_t { implicit, stored };

/// One multiply-accumulate for each point of a box of loop indices: psum[...] += ifmap[...] * weight[...].
/// CONV (grouped, depthwise, dilated), FC and matrix products are instances; nothing downstream knows which.
struct LoopProblem {
  std::string name;
  DimSizes bounds{1, 1, 1, 1, 1, 1, 1, 1};
  std::array<Projection, kTensors> tensors;

  std::int64_t bound(Dim d) const { return bounds[index(d)]; }
  const Projection& tensor(Tensor3 t) const { return tensors[index(t)]; }
  bool relevant(Tensor3 t, Dim d) const { return depends_on(tensor(t), d); }
  /// Two layers with the same bounds and projections cost the same, whatever they are called.
  bool same_loops(const LoopProblem& other) const { return bounds == other.bounds && tensors == other.tensors; }
};

/// Multiply-accumulates of the whole nest. Bounds are limited so that this fits (layer.h).
std::int64_t macs(const LoopProblem& problem);

/// Whether some coordinates of an axis are padding, so that a tile's words depend on where it is.
bool has_padding(const LoopProblem& problem, const Axis& axis);

/// The loops of one CONV, FC or matrix-product layer:
///   ifmap[n, g, c, U_h e + D_h r - pad_top, U_w f + D_w s - pad_left], weight[g, m, c, r, s], psum[n, g, m, e, f].
LoopProblem loop_problem(const ConvShape& shape, std::string name, Padding padding);

}  // namespace weft
