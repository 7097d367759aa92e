// SPDX-License-Identifier: Apache-2.0
#include "weft/base/data_dir.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>

#include "weft/base/error.h"

namespace weft {
namespace {

TEST_CASE("the data folder is that of the sources, or the one WEFT_DATA names: data.not-found") {
  unsetenv("WEFT_DATA");
  CHECK(std::filesystem::is_directory(data_directory() + "/hardware"));
  setenv("WEFT_DATA", "/tmp", 1);
  CHECK(data_directory() == "/tmp");
  setenv("WEFT_DATA", "/no/such/folder", 1);
  try {
    data_directory();
    FAIL("a folder that is not there was taken");
  } catch (const Error& error) {
    CHECK(error.problems().front().id == "data.not-found");
    CHECK(error.problems().front().what.find("/no/such/folder") != std::string::npos);
  }
  unsetenv("WEFT_DATA");
}

}  // namespace
}  // namespace weft
