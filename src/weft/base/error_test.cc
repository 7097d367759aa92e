// SPDX-License-Identifier: Apache-2.0
#include "weft/base/error.h"

#include <catch2/catch.hpp>

namespace weft {
namespace {

TEST_CASE("a problem is rendered with its place, the line, a caret, the mend and the id") {
  const Problem problem{
      .id = "yaml.unknown-key",
      .what = "level 'glb' has no setting 'capcity'",
      .where = {.file = "toy.yaml", .line = 3, .column = 5, .text = "    capcity: 108 KiB", .length = 7},
      .mend = "did you mean 'capacity'?"};
  CHECK(render(problem) ==
        "toy.yaml:3:5: error: level 'glb' has no setting 'capcity'\n"
        "    3 |     capcity: 108 KiB\n"
        "      |     ^~~~~~~\n"
        "  mend: did you mean 'capacity'?\n"
        "  id: yaml.unknown-key\n");
}

TEST_CASE("what is not known of a place is left out") {
  CHECK(render({.id = "a.b", .what = "no", .where = {}, .mend = ""}) == "error: no\n  id: a.b\n");
  CHECK(render({.id = "", .what = "no", .where = {.file = "f"}, .mend = ""}) == "f: error: no\n");
  CHECK(render({.id = "", .what = "no", .where = {.file = "f", .line = 2}, .mend = ""}) == "f:2: error: no\n");
}

std::string caret_line(const Place& place) {
  const std::string text = render({.id = "", .what = "no", .where = place, .mend = ""});
  const std::size_t last = text.rfind('\n', text.size() - 2) + 1;
  return text.substr(last, text.size() - 1 - last);
}

TEST_CASE("the caret stands under its character after tabs and characters of several bytes") {
  CHECK(caret_line({.file = "f", .line = 1, .column = 2, .text = "\tx: 1", .length = 1}) == "      | \t^");
  CHECK(caret_line({.file = "f", .line = 1, .column = 4, .text = "µm: ½", .length = 1}) == "      |    ^");
}

TEST_CASE("the caret stays inside its line") {
  CHECK(caret_line({.file = "f", .line = 1, .column = 2, .text = "abc", .length = 2}) == "      |  ^~");
  CHECK(caret_line({.file = "f", .line = 1, .column = 2, .text = "abc", .length = 9}) == "      |  ^~");
  CHECK(caret_line({.file = "f", .line = 1, .column = 9, .text = "abc", .length = 1}) == "      |    ^");
  CHECK(caret_line({.file = "f", .line = 1, .column = 1, .text = "", .length = 0}) == "      | ^");
}

TEST_CASE("a long line is shown as a window around its caret") {
  const std::string text = std::string(500, 'a') + "X" + std::string(500, 'b');
  const std::string shown =
      render({.id = "", .what = "no", .where = {.file = "f", .line = 1, .column = 501, .text = text}, .mend = ""});
  CHECK(shown.size() < 300);
  CHECK(shown.find("...aaa") != std::string::npos);
  CHECK(shown.find("aaX") != std::string::npos);
  CHECK(shown.find("bbb...") != std::string::npos);
}

TEST_CASE("a hostile file cannot send escape sequences to the terminal") {
  const std::string shown =
      render({.id = "",
              .what = "bad '\x1b[2J'",
              .where = {.file = "f\x07", .line = 1, .column = 1, .text = "\x1b]0;x\x07\xC2\x9B\xFF"},
              .mend = "\x7F"});
  for (const char c : shown) CHECK((c == '\n' || (c >= ' ' && c != 0x7F)));
}

TEST_CASE("an error tells all its problems") {
  const Problem one{.id = "a.one", .what = "first", .where = {}, .mend = ""};
  const Problem two{.id = "a.two", .what = "second", .where = {}, .mend = ""};
  const Error error(std::vector<Problem>{one, two});
  CHECK(error.problems().size() == 2);
  CHECK(std::string(error.what()) == render(one) + render(two));
}

TEST_CASE("the nearest spelling is one a person may have meant") {
  const std::vector<std::string> known{"capacity", "bandwidth", "ports"};
  CHECK(nearest("capcity", known) == "capacity");     // one letter missing
  CHECK(nearest("cpaacity", known) == "capacity");    // two letters swapped
  CHECK(nearest("Bandwidth", known) == "bandwidth");  // capitals do not matter
  CHECK(nearest("prots", known) == "ports");
  CHECK(nearest("ports", known) == "ports");
  CHECK(nearest("colour", known).empty());
  CHECK(nearest("", known).empty());
  CHECK(nearest("ports", {}).empty());
}

TEST_CASE("a third of the letters may be wrong, not more") {
  CHECK(nearest("abcxyf", {"abcdef"}) == "abcdef");  // 2 of 6
  CHECK(nearest("abxyzf", {"abcdef"}).empty());      // 3 of 6
  CHECK(nearest("abd", {"abc"}) == "abc");           // 1 of 3
  CHECK(nearest("ab", {"ac"}) == "ac");              // 1 is always allowed,
  CHECK(nearest("a", {"b"}).empty());                // but not every letter
}

TEST_CASE("words too long to be misspelt are not compared") {
  CHECK(nearest(std::string(64, 'a'), {std::string(63, 'a')}) == std::string(63, 'a'));
  CHECK(nearest(std::string(65, 'a'), {std::string(64, 'a')}).empty());
}

}  // namespace

TEST_CASE("problems without a place get the one that named what they are about") {
  const Place here{.file = "machine.yaml", .line = 7, .column = 14}, there{.file = "other.yaml", .line = 1};
  CHECK(located(here, [] { return 3; }) == 3);
  try {
    located(here, [&] {
      throw Error(std::vector<Problem>{{.id = "a", .what = "unknown", .where = {}, .mend = {}},
                                       {.id = "b", .what = "wrong", .where = there, .mend = {}}});
    });
    FAIL("it threw");
  } catch (const Error& error) {
    REQUIRE(error.problems().size() == 2);
    CHECK(error.problems()[0].where == here);
    CHECK(error.problems()[1].where == there);
  }
}

}  // namespace weft
