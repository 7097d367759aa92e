// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>

#include "cli/commands.h"
#include "cli/evaluation_options.h"
#include "cli/frame.h"
#include "weft/base/atomic_file.h"
#include "weft/report/json.h"
#include "weft/report/simulation_report.h"

namespace weft::cli {
namespace {

struct Arguments {
  EvaluationArguments evaluation;
  std::string trace;
};

int exit_code_of(const Simulation& simulation) {
  if (simulation.agrees()) return kDone;
  fmt::print(
      stderr,
      "error: a layer's values or counts differ from their reference (see 'equal'). This is a bug in weft, not in "
      "your input.\n  mend: please report it with the command line and the input files\n");
  return kCheckFailed;
}

}  // namespace

void add_simulate(CLI::App& app, CommonOptions& common, int& exit_code) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand(
      "simulate",
      "Run a network on a machine: its values bit for bit in the order of the mapping, and what it costs with them");
  add_mapping_options(*command, arguments->evaluation);
  add_data_options(*command, arguments->evaluation);
  command->add_option("--trace", arguments->trace, "write what the PEs do to this file, in Chrome's trace format")
      ->type_name("FILE");
  command->callback([arguments, &common, &exit_code] {
    const SimulationRun run = simulate(arguments->evaluation, common);
    if (!arguments->trace.empty()) write_file(arguments->trace, trace_json(run.simulation.evaluation));
    if (common.json) {
      fmt::print("{}", json_text(simulation_json(run.simulation, run.data)));
    } else if (common.csv) {
      fmt::print("{}", simulation_csv(run.simulation));
    } else {
      const bool every = arguments->evaluation.every || common.verbose > 0;
      fmt::print("{}", simulation_text(run.simulation, {.style = style_of(1), .data = run.data, .every = every}));
    }
    exit_code = exit_code_of(run.simulation);
  });
}

}  // namespace weft::cli
