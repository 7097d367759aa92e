// SPDX-License-Identifier: Apache-2.0
// Drives a fuzz target without libFuzzer: the corpus as it is, then seeded mutations of it. The same inputs every time.
//
//   NAME FOLDER [RUNS [SEED]]
//
// When the target dies the input is printed as a C++ string literal, ready for a test.
#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
// Of the sanitizers' run-time library, where there is one.
extern "C" [[gnu::weak]] void __sanitizer_set_death_callback(  // NOLINT(bugprone-reserved-identifier,readability-*)
    void (*callback)());

namespace {

namespace fs = std::filesystem;

constexpr int kDefaultRuns = 20'000;
constexpr std::size_t kLongestInput = 1 << 16;

std::string current;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables): for the signal handler

void print_current() {
  std::fputs("the input was:\n\"", stderr);
  for (const char c : current) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= ' ' && byte < 0x7F && c != '"' && c != '\\') {
      std::fputc(c, stderr);
    } else {
      std::fprintf(stderr, "\\%03o", byte);
    }
  }
  std::fputs("\"\n", stderr);
}

void on_signal(int signal) {
  print_current();
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void run(std::string input) {
  current = std::move(input);
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(current.data()), current.size());
}

std::vector<std::string> read_corpus(const fs::path& folder) {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(folder)) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> corpus{""};
  for (const fs::path& path : paths) {
    std::ifstream file(path, std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return corpus;
}

class Mutator {
 public:
  Mutator(const std::vector<std::string>& corpus, unsigned seed) : corpus_(corpus), random_(seed) {}

  std::string next() {
    std::string input = pick(corpus_);
    for (std::size_t i = 0; i <= below(4); ++i) change(input);
    input.resize(std::min(input.size(), kLongestInput));
    return input;
  }

 private:
  std::size_t below(std::size_t n) { return n == 0 ? 0 : random_() % n; }
  const std::string& pick(const std::vector<std::string>& texts) { return texts[below(texts.size())]; }

  void change(std::string& input) {
    const std::size_t at = below(input.size() + 1);
    const std::size_t length = below(std::min<std::size_t>(input.size() - at, 64) + 1);
    switch (below(6)) {
      case 0:
        input.erase(at, length);
        break;
      case 1:
        input.insert(at, 1, char(below(256)));
        break;
      case 2:
        input.insert(at, input.substr(below(input.size() + 1), 64));
        break;
      case 3:
        if (at < input.size()) input[at] = char(input[at] ^ (1 << below(8)));
        break;
      case 4:
        input.resize(at);
        break;
      default:
        splice(input, at);
        break;
    }
  }
  void splice(std::string& input, std::size_t at) {
    const std::string& other = pick(corpus_);
    input = input.substr(0, at) + other.substr(below(other.size() + 1));
  }

  const std::vector<std::string>& corpus_;
  std::mt19937 random_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return std::fprintf(stderr, "usage: %s FOLDER [RUNS [SEED]]\n", argv[0]), 2;
  const int runs = argc > 2 ? std::atoi(argv[2]) : kDefaultRuns;
  const auto seed = unsigned(argc > 3 ? std::atoi(argv[3]) : 1);
  for (const int signal : {SIGABRT, SIGSEGV, SIGFPE, SIGBUS}) std::signal(signal, on_signal);
  if (__sanitizer_set_death_callback != nullptr) __sanitizer_set_death_callback(print_current);

  const std::vector<std::string> corpus = read_corpus(argv[1]);
  for (const std::string& input : corpus) run(input);
  Mutator mutator(corpus, seed);
  for (int i = 0; i < runs; ++i) run(mutator.next());
  std::printf("%zu files and %d mutations of them: no crash\n", corpus.size() - 1, runs);
  return 0;
}
