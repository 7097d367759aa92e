// SPDX-License-Identifier: Apache-2.0
#include "weft/mapper/skeleton.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "weft/base/ceil_div.h"

namespace weft {
namespace {

[[noreturn]] void unsupported(std::string what, std::string mend) {
  throw Error(Problem{.id = "mapper.unsupported", .what = std::move(what), .where = {}, .mend = std::move(mend)});
}

std::size_t only_fanout(const Hardware& hardware) {
  const auto is_fanout = [](const HardwareNode& node) { return node.kind == NodeKind::fanout; };
  if (std::count_if(hardware.nodes.begin(), hardware.nodes.end(), is_fanout) != 1) {
    unsupported(fmt::format("the mapper searches machines with one fanout; '{}' has another number", hardware.name),
                "give a mapping with --mapping");
  }
  return std::size_t(std::find_if(hardware.nodes.begin(), hardware.nodes.end(), is_fanout) - hardware.nodes.begin());
}

/// The stores of a region that may keep t, outermost first.
std::vector<std::size_t> stores(const Hardware& hardware, Region region, Tensor3 t, std::size_t fanout) {
  std::vector<std::size_t> all;
  for (std::size_t n = 0; n < hardware.nodes.size(); ++n) {
    const HardwareNode& node = hardware.nodes[n];
    if (node.kind == NodeKind::store && node.store.keeps[index(t)]) all.push_back(n);
  }
  std::vector<std::size_t> found;
  for (const std::size_t n : all) {
    const Region where = n == all.front() ? Region::outermost : n < fanout ? Region::buffer : Region::pe;
    if (where == region) found.push_back(n);
  }
  return found;
}

void find_roles(Skeleton& skeleton) {
  for (const Dim d : kAllDims) {
    skeleton.outermost[index(d)] = skeleton.spatial[index(d)] = skeleton.inside[index(d)] = -1;
    for (const std::size_t s : skeleton.slots_of(d)) {
      if (skeleton.outermost[index(d)] < 0) skeleton.outermost[index(d)] = int(s);
      if (skeleton.slots[s].spatial)
        skeleton.spatial[index(d)] = int(s);
      else if (skeleton.outermost[index(d)] != int(s) && skeleton.slots[s].inside_all)
        skeleton.inside[index(d)] = int(s);
    }
  }
  for (std::size_t s = 0; s < skeleton.slots.size(); ++s) {
    const Slot& slot = skeleton.slots[s];
    if (!slot.spatial && !slot.inside_all && skeleton.outermost[index(slot.dim)] != int(s)) skeleton.free.push_back(s);
  }
}

}  // namespace

std::vector<std::size_t> Skeleton::slots_of(Dim d) const {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    if (slots[i].dim == d) found.push_back(i);
  }
  return found;
}

Skeleton skeleton(const Dataflow& dataflow, const Hardware& hardware) {
  Skeleton result;
  result.fanout = only_fanout(hardware);
  for (const DataflowStep& step : dataflow.steps) {
    for (const Tensor3 t : step.keep) {
      for (const std::size_t node : stores(hardware, step.region, t, result.fanout)) {
        result.points[index(t)].push_back({node, result.slots.size()});
      }
    }
    for (const Dim d : step.dims) {
      result.slots.push_back({d, step.kind == DataflowStep::Kind::spatial, step.any_order, false, result.fanout});
    }
  }
  std::size_t last_point = 0;
  for (const auto& points : result.points) {
    if (points.empty() || points.front().slots_outside != 0) {
      unsupported(fmt::format("dataflow '{}' does not begin by keeping every tensor outermost", dataflow.name),
                  "begin its nest with - {keep: [ifmap, weight, psum], in: outermost}");
    }
    last_point = std::max(last_point, points.back().slots_outside);
  }
  for (std::size_t i = last_point; i < result.slots.size(); ++i) result.slots[i].inside_all = true;
  if (result.slots.size() > kMaxSlots)
    unsupported("a dataflow has at most 32 loops", "leave out the loops it does not need");
  for (const Dim d : kAllDims) {
    const std::vector<std::size_t> slots = result.slots_of(d);
    const auto free = [&](std::size_t i) {
      return i != slots.front() && !result.slots[i].spatial && !result.slots[i].inside_all;
    };
    if (std::count_if(slots.begin(), slots.end(), free) > 1) {
      unsupported(fmt::format("dataflow '{}' has too many loops over {} outside the PEs", dataflow.name, name(d)),
                  "keep an outermost one and one further in");
    }
  }
  find_roles(result);
  return result;
}

bool Skeleton::has_free(Dim d) const {
  return std::any_of(free.begin(), free.end(), [&](std::size_t s) { return slots[s].dim == d; });
}

Choice Skeleton::core(const DimSizes& children, const DimSizes& inside_bounds) const {
  Choice choice;
  choice.bound.fill(1);
  choice.slots = slots.size();
  std::iota(choice.order.begin(), choice.order.begin() + std::ptrdiff_t(choice.slots), std::uint8_t{0});
  for (std::size_t d = 0; d < kDims; ++d) {
    if (inside[d] >= 0) choice.bound[std::size_t(inside[d])] = inside_bounds[d];
    if (spatial[d] >= 0) choice.bound[std::size_t(spatial[d])] = children[d];
  }
  return choice;
}

std::int64_t Skeleton::left(const Choice& choice, const LoopProblem& problem, std::size_t d) const {
  std::int64_t inner = 1;
  for (std::size_t s = 0; s < slots.size(); ++s) {
    if (index(slots[s].dim) == d && int(s) != outermost[d]) inner *= choice.bound[s];
  }
  return ceil_div(problem.bounds[d], inner);
}

void Skeleton::close(Choice& choice, const LoopProblem& problem) const {
  for (std::size_t d = 0; d < kDims; ++d) {
    if (outermost[d] >= 0) choice.bound[std::size_t(outermost[d])] = left(choice, problem, d);
  }
}

Mapping to_mapping(const Skeleton& skeleton, const Choice& choice, const AxisBounds& axes, const Hardware& hardware) {
  Mapping mapping;
  const HardwareNode& fanout = hardware.nodes[skeleton.fanout];
  for (std::size_t at = 0; at <= choice.slots; ++at) {
    for (const Tensor3 t : kAllTensors) {
      for (const Skeleton::Point& point : skeleton.points[index(t)]) {
        if (point.slots_outside == at) mapping.steps.emplace_back(StoragePoint{hardware.nodes[point.node].name, t});
      }
    }
    if (at == choice.slots) break;
    const Slot& slot = skeleton.slots[choice.order[at]];
    if (!slot.spatial) {
      if (choice.bound[choice.order[at]] > 1)
        mapping.steps.emplace_back(Loop{slot.dim, choice.bound[choice.order[at]], "", ""});
      continue;
    }
    for (std::size_t a = 0; a < fanout.fanout.axes.size(); ++a) {
      const std::int64_t bound = axes[a][index(slot.dim)];
      if (bound > 1) mapping.steps.emplace_back(Loop{slot.dim, bound, fanout.name, fanout.fanout.axes[a].name});
    }
  }
  // Points of one store that stand together are listed together.
  auto begin = mapping.steps.begin();
  while (begin != mapping.steps.end()) {
    const auto is_point = [](const Mapping::Step& step) { return std::holds_alternative<StoragePoint>(step); };
    begin = std::find_if(begin, mapping.steps.end(), is_point);
    const auto end = std::find_if_not(begin, mapping.steps.end(), is_point);
    std::stable_sort(begin, end, [&](const Mapping::Step& a, const Mapping::Step& b) {
      return hardware.find(std::get<StoragePoint>(a).store) < hardware.find(std::get<StoragePoint>(b).store);
    });
    begin = end;
  }
  return mapping;
}

}  // namespace weft
