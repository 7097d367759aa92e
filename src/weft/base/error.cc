// SPDX-License-Identifier: Apache-2.0
#include "weft/base/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <string_view>
#include <utility>

#include "weft/base/text.h"

namespace weft {
namespace {

// A line longer than this is shown as a window around its caret.
constexpr std::size_t kWindow = 100;
constexpr std::size_t kLongestWord = 64;

// The part of a line that is shown, and the caret under it.
struct Excerpt {
  std::string line;
  std::string caret;
};

Excerpt excerpt(const Place& place) {
  std::vector<std::string> characters = split_characters(place.text);
  std::size_t caret = place.column > 0 ? std::size_t(place.column) - 1 : 0;
  caret = std::min(caret, characters.size());
  const std::size_t first = caret > kWindow / 2 && characters.size() > kWindow ? caret - kWindow / 2 : 0;
  const std::size_t last = std::min(characters.size(), first + kWindow);
  Excerpt result{first > 0 ? "..." : "", first > 0 ? "   " : ""};
  for (std::size_t i = first; i < last; ++i) {
    result.line += characters[i];
    if (i < caret) result.caret += characters[i] == "\t" ? '\t' : ' ';
  }
  if (last < characters.size()) result.line += "...";
  const std::size_t room = std::max<std::size_t>(1, last - caret);
  const std::size_t length = std::min(room, std::size_t(std::max(1, place.length)));
  result.caret += '^' + std::string(length - 1, '~');
  return result;
}

std::string render_place(const Place& place) {
  if (place.file.empty()) return "";
  if (place.line <= 0) return printable(place.file) + ": ";
  if (place.column <= 0) return fmt::format("{}:{}: ", printable(place.file), place.line);
  return fmt::format("{}:{}:{}: ", printable(place.file), place.line, place.column);
}

std::string render_all(const std::vector<Problem>& problems) {
  std::string text;
  for (const Problem& problem : problems) text += render(problem);
  return text;
}

// Optimal string alignment: insertions, deletions, replacements and swaps of neighbours cost 1 each.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), previous(b.size() + 1), current(b.size() + 1);
  std::iota(previous.begin(), previous.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    current[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      current[j] = std::min({previous[j] + 1, current[j - 1] + 1, previous[j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        current[j] = std::min(current[j], before[j - 2] + 1);
      }
    }
    std::swap(before, previous);
    std::swap(previous, current);
  }
  return previous[b.size()];
}

}  // namespace

Error::Error(Problem problem) : Error(std::vector<Problem>{std::move(problem)}) {}

Error::Error(std::vector<Problem> problems) : problems_(std::move(problems)), text_(render_all(problems_)) {
  WEFT_ASSERT(!problems_.empty(), "an Error says what is wrong");
}

std::string render(const Problem& problem) {
  std::string text = fmt::format("{}error: {}\n", render_place(problem.where), printable(problem.what));
  if (problem.where.line > 0 && problem.where.column > 0) {
    const Excerpt shown = excerpt(problem.where);
    text += fmt::format("{:>5} | {}\n      | {}\n", problem.where.line, shown.line, shown.caret);
  }
  if (!problem.mend.empty()) text += fmt::format("  mend: {}\n", printable(problem.mend));
  if (!problem.id.empty()) text += fmt::format("  id: {}\n", problem.id);
  return text;
}

std::string nearest(const std::string& word, const std::vector<std::string>& candidates) {
  if (word.size() > kLongestWord) return "";
  const std::string wanted = lower_case(word);
  std::string best;
  std::size_t least = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    if (candidate.size() > kLongestWord) continue;
    const std::size_t distance = edit_distance(wanted, lower_case(candidate));
    if (distance >= least || distance >= word.size()) continue;
    least = distance;
    best = candidate;
  }
  return best;
}

void assertion_failed(const char* condition, const char* why, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: weft has a bug: expected %s (%s)\n", file, line, condition, why);
  std::abort();
}

}  // namespace weft
