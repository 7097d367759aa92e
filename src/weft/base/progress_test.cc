// SPDX-License-Identifier: Apache-2.0
#include "weft/base/progress.h"

#include <catch2/catch.hpp>
#include <sstream>
#include <thread>

namespace weft {
namespace {

constexpr TextStyle kAscii{.unicode = false, .colour = false};

TEST_CASE("a progress line tells what is done, the time and what is left") {
  CHECK(progress_line("mapping", 12, 24, Seconds{61}, kAscii) ==
        "mapping  [############            ]  12/24  1:01, 1:01 left");
  CHECK(progress_line("mapping", 0, 24, Seconds{3}, kAscii) == "mapping  [                        ]  0/24  0:03");
  CHECK(progress_line("mapping", 1200, 0, Seconds{3}, kAscii) == "mapping  1,200  0:03");
}

Progress::Options to(std::ostream& out, bool terminal) {
  return {.out = &out, .terminal = terminal, .style = kAscii, .first = Seconds{0}, .interval = Seconds{0}};
}

TEST_CASE("on a terminal the line is redrawn in place and erased at the end") {
  std::ostringstream out;
  {
    Progress progress("work", 2, to(out, true));
    progress.advance();
  }
  CHECK(out.str().find('\n') == std::string::npos);
  CHECK(out.str().starts_with("\r\x1b[Kwork  [############"));
  CHECK(out.str().ends_with("\r\x1b[K"));
}

TEST_CASE("elsewhere there are whole lines without escape sequences") {
  std::ostringstream out;
  {
    Progress progress("work", 2, to(out, false));
    progress.advance();
    progress.advance();
  }
  CHECK(out.str().find('\x1b') == std::string::npos);
  CHECK(out.str().find("1/2") != std::string::npos);
  CHECK(out.str().find("2/2") != std::string::npos);
  CHECK(out.str().ends_with("\n"));
}

TEST_CASE("short work, lines too soon and quiet work show nothing") {
  std::ostringstream out;
  {
    Progress::Options options = to(out, true);
    options.first = Seconds{3600};
    Progress progress("work", 2, options);
    progress.advance();
  }
  CHECK(out.str().empty());
  {
    Progress::Options options = to(out, false);
    options.interval = Seconds{3600};
    Progress progress("work", 3, options);
    progress.advance();
    const std::string once = out.str();
    progress.advance();
    CHECK(out.str() == once);
  }
  Progress quiet("work", 2, Progress::to_stderr(true));
  quiet.advance();
}

TEST_CASE("threads may advance one progress") {
  std::ostringstream out;
  Progress progress("work", 200, to(out, false));
  const auto advance = [&] {
    for (int i = 0; i < 100; ++i) progress.advance();
  };
  std::thread other(advance);
  advance();
  other.join();
  CHECK(out.str().find("200/200") != std::string::npos);
}

}  // namespace
}  // namespace weft
