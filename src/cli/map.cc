// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>

#include "cli/commands.h"
#include "cli/evaluation_options.h"
#include "weft/report/json.h"

namespace weft::cli {

void add_map(CLI::App& app, CommonOptions& common, int& exit_code) {
  auto arguments = std::make_shared<EvaluationArguments>();
  CLI::App* command =
      app.add_subcommand("map", "The loop nest of each layer: the best one and its proof, or the one you give");
  add_evaluation_options(*command, *arguments);
  command->add_option("--top", arguments->top, "also the next best mappings: so many in all")
      ->check(CLI::PositiveNumber)
      ->type_name("K");
  command->callback([arguments, &common, &exit_code] {
    const Evaluation evaluation = evaluate(*arguments, common);
    if (common.json) {
      fmt::print("{}", json_text(mapping_json(evaluation, arguments->timing)));
    } else if (common.csv) {
      fmt::print("{}", mapping_csv(evaluation));
    } else {
      fmt::print("{}", mapping_text(evaluation, report_options(*arguments, common)));
    }
    exit_code = exit_code_of_check(evaluation);
  });
}

}  // namespace weft::cli
