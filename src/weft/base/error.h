// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <exception>
#include <string>
#include <utility>
#include <vector>

namespace weft {

/// A place in a user's file. `line` and `column` count from 1; 0 means "not known".
/// `text` is the whole line, `length` how many columns the caret underlines.
struct Place {
  std::string file;
  int line = 0;
  int column = 0;
  std::string text;
  int length = 1;
  bool operator==(const Place&) const = default;
};

/// One thing that cannot be met.
///   id     stable name, listed in docs/errors.md, e.g. "yaml.unknown-key"
///   what   what failed, with the value and the limit
///   where  where in the user's file (empty if it is not about a file)
///   mend   something that would work
struct Problem {
  std::string id;
  std::string what;
  Place where;
  std::string mend;
};

/// A request that cannot be met: bad input, or an impossible wish. Our own bugs are asserts instead.
/// A checker collects all the problems of a file before it throws. The library never prints: the
/// face (command line, Python, web) renders the problems.
class Error : public std::exception {
 public:
  explicit Error(Problem problem);
  explicit Error(std::vector<Problem> problems);  ///< at least one
  const std::vector<Problem>& problems() const { return problems_; }
  const char* what() const noexcept override { return text_.c_str(); }

 private:
  std::vector<Problem> problems_;
  std::string text_;
};

/// What `work` returns. Problems that it throws and that are not about a place in a file are about this one.
template <class Work>
auto located(const Place& place, const Work& work) {
  try {
    return work();
  } catch (const Error& error) {
    std::vector<Problem> problems = error.problems();
    for (Problem& problem : problems) {
      if (problem.where.file.empty()) problem.where = place;
    }
    throw Error(std::move(problems));
  }
}

/// The problem as people read it: "file:3:5: error: what", the line with a caret, mend, id.
std::string render(const Problem& problem);

/// The candidate nearest to `word` by edit distance, or "" if none is near enough to suggest.
std::string nearest(const std::string& word, const std::vector<std::string>& candidates);

[[noreturn]] void assertion_failed(const char* condition, const char* why, const char* file, int line);

/// For our own mistakes only; never reachable from a file.
#ifdef WEFT_ASSERTS
#define WEFT_ASSERT(condition, why) \
  ((condition) ? void() : ::weft::assertion_failed(#condition, why, __FILE__, __LINE__))
#else
#define WEFT_ASSERT(condition, why) ((void)0)
#endif

}  // namespace weft
