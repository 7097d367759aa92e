// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>

namespace weft {

/// A file that is written whole or not at all: bytes go to a temporary file in the same folder, which `commit` flushes
/// to the disk and renames. Without `commit` nothing is left behind. Links are followed and an existing file keeps its
/// permissions. A device or pipe (/dev/stdout) cannot be replaced and is written to directly.
/// Every failure is an Error, file.not-written, naming the path and the system's reason.
class AtomicFile {
 public:
  explicit AtomicFile(const std::string& path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::string_view bytes);
  void commit();

 private:
  [[noreturn]] void fail() const;  // for the present errno

  std::string path_;       // as the user wrote it
  std::string target_;     // with links resolved
  std::string temporary_;  // empty: written directly, or committed
  int descriptor_ = -1;
};

/// The whole text at once.
void write_file(const std::string& path, std::string_view text);

}  // namespace weft
