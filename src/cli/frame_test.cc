// SPDX-License-Identifier: Apache-2.0
#include "cli/frame.h"

#include <catch2/catch.hpp>
#include <cerrno>
#include <new>
#include <sstream>
#include <stdexcept>
#include <system_error>

#include "weft/base/error.h"

namespace weft::cli {
namespace {

// A small program with a command, and a command of a command.
struct Program {
  CLI::App app{"a program", "weft"};
  CommonOptions common;
  std::string network;
  int exit_code = kDone;
  std::ostringstream results, messages;

  Program() {
    app.set_version_flag("--version", "weft 1.2.3");
    app.require_subcommand(1);
    auto* evaluate = app.add_subcommand("evaluate", "");
    evaluate->add_option("NETWORK", network)->required();
    evaluate->add_option("--hardware", "");
    evaluate->callback([this] { exit_code = network == "bad" ? kCheckFailed : kDone; });
    auto* net = app.add_subcommand("net", "");
    net->require_subcommand(1);
    net->add_subcommand("list", "");
    net->add_subcommand("show", "")->add_option("NAME", network)->required();
    add_common_options(app, common);
  }
  int operator()(const std::vector<std::string>& arguments) {
    return run(app, arguments, exit_code, results, messages);
  }
};

TEST_CASE("the common options are taken after every command") {
  Program weft;
  CHECK(weft({"evaluate", "alexnet", "--json", "-q", "-j", "3", "--seed", "7"}) == kDone);
  CHECK(weft.common.json);
  CHECK(weft.common.quiet);
  CHECK(weft.common.jobs == 3);
  CHECK(weft.common.seed == 7);

  Program nested;
  CHECK(nested({"net", "list", "--csv", "-vv"}) == kDone);
  CHECK(nested.common.csv);
  CHECK(nested.common.verbose == 2);
}

TEST_CASE("a command answers how the program ends") {
  Program weft;
  CHECK(weft({"evaluate", "bad"}) == kCheckFailed);
}

TEST_CASE("help and version are results, not errors") {
  Program weft;
  CHECK(weft({"--version"}) == kDone);
  CHECK(weft.results.str() == "weft 1.2.3\n");
  Program help;
  CHECK(help({"evaluate", "--help"}) == kDone);
  CHECK(help.results.str().find("--hardware") != std::string::npos);
  CHECK(help.messages.str().empty());
}

TEST_CASE("without a command the help is shown, as a usage error") {
  Program weft;
  CHECK(weft({}) == kUsage);
  CHECK(weft.results.str().empty());
  CHECK(weft.messages.str().find("evaluate") != std::string::npos);
  Program net;
  CHECK(net({"net"}) == kUsage);
  CHECK(net.messages.str().find("list") != std::string::npos);
}

TEST_CASE("a misspelt command, option or command of a command is corrected") {
  Program command;
  CHECK(command({"evalute", "alexnet"}) == kUsage);
  CHECK(command.messages.str() == "error: 'weft' has no command 'evalute'\n  mend: did you mean 'evaluate'?\n");
  Program followed;
  CHECK(followed({"evalute", "alexnet", "--hardware", "eyeriss"}) == kUsage);
  CHECK(followed.messages.str() == command.messages.str());
  Program option;
  CHECK(option({"evaluate", "alexnet", "--hardwear=eyeriss"}) == kUsage);
  CHECK(option.messages.str() ==
        "error: 'weft evaluate' has no option '--hardwear'\n  mend: did you mean '--hardware'?\n");
  Program nested;
  CHECK(nested({"net", "lst"}) == kUsage);
  CHECK(nested.messages.str() == "error: 'weft net' has no command 'lst'\n  mend: did you mean 'list'?\n");
}

TEST_CASE("where nothing is near, what there is is named") {
  Program command;
  CHECK(command({"frobnicate"}) == kUsage);
  CHECK(command.messages.str() ==
        "error: 'weft' has no command 'frobnicate'\n  mend: the commands are evaluate and net\n");
  Program argument;
  CHECK(argument({"evaluate", "a", "b"}) == kUsage);
  CHECK(argument.messages.str() ==
        "error: 'weft evaluate' takes no argument 'b' here\n  mend: 'weft evaluate --help' lists what it takes\n");
}

TEST_CASE("a missing argument and an impossible value are usage errors") {
  Program missing;
  CHECK(missing({"evaluate"}) == kUsage);
  CHECK(missing.messages.str() ==
        "error: weft evaluate: NETWORK is required\n  mend: 'weft evaluate --help' shows how it is used\n");
  for (const char* jobs : {"0", "1025", "x", "-1"}) {
    Program weft;
    CHECK(weft({"evaluate", "a", "-j", jobs}) == kUsage);
  }
  for (const char* jobs : {"1", "1024"}) {
    Program weft;
    CHECK(weft({"evaluate", "a", "-j", jobs}) == kDone);
  }
  Program both;
  CHECK(both({"evaluate", "a", "--json", "--csv"}) == kUsage);
}

TEST_CASE("an exception decides how the program ends") {
  const auto ending = [](auto throwing) {
    std::ostringstream messages;
    const int code = guarded(messages, [&]() -> int { throwing(), throw std::logic_error("not reached"); });
    return std::pair(code, messages.str());
  };
  const auto error = [](const char* id) {
    return [id] { throw Error({.id = id, .what = "no", .where = {}, .mend = ""}); };
  };
  CHECK(ending(error("yaml.empty")) == std::pair<int, std::string>(kBadInput, "error: no\n  id: yaml.empty\n"));
  CHECK(ending(error("infeasible.capacity")).first == kInfeasible);
  CHECK(ending(error("store.unreachable")).first == kUnreachable);
  CHECK(ending([] { throw std::bad_alloc(); }).first == kOurBug);
  CHECK(ending([] { throw 7; }).first == kOurBug);
  CHECK(ending([] { throw std::system_error(EIO, std::generic_category()); }).first == kOurBug);
  const auto [code, text] = ending([] { throw std::runtime_error("strange"); });
  CHECK(code == kOurBug);
  CHECK(text.find("strange") != std::string::npos);
  CHECK(text.find("bug in weft") != std::string::npos);
}

}  // namespace
}  // namespace weft::cli
