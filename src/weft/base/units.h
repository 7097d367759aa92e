// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <compare>
#include <cstdint>
#include <ostream>
#include <string>
#include <type_traits>

namespace weft {

/// A string usable as a template argument.
template <std::size_t n>
struct Symbol {
  char text[n]{};
  constexpr Symbol(const char (&s)[n]) { std::copy_n(s, n, text); }  // NOLINT(google-explicit-constructor)
};

/// Counts and energies that may pass 2^63: accesses of ResNet-152 at batch 4096, times a price.
using Int128 = __int128;
std::string to_string(Int128 n);  ///< decimal

/// A number with its unit in its type: adding cycles to bytes does not compile.
/// Conversions and products are named functions below; only those the field uses exist.
template <Symbol symbol, class Rep>
struct Quantity {
  using rep = Rep;
  static constexpr const char* unit = symbol.text;
  Rep value{};
  friend constexpr auto operator<=>(Quantity, Quantity) = default;
  friend constexpr Quantity operator+(Quantity a, Quantity b) { return {a.value + b.value}; }
  friend constexpr Quantity operator-(Quantity a, Quantity b) { return {a.value - b.value}; }
  friend constexpr Quantity operator*(Rep n, Quantity q) { return {n * q.value}; }
  constexpr Quantity& operator+=(Quantity b) { return value += b.value, *this; }
  friend std::ostream& operator<<(std::ostream& out, Quantity q) {
    if constexpr (std::is_same_v<Rep, Int128>) {
      return out << to_string(q.value) << ' ' << symbol.text;
    } else {
      return out << q.value << ' ' << symbol.text;
    }
  }
};

using Macs = Quantity<"MAC", std::int64_t>;
using Bytes = Quantity<"B", std::int64_t>;
using Cycles = Quantity<"cycles", std::int64_t>;
using Picojoules = Quantity<"pJ", double>;
using SquareMillimetres = Quantity<"mm2", double>;
using Hertz = Quantity<"Hz", double>;
using Seconds = Quantity<"s", double>;
using Watts = Quantity<"W", double>;

/// Energies are summed and compared in whole attojoules (10^-18 J), so that equal means equal.
using Attojoules = Quantity<"aJ", Int128>;
constexpr Picojoules picojoules(Attojoules energy) { return {double(energy.value) * 1e-6}; }

/// How much a node can move: whole bits in each cycle, or in each second whatever the clock.
struct Bandwidth {
  enum class Per { cycle, second };
  std::int64_t bits = 0;
  Per per = Per::cycle;
  bool operator==(const Bandwidth&) const = default;
};
/// Bits a cycle at that clock.
constexpr double bits_per_cycle(Bandwidth bandwidth, Hertz clock) {
  return bandwidth.per == Bandwidth::Per::cycle ? double(bandwidth.bits) : double(bandwidth.bits) / clock.value;
}

constexpr Seconds duration(Cycles n, Hertz clock) { return {double(n.value) / clock.value}; }
constexpr Watts power(Picojoules energy, Seconds time) { return {energy.value * 1e-12 / time.value}; }

}  // namespace weft
