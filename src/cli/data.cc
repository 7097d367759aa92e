// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>
#include <string>

#include "cli/commands.h"
#include "weft/base/text_table.h"
#include "weft/data/dataset.h"
#include "weft/report/dataset_report.h"
#include "weft/report/json.h"

namespace weft::cli {
namespace {

struct Options {
  std::string path;
  DatasetOptions load;
  std::int64_t samples = 3;
};

void add_show(CLI::App& data, const CommonOptions& common) {
  auto options = std::make_shared<Options>();
  CLI::App* command = data.add_subcommand("show", "What a data set is: samples, classes, shape, preprocessing");
  command->add_option("data", options->path, "a folder, a file, or digits[:seed=N,count=N]")
      ->required()
      ->type_name("DATA");
  command->add_option("--samples", options->samples, "how many samples to show (3)")
      ->type_name("N")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{1} << 20));
  command->add_option("--split", options->load.split, "the part to take: train or test")->type_name("PART");
  command->add_option("--preprocessing", options->load.preprocessing, "a dataset file with `preprocessing:`")
      ->type_name("FILE.yaml");
  command
      ->add_option("--network", options->load.network,
                   "prepare samples as this network wants them, where that is known")
      ->type_name("NET");
  command->callback([options, &common] {
    const DatasetReport report = describe(load_dataset(options->path, options->load), options->samples);
    if (common.json) {
      fmt::print("{}", json_text(dataset_json(report)));
    } else if (common.csv) {
      fmt::print("{}", dataset_csv(report));
    } else {
      fmt::print("{}", dataset_text(report, style_of(1)));
    }
  });
}

}  // namespace

void add_data(CLI::App& app, CommonOptions& common, int&) {
  CLI::App* data = app.add_subcommand("data", "Data sets: images, MNIST, CIFAR, arrays, synthetic digits");
  data->require_subcommand(1);
  add_show(*data, common);
}

}  // namespace weft::cli
