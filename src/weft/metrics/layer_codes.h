// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "weft/hardware/hardware.h"
#include "weft/network/layer.h"
#include "weft/runtime/run.h"
#include "weft/simulator/execute.h"

namespace weft {

/// A layer that multiplies, in a machine's fixed point: its filters as codes, and the binary points around them.
///   sum   = products of ifmap and weight codes, each cut by `accumulation.product_shift`, added in the accumulator
///   ofmap = (sum + bias) cut by `ofmap_shift`, saturated to the ofmap's code
struct FixedLayer {
  FixedPoint ifmap, weight, accumulator, ofmap;
  Accumulation accumulation;
  Rounding ofmap_rounding = Rounding::nearest;
  int ofmap_shift = 0;
  std::vector<std::int16_t> weights;  ///< weight[g][m][c][r][s]
  std::vector<std::int64_t> bias;     ///< in the accumulator's point, a value for each filter; empty: none
};

/// The layer's fixed point by the largest magnitudes of its ifmap and ofmap; the accumulator has `headroom` bits beyond
/// the ofmap's. Filters are scaled to their own largest.
/// Throws Error: simulation.unsupported-layer (only Conv, and Gemm and MatMul with constant filters),
/// simulation.too-wide (operands of more than 16 bits, accumulators of more than 32).
FixedLayer fixed_layer(const Program& program, const Layer& layer, const Hardware& hardware, FixedPoint ifmap,
                       float largest_ofmap, int headroom = 0);
/// The same checks alone.
void require_fixed(const Program& program, const Layer& layer, const Hardware& hardware);

/// Codes of values; those beyond the ends saturate.
std::vector<std::int16_t> encode(const std::vector<float>& values, FixedPoint format);

/// Finished sums as ofmap codes, psum[n][g][m][e][f]. `clipped` counts those that did not fit.
std::vector<std::int16_t> finish(const FixedLayer& layer, const ConvShape& shape, const std::vector<std::int32_t>& sums,
                                 std::int64_t& clipped);

/// Values rounded to what the format can say.
void snap(std::vector<float>& values, FixedPoint format);

}  // namespace weft
