// SPDX-License-Identifier: Apache-2.0
#include "weft/base/atomic_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "weft/base/error.h"
#include "weft/base/file.h"

namespace weft {
namespace {

namespace fs = std::filesystem;

struct Folder {
  fs::path path = fs::temp_directory_path() / ("weft-atomic-" + std::to_string(getpid()));
  Folder() { fs::create_directories(path); }
  ~Folder() { fs::remove_all(path); }
  std::string operator/(const std::string& name) const { return (path / name).string(); }
  std::size_t files() const {
    return std::size_t(std::distance(fs::directory_iterator(path), fs::directory_iterator()));
  }
};

std::string read(const std::string& path) { return read_text_file(path, 1000); }

TEST_CASE("a file is there whole after commit, and not before") {
  const Folder folder;
  AtomicFile file(folder / "a");
  file.write("one ");
  file.write("two");
  CHECK_FALSE(fs::exists(folder / "a"));
  file.commit();
  CHECK(read(folder / "a") == "one two");
  CHECK(folder.files() == 1);
}

TEST_CASE("without commit the old file stays and nothing is left behind") {
  const Folder folder;
  write_file(folder / "a", "old");
  { AtomicFile(folder / "a").write("half of the ne"); }
  CHECK(read(folder / "a") == "old");
  CHECK(folder.files() == 1);
}

TEST_CASE("permissions are kept, new files have the usual ones, and links are followed") {
  const Folder folder;
  write_file(folder / "a", "old");
  struct stat status {};
  stat((folder / "a").c_str(), &status);
  const mode_t mask = umask(0);
  umask(mask);
  CHECK((status.st_mode & 0777) == (0666 & ~mask));
  fs::permissions(folder / "a", fs::perms(0640));
  fs::create_symlink(folder / "a", folder / "link");
  write_file(folder / "link", "new");
  CHECK(fs::is_symlink(folder / "link"));
  CHECK(read(folder / "a") == "new");
  CHECK(fs::status(folder / "a").permissions() == fs::perms(0640));
}

TEST_CASE("a device is written to, not replaced") {
  write_file("/dev/null", "text");
  CHECK(fs::is_character_file("/dev/null"));
}

TEST_CASE("what cannot be written is named: file.not-written") {
  const Folder folder;
  const auto problem = [](const std::string& path) {
    try {
      write_file(path, "text");
    } catch (const Error& error) {
      CHECK(error.problems().front().what.find("'" + path + "'") != std::string::npos);
      return error.problems().front().id;
    }
    return std::string("written");
  };
  CHECK(problem(folder / "no/such/folder") == "file.not-written");
  CHECK(problem(folder.path.string()) == "file.not-written");
  CHECK(problem("/dev/full") == "file.not-written");
  CHECK(folder.files() == 0);
}

}  // namespace
}  // namespace weft
