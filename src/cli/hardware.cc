// SPDX-License-Identifier: Apache-2.0
#include "weft/hardware/hardware.h"

#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/frame.h"
#include "weft/base/error.h"
#include "weft/base/format.h"
#include "weft/base/problems_of.h"
#include "weft/base/text.h"
#include "weft/base/text_table.h"
#include "weft/dataflow/conventions.h"
#include "weft/dataflow/dataflow.h"
#include "weft/metrics/evaluation.h"
#include "weft/report/hardware_report.h"
#include "weft/report/json.h"
#include "weft/report/page.h"

namespace weft::cli {
namespace {

using nlohmann::ordered_json;

// ---- list

std::vector<Hardware> all_hardware() {
  std::vector<Hardware> all;
  for (const std::string& name : hardware_names()) all.push_back(load_hardware(name));
  return all;
}

void print_list_json(const std::vector<Hardware>& all) {
  ordered_json json{{"schema", "weft.hardware-list/1"}, {"hardware", ordered_json::array()}};
  for (const Hardware& hardware : all) {
    json["hardware"].push_back({{"name", hardware.name},
                                {"pes", hardware.pes()},
                                {"technology", hardware.technology},
                                {"clock_Hz", hardware.clock.value},
                                {"onchip_bytes", onchip_memory(hardware).value},
                                {"description", hardware.description},
                                {"source", hardware.source}});
  }
  fmt::print("{}", json_text(json));
}

void print_list_csv(const std::vector<Hardware>& all) {
  fmt::print("name,pes,technology,clock_Hz,onchip_bytes,description,source\n");
  for (const Hardware& hardware : all) {
    fmt::print("{},{},{},{},{},{},{}\n", csv_field(hardware.name), hardware.pes(), csv_field(hardware.technology),
               hardware.clock.value, onchip_memory(hardware).value, csv_field(hardware.description),
               csv_field(hardware.source));
  }
}

void print_list_text(const std::vector<Hardware>& all) {
  TextTable table({{"hardware", "", Align::left},
                   {"PEs"},
                   {"process", "", Align::left},
                   {"clock"},
                   {"on chip"},
                   {"what", "", Align::left}});
  for (const Hardware& hardware : all) {
    table.add_row({hardware.name, format_count(hardware.pes()), hardware.technology.empty() ? "-" : hardware.technology,
                   format_frequency(hardware.clock), format_bytes(onchip_memory(hardware)), hardware.description});
  }
  fmt::print(
      "{}\nA hardware file of yours is given by its path; 'weft hardware check FILE' says what is wrong with it.\n",
      table.render(style_of(1)));
}

void add_list(CLI::App& hardware, const CommonOptions& common) {
  CLI::App* command = hardware.add_subcommand("list", "The machines that come with Weft");
  command->callback([&common] {
    const std::vector<Hardware> all = all_hardware();
    if (common.json) return print_list_json(all);
    if (common.csv) return print_list_csv(all);
    print_list_text(all);
  });
}

// ---- show

void add_show(CLI::App& hardware, const CommonOptions& common) {
  auto what = std::make_shared<std::string>();
  CLI::App* command = hardware.add_subcommand("show", "One machine's tree, prices and areas with their sources");
  command->add_option("hardware", *what, "a name (see 'weft hardware list') or the path of a hardware file")
      ->required()
      ->type_name("HW");
  command->callback([what, &common] {
    const Hardware machine = load_hardware(*what);
    if (common.json) {
      fmt::print("{}", json_text(hardware_json(machine)));
    } else if (common.csv) {
      fmt::print("{}", hardware_csv(machine));
    } else {
      fmt::print("{}", hardware_text(machine, style_of(1)));
    }
  });
}

// ---- check

/// What is wrong with the conventions and the dataflow that a hardware file names, at the place where it names them.
std::vector<Problem> problems_of_names(const YamlNode& root) {
  std::vector<Problem> problems;
  if (root.kind() != YamlNode::Kind::map) return problems;
  for (const YamlNode::Entry& entry : root.entries()) {
    const std::string& key = entry.key.text();
    const YamlNode& value = entry.value;
    if (value.kind() != YamlNode::Kind::scalar) continue;
    const std::vector<Problem> found = problems_of([&] {
      located(value.where(), [&] {
        if (key == "conventions") parse_conventions(value.text());
        if (key == "dataflow") load_dataflow(value.text());
      });
    });
    problems.insert(problems.end(), found.begin(), found.end());
  }
  return problems;
}

/// Everything wrong with a hardware file and with what it names; nothing if it is fine.
std::vector<Problem> problems_of_file(const std::string& what) {
  std::vector<Problem> problems = problems_of([&] {
    const std::vector<Problem> doubtful = doubts(load_hardware(what));
    if (!doubtful.empty()) throw Error(doubtful);
  });
  const auto add = [&](std::vector<Problem> more) {
    problems.insert(problems.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  };
  problems_of([&] { add(problems_of_names(read_yaml_file(what))); });  // a file that cannot be read was told above
  return problems;
}

ordered_json problems_json(const std::string& what, const std::vector<Problem>& problems) {
  ordered_json json{{"schema", "weft.problems/1"}, {"file", what}, {"problems", ordered_json::array()}};
  for (const Problem& problem : problems) {
    json["problems"].push_back({{"id", problem.id},
                                {"what", problem.what},
                                {"file", problem.where.file},
                                {"line", problem.where.line},
                                {"column", problem.where.column},
                                {"mend", problem.mend}});
  }
  return json;
}

void add_check(CLI::App& hardware, const CommonOptions& common, int& exit_code) {
  auto what = std::make_shared<std::string>();
  CLI::App* command = hardware.add_subcommand("check", "Everything that is wrong with a hardware file, at once");
  command->add_option("file", *what, "the path of a hardware file")->required()->type_name("FILE");
  command->callback([what, &common, &exit_code] {
    const std::vector<Problem> problems = problems_of_file(*what);
    if (common.json) {
      fmt::print("{}", json_text(problems_json(*what, problems)));
      if (!problems.empty()) exit_code = kBadInput;
    } else if (!problems.empty()) {
      throw Error(problems);
    } else if (!common.quiet) {
      const Hardware machine = load_hardware(*what);
      fmt::print("{}: nothing is wrong with '{}', {} PEs and {} on the chip\n", printable(*what), machine.name,
                 format_count(machine.pes()), format_bytes(onchip_memory(machine)));
    }
  });
}

}  // namespace

void add_hardware(CLI::App& app, CommonOptions& common, int& exit_code) {
  CLI::App* hardware = app.add_subcommand("hardware", "Machines: the built-in ones, and checking your own");
  hardware->require_subcommand(1);
  add_list(*hardware, common);
  add_show(*hardware, common);
  add_check(*hardware, common, exit_code);
}

}  // namespace weft::cli
