// SPDX-License-Identifier: Apache-2.0
#include "weft/base/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <utility>

#include "weft/base/format.h"
#include "weft/base/text_table.h"

namespace weft {
namespace {

constexpr int kBarWidth = 24;
constexpr const char* kEraseLine = "\r\x1b[K";

std::string minutes_and_seconds(Seconds time) {
  const auto seconds = std::int64_t(std::clamp(time.value, 0.0, 1e9));
  return fmt::format("{}:{:02}", seconds / 60, seconds % 60);
}

}  // namespace

std::string progress_line(const std::string& title, std::int64_t done, std::int64_t total, Seconds elapsed,
                          const TextStyle& style) {
  const std::string passed = minutes_and_seconds(elapsed);
  if (total <= 0) return fmt::format("{}  {}  {}", title, format_count(done), passed);
  const double fraction = double(done) / double(total);
  const std::string left =
      done > 0 ? fmt::format(", {} left", minutes_and_seconds({elapsed.value / fraction - elapsed.value})) : "";
  return fmt::format("{}  [{}]  {}/{}  {}{}", title, bar(fraction, kBarWidth, style), format_count(done),
                     format_count(total), passed, left);
}

Progress::Options Progress::to_stderr(bool quiet) {
  const bool terminal = is_terminal(2);
  return {.out = quiet ? nullptr : &std::cerr,
          .terminal = terminal,
          .style = style_of(2),
          .first = Seconds{terminal ? 0.5 : 10},
          .interval = Seconds{terminal ? 0.1 : 10}};
}

Progress::Progress(std::string title, std::int64_t total, const Options& options)
    : title_(std::move(title)), total_(total), options_(options) {}

Progress::~Progress() {
  if (drawn_ && options_.terminal) *options_.out << kEraseLine << std::flush;
}

void Progress::advance(std::int64_t steps) {
  const std::lock_guard lock(mutex_);
  done_ += steps;
  if (options_.out == nullptr) return;
  const Seconds now{std::chrono::duration<double>(Clock::now() - start_).count()};
  if (now < options_.first || now - shown_ < options_.interval) return;
  shown_ = now;
  drawn_ = true;
  const std::string line = progress_line(title_, done_, total_, now, options_.style);
  if (options_.terminal) {
    *options_.out << kEraseLine << line << std::flush;
  } else {
    *options_.out << line << '\n' << std::flush;
  }
}

}  // namespace weft
