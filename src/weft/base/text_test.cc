// SPDX-License-Identifier: Apache-2.0
#include "weft/base/text.h"

#include <catch2/catch.hpp>

namespace weft {
namespace {

TEST_CASE("UTF-8 of every length is taken, and its limits are those of Unicode") {
  for (const char* text : {"", "a", "\x7F", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
                           "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF", "aµ€😀z"}) {
    CAPTURE(text);
    CHECK(find_invalid_utf8(text) == std::string::npos);
  }
}

TEST_CASE("overlong forms, surrogates, stray and missing bytes are not UTF-8") {
  for (const char* text :
       {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80",
        "\xF5\x80\x80\x80", "\xFF", "\xC2", "\xE2\x82", "\xE2\x28\xA1", "\xF0\x9F\x98"}) {
    CAPTURE(text);
    CHECK(find_invalid_utf8(text) == 0);
    CHECK(find_invalid_utf8(std::string("ab") + text) == 2);
  }
}

TEST_CASE("characters are counted, not bytes") {
  CHECK(count_characters("") == 0);
  CHECK(count_characters("aµ€😀") == 4);
  CHECK(count_characters("a\xFF\xFFz") == 4);
}

TEST_CASE("printable text has no control characters but line feed and tab") {
  CHECK(printable("a\tb\nc\x1b[0m\x7F\xC2\x9Bµ\xFF") == "a\tb\nc?[0m??µ?");
  CHECK(split_characters("a\nµ") == std::vector<std::string>{"a", "?", "µ"});
}

TEST_CASE("words are joined as in a sentence") {
  CHECK(join_words({}).empty());
  CHECK(join_words({"a"}) == "a");
  CHECK(join_words({"a", "b"}) == "a and b");
  CHECK(join_words({"a", "b", "c"}) == "a, b and c");
}

TEST_CASE("only the letters A to Z have a lower case here") { CHECK(lower_case("AZaz09µÄ[@") == "azaz09µÄ[@"); }

}  // namespace
}  // namespace weft
