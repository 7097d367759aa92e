// SPDX-License-Identifier: Apache-2.0
#include "weft/report/json.h"

#include <catch2/catch.hpp>

namespace weft {

using nlohmann::ordered_json;

TEST_CASE("whole numbers of any size are JSON numbers, digit for digit") {
  const Int128 two_to_100 = Int128{1} << 100;
  CHECK(json_text(exact_json(9007199254740993)) == "9007199254740993\n");  // 2^53 + 1, which no double is
  CHECK(json_text(exact_json(two_to_100)) == "1267650600228229401496703205376\n");
  CHECK(json_text(exact_json(-two_to_100)) == "-1267650600228229401496703205376\n");
  CHECK(json_text({{"n", exact_json(two_to_100)}}) == "{\"n\": 1267650600228229401496703205376}\n");
}

TEST_CASE("energies in millionths are exact decimals") {
  CHECK(json_text(exact_json_millionths(0)) == "0\n");
  CHECK(json_text(exact_json_millionths(1)) == "0.000001\n");
  CHECK(json_text(exact_json_millionths(2'500'000)) == "2.5\n");
  CHECK(json_text(exact_json_millionths(30'000'000)) == "30\n");
  CHECK(json_text(exact_json_millionths(-1'234'500)) == "-1.2345\n");
  CHECK(json_text(exact_json_millionths((Int128{1} << 100) * 1'000'000 + 7)) ==
        "1267650600228229401496703205376.000007\n");
}

TEST_CASE("what fits on a line is on one, and everything reads back") {
  ordered_json document = {{"name", "a\"b\n\x01"}, {"empty", ordered_json::array()}, {"none", nullptr}};
  document["steps"] = {{{"for", "N"}, {"bound", 4}}, {{"store", "glb"}, {"keeps", {"ifmap", "psum"}}}};
  document["long"] = std::vector<int>(60, 1);
  const std::string text = json_text(document);
  CHECK(ordered_json::parse(text) == document);
  CHECK(text.find("\n    {\"for\": \"N\", \"bound\": 4},\n") != std::string::npos);
  CHECK(text.find("{\"store\": \"glb\", \"keeps\": [\"ifmap\", \"psum\"]}") != std::string::npos);
}

TEST_CASE("text that is not UTF-8 cannot break a document") {
  CHECK(json_text(ordered_json("a\xff")) == "\"a\xEF\xBF\xBD\"\n");
}

}  // namespace weft
