// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>

#include "weft/data/dataset.h"
#include "weft/data/image.h"

namespace weft {

inline constexpr int kDigitSide = 28;

/// Digit i mod 10 as a person might write it: strokes on a unit square, bent, turned, sheared and moved, drawn with a
/// pen of some width, with noise; 28 x 28, grey, ink bright on dark as MNIST has it. Depends on the seed and i only;
/// the same bytes on every machine (no function but the square root, which IEEE 754 rounds exactly).
Image synthetic_digit(std::uint64_t seed, std::int64_t i);

/// "digits" or "digits:seed=7,count=1000": ten classes in turn. Error: dataset.bad-digits.
bool names_digits(const std::string& path);
Dataset digits_dataset(const std::string& path);

}  // namespace weft
