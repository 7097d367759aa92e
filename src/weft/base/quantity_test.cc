// SPDX-License-Identifier: Apache-2.0
#include "weft/base/quantity.h"

#include <catch2/catch.hpp>
#include <set>

namespace weft {
namespace {

TEST_CASE("equal numbers are equal decimals, however written") {
  CHECK(parse_decimal("0.95") == Decimal{95, -2});
  CHECK(parse_decimal("950e-3") == Decimal{95, -2});
  CHECK(parse_decimal("0.9500") == Decimal{95, -2});
  CHECK(parse_decimal("1000") == Decimal{1, 3});
  CHECK(parse_decimal("-2.5E+1") == Decimal{-25, 0});
  CHECK(parse_decimal("0") == Decimal{0, 0});
  CHECK(parse_decimal("0.000") == Decimal{0, 0});
}

TEST_CASE("only plain decimal numbers are numbers") {
  for (const char* text : {"",   "-",  "+1",  ".5",  "5.", "01",  "00",    "-01", "0x10", "1_000", "1,000",
                           " 1", "1 ", "inf", "nan", "1e", "1e+", "1e1.5", "--1", "1e61", "1e-61", "1e99999999999"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_decimal(text).has_value());
  }
  CHECK(parse_decimal("1e60") == Decimal{1, 60});
  CHECK(parse_decimal("1e-60") == Decimal{1, -60});
}

TEST_CASE("a number may have 36 significant digits, not 37") {
  const std::string digits(36, '7');
  CHECK(parse_decimal(digits).has_value());
  CHECK_FALSE(parse_decimal(digits + "7").has_value());
  CHECK(parse_decimal("0." + digits).has_value());
  CHECK_FALSE(parse_decimal("0.7" + digits).has_value());
  CHECK(parse_decimal("1" + std::string(50, '0')) == Decimal{1, 50});
}

TEST_CASE("energies become whole attojoules, or are refused") {
  CHECK(parse_decimal("0.95", 6) == Int128{950'000});
  CHECK(parse_decimal("0.1", 6) == Int128{100'000});  // no binary fraction in between
  CHECK(parse_decimal("0.000001", 6) == Int128{1});
  CHECK_FALSE(parse_decimal("0.0000005", 6).has_value());
  CHECK(parse_decimal("-2", 6) == Int128{-2'000'000});
  CHECK(parse_decimal("1e32", 6) == parse_decimal("1e38", 0));
  CHECK_FALSE(parse_decimal("1e33", 6).has_value());  // 10^39 > 2^127
  CHECK_FALSE(parse_decimal("x", 6).has_value());
}

TEST_CASE("a fraction of a unit is exact where it is whole in the base unit") {
  CHECK(exact_product({15, -1}, 8192) == Int128{12288});  // 1.5 KiB in bits
  CHECK_FALSE(exact_product({1, -1}, 8192).has_value());  // 0.1 KiB is no whole number of bits
  CHECK(exact_product({0, 0}, 5) == Int128{0});
}

TEST_CASE("integers are decimal, without leading zeros, and stay below 2^63") {
  CHECK(parse_integer("0") == 0);
  CHECK(parse_integer("-12") == -12);
  CHECK(parse_integer("9223372036854775807") == INT64_MAX);
  CHECK_FALSE(parse_integer("9223372036854775808").has_value());
  CHECK(parse_integer("-9223372036854775808") == INT64_MIN);
  CHECK_FALSE(parse_integer("-9223372036854775809").has_value());
  for (const char* text : {"", "-", "0123", "-0", "00", "+1", "1.0", "1e3", "0x1f", "1 ", " 1", "yes"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_integer(text).has_value());
  }
}

TEST_CASE("a quantity is a number, at most one space and a unit") {
  const auto quantity = parse_quantity("108 KiB");
  REQUIRE(quantity);
  CHECK(quantity->number == "108");
  CHECK(quantity->value == 108);
  CHECK(quantity->unit == "KiB");
  CHECK(parse_quantity("2pJ")->unit == "pJ");
  CHECK(parse_quantity("64 b/cycle")->unit == "b/cycle");
  CHECK(parse_quantity("0.95")->unit.empty());
  CHECK(parse_quantity("3 EB")->unit == "EB");  // not an exponent
  for (const char* text : {"", "KiB", "1  KiB", "1 ", "1 K B", "1 %", "one KiB", "1 µm"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_quantity(text).has_value());
  }
}

TEST_CASE("units differ by case: bits and bytes, milli and mega") {
  CHECK(find_unit("b")->factor == 1);
  CHECK(find_unit("B")->factor == 8);
  CHECK(find_unit("KiB")->factor == 8192);
  CHECK(find_unit("kB")->factor == 8000);
  CHECK(find_unit("kb")->factor == 1000);
  CHECK(find_unit("mW")->factor == 1'000'000);
  CHECK(find_unit("GB/s")->factor == 8'000'000'000);
  CHECK(find_unit("pJ")->factor == 1'000'000);
  CHECK_FALSE(find_unit("kib").has_value());
  CHECK_FALSE(find_unit("MW").has_value());
  CHECK_FALSE(find_unit("").has_value());
}

TEST_CASE("every dimension has units, smallest first, and no symbol has two meanings") {
  std::set<std::string> seen;
  for (int i = 0; i <= int(Dimension::data_per_second); ++i) {
    const auto dimension = Dimension(i);
    std::int64_t previous = 0;
    CHECK_FALSE(name(dimension).empty());
    CHECK_FALSE(unit_symbols(dimension).empty());
    for (const std::string& symbol : unit_symbols(dimension)) {
      CHECK(seen.insert(symbol).second);
      CHECK(find_unit(symbol)->factor >= previous);
      previous = find_unit(symbol)->factor;
    }
  }
}

}  // namespace
}  // namespace weft
