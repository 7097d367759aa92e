// SPDX-License-Identifier: Apache-2.0
#include "weft/base/data_dir.h"

#include <fmt/format.h>

#include <algorithm>
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

std::vector<std::string> data_names(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(fs::path(data_directory()) / folder, ignored)) {
    if (entry.path().extension() == ".yaml") names.push_back(entry.path().stem());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::optional<std::string> find_data_file(const std::string& folder, const std::string& name) {
  const fs::path path = fs::path(data_directory()) / folder / (name + ".yaml");
  std::error_code ignored;
  return fs::is_regular_file(path, ignored) ? std::optional(path.string()) : std::nullopt;
}

std::string named_data_file(const std::string& folder, const std::string& kind, const std::string& id,
                            const std::string& name_or_path) {
  if (name_or_path.find('/') != std::string::npos || name_or_path.ends_with(".yaml")) return name_or_path;
  const std::vector<std::string> names = data_names(folder);
  if (std::find(names.begin(), names.end(), name_or_path) != names.end()) {
    return fs::path(data_directory()) / folder / (name_or_path + ".yaml");
  }
  const std::string near = nearest(name_or_path, names);
  throw Error(Problem{
      .id = id,
      .what = fmt::format("there is no {} '{}'", kind, name_or_path),
      .where = {},
      .mend = near.empty() ? fmt::format("one of {}, or the path of a file ending in .yaml", fmt::join(names, ", "))
                           : fmt::format("did you mean '{}'?", near)});
}

}  // namespace weft
