// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>
#include <optional>

#include "cli/commands.h"
#include "cli/evaluation_options.h"
#include "weft/api/load_network.h"
#include "weft/base/progress.h"
#include "weft/report/comparison_report.h"
#include "weft/report/json.h"

namespace weft::cli {
namespace {

constexpr std::int64_t kMostPes = 1 << 16;
constexpr std::int64_t kMostBatch = 1 << 20;

struct CompareArguments {
  std::string network;
  ComparisonOptions options;
};

}  // namespace

void add_compare(CLI::App& app, CommonOptions& common, int& /*exit_code*/) {
  auto arguments = std::make_shared<CompareArguments>();
  ComparisonOptions& options = arguments->options;
  CLI::App* command =
      app.add_subcommand("compare", "Dataflows at equal area: energy per MAC by level and by tensor (Figs. 33 to 35)");
  command
      ->add_option("network", arguments->network,
                   "a name of the zoo (see 'weft net list') or the path of an .onnx file")
      ->required()
      ->type_name("NET");
  command->add_option("--dataflows", options.dataflows, "WS, OSA, OSB, OSC, NLR, RS with commas between, or all")
      ->delimiter(',')
      ->type_name("LIST");
  command->add_option("--pes", options.pes, "numbers of PEs (default: 256)")
      ->delimiter(',')
      ->check(CLI::Range(std::int64_t{1}, kMostPes))
      ->type_name("LIST");
  command->add_option("--batch", options.batches, "batches (default: 16)")
      ->delimiter(',')
      ->check(CLI::Range(std::int64_t{1}, kMostBatch))
      ->type_name("LIST");
  command
      ->add_option("--conventions", options.conventions,
                   "how to count: a preset, options on top of the comparison's (isca16), or both")
      ->type_name("WORDS");
  command->callback([arguments, &common] {
    ComparisonOptions how = arguments->options;
    how.jobs = common.jobs;
    how.progress = progress_bar("comparing dataflows", common);
    const Comparison comparison =
        compare(load_network(arguments->network, std::nullopt), load_comparison("isca16"), how);
    if (common.json) {
      fmt::print("{}", json_text(comparison_json(comparison)));
    } else if (common.csv) {
      fmt::print("{}", comparison_csv(comparison));
    } else {
      fmt::print("{}", comparison_text(comparison, style_of(1)));
    }
  });
}

}  // namespace weft::cli
