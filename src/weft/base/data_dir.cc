// SPDX-License-Identifier: Apache-2.0
#include "weft/base/data_dir.h"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>

#include "weft/base/error.h"

namespace weft {
namespace {

namespace fs = std::filesystem;

Error not_found(const std::string& folder, const std::string& mend) {
  return Error({.id = "data.not-found",
                .what = fmt::format("the folder of Weft's own files, '{}', is not there", folder),
                .where = {},
                .mend = mend});
}

bool is_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

}  // namespace

std::string data_directory() {
  if (const char* named = std::getenv("WEFT_DATA"); named != nullptr && *named != '\0') {
    if (is_folder(named)) return named;
    throw not_found(named, "set WEFT_DATA to the folder 'data' of Weft's sources, or unset it");
  }
  std::error_code ignored;
  const fs::path program = fs::read_symlink("/proc/self/exe", ignored);
  const fs::path installed = program.parent_path().parent_path() / "share" / "weft";
  if (!program.empty() && is_folder(installed)) return installed.string();
  if (is_folder(WEFT_DATA_DIR)) return WEFT_DATA_DIR;
  throw not_found(WEFT_DATA_DIR, "install Weft with 'cmake --install', or set WEFT_DATA to the folder of its files");
}

}  // namespace weft
