// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <nlohmann/json.hpp>
#include <string>

#include "weft/base/units.h"

namespace weft {

/// Numbers of any size as JSON number literals, digit for digit: a count past 2^64 stays a whole number, and an energy
/// is the decimal that it is. Such a value inside a document is opaque to nlohmann's own dump(); write the document
/// with json_text.
nlohmann::ordered_json exact_json(Int128 n);
/// n / 10^6 as a decimal: 1234500 is 1.2345.
nlohmann::ordered_json exact_json_millionths(Int128 n);

/// One such value as its digits, for CSV.
std::string json_number(const nlohmann::ordered_json& number);

/// The document as text, two spaces a level, ending in a line feed. A list or map that fits on a line is on one. Text
/// that is not UTF-8 gets replacement characters.
std::string json_text(const nlohmann::ordered_json& document);

}  // namespace weft
