// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/frame.h"

namespace weft::cli {
namespace {

constexpr const char* kDescription =
    "Weft, a workbench for efficient processing of deep neural networks: what a network costs on an accelerator,\n"
    "and which way of running it costs least.";

constexpr const char* kExamples = R"(Examples:
  weft net list                                        the built-in networks
  weft inspect squeezenet1.0.onnx                      layers, weights and MACs of a network
  weft evaluate alexnet --hardware eyeriss             energy, power, latency, area, off-chip bytes
  weft evaluate model.onnx --hardware my.yaml --json   the same for your own files, for programs
  weft map alexnet --layer conv2 --hardware eyeriss    one layer's loop nest
  weft compare alexnet --pes 256 --batch 16            dataflows at equal area
  weft simulate lenet5 --hardware eyeriss              its values, bit for bit, in the order of its mapping

'weft COMMAND --help' tells more about a command.
Exit codes: 0 done, 1 a requested check failed, 2 usage, 3 bad input, 4 infeasible, 130 interrupted.)";

// CLI11's help without the lists of what excludes what and without ranges, which messages tell when it matters.
class HelpFormatter final : public CLI::Formatter {
 public:
  HelpFormatter() {
    label("SUBCOMMAND", "COMMAND");
    column_width(kHelpColumn);
  }
  std::string make_option_opts(const CLI::Option* option) const override {
    const std::string type = option->get_type_name();
    return type.empty() ? "" : " " + type.substr(0, type.find(':'));
  }

 private:
  static constexpr int kHelpColumn = 28;
};

// Async-signal-safe. A progress bar may stand on the terminal's last line.
void on_interrupt(int) {
  constexpr char kErase[] = "\r\x1b[K";
  if (isatty(STDERR_FILENO) == 1 && write(STDERR_FILENO, kErase, sizeof kErase - 1) < 0) _exit(kInterrupted);
  _exit(kInterrupted);
}

void set_signals() {
  std::signal(SIGINT, on_interrupt);
  std::signal(SIGPIPE, SIG_DFL);  // `weft ... | head` ends quietly, also where the parent ignores the signal
}

void add_commands(CLI::App& app, CommonOptions& common, int& exit_code) {
  for (auto* add : {add_inspect, add_evaluate, add_map, add_compare, add_simulate, add_net, add_hardware, add_data})
    add(app, common, exit_code);
  add_common_options(app, common);
}

// A full disk must not look like success.
int flush_results(int exit_code) {
  std::cout.flush();
  const bool written = std::fflush(stdout) == 0 && std::ferror(stdout) == 0 && std::cout.good();
  return written || exit_code != kDone ? exit_code : report_lost_output(std::cerr, std::strerror(errno));
}

int run_weft(const std::vector<std::string>& arguments) {
  CLI::App app(kDescription, "weft");
  app.set_help_flag("-h,--help", "Print this help");
  app.set_version_flag("--version", "weft " WEFT_VERSION, "Print the version");
  app.formatter(std::make_shared<HelpFormatter>());
  app.require_subcommand(1);
  CommonOptions common;
  int exit_code = kDone;
  add_commands(app, common, exit_code);
  app.footer(kExamples);  // after the commands: each would take it over
  return run(app, arguments, exit_code, std::cout, std::cerr);
}

}  // namespace
}  // namespace weft::cli

int main(int argc, char** argv) {
  weft::cli::set_signals();
  const std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
  const int exit_code = weft::cli::guarded(std::cerr, [&] { return weft::cli::run_weft(arguments); });
  return weft::cli::flush_results(exit_code);
}
