// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <CLI/CLI.hpp>
#include <cstdint>

namespace weft::cli {

/// What every command takes. stdout carries results only; everything else goes to stderr.
struct CommonOptions {
  bool json = false;
  bool csv = false;
  bool quiet = false;
  int verbose = 0;
  int jobs = 0;  ///< 0: as many as the affinity and the cgroup allow
  std::uint64_t seed = 1;
};

/// Each adds one command to the app; its callback does the work, throws Error, or sets `exit_code` (1: a requested
/// check failed). One command a file: inspect.cc, net.cc, evaluate.cc, map.cc, compare.cc, simulate.cc, hardware.cc,
/// data.cc.
void add_inspect(CLI::App& app, CommonOptions& common, int& exit_code);
void add_net(CLI::App& app, CommonOptions& common, int& exit_code);
void add_evaluate(CLI::App& app, CommonOptions& common, int& exit_code);
void add_map(CLI::App& app, CommonOptions& common, int& exit_code);
void add_compare(CLI::App& app, CommonOptions& common, int& exit_code);
void add_simulate(CLI::App& app, CommonOptions& common, int& exit_code);
void add_hardware(CLI::App& app, CommonOptions& common, int& exit_code);
void add_data(CLI::App& app, CommonOptions& common, int& exit_code);

}  // namespace weft::cli
