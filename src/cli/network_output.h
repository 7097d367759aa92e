// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "cli/commands.h"
#include "weft/report/network_report.h"

/// What `inspect` and `net show` share.
namespace weft::cli {

/// `--batch N`, 1 to 2^20.
void add_batch_option(CLI::App& command, std::optional<std::int64_t>& batch);

/// Loads (a file or a network of the zoo) and measures.
NetworkReport inspect_network(const std::string& what, std::optional<std::int64_t> batch);

/// To stdout, in the form that was asked for; `every` lists every layer that does not multiply.
void print_network(const NetworkReport& report, bool every, const CommonOptions& common);

}  // namespace weft::cli
