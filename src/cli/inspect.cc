// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>

#include "cli/commands.h"
#include "cli/network_output.h"

namespace weft::cli {

void add_inspect(CLI::App& app, CommonOptions& common, int&) {
  struct Options {
    std::string network;
    std::optional<std::int64_t> batch;
    bool every = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("inspect", "Count a network's layers, weights and MACs (the survey's Table II)");
  command
      ->add_option("network", options->network, "a name of the zoo (see 'weft net list') or the path of an .onnx file")
      ->required()
      ->type_name("NET");
  add_batch_option(*command, options->batch);
  command->add_flag("--all", options->every, "list the layers that do not multiply one by one");
  command->callback(
      [options, &common] { print_network(inspect_network(options->network, options->batch), options->every, common); });
}

}  // namespace weft::cli
