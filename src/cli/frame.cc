// SPDX-License-Identifier: Apache-2.0
#include "cli/frame.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <new>
#include <ostream>
#include <system_error>
#include <utility>

#include "weft/base/error.h"
#include "weft/base/text.h"

namespace weft::cli {
namespace {

constexpr int kMostJobs = 1024;

int exit_code_of(const Error& error) {
  const std::string& id = error.problems().front().id;
  if (id.starts_with("infeasible.")) return kInfeasible;
  if (id.starts_with("store.")) return kUnreachable;
  return kBadInput;
}

int report_bug(std::ostream& messages, const std::string& what) {
  messages << fmt::format(
      "error: weft stopped unexpectedly ({}). This is a bug in weft, not in your input.\n"
      "  mend: please report it with the command line and the input files\n",
      printable(what));
  return kOurBug;
}

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

// The innermost command that the command line reached.
const CLI::App& reached(const CLI::App& app) {
  const std::vector<CLI::App*> parsed = app.get_subcommands();
  return parsed.empty() ? app : reached(*parsed.back());
}

std::string full_name(const CLI::App& app) {
  return app.get_parent() == nullptr ? app.get_name() : full_name(*app.get_parent()) + " " + app.get_name();
}

std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : commands_of(app)) names.push_back(command->get_name());
  return names;
}

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    for (const std::string& name : option->get_snames()) names.push_back("-" + name);
  }
  return names;
}

// What is wrong and what would work.
struct Explanation {
  std::string what;
  std::string mend;
};

Explanation explain_unknown(const CLI::App& command, const std::string& argument) {
  const std::string name = full_name(command);
  const std::string written = argument.substr(0, argument.find('='));
  const bool is_option = written.size() > 1 && written.starts_with('-');
  const std::vector<std::string> known = is_option ? option_names(command) : command_names(command);
  const std::string near = nearest(written, known);
  const std::string mend = !near.empty()                ? fmt::format("did you mean '{}'?", near)
                           : is_option || known.empty() ? fmt::format("'{} --help' lists what it takes", name)
                                                        : fmt::format("the commands are {}", join_words(known));
  if (is_option) return {fmt::format("'{}' has no option '{}'", name, written), mend};
  if (known.empty()) return {fmt::format("'{}' takes no argument '{}' here", name, argument), mend};
  return {fmt::format("'{}' has no command '{}'", name, argument), mend};
}

// The leftover that explains the others. A command that is unknown leaves all that follows it; after a misspelt option
// its value is left over too.
std::string culprit(const CLI::App& command, const std::vector<std::string>& left) {
  const bool wants_command = !command_names(command).empty();
  const auto found = std::find_if(left.begin(), left.end(),
                                  [&](const std::string& word) { return word.starts_with('-') != wants_command; });
  return found != left.end() ? *found : left.front();
}

// Leftovers say more than what CLI11 misses because of them.
Explanation explanation_of(const CLI::App& app, const CLI::ParseError& failure) {
  const CLI::App& command = reached(app);
  const std::vector<std::string> left = app.remaining(true);
  if (!left.empty()) return explain_unknown(command, culprit(command, left));
  const std::string help = fmt::format("'{} --help' shows how it is used", full_name(command));
  return {fmt::format("{}: {}", full_name(command), printable(failure.what())), help};
}

bool lacks_command(const CLI::App& app) {
  const CLI::App& command = reached(app);
  return !command_names(command).empty() && app.remaining(true).empty();
}

void add_options(CLI::App& command, CommonOptions& common) {
  const std::string group = "Common options";
  auto* json = command.add_flag("--json", common.json, "Print one JSON document")->group(group);
  command.add_flag("--csv", common.csv, "Print comma-separated values")->group(group)->excludes(json);
  auto* quiet = command.add_flag("-q,--quiet", common.quiet, "No progress and no warnings")->group(group);
  command.add_flag("-v,--verbose", common.verbose, "Say more on stderr; repeat for more still")
      ->group(group)
      ->excludes(quiet);
  command.add_option("-j,--jobs", common.jobs, "Threads (default: as many as the process may use)")
      ->group(group)
      ->check(CLI::Range(1, kMostJobs))
      ->type_name("N");
  command.add_option("--seed", common.seed, "Seed of everything random (default: 1)")->group(group)->type_name("N");
}

}  // namespace

void add_common_options(CLI::App& app, CommonOptions& common) {
  for (CLI::App* command : app.get_subcommands([](CLI::App*) { return true; })) {
    command->group("Commands");
    if (command_names(*command).empty()) {
      add_options(*command, common);
    } else {
      add_common_options(*command, common);
    }
  }
}

int report_lost_output(std::ostream& messages, const std::string& why) {
  messages << fmt::format("error: cannot write the results to standard output: {}\n", why);
  return kOutputFailed;
}

int guarded(std::ostream& messages, const std::function<int()>& work) {
  try {
    return work();
  } catch (const Error& error) {
    messages << error.what();
    return exit_code_of(error);
  } catch (const std::system_error& failure) {
    if (std::ferror(stdout) == 0) return report_bug(messages, failure.what());
    return report_lost_output(messages, failure.code().message());  // thrown by fmt::print
  } catch (const std::bad_alloc&) {
    return report_bug(messages, "out of memory");
  } catch (const std::exception& unexpected) {
    return report_bug(messages, unexpected.what());
  } catch (...) {
    return report_bug(messages, "an exception of unknown type");
  }
}

namespace {

int explain(CLI::App& app, const CLI::ParseError& failure, std::ostream& results, std::ostream& messages) {
  if (failure.get_exit_code() == 0) {  // --help, --version
    app.exit(failure, results, messages);
    return kDone;
  }
  if (lacks_command(app)) {
    messages << reached(app).help("", CLI::AppFormatMode::Normal);
    return kUsage;
  }
  const Explanation explanation = explanation_of(app, failure);
  messages << fmt::format("error: {}\n  mend: {}\n", explanation.what, explanation.mend);
  return kUsage;
}

}  // namespace

int run(CLI::App& app, std::vector<std::string> arguments, const int& exit_code, std::ostream& results,
        std::ostream& messages) {
  std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants them
  return guarded(messages, [&] {
    try {
      app.parse(std::move(arguments));
    } catch (const CLI::ParseError& failure) {
      return explain(app, failure, results, messages);
    }
    return exit_code;
  });
}

}  // namespace weft::cli
