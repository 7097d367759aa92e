// SPDX-License-Identifier: Apache-2.0
#include "weft/kernels/convolution.h"

#include <algorithm>
#include <vector>

namespace weft {
namespace {

constexpr std::int64_t kRows = 4, kColumns = 8, kTiles = 4;  // kRows x kColumns sums stay in registers
constexpr std::int64_t kPanel = kTiles * kColumns;

/// Windows first..first+count-1 (of E F) of one image's group as columns: panel[tile][k][column], k = (c, r, s).
/// Columns beyond `count` are zero.
void make_panel(const ConvShape& s, const float* ifmap, std::int64_t first, std::int64_t count, float* panel) {
  const std::int64_t K = s.C * s.R * s.S;
  std::fill_n(panel, K * kPanel, 0.0F);
  for (std::int64_t column = 0; column < count; ++column) {
    const std::int64_t top = (first + column) / s.F * s.U_h - s.pad_top;
    const std::int64_t left = (first + column) % s.F * s.U_w - s.pad_left;
    float* to = panel + column / kColumns * K * kColumns + column % kColumns;
    for (std::int64_t c = 0; c < s.C; ++c) {
      for (std::int64_t r = 0; r < s.R; ++r) {
        const std::int64_t y = top + r * s.D_h;
        if (y < 0 || y >= s.H) {
          to += s.S * kColumns;
          continue;
        }
        const float* row = ifmap + (c * s.H + y) * s.W;
        for (std::int64_t k = 0; k < s.S; ++k, to += kColumns) {
          const std::int64_t x = left + k * s.D_w;
          if (x >= 0 && x < s.W) *to = row[x];
        }
      }
    }
  }
}

/// sums[i][j] = weights row i times panel column j, for `rows` rows.
void multiply_tile(const float* weights, std::int64_t rows, std::int64_t K, const float* tile,
                   float (&sums)[kRows][kColumns]) {
  for (auto& row : sums) std::fill(std::begin(row), std::end(row), 0.0F);
  if (rows == kRows) {
    for (std::int64_t k = 0; k < K; ++k) {
      for (std::int64_t i = 0; i < kRows; ++i) {
        const float w = weights[i * K + k];
        for (std::int64_t j = 0; j < kColumns; ++j) sums[i][j] += w * tile[k * kColumns + j];
      }
    }
    return;
  }
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t k = 0; k < K; ++k) {
      for (std::int64_t j = 0; j < kColumns; ++j) sums[i][j] += weights[i * K + k] * tile[k * kColumns + j];
    }
  }
}

}  // namespace

void conv_direct(const ConvShape& s, std::span<const float> ifmap, std::span<const float> weights,
                 std::span<const float> bias, std::span<float> ofmap) {
  std::size_t out = 0;
  for (std::int64_t n = 0; n < s.N; ++n) {
    for (std::int64_t g = 0; g < s.G; ++g) {
      for (std::int64_t m = 0; m < s.M; ++m) {
        for (std::int64_t e = 0; e < s.E; ++e) {
          for (std::int64_t f = 0; f < s.F; ++f) {
            float sum = bias.empty() ? 0.0F : bias[std::size_t(g * s.M + m)];
            for (std::int64_t c = 0; c < s.C; ++c) {
              for (std::int64_t r = 0; r < s.R; ++r) {
                for (std::int64_t k = 0; k < s.S; ++k) {
                  const std::int64_t y = s.U_h * e + s.D_h * r - s.pad_top, x = s.U_w * f + s.D_w * k - s.pad_left;
                  if (y < 0 || y >= s.H || x < 0 || x >= s.W) continue;
                  sum += ifmap[std::size_t((((n * s.G + g) * s.C + c) * s.H + y) * s.W + x)] *
                         weights[std::size_t((((g * s.M + m) * s.C + c) * s.R + r) * s.S + k)];
                }
              }
            }
            ofmap[out++] = sum;
          }
        }
      }
    }
  }
}

void conv_im2col(const ConvShape& s, std::span<const float> ifmap, std::span<const float> weights,
                 std::span<const float> bias, std::span<float> ofmap) {
  const std::int64_t K = s.C * s.R * s.S, windows = s.E * s.F;
  std::vector<float> panel(std::size_t(K * kPanel));
  float sums[kRows][kColumns];
  for (std::int64_t image = 0; image < s.N * s.G; ++image) {
    const std::int64_t g = image % s.G;
    for (std::int64_t first = 0; first < windows; first += kPanel) {
      const std::int64_t count = std::min(kPanel, windows - first);
      make_panel(s, ifmap.data() + image * s.C * s.H * s.W, first, count, panel.data());
      for (std::int64_t m = 0; m < s.M; m += kRows) {
        const std::int64_t rows = std::min(kRows, s.M - m);
        for (std::int64_t j = 0; j < count; j += kColumns) {
          multiply_tile(weights.data() + (g * s.M + m) * K, rows, K, panel.data() + j * K, sums);
          for (std::int64_t i = 0; i < rows; ++i) {
            const float add = bias.empty() ? 0.0F : bias[std::size_t(g * s.M + m + i)];
            float* to = ofmap.data() + (image * s.M + m + i) * windows + first + j;
            for (std::int64_t k = 0; k < std::min(kColumns, count - j); ++k) to[k] = sums[i][k] + add;
          }
        }
      }
    }
  }
}

}  // namespace weft
