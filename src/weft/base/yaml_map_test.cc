// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "weft/base/yaml.h"

namespace weft {
namespace {

// A map that is being read, and the problems found in it.
struct Reading {
  std::vector<Problem> problems;
  YamlNode root;
  YamlMap map;
  explicit Reading(std::string_view text) : root(parse_yaml(text, "toy.yaml")), map(root, "store 'glb'", problems) {}
};

// The only problem as "id: what", or "fine".
std::string only(const std::vector<Problem>& problems) {
  if (problems.empty()) return "fine";
  REQUIRE(problems.size() == 1);
  return problems[0].id + ": " + problems[0].what;
}

template <class Read>
std::string problem_with(std::string_view text, Read read) {
  Reading reading(text);
  read(reading.map);
  return only(reading.problems);
}

TEST_CASE("a misspelt key is named, placed and corrected: yaml.unknown-key") {
  Reading r("capcity: 108 KiB\n");
  r.map.optional_bytes("capacity");
  r.map.finish();
  REQUIRE(r.problems.size() == 1);
  CHECK(render(r.problems[0]) ==
        "toy.yaml:1:1: error: store 'glb' has no setting 'capcity'\n"
        "    1 | capcity: 108 KiB\n"
        "      | ^~~~~~~\n"
        "  mend: did you mean 'capacity'?\n"
        "  id: yaml.unknown-key\n");
}

TEST_CASE("where no key is near, the known ones are listed") {
  Reading r("colour: red\n");
  r.map.integer("ports", 1, {});
  r.map.string("name", "");
  r.map.finish();
  CHECK(r.problems.at(0).mend == "known settings: ports and name");
}

TEST_CASE("a missing key is told once for each: yaml.missing-key") {
  Reading r("a: 1\n");
  r.map.string("name");
  r.map.bytes("capacity");
  REQUIRE(r.problems.size() == 2);
  CHECK(r.problems[0].id == "yaml.missing-key");
  CHECK(r.problems[0].what == "store 'glb' needs 'name'");
  CHECK(r.problems[1].what == "store 'glb' needs 'capacity'");
}

TEST_CASE("what should be a map and is not is one problem: yaml.wrong-type") {
  std::vector<Problem> problems;
  const YamlNode root = parse_yaml("[1]", "toy.yaml");
  YamlMap map(root, "store 'glb'", problems);
  map.string("name");
  map.finish();
  CHECK(only(problems) == "yaml.wrong-type: store 'glb' must be a map, but is a list");
}

TEST_CASE("a single value is no list, no map and not empty") {
  const auto name = [](YamlMap& map) { map.string("name"); };
  CHECK(problem_with("name: x", name) == "fine");
  CHECK(problem_with("name: [x]", name) ==
        "yaml.wrong-type: 'name' of store 'glb' must be a single value, but is a list");
  CHECK(problem_with("name: {x: 1}", name) ==
        "yaml.wrong-type: 'name' of store 'glb' must be a single value, but is a map");
  CHECK(problem_with("name:", name) == "yaml.wrong-type: 'name' of store 'glb' must not be empty");
}

TEST_CASE("integers are whole, decimal and within their limits: yaml.bad-integer, yaml.out-of-range") {
  const auto ports = [](YamlMap& map) { map.integer("ports", 1, {1, 16}); };
  CHECK(problem_with("ports: 1", ports) == "fine");
  CHECK(problem_with("ports: 16", ports) == "fine");
  CHECK(problem_with("ports: 0", ports) == "yaml.out-of-range: 'ports' of store 'glb' is 0, but must be from 1 to 16");
  CHECK(problem_with("ports: 17", ports) ==
        "yaml.out-of-range: 'ports' of store 'glb' is 17, but must be from 1 to 16");
  CHECK(problem_with("ports: 012", ports) ==
        "yaml.bad-integer: 'ports' of store 'glb' must be a whole number, but is '012'");
  CHECK(problem_with("ports: 1.5", ports).starts_with("yaml.bad-integer"));
  CHECK(problem_with("ports: 9223372036854775808", ports).starts_with("yaml.bad-integer"));
  CHECK(problem_with("n: -1", [](YamlMap& map) { map.integer("n", {.least = 0}); }) ==
        "yaml.out-of-range: 'n' of store 'glb' is -1, but must be at least 0");
  CHECK(problem_with("n: 1", [](YamlMap& map) { map.integer("n", {.most = 0}); }) ==
        "yaml.out-of-range: 'n' of store 'glb' is 1, but must be at most 0");
}

TEST_CASE("values are answered, and defaults where there are none") {
  Reading r("a: 7\nb: 2.5\nc: true\nd: slide\ne: [p, q]\nf: one\n");
  CHECK(r.map.integer("a") == 7);
  CHECK(r.map.integer("z", 3, {}) == 3);
  CHECK(r.map.number("b") == 2.5);
  CHECK(r.map.number("y", 4.5) == 4.5);
  CHECK(r.map.boolean("c", false));
  CHECK_FALSE(r.map.boolean("x", false));
  CHECK(r.map.choice("d", {"refetch", "slide"}, 0) == 1);
  CHECK(r.map.choice("w", {"refetch", "slide"}, 1) == 1);
  CHECK(r.map.strings("e") == std::vector<std::string>{"p", "q"});
  CHECK(r.map.strings("f") == std::vector<std::string>{"one"});
  CHECK(r.map.strings("v").empty());
  CHECK(r.map.string("u", "default") == "default");
  r.map.finish();
  CHECK(only(r.problems) == "fine");
}

TEST_CASE("numbers, booleans and choices are strict: yaml.bad-number, yaml.bad-boolean, yaml.bad-choice") {
  const auto number = [](YamlMap& map) { map.number("n"); };
  for (const char* text : {"n: inf", "n: .nan", "n: 0x10", "n: 1e999", "n: abc"}) {
    CHECK(problem_with(text, number).starts_with("yaml.bad-number"));
  }
  const auto flag = [](YamlMap& map) { map.boolean("f", false); };
  for (const char* text : {"f: yes", "f: True", "f: 1", "f: on"}) {
    CHECK(problem_with(text, flag).starts_with("yaml.bad-boolean"));
  }
  Reading r("halo: slid\n");
  CHECK(r.map.choice("halo", {"refetch", "slide"}, 0) == 0);
  CHECK(only(r.problems) == "yaml.bad-choice: 'halo' of store 'glb' cannot be 'slid'");
  CHECK(r.problems[0].mend == "did you mean 'slide'?");
}

TEST_CASE("a list of texts holds texts") {
  const auto keeps = [](YamlMap& map) { map.strings("keeps"); };
  CHECK(problem_with("keeps: [a, [b]]", keeps).starts_with("yaml.wrong-type"));
  CHECK(problem_with("keeps: [a, '']", keeps).starts_with("yaml.wrong-type"));
  CHECK(problem_with("keeps: {a: b}", keeps).starts_with("yaml.wrong-type"));
}

TEST_CASE("quantities are read exactly in their units") {
  Reading r(
      "a: 108 KiB\nb: 200 MHz\nc: 0.95 pJ\nd: 8 B/cycle\ne: 1.5 GB/s\nf: 3.5 mm2\ng: 65 nm\nh: 1.17 V\ni: 3 mW\n");
  CHECK(r.map.bytes("a") == Bytes{108 * 1024});
  CHECK(r.map.hertz("b") == Hertz{200e6});
  CHECK(r.map.energy("c") == Attojoules{950'000});
  CHECK(r.map.optional_bandwidth("d") == Bandwidth{64, Bandwidth::Per::cycle});
  CHECK(r.map.optional_bandwidth("e") == Bandwidth{12'000'000'000, Bandwidth::Per::second});
  CHECK(r.map.area("f", {0}).value == Approx(3.5));
  CHECK(r.map.nanometres("g") == 65);
  CHECK(r.map.volts("h") == Approx(1.17));
  CHECK(r.map.power("i", {0}).value == Approx(0.003));
  CHECK_FALSE(r.map.optional_bytes("z").has_value());
  CHECK_FALSE(r.map.optional_bandwidth("y").has_value());
  CHECK(r.map.energy("x", Attojoules{5}) == Attojoules{5});
  r.map.finish();
  CHECK(only(r.problems) == "fine");
}

TEST_CASE("a quantity needs a unit of its kind: yaml.bad-quantity") {
  const auto capacity = [](YamlMap& map) { map.bytes("capacity"); };
  CHECK(problem_with("capacity: 108", capacity) ==
        "yaml.bad-quantity: 'capacity' of store 'glb' must be an amount of data with its unit, but is '108'");
  CHECK(problem_with("capacity: 108 kib", capacity).starts_with("yaml.bad-quantity"));
  CHECK(problem_with("capacity: 108 MHz", capacity).starts_with("yaml.bad-quantity"));
  CHECK(problem_with("capacity: lots", capacity).starts_with("yaml.bad-quantity"));
}

TEST_CASE("quantities have limits, and must be whole where they are counted: yaml.out-of-range, yaml.too-precise") {
  const auto capacity = [](YamlMap& map) { map.bytes("capacity"); };
  CHECK(problem_with("capacity: 1 B", capacity) == "fine");
  CHECK(problem_with("capacity: 0 B", capacity).starts_with("yaml.out-of-range"));
  CHECK(problem_with("capacity: -1 KiB", capacity).starts_with("yaml.out-of-range"));
  CHECK(problem_with("capacity: 8 b", capacity) == "fine");
  CHECK(problem_with("capacity: 12 b", capacity).starts_with("yaml.too-precise"));  // one byte and a half
  CHECK(problem_with("capacity: 131072 TiB", capacity) == "fine");                  // 2^60 bits
  CHECK(problem_with("capacity: 131073 TiB", capacity).starts_with("yaml.out-of-range"));
  CHECK(problem_with("capacity: 1e60 TiB", capacity).starts_with("yaml.out-of-range"));

  const auto price = [](YamlMap& map) { map.energy("price"); };
  CHECK(problem_with("price: 0 pJ", price) == "fine");
  CHECK(problem_with("price: 1 aJ", price) == "fine");
  CHECK(problem_with("price: 1.5 aJ", price).starts_with("yaml.too-precise"));
  CHECK(problem_with("price: -1 aJ", price).starts_with("yaml.out-of-range"));

  const auto clock = [](YamlMap& map) { map.hertz("clock"); };
  CHECK(problem_with("clock: 0 Hz", clock).starts_with("yaml.out-of-range"));
  CHECK(problem_with("clock: 0.5 Hz", clock) == "fine");
}

TEST_CASE("a file says what it is: file.wrong-kind, file.wrong-version") {
  const auto check = [](YamlMap& map) { expect_kind(map, "weft.hardware", 1); };
  CHECK(problem_with("kind: weft.hardware\nversion: 1\n", check) == "fine");
  CHECK(problem_with("kind: weft.mapping\nversion: 1\n", check).starts_with("file.wrong-kind"));
  CHECK(problem_with("kind: weft.hardware\nversion: 2\n", check).starts_with("file.wrong-version"));
  CHECK(problem_with("kind: weft.hardware\n", check) == "yaml.missing-key: store 'glb' needs 'version'");
}

TEST_CASE("a reader stops telling after 50 problems") {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "key" + std::to_string(i) + ": 1\n";
  Reading r(text);
  r.map.finish();
  CHECK(r.problems.size() == kMostYamlProblems);
}

}  // namespace
}  // namespace weft
