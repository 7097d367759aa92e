// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstdint>
#include <mutex>
#include <ostream>
#include <string>

#include "weft/base/terminal.h"
#include "weft/base/units.h"

namespace weft {

/// "mapping  [#####     ]  12/24  0:03, 0:03 left": what is done of how much, the time passed, and the time left if the
/// rest goes as fast as before. `total` 0 means not known: only the count and the time are shown.
std::string progress_line(const std::string& title, std::int64_t done, std::int64_t total, Seconds elapsed,
                          const TextStyle& style);

/// Shows how far long work is: a bar redrawn in place on a terminal (and erased at the end), a line every ten seconds
/// elsewhere, nothing when quiet. Work of less than half a second shows nothing. Threads may share one.
class Progress {
 public:
  struct Options {
    std::ostream* out = nullptr;  ///< normally std::cerr; null is quiet
    bool terminal = false;
    TextStyle style;
    Seconds first{0.5};     ///< no output before
    Seconds interval{0.1};  ///< between two outputs
  };
  /// To stderr, dressed for what stderr is.
  static Options to_stderr(bool quiet);

  Progress(std::string title, std::int64_t total, const Options& options);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void advance(std::int64_t steps = 1);

 private:
  using Clock = std::chrono::steady_clock;

  const std::string title_;
  const std::int64_t total_;
  const Options options_;
  const Clock::time_point start_ = Clock::now();
  std::mutex mutex_;
  std::int64_t done_ = 0;
  Seconds shown_{-1e9};  // when, since start_
  bool drawn_ = false;
};

}  // namespace weft
