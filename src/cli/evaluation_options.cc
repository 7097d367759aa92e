// SPDX-License-Identifier: Apache-2.0
#include "cli/evaluation_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "cli/frame.h"
#include "cli/network_output.h"
#include "weft/api/load_network.h"
#include "weft/api/samples.h"
#include "weft/base/data_dir.h"
#include "weft/base/error.h"
#include "weft/base/progress.h"
#include "weft/base/text.h"

namespace weft::cli {
namespace {

Objective objective_named(const std::string& name) {
  const auto found = std::find(kObjectiveNames.begin(), kObjectiveNames.end(), name);
  return static_cast<Objective>(found - kObjectiveNames.begin());  // CLI11 has checked the name
}

/// `none`, `published`, a file; by default what is published for a network of the zoo, if anything is.
std::optional<ActivationStatistics> statistics_for(const EvaluationArguments& arguments) {
  if (arguments.zeros == "none") return std::nullopt;
  if (!arguments.zeros.empty() && arguments.zeros != "published") return read_statistics(arguments.zeros);
  std::optional<ActivationStatistics> published;
  if (!names_file(arguments.network)) published = published_statistics(arguments.network);
  if (!published && arguments.zeros == "published") {
    throw Error(Problem{.id = "evaluation.no-statistics",
                        .what = fmt::format("no shares of zeros are published for '{}'", arguments.network),
                        .where = {},
                        .mend = "give a file of `kind: statistics`, or --zeros none"});
  }
  return published;
}

/// A file, or one of ours by its name (data/mappings/NAME.yaml).
std::string mapping_path(const std::string& name_or_path) {
  if (name_or_path.find('/') != std::string::npos) return name_or_path;
  const std::optional<std::string> ours = find_data_file("mappings", name_or_path);
  std::error_code ignored;
  return ours && !std::filesystem::exists(name_or_path, ignored) ? *ours : name_or_path;
}

}  // namespace

std::function<void(std::size_t, std::size_t)> progress_bar(const std::string& title, const CommonOptions& common) {
  auto bar = std::make_shared<std::optional<Progress>>();
  return [bar, title, quiet = common.quiet](std::size_t done, std::size_t of) {
    if (done == 0) {
      bar->emplace(title, static_cast<std::int64_t>(of), Progress::to_stderr(quiet));
    } else {
      (*bar)->advance();
    }
  };
}

void add_mapping_options(CLI::App& command, EvaluationArguments& arguments) {
  command
      .add_option("network", arguments.network, "a name of the zoo (see 'weft net list') or the path of an .onnx file")
      ->required()
      ->type_name("NET");
  command
      .add_option("--hardware", arguments.hardware, "a name (see 'weft hardware list') or the path of a hardware file")
      ->required()
      ->type_name("HW");
  add_batch_option(command, arguments.batch);
  command
      .add_option(
          "--mapping", arguments.mapping,
          "take the mappings of this file instead of searching (or eyeriss-alexnet-jssc17: the chip's own for AlexNet)")
      ->type_name("FILE");
  const std::vector<std::string> objectives(kObjectiveNames.begin(), kObjectiveNames.end());
  command
      .add_option("--objective", arguments.objectives,
                  "what the mapper makes least: energy, latency or edp (default: as the hardware file says); with a "
                  "second one after a comma, that among equals")
      ->check(CLI::IsMember(objectives))
      ->delimiter(',')
      ->expected(1, 2)
      ->type_name("WHAT");
  command
      .add_option("--budget", arguments.budget,
                  "stop the search of a layer after this time, and say how far the best may be from the least possible")
      ->check(CLI::PositiveNumber)
      ->type_name("SECONDS");
  command.add_flag("--perfect", arguments.perfect,
                   "without a dataflow: only loops whose bounds divide, no folds over the array");
  command
      .add_option("--conventions", arguments.conventions,
                  "how to count: a preset, options on top of the hardware file's, or both: timeloop,halo=refetch")
      ->type_name("WORDS");
  command
      .add_option("--dataflow", arguments.dataflow, "a name or the path of a dataflow file (default: the hardware's)")
      ->type_name("DF");
  command
      .add_option("--layers,--layer", arguments.layers,
                  "only these layers: names with commas between, or conv, fc, matmul")
      ->delimiter(',')
      ->type_name("NAMES");
  command.add_flag("--all", arguments.every, "print every detail");
}

void add_evaluation_options(CLI::App& command, EvaluationArguments& arguments) {
  add_mapping_options(command, arguments);
  command
      .add_option(
          "--zeros", arguments.zeros,
          "shares of zeros in the ifmaps: none, published, or a file of `kind: statistics` (default: published ones "
          "for a network of the zoo that has some)")
      ->type_name("WHICH");
  command.add_flag("--check", arguments.check,
                   "walk the nest of each layer and compare the counts; exit code 1 if they differ");
  command.add_flag("--timing", arguments.timing, "also print how long the mapper took");
}

void add_data_options(CLI::App& command, EvaluationArguments& arguments) {
  command
      .add_option("--data", arguments.data,
                  "the samples: images, a folder of them, MNIST, CIFAR, .npy, a dataset file, or 'digits'")
      ->type_name("DATA");
  command.add_option("--samples", arguments.samples, "how many, from the first on (default: one batch)")
      ->check(CLI::PositiveNumber)
      ->type_name("N");
}

namespace {

EvaluationOptions options_for(const EvaluationArguments& arguments, const CommonOptions& common,
                              const Hardware& hardware) {
  EvaluationOptions options;
  options.conventions = arguments.conventions;
  options.dataflow = arguments.dataflow;
  options.layers = arguments.layers;
  options.check = arguments.check;
  options.jobs = common.jobs;
  options.objective = objective_named(arguments.objectives.empty() ? hardware.objective : arguments.objectives.front());
  if (arguments.objectives.size() > 1) options.second = objective_named(arguments.objectives.back());
  options.top = arguments.top;
  options.budget = arguments.budget;
  options.perfect = arguments.perfect;
  if (!arguments.mapping.empty()) {
    options.mappings = read_mappings(mapping_path(arguments.mapping));
    for (LayerMapping& mapping : options.mappings) mapping.where.file = arguments.mapping;  // as it was asked for
  }
  return options;
}

/// The samples that --data and --samples name.
struct Samples {
  SimulationOptions options;
  std::string source;
};
Samples samples_for(const Network& network, EvaluationOptions evaluation, const EvaluationArguments& arguments,
                    const CommonOptions& common) {
  const std::int64_t count = arguments.samples.value_or(batch_size(network));
  Batches batches = arguments.data.empty() ? random_batches(network, count, common.seed)
                                           : load_batches(network, arguments.network, arguments.data, count);
  return {.options = {.evaluation = std::move(evaluation),
                      .batches = std::move(batches.inputs),
                      .labels = std::move(batches.labels)},
          .source = std::move(batches.source)};
}

}  // namespace

Evaluation evaluate(const EvaluationArguments& arguments, const CommonOptions& common) {
  const Hardware hardware = load_hardware(arguments.hardware);
  const Network network = load_network(arguments.network, arguments.batch);
  EvaluationOptions options = options_for(arguments, common, hardware);
  if (arguments.data.empty()) {
    options.statistics = statistics_for(arguments);
  } else {
    options.progress = progress_bar("measuring layers", common);
    const Samples samples = samples_for(network, options, arguments, common);
    options.statistics = measure(network, hardware, samples.options);
    const auto count = std::int64_t(samples.options.batches.size()) * batch_size(network);
    options.statistics->source = fmt::format("measured on {} samples of {}", count, samples.source);
  }
  options.progress = progress_bar("evaluating layers", common);
  return evaluate(network, hardware, options);
}

SimulationRun simulate(const EvaluationArguments& arguments, const CommonOptions& common) {
  const Hardware hardware = load_hardware(arguments.hardware);
  const Network network = load_network(arguments.network, arguments.batch);
  EvaluationOptions options = options_for(arguments, common, hardware);
  options.progress = progress_bar("simulating layers", common);
  const Samples samples = samples_for(network, std::move(options), arguments, common);
  return {weft::simulate(network, hardware, samples.options), samples.source};
}

EvaluationReportOptions report_options(const EvaluationArguments& arguments, const CommonOptions& common) {
  return {.style = style_of(1), .every = arguments.every || common.verbose > 0, .timing = arguments.timing};
}

int exit_code_of_check(const Evaluation& evaluation) {
  int code = kDone;
  for (const LayerEvaluation& layer : evaluation.layers) {
    if (layer.check != WalkCheck::differs) continue;
    fmt::print(
        stderr,
        "error: layer '{}': the closed forms and a walk of the nest count differently. This is a bug in weft, not "
        "in your input.\n  mend: please report it with the command line and the input files\n",
        printable(layer.layer.name));
    code = kCheckFailed;
  }
  return code;
}

}  // namespace weft::cli
