// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <functional>
#include <mutex>

namespace weft {

/// Counts what threads have done, and tells `progress` (which may be empty) one call at a time: first 0 of `of`, then
/// after each.
class ProgressCount {
 public:
  using Progress = std::function<void(std::size_t done, std::size_t of)>;

  ProgressCount(const Progress& progress, std::size_t of) : progress_(progress), of_(of) { report(); }
  void advance() {
    const std::lock_guard lock(mutex_);
    ++done_;
    report();
  }

 private:
  void report() {
    if (progress_) progress_(done_, of_);
  }
  const Progress& progress_;
  const std::size_t of_;
  std::size_t done_ = 0;
  std::mutex mutex_;
};

}  // namespace weft
