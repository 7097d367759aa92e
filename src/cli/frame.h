// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

#include "cli/commands.h"

namespace weft::cli {

/// How the program ends (design: "Files, command line, errors").
enum ExitCode {
  kDone = 0,
  kCheckFailed = 1,    ///< a check that was asked for failed
  kUsage = 2,          ///< the command line is wrong
  kBadInput = 3,       ///< an Error
  kInfeasible = 4,     ///< an Error whose ids start with "infeasible."
  kUnreachable = 5,    ///< an Error whose ids start with "store."
  kSomeFailed = 6,     ///< finished, with some points failed
  kOurBug = 70,        ///< an exception that nobody expected
  kOutputFailed = 74,  ///< stdout could not be written
  kInterrupted = 130,
};

/// Gives every command (and command of a command) that has no commands of its own --json, --csv, -q, -v, -j and --seed.
void add_common_options(CLI::App& app, CommonOptions& common);

/// Runs `work` and answers how the program shall end: what `work` answers, or by the exception it throws, which is
/// explained on `messages`.
int guarded(std::ostream& messages, const std::function<int()>& work);

/// Says on `messages` why stdout could not be written, and answers kOutputFailed.
int report_lost_output(std::ostream& messages, const std::string& why);

/// Parses the arguments (without the program's name), which runs the chosen command. What is wrong with the command
/// line is explained on `messages`, with near spellings of commands and options; --help and --version are answered on
/// `results`.
int run(CLI::App& app, std::vector<std::string> arguments, const int& exit_code, std::ostream& results,
        std::ostream& messages);

}  // namespace weft::cli
