// SPDX-License-Identifier: Apache-2.0
#include "cli/network_output.h"

#include <fmt/format.h>

#include <utility>

#include "weft/api/load_network.h"
#include "weft/network/zoo.h"

namespace weft::cli {

void add_batch_option(CLI::App& command, std::optional<std::int64_t>& batch) {
  command.add_option("--batch", batch, "images at once; MACs and activations are then those of the whole batch")
      ->type_name("N")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 20));
}

NetworkReport inspect_network(const std::string& what, std::optional<std::int64_t> batch) {
  Network network = load_network(what, batch);
  const auto about = names_file(what) ? std::nullopt : describe_zoo_network(what);
  return about ? inspect(std::move(network), about->description, about->source) : inspect(std::move(network));
}

void print_network(const NetworkReport& report, bool every, const CommonOptions& common) {
  using nlohmann::ordered_json;
  if (common.json) {
    fmt::print("{}\n", network_json(report).dump(2, ' ', false, ordered_json::error_handler_t::replace));
  } else if (common.csv) {
    fmt::print("{}", network_csv(report));
  } else {
    fmt::print("{}", network_text(report, every, style_of(1)));
  }
}

}  // namespace weft::cli
