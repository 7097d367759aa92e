// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>

#include "cli/commands.h"
#include "cli/evaluation_options.h"
#include "weft/report/json.h"

namespace weft::cli {

void add_evaluate(CLI::App& app, CommonOptions& common, int& exit_code) {
  auto arguments = std::make_shared<EvaluationArguments>();
  CLI::App* command = app.add_subcommand(
      "evaluate",
      "What a network costs on a machine: energy, time, power, area, off-chip bytes (the survey's Table V)");
  add_evaluation_options(*command, *arguments);
  add_data_options(*command, *arguments);
  command->get_option("--data")->excludes("--zeros");  // both say which zeros there are
  command->get_option("--samples")->needs("--data");
  command->callback([arguments, &common, &exit_code] {
    const Evaluation evaluation = evaluate(*arguments, common);
    if (common.json) {
      fmt::print("{}", json_text(evaluation_json(evaluation, arguments->timing)));
    } else if (common.csv) {
      fmt::print("{}", evaluation_csv(evaluation));
    } else {
      fmt::print("{}", evaluation_text(evaluation, report_options(*arguments, common)));
    }
    exit_code = exit_code_of_check(evaluation);
  });
}

}  // namespace weft::cli
