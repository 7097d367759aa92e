// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <stdlib.h>  // NOLINT(modernize-deprecated-headers): mkdtemp

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "weft/base/problems_of.h"

/// For tests of what is refused.
namespace weft::testing {

using weft::problems_of;

template <class Work>
std::vector<std::string> ids_of(const Work& work) {
  std::vector<std::string> ids;
  for (const Problem& problem : problems_of(work)) ids.push_back(problem.id);
  return ids;
}

using Ids = std::vector<std::string>;

/// A folder that is gone after the test.
class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "weft-test.XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string path() const { return path_.string(); }
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

  /// Writes a file and answers its path.
  std::string file(const std::string& name, std::string_view text) const {
    const std::string path = *this / name;
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }

 private:
  std::filesystem::path path_;
};

}  // namespace weft::testing
