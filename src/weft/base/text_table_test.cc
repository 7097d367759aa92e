// SPDX-License-Identifier: Apache-2.0
#include "weft/base/text_table.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <limits>

namespace weft {
namespace {

constexpr TextStyle kPlain{.unicode = true, .colour = false};
constexpr TextStyle kAscii{.unicode = false, .colour = false};

TEST_CASE("columns line up, names left and numbers right, with the unit in the heading") {
  TextTable table({{"layer", "", Align::left}, {"MACs", ""}, {"energy", "uJ"}});
  table.add_row({"conv1", "105,415,200", "12.5"});
  table.add_row({"µ", "1", ""});
  table.add_rule();
  table.add_row({"total", "105,415,201", "12.5"});
  CHECK(table.render(kPlain) ==
        "layer         MACs  energy [uJ]\n"
        "conv1  105,415,200         12.5\n"
        "µ                1\n"
        "-------------------------------\n"
        "total  105,415,201         12.5\n");
}

TEST_CASE("colour is only there when asked for") {
  TextTable table({{"a", "", Align::left}});
  table.add_row({"x"});
  CHECK(table.render(kPlain) == "a\nx\n");
  CHECK(table.render({.unicode = true, .colour = true}) == "\x1b[1ma\x1b[0m\nx\n");
}

TEST_CASE("a bar is filled to the eighth of a character") {
  CHECK(bar(0, 4, kPlain) == "    ");
  CHECK(bar(1, 4, kPlain) == "████");
  CHECK(bar(0.5, 4, kPlain) == "██  ");
  CHECK(bar(1.0 / 32, 4, kPlain) == "▏   ");
  CHECK(bar(0.53125, 4, kPlain) == "██▏ ");
  CHECK(bar(0.99, 4, kPlain) == "████");
  CHECK(bar(0.5, 4, kAscii) == "##  ");
  CHECK(bar(0.6, 4, kAscii) == "##  ");
  CHECK(bar(0.63, 4, kAscii) == "### ");
}

TEST_CASE("a bar stays inside its width whatever the fraction") {
  for (const TextStyle& style : {kPlain, kAscii}) {
    CHECK(bar(-1, 2, style) == "  ");
    CHECK(bar(std::numeric_limits<double>::quiet_NaN(), 2, style) == "  ");
    CHECK(bar(7, 2, style) == bar(1, 2, style));
    CHECK(bar(0.5, 0, style).empty());
  }
}

TEST_CASE("the style follows the locale; a file has no colour") {
  const auto style_in = [](const char* locale) {
    setenv("LC_ALL", locale, 1);
    return style_of(-1);
  };
  CHECK(style_in("C.UTF-8").unicode);
  CHECK(style_in("en_US.utf8").unicode);
  CHECK_FALSE(style_in("C").unicode);
  CHECK_FALSE(style_in("de_DE.ISO-8859-1").unicode);
  CHECK_FALSE(style_in("C.UTF-8").colour);
  CHECK_FALSE(is_terminal(-1));
}

}  // namespace
}  // namespace weft
