// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <string>

#include "weft/hardware/components.h"

/// Pieces that the text reports share.
namespace weft {

inline constexpr std::size_t kPageWidth = 118;

/// Text broken between words so that no line passes kPageWidth; lines after the first are indented by `indent`.
/// `column`: where the first line begins. A word longer than a line stays whole.
std::string wrapped(const std::string& text, std::size_t indent, std::size_t column);

/// "label        text", the text wrapped in its column; ends in a line feed.
std::string labelled(const std::string& label, const std::string& text);

/// Three significant digits without exponent: "123", "12.3", "1.23", "0.0123".
std::string three_digits(double value);

/// An energy in millionths of the unit: "1.50 mJ", or "2.50G MAC" where the components are normalised.
std::string energy_text(Int128 millionths, EnergyUnit unit);

/// RFC 4180: quoted if it must be.
std::string csv_field(const std::string& text);

}  // namespace weft
