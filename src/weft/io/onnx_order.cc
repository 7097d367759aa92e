// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <map>
#include <queue>

#include "weft/base/error.h"
#include "weft/io/onnx_graph.h"

namespace weft {
namespace {

/// For each node the nodes that write what it reads, each once.
std::vector<std::vector<std::size_t>> producers(const std::vector<Node>& nodes) {
  std::map<ValueId, std::size_t> writer;
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    for (const ValueId id : nodes[n].outputs) writer[id] = n;
  }
  writer.erase(kNoValue);
  std::vector<std::vector<std::size_t>> out(nodes.size());
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    for (const ValueId id : nodes[n].inputs) {
      if (const auto found = writer.find(id); found != writer.end()) out[n].push_back(found->second);
    }
    std::sort(out[n].begin(), out[n].end());
    out[n].erase(std::unique(out[n].begin(), out[n].end()), out[n].end());
  }
  return out;
}

/// Follows producers from a node that is not `done` until one comes again: every such node has a producer not done.
std::vector<std::size_t> find_cycle(const std::vector<std::vector<std::size_t>>& from, const std::vector<bool>& done) {
  std::size_t n = std::size_t(std::find(done.begin(), done.end(), false) - done.begin());
  std::vector<std::size_t> path;
  std::vector<bool> seen(done.size(), false);
  while (!seen[n]) {
    seen[n] = true;
    path.push_back(n);
    n = *std::find_if(from[n].begin(), from[n].end(), [&](std::size_t p) { return !done[p]; });
  }
  path.erase(path.begin(), std::find(path.begin(), path.end(), n));
  std::reverse(path.begin(), path.end());
  return path;
}

[[noreturn]] void refuse_cycle(const std::vector<Node>& nodes, const std::vector<std::size_t>& cycle) {
  constexpr std::size_t kShown = 8;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < std::min(cycle.size(), kShown); ++i)
    names.push_back(fmt::format("'{}'", nodes[cycle[i]].name));
  const std::string more = cycle.size() > kShown ? fmt::format(" -> ... ({} nodes)", cycle.size()) : "";
  throw Error(
      Problem{"onnx.cycle",
              fmt::format("nodes feed one another in a circle: {}{} -> {}", fmt::join(names, " -> "), more, names[0]),
              {},
              "a network is read from its inputs to its outputs; unroll recurrent connections"});
}

}  // namespace

std::vector<std::size_t> topological_order(const std::vector<Node>& nodes) {
  const auto from = producers(nodes);
  std::vector<std::vector<std::size_t>> to(nodes.size());
  std::vector<std::size_t> waiting(nodes.size());
  std::priority_queue<std::size_t, std::vector<std::size_t>, std::greater<>> ready;
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    waiting[n] = from[n].size();
    if (waiting[n] == 0) ready.push(n);
    for (const std::size_t p : from[n]) to[p].push_back(n);
  }
  std::vector<std::size_t> order;
  std::vector<bool> done(nodes.size(), false);
  while (!ready.empty()) {
    const std::size_t n = ready.top();
    ready.pop();
    order.push_back(n);
    done[n] = true;
    for (const std::size_t next : to[n]) {
      if (--waiting[next] == 0) ready.push(next);
    }
  }
  if (order.size() < nodes.size()) refuse_cycle(nodes, find_cycle(from, done));
  return order;
}

}  // namespace weft
