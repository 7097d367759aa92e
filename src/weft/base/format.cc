// SPDX-License-Identifier: Apache-2.0
#include "weft/base/format.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

namespace weft {
namespace {

constexpr std::array<std::string_view, 13> kPrefixes{"a", "f", "p", "n", "u", "m", "", "k", "M", "G", "T", "P", "E"};
constexpr int kNoPrefix = 6;

struct Scaled {
  std::string digits;
  std::string_view prefix;
};

// The thresholds are where rounding to three digits would show a fourth.
std::string three_digits(double value) {
  const double size = std::abs(value);
  return fmt::format("{:.{}f}", value, size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2);
}

Scaled scale(double value) {
  int prefix = kNoPrefix;
  while (std::abs(value) >= 999.5 && prefix + 1 < int(kPrefixes.size())) value /= 1000, ++prefix;
  while (std::abs(value) < 0.9995 && prefix > 0) value *= 1000, --prefix;
  return {three_digits(value), kPrefixes[std::size_t(prefix)]};
}

}  // namespace

std::string format_count(Int128 n) {
  std::string text = to_string(n);
  const std::size_t first = n < 0 ? 1 : 0;
  for (std::size_t i = text.size(); i > first + 3; i -= 3) text.insert(i - 3, 1, ',');
  return text;
}

std::string format_short(double n) {
  if (!std::isfinite(n) || std::abs(n) < 999.5) return fmt::format("{:.3g}", n);
  const Scaled scaled = scale(n);
  return fmt::format("{}{}", scaled.digits, scaled.prefix);
}

std::string format_si(double value, std::string_view unit) {
  if (!std::isfinite(value) || value == 0) return fmt::format("{:g} {}", value, unit);
  const Scaled scaled = scale(value);
  return fmt::format("{} {}{}", scaled.digits, scaled.prefix, unit);
}

std::string format_bytes(Bytes bytes) {
  constexpr std::array<std::string_view, 6> kUnits{"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  if (std::abs(bytes.value) < 1024) return fmt::format("{} B", bytes.value);
  double value = double(bytes.value);
  std::size_t unit = 0;
  while (std::abs(value) >= 1023.5 && unit + 1 < kUnits.size()) value /= 1024, ++unit;
  const bool whole = value == std::floor(value);
  return fmt::format("{} {}", whole ? format_count(Int128(value)) : three_digits(value), kUnits[unit]);
}

std::string format_energy(Picojoules energy) { return format_si(energy.value * 1e-12, "J"); }
std::string format_time(Seconds time) { return format_si(time.value, "s"); }
std::string format_power(Watts power) { return format_si(power.value, "W"); }
std::string format_frequency(Hertz frequency) { return format_si(frequency.value, "Hz"); }

std::string format_percent(double part, double whole) {
  return whole > 0 ? fmt::format("{:.1f} %", 100 * part / whole) : "n/a";
}

}  // namespace weft
