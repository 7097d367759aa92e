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

/// Nodes, outermost first.
std::vector<std::size_t> arrays(const Hardware& hardware) {
  std::vector<std::size_t> found;
  for (std::size_t n = 0; n < hardware.nodes.size(); ++n) {
    if (hardware.nodes[n].kind == NodeKind::fanout) found.push_back(n);
  }
  if (found.empty()) {
    unsupported(fmt::format("a dataflow needs an array; '{}' has no fanout", hardware.name),
                "give the machine one, or search without a dataflow: --dataflow free");
  }
  return found;
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
      if (skeleton.outer_of(s) != nullptr) continue;
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

/// The slots of an array outside that of the PEs stand as far out as the stores outside it allow. They take over the
/// dimensions of the step there.
void add_outer(Skeleton& skeleton, std::size_t node, const std::string& dataflow, const Hardware& hardware) {
  std::size_t begin = skeleton.outer.empty() ? 0 : skeleton.outer.back().end;
  for (const auto& points : skeleton.points) {
    for (const Skeleton::Point& point : points) {
      if (point.node < node) begin = std::max(begin, point.slots_outside);
    }
  }
  std::size_t end = skeleton.slots.size();  // of the step there
  for (const auto& points : skeleton.points) {
    for (const Skeleton::Point& point : points) {
      if (point.node < node) continue;
      if (point.slots_outside < begin) {
        unsupported(fmt::format("dataflow '{}' keeps a tensor in '{}' and one further in the nest outside '{}', the "
                                "array of '{}' that '{}' is in",
                                dataflow, hardware.nodes[point.node].name, hardware.nodes[node].name, hardware.name,
                                hardware.nodes[point.node].name),
                    "search without a dataflow (--dataflow free), or write one that fills the stores outside that "
                    "array first");
      }
      if (point.slots_outside > begin) end = std::min(end, point.slots_outside);
    }
  }
  const auto at = [&](std::size_t s) { return skeleton.slots.begin() + std::ptrdiff_t(s); };
  std::vector<Slot> slots;
  for (auto slot = at(begin); slot != at(end) && slot->step == at(begin)->step; ++slot)
    slots.push_back({slot->dim, slot->step, true, false, false, node});
  skeleton.slots.insert(at(begin), slots.begin(), slots.end());
  for (auto& points : skeleton.points) {
    for (Skeleton::Point& point : points) point.slots_outside += point.node > node ? slots.size() : 0;
  }
  skeleton.outer.push_back({node, begin, begin + slots.size(), {}});
  for (DimSizes& axis : skeleton.outer.back().axes) axis.fill(1);
}

}  // namespace

const Skeleton::Outer* Skeleton::outer_of(std::size_t slot) const {
  const auto found = std::find_if(outer.begin(), outer.end(),
                                  [slot](const Outer& array) { return array.begin <= slot && slot < array.end; });
  return found == outer.end() ? nullptr : &*found;
}

std::int64_t Skeleton::given(std::size_t slot) const {
  std::int64_t product = 1;
  for (const DimSizes& axis : outer_of(slot)->axes) product *= axis[index(slots[slot].dim)];
  return product;
}

DimSizes Skeleton::extents(const LoopProblem& problem) const {
  DimSizes result;
  for (std::size_t d = 0; d < kDims; ++d) result[d] = ceil_div(problem.bounds[d], outside[d]);
  return result;
}

std::vector<std::size_t> Skeleton::slots_of(Dim d) const {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    if (slots[i].dim == d) found.push_back(i);
  }
  return found;
}

Skeleton skeleton(const Dataflow& dataflow, const Hardware& hardware) {
  Skeleton result;
  const std::vector<std::size_t> arrays = weft::arrays(hardware);
  result.fanout = arrays.back();
  for (std::size_t i = 0; i < dataflow.steps.size(); ++i) {
    const DataflowStep& step = dataflow.steps[i];
    for (const Tensor3 t : step.keep) {
      for (const std::size_t node : stores(hardware, step.region, t, result.fanout)) {
        result.points[index(t)].push_back({node, result.slots.size()});
      }
    }
    for (const Dim d : step.dims) {
      result.slots.push_back({d, i, step.kind == DataflowStep::Kind::spatial, step.any_order, false, result.fanout});
    }
  }
  std::size_t last_point = 0;
  for (const auto& points : result.points) {
    if (points.empty() || points.front().slots_outside != 0) {
      unsupported(fmt::format("dataflow '{}' does not begin by keeping every tensor outermost", dataflow.name),
                  "begin its nest with - {keep: [ifmap, weight, psum], in: outermost}");
    }
  }
  for (std::size_t a = 0; a + 1 < arrays.size(); ++a) add_outer(result, arrays[a], dataflow.name, hardware);
  for (const auto& points : result.points) last_point = std::max(last_point, points.back().slots_outside);
  for (std::size_t i = last_point; i < result.slots.size(); ++i) result.slots[i].inside_all = true;
  find_roles(result);
  if (result.slots.size() > kMaxSlots)
    unsupported("a dataflow has at most 32 loops, those over arrays outside that of the PEs with them",
                "leave out the loops it does not need");
  for (const auto& [a, b] : {std::pair{Dim::E, Dim::R}, std::pair{Dim::F, Dim::S}}) {
    if (result.slots_of(a).size() + result.slots_of(b).size() <= kMaxWindowSlots) continue;
    unsupported(fmt::format("dataflow '{}' on '{}' has more than {} loops over {} and {}", dataflow.name, hardware.name,
                            kMaxWindowSlots, name(a), name(b)),
                "leave out the loops it does not need");
  }
  for (const Dim d : kAllDims) {
    const auto of_dim = [&](std::size_t s) { return result.slots[s].dim == d; };
    if (std::count_if(result.free.begin(), result.free.end(), of_dim) > 1) {
      unsupported(fmt::format("dataflow '{}' has too many loops over {} outside the PEs", dataflow.name, name(d)),
                  "keep an outermost one and one further in");
    }
  }
  return result;
}

std::vector<Skeleton> with_outer_children(const Skeleton& skeleton, const LoopProblem& problem,
                                          const Hardware& hardware) {
  std::vector<Skeleton> all = {skeleton};
  for (std::size_t a = 0; a < skeleton.outer.size(); ++a) {
    std::vector<Skeleton> more;
    for (const Skeleton& before : all) {
      const auto has_slot = [&](std::size_t d) {
        const auto& [node, begin, end, axes] = before.outer[a];
        return std::any_of(before.slots.begin() + std::ptrdiff_t(begin), before.slots.begin() + std::ptrdiff_t(end),
                           [d](const Slot& slot) { return index(slot.dim) == d; });
      };
      const auto allowed = [&](std::size_t d, std::int64_t children, std::int64_t bound) {
        return bound == 1 || (has_slot(d) && before.outside[d] * children * bound <= problem.bounds[d]);
      };
      for (const auto& [children, axes] :
           spatial_choices(hardware.nodes[before.outer[a].node].fanout, problem.bounds, allowed)) {
        Skeleton& with = more.emplace_back(before);
        with.outer[a].axes = axes;
        for (std::size_t d = 0; d < kDims; ++d) with.outside[d] *= children[d];
      }
    }
    all = std::move(more);
  }
  const auto idle = [&](const Skeleton& with) {
    const DimSizes extents = with.extents(problem);
    for (std::size_t d = 0; d < kDims; ++d) {
      if ((with.outside[d] - 1) * extents[d] >= problem.bounds[d]) return true;
    }
    return false;
  };
  all.erase(std::remove_if(all.begin(), all.end(), idle), all.end());
  const auto left = [&](const Skeleton& with) {
    std::int64_t product = 1;
    for (const std::int64_t extent : with.extents(problem)) product *= extent;
    return product;
  };
  std::stable_sort(all.begin(), all.end(), [&](const Skeleton& x, const Skeleton& y) { return left(x) < left(y); });
  return all;
}

bool Skeleton::has_free(Dim d) const {
  return std::any_of(free.begin(), free.end(), [&](std::size_t s) { return slots[s].dim == d; });
}

bool Skeleton::pes_keep() const {
  return std::any_of(points.begin(), points.end(), [this](const auto& of) { return of.back().node > fanout; });
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
  for (const Outer& array : outer) {
    for (std::size_t s = array.begin; s < array.end; ++s) choice.bound[s] = given(s);
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
    const HardwareNode& fanout = hardware.nodes[slot.fanout];
    const Skeleton::Outer* outer = skeleton.outer_of(choice.order[at]);
    for (std::size_t a = 0; a < fanout.fanout.axes.size(); ++a) {
      const std::int64_t bound = (outer != nullptr ? outer->axes : axes)[a][index(slot.dim)];
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
