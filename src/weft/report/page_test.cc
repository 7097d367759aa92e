// SPDX-License-Identifier: Apache-2.0
#include "weft/report/page.h"

#include <catch2/catch.hpp>

namespace weft {

TEST_CASE("text is broken between words at the width of the page") {
  const std::string word(58, 'a');
  CHECK(wrapped(word + " " + word, 2, 0) == word + " " + word);          // 117 characters
  CHECK(wrapped(word + " b" + word, 2, 0) == word + " b" + word);        // 118
  CHECK(wrapped(word + " bb" + word, 2, 0) == word + "\n  bb" + word);   // 119
  CHECK(wrapped(word + " " + word, 2, 2) == word + "\n  " + word);       // begins in column 2
  CHECK(wrapped(std::string(200, 'a'), 2, 0) == std::string(200, 'a'));  // a long word stays whole
  CHECK(wrapped("", 2, 0).empty());
}

TEST_CASE("a per cent sign stays with its number") {
  const std::string word(115, 'a');
  CHECK(wrapped(word + " 9 %", 2, 0) == word + " 9 %");
}

TEST_CASE("a label and its text") {
  CHECK(labelled("bits", "16") == "bits              16\n");
  CHECK(labelled("bits", "") == "bits\n");
}

TEST_CASE("three digits, whatever the size") {
  CHECK(three_digits(0) == "0");
  CHECK(three_digits(0.01234) == "0.0123");
  CHECK(three_digits(1.234) == "1.23");
  CHECK(three_digits(12.34) == "12.3");
  CHECK(three_digits(123.4) == "123");
  CHECK(three_digits(12345) == "12345");
}

TEST_CASE("energies are read in joules or in MACs") {
  CHECK(energy_text(Int128{1'500'000'000} * kEnergyScale, EnergyUnit::picojoule) == "1.50 mJ");
  CHECK(energy_text(Int128{2'500'000'000} * kEnergyScale, EnergyUnit::mac) == "2.50G MAC");
}

TEST_CASE("a CSV field is quoted if it must be") {
  CHECK(csv_field("conv1") == "conv1");
  CHECK(csv_field("a,b") == "\"a,b\"");
  CHECK(csv_field("a \"b\"") == "\"a \"\"b\"\"\"");
}

}  // namespace weft
