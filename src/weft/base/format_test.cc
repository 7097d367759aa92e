// SPDX-License-Identifier: Apache-2.0
#include "weft/base/format.h"

#include <catch2/catch.hpp>
#include <limits>

namespace weft {
namespace {

TEST_CASE("counts are grouped in threes") {
  CHECK(format_count(0) == "0");
  CHECK(format_count(999) == "999");
  CHECK(format_count(1000) == "1,000");
  CHECK(format_count(60954656) == "60,954,656");
  CHECK(format_count(-999) == "-999");
  CHECK(format_count(-1000) == "-1,000");
  CHECK(format_count(Int128{1} << 64) == "18,446,744,073,709,551,616");
}

TEST_CASE("short numbers have three digits, also where rounding makes a fourth") {
  CHECK(format_short(60954656) == "61.0M");
  CHECK(format_short(0) == "0");
  CHECK(format_short(950) == "950");
  CHECK(format_short(999.4) == "999");
  CHECK(format_short(999.5) == "1.00k");
  CHECK(format_short(999499) == "999k");
  CHECK(format_short(999500) == "1.00M");
  CHECK(format_short(9994) == "9.99k");
  CHECK(format_short(9996) == "10.0k");
}

TEST_CASE("SI prefixes reach from atto to exa") {
  CHECK(format_si(1.5e-7, "J") == "150 nJ");
  CHECK(format_si(2.78e-1, "W") == "278 mW");
  CHECK(format_si(1, "s") == "1.00 s");
  CHECK(format_si(0.99949, "s") == "999 ms");
  CHECK(format_si(0, "J") == "0 J");
  CHECK(format_si(-2e-3, "s") == "-2.00 ms");
  CHECK(format_si(3e-18, "J") == "3.00 aJ");
  CHECK(format_si(3e-20, "J") == "0.03 aJ");
  CHECK(format_si(5e21, "b") == "5000 Eb");
  CHECK(format_si(std::numeric_limits<double>::infinity(), "J") == "inf J");
}

TEST_CASE("energy, time, power and frequency carry their units") {
  CHECK(format_energy(Picojoules{0.95}) == "950 fJ");
  CHECK(format_energy(Picojoules{1.5e9}) == "1.50 mJ");
  CHECK(format_time(Seconds{0.0288}) == "28.8 ms");
  CHECK(format_power(Watts{0.278}) == "278 mW");
  CHECK(format_frequency(Hertz{200e6}) == "200 MHz");
}

TEST_CASE("bytes are exact where that is short") {
  CHECK(format_bytes(Bytes{0}) == "0 B");
  CHECK(format_bytes(Bytes{1023}) == "1023 B");
  CHECK(format_bytes(Bytes{1024}) == "1 KiB");
  CHECK(format_bytes(Bytes{108 * 1024}) == "108 KiB");
  CHECK(format_bytes(Bytes{1536}) == "1.50 KiB");
  CHECK(format_bytes(Bytes{1024 * 1024 - 1}) == "1.00 MiB");
  CHECK(format_bytes(Bytes{1024 * 1024}) == "1 MiB");
}

TEST_CASE("a part of nothing is no percentage") {
  CHECK(format_percent(1, 8) == "12.5 %");
  CHECK(format_percent(0, 8) == "0.0 %");
  CHECK(format_percent(1, 0) == "n/a");
}

}  // namespace
}  // namespace weft
