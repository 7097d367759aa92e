// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "weft/base/format.h"
#include "weft/base/text.h"
#include "weft/report/evaluation_report.h"
#include "weft/report/page.h"

namespace weft {
namespace {

// ---- the nest

/// Indices of the loop's dimension that one step of the loops outside it leaves to it, when they are at their start.
std::int64_t extent_outside(const LayerEvaluation& layer, std::size_t loop) {
  const auto& loops = layer.placement.loops;
  for (std::size_t i = loop; i-- > 0;) {
    if (loops[i].dim == loops[loop].dim) return std::min(loops[i].tile, layer.problem.bound(loops[loop].dim));
  }
  return layer.problem.bound(loops[loop].dim);
}

/// "tiles of 7, the last 6", or "" where a step is a single index.
std::string tiles_text(const LayerEvaluation& layer, std::size_t loop) {
  const PlacedLoop& placed = layer.placement.loops[loop];
  const std::int64_t last = extent_outside(layer, loop) - (placed.bound - 1) * placed.tile;
  if (placed.tile == 1) return last < 1 ? "some steps have nothing to do" : "";
  if (last == placed.tile) return fmt::format("tiles of {}", placed.tile);
  if (last < 1) return fmt::format("tiles of {}, the last ones empty", placed.tile);
  return fmt::format("tiles of {}, the last {}", placed.tile, last);
}

std::string loop_text(const Loop& loop) {
  if (loop.fanout.empty()) return fmt::format("for {} in {}", name(loop.dim), loop.bound);
  return fmt::format("parallel for {} in {} at {}.{}", name(loop.dim), loop.bound, loop.fanout, loop.axis);
}

/// "psum 72.2 KiB of 100 KiB": what a step of the nest keeps in one store.
std::string kept_text(const LayerEvaluation& layer, const HardwareNode& node, const std::vector<Mapping::Step>& points,
                      std::size_t loops_outside, const Hardware& hardware) {
  const DimSizes tile = tile_at(layer.problem, layer.placement, loops_outside);
  std::vector<std::string> parts;
  for (const Mapping::Step& step : points) {
    const Tensor3 t = std::get<StoragePoint>(step).tensor;
    const Int128 bits = Int128(tile_words(layer.problem, t, tile)) * hardware.bits[index(t)];
    parts.push_back(fmt::format("{} {}", name(t), format_bytes({static_cast<std::int64_t>((bits + 7) / 8)})));
  }
  const std::string room = node.store.capacity ? " of " + format_bytes(*node.store.capacity) : "";
  return fmt::format("{}{}", fmt::join(parts, ", "), room);
}

std::size_t longest_store_name(const Hardware& hardware) {
  std::size_t longest = 0;
  for (const HardwareNode& node : hardware.nodes) {
    if (node.kind == NodeKind::store) longest = std::max(longest, node.name.size());
  }
  return longest;
}

std::string commented(const std::string& line, const std::string& comment) {
  constexpr std::size_t kColumn = 56;
  return comment.empty() ? line + "\n" : fmt::format("{:<{}}# {}\n", line, kColumn, comment);
}

// ---- what it costs

std::string letters_text(const LoopProblem& problem) {
  std::string text;
  for (const Dim d : kAllDims) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name(d), problem.bound(d));
  return text;
}

std::string percent_of(Int128 part, Int128 whole) {
  return format_percent(static_cast<double>(part), static_cast<double>(whole));
}

/// "dram 34.5 %, glb 12.0 %, ...", without what costs nothing.
std::string split_text(const Totals& totals, const Hardware& hardware) {
  std::vector<std::string> parts;
  for (std::size_t n = 0; n < hardware.nodes.size(); ++n) {
    if (totals.energy_by_node[n] == 0) continue;
    parts.push_back(
        fmt::format("{} {}", printable(hardware.nodes[n].name), percent_of(totals.energy_by_node[n], totals.energy)));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string cycles_text(std::int64_t cycles, const Hardware& hardware) {
  return fmt::format("{} cycles ({})", format_count(cycles), format_time(duration(Cycles{cycles}, hardware.clock)));
}

std::string pruned_text(const Certificate& certificate) {
  std::vector<std::string> parts;
  for (const auto& [argument, count] : certificate.pruned) {
    parts.push_back(fmt::format("{} {}", argument, format_count(count)));
  }
  return parts.empty() ? "nothing" : fmt::format("{}", fmt::join(parts, ", "));
}

/// Mappings of a space, if their number is known.
std::string space_text(const Certificate& certificate) {
  constexpr Int128 kManyMappings = 1'000'000'000'000;  // to write them all out
  if (certificate.space == 0) return "the mappings";
  if (certificate.space < kManyMappings) return fmt::format("the {} mappings", format_count(certificate.space));
  return fmt::format("the {:.2e} mappings", double(certificate.space));
}

std::string_view space_words(const Certificate& certificate) {
  if (!certificate.free) return "in its space";
  return certificate.folds ? "whose bounds divide or fold one dimension" : "whose bounds divide";
}

std::string search_text(const Certificate& certificate) {
  const std::string visited = format_count(certificate.visited);
  const std::string what = certificate.free ? fmt::format("{} partial nests were tried", visited)
                                            : fmt::format("{} of {} were costed", visited, space_text(certificate));
  return fmt::format("{}; ruled out: {}", what, pruned_text(certificate));
}

/// Rounded up, so that "at most" is true.
std::string at_most_percent(Int128 part, Int128 whole) {
  const Int128 tenths = (1000 * part + whole - 1) / whole;
  return fmt::format("{}.{} %", format_count(tenths / 10), to_string(tenths % 10));
}

std::string cost_text(const LayerEvaluation& layer, const Evaluation& e, const EvaluationReportOptions& options) {
  const Totals t = totals(layer, e.hardware);
  const EnergyUnit unit = e.hardware.components.unit;
  std::string text = labelled("  energy", fmt::format("{}, of it {} on the chip: {}", energy_text(t.energy, unit),
                                                      energy_text(t.chip_energy, unit), split_text(t, e.hardware)));
  text += labelled(
      "  time", fmt::format("{}; {} if off-chip transfers hide; {} of work", cycles_text(t.latency_cycles, e.hardware),
                            cycles_text(t.processing_cycles, e.hardware), cycles_text(t.steps, e.hardware)));
  text += labelled("  active PEs", fmt::format("{} of {}", format_count(t.active_pes), format_count(e.hardware.pes())));
  if (!layer.certificate && layer.mapping_file.empty()) return text;
  if (!layer.certificate)
    return text + labelled("  mapping", fmt::format("given in {}", printable(layer.mapping_file)));
  const Certificate& certificate = *layer.certificate;
  text += labelled("  mapping", certificate_text(certificate, e.objective));
  if (options.every) text += labelled("  search", search_text(certificate));
  if (options.timing) text += labelled("  searched in", format_time({certificate.seconds}));
  return text;
}

/// One of the next best mappings.
std::string next_text(const LayerEvaluation& layer, std::size_t n, const Evaluation& e,
                      const EvaluationReportOptions& options) {
  const LayerEvaluation& next = layer.next[n];
  const Int128 best = objective_value(e.objective, layer.cost, layer.counts);
  const Int128 more = objective_value(e.objective, next.cost, next.counts) - best;
  return fmt::format("\n{}, number {}{}: {} above the best {}\n\n", printable(layer.layer.name), n + 2,
                     layer.next_proven ? "" : " of those found", best == 0 ? "0.0 %" : at_most_percent(more, best),
                     to_string(e.objective)) +
         nest_text(next, e.hardware) + "\n" + cost_text(next, e, options);
}

std::string_view check_text(WalkCheck check) {
  switch (check) {
    case WalkCheck::not_asked:
      return "";
    case WalkCheck::agrees:
      return "a walk of the nest gives the same counts";
    case WalkCheck::too_large:
      return "too large to walk";
    case WalkCheck::differs:
      break;
  }
  return "A WALK OF THE NEST GIVES OTHER COUNTS";
}

}  // namespace

std::string nest_text(const LayerEvaluation& layer, const Hardware& hardware) {
  const std::size_t width = longest_store_name(hardware) + 2;
  std::string text;
  std::size_t depth = 0, placed = 0;  // loops so far: written, and of those in the placement
  for (const auto& group : grouped(layer.mapping)) {
    const std::string indent(2 * depth, ' ');
    if (const Loop* loop = std::get_if<Loop>(&group.front())) {
      if (loop->bound == 1) continue;
      text += commented(indent + loop_text(*loop), tiles_text(layer, placed));
      ++depth;
      ++placed;
      continue;
    }
    const HardwareNode* node = hardware.find(std::get<StoragePoint>(group.front()).store);
    text += fmt::format("{}{:<{}}{}\n", indent, node->name, width, kept_text(layer, *node, group, placed, hardware));
  }
  return text;
}

std::string certificate_text(const Certificate& certificate, Objective objective) {
  const std::string least = to_string(objective);
  if (certificate.optimal) {
    return fmt::format("proven best: none of {} {} has less {}", space_text(certificate), space_words(certificate),
                       least);
  }
  if (certificate.lower_bound <= 0)
    return fmt::format("the best found: how much less {} is possible is not known", least);
  return fmt::format("the best found: its {} is at most {} above the least possible", least,
                     at_most_percent(certificate.objective_value - certificate.lower_bound, certificate.lower_bound));
}

std::string mapping_text(const Evaluation& e, const EvaluationReportOptions& options) {
  std::string text = fmt::format("{}, batch {}, on {}; counts by the conventions '{}'\n", printable(e.network), e.batch,
                                 printable(e.hardware.name), to_string(e.conventions));
  for (const LayerEvaluation& layer : e.layers) {
    text += fmt::format("\n{}: {} MACs; {}\n\n", printable(layer.layer.name), format_count(layer.counts.macs),
                        letters_text(layer.problem));
    text += nest_text(layer, e.hardware) + "\n" + cost_text(layer, e, options);
    if (layer.check != WalkCheck::not_asked) text += labelled("  check", std::string(check_text(layer.check)));
    for (std::size_t n = 0; n < layer.next.size(); ++n) text += next_text(layer, n, e, options);
  }
  return text;
}

}  // namespace weft
