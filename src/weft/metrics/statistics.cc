// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "weft/base/data_dir.h"
#include "weft/base/yaml.h"
#include "weft/metrics/evaluation.h"

namespace weft {
namespace {

std::map<std::string, double> read_shares(const YamlNode& node, const std::string& whose,
                                          std::vector<Problem>& problems) {
  std::map<std::string, double> shares;
  YamlMap map(node, whose, problems);
  if (node.kind() != YamlNode::Kind::map) return shares;
  for (const YamlNode::Entry& entry : node.entries()) {
    const double share = map.number(entry.key.text());
    if (share < 0 || share > 1) {
      map.problem(entry.value, "statistics.bad-share",
                  fmt::format("layer '{}' has a share of zeros of {}", entry.key.text(), entry.value.text()),
                  "a share is a number from 0 to 1");
    }
    shares[entry.key.text()] = share;
  }
  return shares;
}

}  // namespace

ActivationStatistics parse_statistics(std::string_view text, const std::string& file_name) {
  std::vector<Problem> problems;
  ActivationStatistics statistics;
  YamlMap map(parse_yaml(text, file_name), "the statistics file", problems);
  expect_kind(map, "statistics", 1);
  statistics.network = map.string("network");
  statistics.source = map.string("source");
  if (const YamlNode* zeros = map.require("ifmap_zeros"))
    statistics.ifmap_zeros = read_shares(*zeros, "`ifmap_zeros`", problems);
  if (const YamlNode* zeros = map.find("ofmap_zeros")) {
    statistics.ofmap_zeros = read_shares(*zeros, "`ofmap_zeros`", problems);
  }
  map.finish();
  if (!problems.empty()) throw Error(std::move(problems));
  return statistics;
}

ActivationStatistics read_statistics(const std::string& path) {
  return parse_statistics(read_text_file(path, kMostYamlBytes), path);
}

std::optional<ActivationStatistics> published_statistics(const std::string& network_name) {
  if (network_name.empty() || network_name.find('/') != std::string::npos) return std::nullopt;
  const std::optional<std::string> path = find_data_file("statistics", network_name);
  return path ? std::optional(read_statistics(*path)) : std::nullopt;
}

}  // namespace weft
