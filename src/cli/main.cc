// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "cli/commands.h"
#include "weft/base/error.h"

namespace weft::cli {
// A command whose file is not there yet is left out.
[[gnu::weak]] void add_inspect(CLI::App&, CommonOptions&, int&);
[[gnu::weak]] void add_net(CLI::App&, CommonOptions&, int&);
[[gnu::weak]] void add_evaluate(CLI::App&, CommonOptions&, int&);
[[gnu::weak]] void add_map(CLI::App&, CommonOptions&, int&);
[[gnu::weak]] void add_hardware(CLI::App&, CommonOptions&, int&);
}  // namespace weft::cli

int main(int argc, char** argv) {
  using namespace weft::cli;
  CLI::App app("weft");
  CommonOptions common;
  int exit_code = 0;
  for (auto* add : {add_inspect, add_net, add_evaluate, add_map, add_hardware}) {
    if (add != nullptr) add(app, common, exit_code);
  }
  app.add_flag("--json", common.json);
  app.add_flag("--csv", common.csv);
  app.fallthrough();
  app.require_subcommand(1);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  } catch (const weft::Error& e) {
    std::fputs(e.what(), stderr);
    return 3;
  }
  return exit_code;
}
