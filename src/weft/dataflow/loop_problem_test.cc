// SPDX-License-Identifier: Apache-2.0
#include "weft/dataflow/loop_problem.h"

#include <catch2/catch.hpp>

namespace weft {
namespace {

// AlexNet's CONV2 at batch 4 (its groups kept apart): 31 rows with padding.
constexpr ConvShape kConv2{.N = 4,
                           .G = 2,
                           .M = 128,
                           .C = 48,
                           .H = 27,
                           .W = 27,
                           .R = 5,
                           .S = 5,
                           .E = 27,
                           .F = 27,
                           .pad_top = 2,
                           .pad_left = 2,
                           .pad_bottom = 2,
                           .pad_right = 2};

const Axis& rows_of_ifmap(const LoopProblem& problem) { return problem.tensor(Tensor3::ifmap).axes[3]; }

}  // namespace

TEST_CASE("a layer's loops have its MACs") {
  CHECK(macs(loop_problem(kConv2, "conv2", Padding::implicit)) == 4 * std::int64_t{223'948'800});
}

TEST_CASE("padded zeros are words only where padding is stored") {
  const Axis implicit = rows_of_ifmap(loop_problem(kConv2, "conv2", Padding::implicit));
  CHECK(implicit.offset == -2);
  CHECK(implicit.extent == 27);
  const Axis stored = rows_of_ifmap(loop_problem(kConv2, "conv2", Padding::stored));
  CHECK(stored.offset == 0);
  CHECK(stored.extent == 31);
}

TEST_CASE("each tensor depends on its letters of the survey's equation 1") {
  const LoopProblem problem = loop_problem(kConv2, "conv2", Padding::implicit);
  const auto letters = [&](Tensor3 t) {
    std::string text;
    for (const Dim d : kAllDims) text += problem.relevant(t, d) ? std::string(name(d)) : "";
    return text;
  };
  CHECK(letters(Tensor3::ifmap) == "NGCEFRS");
  CHECK(letters(Tensor3::weight) == "GMCRS");
  CHECK(letters(Tensor3::psum) == "NGMEF");
}

TEST_CASE("layers with the same loops are the same problem, whatever their names") {
  const LoopProblem a = loop_problem(kConv2, "a", Padding::implicit);
  CHECK(a.same_loops(loop_problem(kConv2, "b", Padding::implicit)));
  CHECK_FALSE(a.same_loops(loop_problem(kConv2, "a", Padding::stored)));
  ConvShape strided = kConv2;
  strided.U_h = 2;
  CHECK_FALSE(a.same_loops(loop_problem(strided, "a", Padding::implicit)));
}

TEST_CASE("letters and tensors are found by name") {
  for (const Dim d : kAllDims) CHECK(dim_named(name(d)) == d);
  CHECK_FALSE(dim_named("H"));
  CHECK_FALSE(dim_named("n"));
  for (const Tensor3 t : kAllTensors) CHECK(tensor_named(name(t)) == t);
  CHECK_FALSE(tensor_named("ofmap"));
}

}  // namespace weft
