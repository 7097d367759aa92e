// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

namespace weft {

/// Shape of a layer that multiplies, in the letters of Table I of Sze et al. (2017), plus groups and dilation.
///   N batch   G groups   M filters per group   C channels per group   R, S filter height, width
///   H, W  ifmap height, width as stored (without padding)   E, F  ofmap height, width
/// All counts are elements and at least 1. An FC layer has R = H, S = W, E = F = 1.
/// ifmap[n, g, c, U_h*e + D_h*r - pad_top, U_w*f + D_w*s - pad_left] meets weight[g, m, c, r, s] in ofmap[n, g, m, e,
/// f]; positions outside 0..H-1, 0..W-1 read as zero.
struct ConvShape {
  std::int64_t N = 1, G = 1, M = 1, C = 1, H = 1, W = 1, R = 1, S = 1, E = 1, F = 1;
  std::int64_t U_h = 1, U_w = 1, D_h = 1, D_w = 1;
  std::int64_t pad_top = 0, pad_left = 0, pad_bottom = 0, pad_right = 0;
  std::int64_t macs() const { return N * G * M * C * R * S * E * F; }
  std::int64_t weights() const { return G * M * C * R * S; }
  bool operator==(const ConvShape&) const = default;
};

}  // namespace weft
