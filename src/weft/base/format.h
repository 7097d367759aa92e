// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>

#include "weft/base/units.h"

namespace weft {

/// Numbers as people read them. JSON and CSV print plain numbers with the unit in the name instead.

/// Exact, in groups of three: 60954656 is "60,954,656".
std::string format_count(Int128 n);

/// Three significant digits and a power of 1000: 60954656 is "61.0M", 950 is "950", 0 is "0".
std::string format_short(double n);

/// Three significant digits with an SI prefix from a (10^-18) to E (10^18): (1.5e-7, "J") is "150 nJ", (0, "J") is "0
/// J". Micro is written u. Infinities and NaN are "inf J", "nan J".
std::string format_si(double value, std::string_view unit);

/// Exact where it is short, else three significant digits: "108 KiB", "1.37 MiB", "1,000 B".
std::string format_bytes(Bytes bytes);

std::string format_energy(Picojoules energy);   ///< "950 fJ", "1.50 mJ"
std::string format_time(Seconds time);          ///< "28.8 ms"
std::string format_power(Watts power);          ///< "278 mW"
std::string format_frequency(Hertz frequency);  ///< "200 MHz"

/// "12.5 %"; "n/a" when the whole is not more than 0.
std::string format_percent(double part, double whole);

}  // namespace weft
