// SPDX-License-Identifier: Apache-2.0
#include "weft/base/file.h"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "weft/base/error.h"

namespace weft {
namespace {

Error failure(const std::string& id, const std::string& path, const std::string& why, const std::string& mend) {
  return Error({.id = id, .what = fmt::format("cannot read '{}': {}", path, why), .where = {}, .mend = mend});
}

Error open_failure(const std::string& path, int code) {
  if (code == ENOENT || code == ENOTDIR) {
    return failure("file.not-found", path, "there is no such file", "check the spelling of the path");
  }
  return failure("file.unreadable", path, std::strerror(code), "check that it is a file you may read");
}

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

}  // namespace

std::string read_text_file(const std::string& path, std::size_t limit) {
  const std::unique_ptr<std::FILE, CloseFile> file(std::fopen(path.c_str(), "rb"));
  if (!file) throw open_failure(path, errno);
  std::string text;
  std::array<char, 65536> buffer{};
  while (const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), file.get())) {
    if (count > limit - text.size()) {
      throw failure("file.too-large", path, fmt::format("it has more than {} bytes", limit),
                    "this kind of file is small; check that it is the right one");
    }
    text.append(buffer.data(), count);
  }
  if (std::ferror(file.get()) != 0) throw open_failure(path, errno);
  return text;
}

}  // namespace weft
