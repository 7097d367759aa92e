// SPDX-License-Identifier: Apache-2.0
#include "weft/base/data_dir.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>

#include "weft/base/error_testing.h"

namespace weft {
namespace {

TEST_CASE("the data folder is that of the sources, or the one WEFT_DATA names: data.not-found") {
  unsetenv("WEFT_DATA");
  CHECK(std::filesystem::is_directory(data_directory() + "/hardware"));
  setenv("WEFT_DATA", "/tmp", 1);
  CHECK(data_directory() == "/tmp");
  setenv("WEFT_DATA", "/no/such/folder", 1);
  const std::vector<Problem> problems = testing::problems_of([] { data_directory(); });
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].id == "data.not-found");
  CHECK(problems[0].what.find("/no/such/folder") != std::string::npos);
  unsetenv("WEFT_DATA");
}

TEST_CASE("a file of ours is found by its name, any other by its path") {
  unsetenv("WEFT_DATA");
  const std::string ours = data_directory() + "/hardware/eyeriss.yaml";
  const auto named = [](const std::string& what) {
    return named_data_file("hardware", "hardware", "hardware.unknown", what);
  };
  CHECK(named("eyeriss") == ours);
  CHECK(named("mine.yaml") == "mine.yaml");
  CHECK(named("my/eyeriss") == "my/eyeriss");
  CHECK(find_data_file("hardware", "eyeriss") == ours);
  CHECK_FALSE(find_data_file("hardware", "eyeris"));
  const std::vector<std::string> names = data_names("hardware");
  CHECK(std::is_sorted(names.begin(), names.end()));
  CHECK(std::count(names.begin(), names.end(), "eyeriss") == 1);
  CHECK(data_names("no-such-folder").empty());
  const std::vector<Problem> problems = testing::problems_of([&] { named("eyeris"); });
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].what == "there is no hardware 'eyeris'");
  CHECK(problems[0].mend == "did you mean 'eyeriss'?");
}

}  // namespace
}  // namespace weft
