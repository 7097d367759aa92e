// SPDX-License-Identifier: Apache-2.0
#include "weft/base/yaml.h"

#include <catch2/catch.hpp>
#include <sstream>

namespace weft {
namespace {

// "id@line:column" of each problem, or "fine".
std::vector<std::string> problems_of(std::string_view text) {
  try {
    parse_yaml(text, "test.yaml");
  } catch (const Error& error) {
    std::vector<std::string> found;
    for (const Problem& problem : error.problems()) {
      CHECK(problem.where.file == "test.yaml");
      found.push_back(problem.id + "@" + std::to_string(problem.where.line) + ":" +
                      std::to_string(problem.where.column));
    }
    return found;
  }
  return {"fine"};
}
using Found = std::vector<std::string>;

const YamlNode& at(const YamlNode& map, std::string_view key) {
  for (const auto& entry : map.entries()) {
    if (entry.key.text() == key) return entry.value;
  }
  throw std::runtime_error("no such key");
}

TEST_CASE("scalars are taken as they are written") {
  const YamlNode root =
      parse_yaml("a: yes\nb: 0123\nc: null\nd: ~\ne:\nf: \"\"\ng: 'x y'\nh: 1_000\ni: 12:30:45\n", "f");
  const auto text = [&](const char* key) { return at(root, key).text(); };
  CHECK(text("a") == "yes");
  CHECK(text("b") == "0123");
  CHECK(text("c") == "null");
  CHECK(text("d") == "~");
  CHECK(text("e").empty());
  CHECK(text("f").empty());
  CHECK(text("g") == "x y");
  CHECK(text("h") == "1_000");
  CHECK(text("i") == "12:30:45");
}

TEST_CASE("lists and maps keep the file's order, in both styles") {
  const YamlNode root = parse_yaml("b: [1, [2, 3], {x: 4}]\na:\n  - p\n  - q: 5\n    r: 6\n", "f");
  REQUIRE(root.kind() == YamlNode::Kind::map);
  CHECK(root.entries()[0].key.text() == "b");
  CHECK(root.entries()[1].key.text() == "a");
  CHECK(at(root, "b").items()[1].items()[1].text() == "3");
  CHECK(at(at(root, "b").items()[2], "x").text() == "4");
  CHECK(at(at(root, "a").items()[1], "r").text() == "6");
}

TEST_CASE("JSON is YAML, and a byte order mark and CR LF are taken") {
  CHECK(at(parse_yaml(R"({"a": "b", "c": [1]})", "f"), "a").text() == "b");
  const YamlNode root = parse_yaml(
      "\xEF\xBB\xBF"
      "a: 1\r\nb: 2\r\n",
      "f");
  CHECK(at(root, "a").text() == "1");
  CHECK(at(root, "b").where() == Place{"f", 2, 4, "b: 2", 1});
}

TEST_CASE("every node knows its place, in characters") {
  const YamlNode root = parse_yaml("# µ\nµµ: \"née\"\nlist:\n  - one\n", "toy.yaml");
  CHECK(root.where() == Place{"toy.yaml", 2, 1, "µµ: \"née\"", 1});
  CHECK(root.entries()[0].key.where() == Place{"toy.yaml", 2, 1, "µµ: \"née\"", 2});
  CHECK(root.entries()[0].value.where() == Place{"toy.yaml", 2, 5, "µµ: \"née\"", 5});
  CHECK(at(root, "list").items()[0].where() == Place{"toy.yaml", 4, 5, "  - one", 3});
}

TEST_CASE("what strict YAML leaves out is refused, each at its place: yaml.duplicate-key, alias, tag, complex-key") {
  CHECK(problems_of("a: 1\nb: 2\na: 3\n") == Found{"yaml.duplicate-key@3:1"});
  CHECK(problems_of("a: &x 1\nb: 2\n") == Found{"yaml.alias@1:4"});
  CHECK(problems_of("a: &x 1\nb: *x\n") == Found{"yaml.alias@1:4", "yaml.alias@2:4"});
  CHECK(problems_of("a: &x [1]\n<<: *x\n") == Found{"yaml.alias@1:4", "yaml.alias@2:5"});
  CHECK(problems_of("a: !!int 1\n") == Found{"yaml.tag@1:4"});
  CHECK(problems_of("a: !mine [1]\n") == Found{"yaml.tag@1:4"});
  CHECK(problems_of("? [1]\n: 2\n") == Found{"yaml.complex-key@1:3"});
}

TEST_CASE("a file has one document, which is not empty: yaml.several-documents, yaml.empty") {
  CHECK(problems_of("---\na: 1\n") == Found{"fine"});
  CHECK(problems_of("---\na: 1\n...\n") == Found{"fine"});
  CHECK(problems_of("a: 1\n---\nb: 1\n") == Found{"yaml.several-documents@2:1"});
  CHECK(problems_of("") == Found{"yaml.empty@0:0"});
  CHECK(problems_of("# only a comment\n\n") == Found{"yaml.empty@0:0"});
}

TEST_CASE("broken YAML says where: yaml.syntax") {
  CHECK(problems_of("a: [1, 2\nb: 3\n").front().starts_with("yaml.syntax@"));
  CHECK(problems_of("a: 1\n b: 2\n") == Found{"yaml.syntax@2:3"});
  CHECK(problems_of("a: \"open").front().starts_with("yaml.syntax@"));
  for (const char* text : {"a: \"open\n", "a: 'open\n", "a: 'open''\n", "a: \"open\\\"\n"}) {
    CAPTURE(text);
    CHECK(problems_of(text) == Found{"yaml.syntax@1:4"});
  }
  for (const char* text : {"a: \"\\\"\"\n", "a: ''''\n", "a: ''\n", "a: \"\\\\\"\n"}) {
    CAPTURE(text);
    CHECK(problems_of(text) == Found{"fine"});
  }
  CHECK(problems_of("a: *nobody\n") == Found{"yaml.syntax@1:4"});
  CHECK(problems_of("a: b: c\n").front().starts_with("yaml.syntax@1:"));
}

TEST_CASE("indentation is of spaces: yaml.tab") {
  CHECK(problems_of("a:\n\tb: 1\n") == Found{"yaml.tab@2:1"});
  CHECK(problems_of("a:\n  \tb: 1\n") == Found{"yaml.tab@2:3"});
  CHECK(problems_of("a: 1\t# comment\n\t\n") == Found{"fine"});
}

TEST_CASE("only UTF-8 text without control characters is read: yaml.not-utf8, yaml.control-character") {
  CHECK(problems_of("a: \xFF\n") == Found{"yaml.not-utf8@1:4"});
  CHECK(problems_of(std::string_view("a: 1\nb: \0", 9)) == Found{"yaml.control-character@2:4"});
  CHECK(problems_of("a: \x1b[0m\n") == Found{"yaml.control-character@1:4"});
  CHECK(problems_of("a: 1\rb: 2\n") == Found{"yaml.control-character@1:5"});
  CHECK(problems_of(std::string_view("\xFF\xFE"
                                     "a\0:\0",
                                     6))
            .front()
            .starts_with("yaml.not-utf8"));  // UTF-16
}

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST_CASE("lists may be nested 64 deep, not 65: yaml.too-deep") {
  CHECK(problems_of(nested(64)) == Found{"fine"});
  CHECK(problems_of(nested(65)) == Found{"yaml.too-deep@1:65"});
  CHECK(problems_of(nested(5000)) == Found{"yaml.too-deep@1:65"});
}

TEST_CASE("size, line length and number of values have limits: yaml.too-large") {
  const std::string comment(kMostYamlLineBytes, '#');
  CHECK(problems_of(comment + "\na: 1\n") == Found{"fine"});
  CHECK(problems_of(comment + "#\na: 1\n") == Found{"yaml.too-large@0:0"});

  std::string text = "a: 1\n";
  while (text.size() + 64 <= kMostYamlBytes) text += std::string(63, '#') + "\n";
  text.append(kMostYamlBytes - text.size(), '\n');
  CHECK(problems_of(text) == Found{"fine"});
  CHECK(problems_of(text + "\n") == Found{"yaml.too-large@0:0"});

  std::string list = "[";  // the list itself is a value too
  for (std::size_t i = 1; i < kMostYamlNodes; ++i) list += i % 1000 == 0 ? "a,\n" : "a,";
  CHECK(problems_of(list + "]") == Found{"fine"});
  CHECK(problems_of(list + "a]").front().starts_with("yaml.too-large@525:"));
}

TEST_CASE("no more than 50 problems of a file are told") {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "a: 1\n";
  CHECK(problems_of(text).size() == kMostYamlProblems);
}

TEST_CASE("a file that cannot be read is named: file.not-found, file.unreadable, file.too-large") {
  const auto id_of = [](const std::string& path, std::size_t limit) {
    try {
      read_text_file(path, limit);
    } catch (const Error& error) {
      CHECK(error.problems().front().what.find(path) != std::string::npos);
      return error.problems().front().id;
    }
    return std::string("fine");
  };
  CHECK(id_of("/no/such/file.yaml", 10) == "file.not-found");
  CHECK(id_of("/tmp", 10) == "file.unreadable");
  CHECK(id_of("/dev/zero", 100'000) == "file.too-large");
  CHECK(id_of("/dev/null", 0) == "fine");
}

}  // namespace
}  // namespace weft
