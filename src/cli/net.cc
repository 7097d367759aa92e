// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/commands.h"
#include "cli/network_output.h"
#include "weft/base/format.h"
#include "weft/base/text_table.h"
#include "weft/io/onnx.h"
#include "weft/network/zoo.h"

namespace weft::cli {
namespace {

struct ListRow {
  std::string name, description, source;
  NetworkTotals totals;
};

std::vector<ListRow> list_rows() {
  std::vector<ListRow> rows;
  for (const ZooEntry& entry : zoo()) {
    rows.push_back({std::string(entry.name), std::string(entry.description), std::string(entry.source),
                    totals(layers(entry.build(), /*count_zeros=*/false))});
  }
  return rows;
}

void print_list_json(const std::vector<ListRow>& rows) {
  nlohmann::ordered_json json{{"schema", "weft.zoo/1"}, {"networks", nlohmann::ordered_json::array()}};
  for (const ListRow& row : rows) {
    json["networks"].push_back({{"name", row.name},
                                {"weights", row.totals.weights},
                                {"macs", row.totals.macs},
                                {"conv_layers", row.totals.conv_layers},
                                {"fc_layers", row.totals.fc_layers},
                                {"description", row.description},
                                {"source", row.source}});
  }
  fmt::print("{}\n", json.dump(2));
}

void print_list_csv(const std::vector<ListRow>& rows) {
  fmt::print("name,weights,macs,conv_layers,fc_layers,description,source\n");
  for (const ListRow& row : rows) {
    fmt::print("{},{},{},{},{},\"{}\",\"{}\"\n", row.name, row.totals.weights, row.totals.macs, row.totals.conv_layers,
               row.totals.fc_layers, row.description, row.source);
  }
}

void print_list_text(const std::vector<ListRow>& rows) {
  TextTable table({{"network", "", Align::left},
                   {"weights", "", Align::right},
                   {"MACs", "", Align::right},
                   {"CONV", "", Align::right},
                   {"FC", "", Align::right},
                   {"what", "", Align::left}});
  for (const ListRow& row : rows) {
    table.add_row({row.name, format_count(row.totals.weights), format_count(row.totals.macs),
                   std::to_string(row.totals.conv_layers), std::to_string(row.totals.fc_layers), row.description});
  }
  TextTable families({{"family", "", Align::left}, {"what", "", Align::left}});
  for (const ZooFamily& family : zoo_families()) {
    families.add_row({std::string(family.pattern), std::string(family.description)});
  }
  const TextStyle style = style_of(1);
  fmt::print("{}\n{}", table.render(style), families.render(style));
}

void add_list(CLI::App& net, const CommonOptions& common) {
  CLI::App* command = net.add_subcommand("list", "The networks of the zoo");
  command->callback([&common] {
    const std::vector<ListRow> rows = list_rows();
    if (common.json) return print_list_json(rows);
    if (common.csv) return print_list_csv(rows);
    print_list_text(rows);
  });
}

/// The zoo's network of that name only: `show` and `export` take no files.
Network built(const std::string& name, std::optional<std::int64_t> batch) {
  Network network = zoo_network(name);
  return batch ? with_batch(std::move(network), *batch) : network;
}

struct Options {
  std::string name, path;
  std::optional<std::int64_t> batch;
  bool every = false;
};

void add_name(CLI::App& command, Options& options) {
  command.add_option("name", options.name, "a network of the zoo")->required()->type_name("NAME");
  add_batch_option(command, options.batch);
}

void add_show(CLI::App& net, const CommonOptions& common) {
  auto options = std::make_shared<Options>();
  CLI::App* command = net.add_subcommand("show", "One network's counts and where its shapes come from");
  add_name(*command, *options);
  command->add_flag("--all", options->every, "list the layers that do not multiply one by one");
  command->callback([options, &common] {
    Network network = built(options->name, options->batch);
    const ZooDescription about = describe_zoo_network(options->name).value();
    print_network(inspect(std::move(network), about.description, about.source), options->every, common);
  });
}

void add_export(CLI::App& net, const CommonOptions& common) {
  auto options = std::make_shared<Options>();
  CLI::App* command = net.add_subcommand("export", "Write a network to an ONNX file, with seeded random weights");
  add_name(*command, *options);
  command->add_option("-o,--output", options->path, "the file to write")->required()->type_name("FILE.onnx");
  command->callback([options, &common] {
    write_onnx(with_seed(built(options->name, options->batch), common.seed), options->path);
    if (!common.quiet) fmt::print(stderr, "wrote {} to {}\n", options->name, options->path);
  });
}

}  // namespace

void add_net(CLI::App& app, CommonOptions& common, int&) {
  CLI::App* net = app.add_subcommand("net", "The zoo of built-in networks");
  net->require_subcommand(1);
  add_list(*net, common);
  add_show(*net, common);
  add_export(*net, common);
}

}  // namespace weft::cli
