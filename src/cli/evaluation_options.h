// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "weft/metrics/evaluation.h"
#include "weft/metrics/simulation.h"
#include "weft/report/evaluation_report.h"

/// What `evaluate` and `map` share: they ask the same question and print other parts of the answer.
namespace weft::cli {

struct EvaluationArguments {
  std::string network, hardware;
  std::optional<std::int64_t> batch;
  std::string mapping;
  std::vector<std::string> objectives;  ///< one or two; none: the hardware file's
  std::size_t top = 1;
  std::optional<double> budget;
  bool perfect = false;
  std::string conventions, dataflow;
  std::vector<std::string> layers;
  std::string zeros;  ///< "" : published ones where there are some
  std::string data;   ///< "" : none (evaluate), random values (simulate)
  std::optional<std::int64_t> samples;
  bool check = false, timing = false, every = false;
};

/// What evaluate, map and simulate take: network, hardware, and which mapping of which layers.
void add_mapping_options(CLI::App& command, EvaluationArguments& arguments);
/// Those, and what only evaluate and map take.
void add_evaluation_options(CLI::App& command, EvaluationArguments& arguments);
/// --data and --samples.
void add_data_options(CLI::App& command, EvaluationArguments& arguments);

/// Loads everything that the arguments name and evaluates, with a progress bar on stderr.
Evaluation evaluate(const EvaluationArguments& arguments, const CommonOptions& common);

/// Draws a bar on stderr when called with 0 steps done, and moves it at every later call.
std::function<void(std::size_t, std::size_t)> progress_bar(const std::string& title, const CommonOptions& common);

/// The network simulated on the samples of --data, with a progress bar on stderr.
struct SimulationRun {
  Simulation simulation;
  std::string data;  ///< where the samples are from
};
SimulationRun simulate(const EvaluationArguments& arguments, const CommonOptions& common);

EvaluationReportOptions report_options(const EvaluationArguments& arguments, const CommonOptions& common);

/// 1, after a message on stderr, if walking a nest gave other counts than the closed forms; else 0.
int exit_code_of_check(const Evaluation& evaluation);

}  // namespace weft::cli
