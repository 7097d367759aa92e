// SPDX-License-Identifier: Apache-2.0
#include "weft/base/units.h"

#include <catch2/catch.hpp>
#include <limits>
#include <sstream>

namespace weft {
namespace {

TEST_CASE("quantities of one unit add, compare and print") {
  CHECK(Cycles{3} + Cycles{4} == Cycles{7});
  CHECK(Bytes{288} - Bytes{1} == Bytes{287});
  CHECK(3 * Macs{5} == Macs{15});
  CHECK(Bytes{288} < Bytes{289});
  Cycles total{1};
  total += Cycles{2};
  CHECK(total == Cycles{3});
  std::ostringstream out;
  out << Bytes{288};
  CHECK(out.str() == "288 B");
}

TEST_CASE("products and quotients that the field uses have names") {
  CHECK(duration(Cycles{200}, Hertz{100}) == Seconds{2});
  CHECK(power(Picojoules{3e12}, Seconds{2}).value == Approx(1.5));
  CHECK(picojoules(Attojoules{950'000}).value == Approx(0.95));
  CHECK(bits_per_cycle({64, Bandwidth::Per::cycle}, Hertz{1e9}) == 64);
  CHECK(bits_per_cycle({8'000'000'000, Bandwidth::Per::second}, Hertz{1e9}) == 8);
}

TEST_CASE("128-bit integers print in decimal to both their ends") {
  CHECK(to_string(Int128{0}) == "0");
  CHECK(to_string(Int128{-7}) == "-7");
  CHECK(to_string(Int128{1} << 64) == "18446744073709551616");
  const Int128 most = static_cast<Int128>(~static_cast<unsigned __int128>(0) >> 1);
  CHECK(to_string(most) == "170141183460469231731687303715884105727");        // 2^127 - 1
  CHECK(to_string(-most - 1) == "-170141183460469231731687303715884105728");  // -2^127
}

}  // namespace
}  // namespace weft
