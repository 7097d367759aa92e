// SPDX-License-Identifier: Apache-2.0
#include "weft/mapper/free_machine.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "weft/base/ceil_div.h"
#include "weft/base/error.h"
#include "weft/base/units.h"

namespace weft::free_search {
namespace {

constexpr std::size_t kMostPlaces = 12;  ///< where a tensor may be kept or not: each doubles the choices of stores

[[noreturn]] void unsupported(const HardwareNode& node, std::string what, std::string mend) {
  throw Error(
      Problem{.id = "mapper.unsupported", .what = std::move(what), .where = node.where, .mend = std::move(mend)});
}

// ---- stores

/// The regions with their stores, and each tensor's outermost.
void list_regions(Machine& machine, const Hardware& hardware) {
  machine.regions.emplace_back();
  machine.shared.assign(hardware.nodes.size(), kNotShared);
  std::array<bool, kTensors> kept{};
  std::size_t places = 0, shared = 0;
  for (std::size_t n = 0; n < hardware.nodes.size(); ++n) {
    const HardwareNode& node = hardware.nodes[n];
    if (node.kind == NodeKind::fanout) {
      machine.regions.emplace_back().fanout = n;
      shared = 0;
    }
    if (node.kind != NodeKind::store) continue;
    int sharers = 0;
    for (const Tensor3 t : kAllTensors) {
      if (!node.store.keeps[index(t)]) continue;
      if (kept[index(t)]) {
        auto& stores = machine.regions.back().stores[index(t)];
        stores.insert(stores.begin(), n);
        ++sharers;
        continue;
      }
      if (machine.regions.size() > 1)
        unsupported(node, fmt::format("'{}' has no store outside its arrays that keeps {}", hardware.name, name(t)),
                    "add it to the outermost store's `keeps:`");
      kept[index(t)] = true;
      machine.outermost[index(t)] = n;
    }
    places += std::size_t(sharers);
    if (sharers > 1 && node.store.capacity) machine.shared[n] = int(shared++);
    if (shared > kMaxShared)
      unsupported(node, fmt::format("more than {} stores between two arrays that several tensors share", kMaxShared),
                  "give each tensor its own");
    if (places > kMostPlaces)
      unsupported(node, "too many stores to choose from", "let the stores keep fewer tensors, or name a dataflow");
  }
}

/// Takes the tensors that are wholly in their outermost store out of its room.
void list_room(Machine& machine, const LoopProblem& problem, const Hardware& hardware) {
  for (std::size_t n = 0; n < hardware.nodes.size(); ++n) {
    const HardwareNode& node = hardware.nodes[n];
    machine.room.push_back(std::numeric_limits<double>::infinity());
    if (!node.store.capacity) continue;
    Int128 needed = 0;
    std::vector<std::string_view> tensors;
    for (const Tensor3 t : kAllTensors) {
      if (machine.outermost[index(t)] != n) continue;
      needed += Int128(tile_words(problem, t, problem.bounds)) * hardware.bits[index(t)];
      tensors.push_back(name(t));
    }
    const Int128 capacity = Int128(8) * node.store.capacity->value;
    if (needed > capacity) {
      const auto bytes = [](Int128 bits) { return to_string((bits + 7) / 8); };
      throw Error(Problem{.id = "infeasible.capacity",
                          .what = fmt::format("{} has no mapping on '{}': its {} need {} B in store '{}', the "
                                              "outermost that keeps them, which holds {} B",
                                              problem.name, hardware.name, fmt::join(tensors, ", "), bytes(needed),
                                              node.name, node.store.capacity->value),
                          .where = node.where,
                          .mend = fmt::format("give '{}' {} B more, or put a larger store outside", node.name,
                                              bytes(needed - capacity))});
    }
    machine.room.back() = double(capacity - needed);
  }
}

// ---- arrays

/// The arrays' loops whose bounds divide.
auto dividing(const DimSizes& bounds) {
  return [&bounds](std::size_t d, std::int64_t children, std::int64_t b) { return bounds[d] % (children * b) == 0; };
}

/// Steps along a folded dimension, at least: of the tile that leaves least over.
double least_steps(std::int64_t bound, const FoldRoom& room) {
  double least = std::numeric_limits<double>::infinity();
  for (const std::int64_t inner : divisors(bound)) {
    const std::int64_t count = bound / inner;
    const std::int64_t b = fold_bound(count, room);
    if (b > 0) least = std::min(least, double(inner * ceil_div(count / room.others, b)));
  }
  return least;
}

void find_sharing(SpatialChoice& choice, const DimSizes& bounds, const Tiles& tiles) {
  choice.steps = 1;
  choice.sharing.fill(1);
  for (std::size_t d = 0; d < kDims; ++d) {
    const bool folded = choice.fold && choice.fold->dim == d;
    const std::int64_t steps = bounds[d] / choice.children[d];
    choice.steps *= folded ? least_steps(bounds[d], choice.fold->room) : double(steps);
    for (const Tensor3 t : kAllTensors) {
      const bool overlaps = t == Tensor3::ifmap && tiles.windowed(d);
      if (!tiles.relevant(t, d) || overlaps) choice.sharing[index(t)] *= double(choice.children[d]);
    }
  }
}

/// The outermost array's folds that leave something over for some tile.
std::vector<SpatialChoice> folds(const FanoutNode& array, const DimSizes& bounds) {
  std::vector<SpatialChoice> result;
  for (const FoldedChoice& folded : folded_choices(array, bounds, dividing(bounds))) {
    SpatialChoice choice{folded.children, folded.axes};
    choice.fold = {folded.dim, folded.axis, {folded.children[folded.dim], folded.room}};
    if (std::isinf(least_steps(bounds[folded.dim], choice.fold->room))) continue;
    choice.children[folded.dim] *= folded.room;
    result.push_back(choice);
  }
  return result;
}

/// Of the choices with the same sharing and steps one is enough.
void list_widest(Region& region) {
  std::map<std::array<double, kTensors + 1>, std::size_t> distinct;
  for (std::size_t c = 0; c < region.spread.size(); ++c) {
    const SpatialChoice& choice = region.spread[c];
    distinct.try_emplace({choice.steps, choice.sharing[0], choice.sharing[1], choice.sharing[2]}, c);
  }
  const auto within = [](const SpatialChoice& a, const SpatialChoice& b) {
    return a.steps >= b.steps && a.sharing[0] <= b.sharing[0] && a.sharing[1] <= b.sharing[1] &&
           a.sharing[2] <= b.sharing[2];
  };
  for (const auto& choice : distinct) {
    const std::size_t c = choice.second;
    const bool widest = std::none_of(distinct.begin(), distinct.end(), [&](const auto& other) {
      return other.second != c && within(region.spread[c], region.spread[other.second]);
    });
    if (widest) region.widest.push_back(c);
  }
}

/// The channels that limit a mapping most, if each word passes them once.
void list_channels(Machine& machine, const Hardware& hardware, const Tiles& tiles) {
  std::vector<std::pair<double, Channel>> all;
  for (std::size_t n = 0; n < hardware.nodes.size() && n <= machine.first_fanout(); ++n) {
    const Bandwidths& bandwidth = hardware.nodes[n].bandwidth;
    for (std::size_t s = 0; s < (bandwidth.shared ? 1 : kStreams); ++s) {
      if (!bandwidth.of(Stream(s))) continue;
      Channel channel{.node = n, .stream = {}};
      if (!bandwidth.shared) channel.stream = Stream(s);
      double bits = 0;
      for (const auto& [stream, t] :
           {std::pair(Stream::ifmap, Tensor3::ifmap), std::pair(Stream::weight, Tensor3::weight),
            std::pair(Stream::psum_up, Tensor3::psum)}) {
        if (channel.carries(n, stream))
          bits += tiles.whole_words(t) * Machine::word_bits(n, t, hardware, machine.coded[index(t)]);
      }
      all.emplace_back(-bits / bits_per_cycle(*bandwidth.of(Stream(s)), hardware.clock), channel);
    }
  }
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  all.resize(std::min(all.size(), kMaxChannels));
  for (const auto& [cycles, channel] : all) machine.channels.push_back(channel);
  machine.clocks = 1 + machine.channels.size();
}

void list_prices(Machine& machine, const LoopProblem& problem, const Hardware& hardware, const MapOptions& options) {
  machine.worked = double(worked_parts(hardware, options.ifmap_zeros)) / double(kWorkedWhole);
  for (const Tensor3 t : kAllTensors)
    machine.coded[index(t)] = double(options.offchip.parts[index(t)]) / double(OffchipCode::kWhole);
  machine.price = prices(hardware);
  for (const NodePrices& p : machine.price) {
    machine.power += double(p.cycle);
    machine.mac_cost += double(macs(problem)) * double(p.mac) * machine.worked;
  }
}

}  // namespace

FoldRooms fold_rooms(const LoopProblem& problem, const Hardware& hardware) {
  FoldRooms rooms;
  const auto array = std::find_if(hardware.nodes.begin(), hardware.nodes.end(),
                                  [](const HardwareNode& node) { return node.kind == NodeKind::fanout; });
  if (array == hardware.nodes.end()) return rooms;
  for (const SpatialChoice& choice : folds(array->fanout, problem.bounds))
    rooms[choice.fold->dim].push_back(choice.fold->room);
  for (std::vector<FoldRoom>& of_dim : rooms) {
    std::sort(of_dim.begin(), of_dim.end());
    of_dim.erase(std::unique(of_dim.begin(), of_dim.end()), of_dim.end());
  }
  return rooms;
}

std::optional<DimSizes> children_around(std::uint32_t tile, const SpatialChoice& choice, const Tiles& tiles) {
  if (!choice.fold) return choice.children;
  const auto& [dim, axis, room] = *choice.fold;
  const std::int64_t b = fold_bound(tiles.count(tile, dim), room);
  if (b == 0) return std::nullopt;
  DimSizes children = choice.children;
  children[dim] = room.others * b;
  return children;
}

std::optional<std::uint32_t> tile_of_all(std::uint32_t tile, const SpatialChoice& choice, const DimSizes& children,
                                         const Tiles& tiles) {
  return tiles.of_children(tile, children, choice.fold ? std::optional(choice.fold->dim) : std::nullopt);
}

Machine machine(const LoopProblem& problem, const Hardware& hardware, const MapOptions& options, const Tiles& tiles,
                bool with_folds) {
  Machine machine;
  list_regions(machine, hardware);
  list_room(machine, problem, hardware);
  machine.steps_of_one = double(macs(problem));
  list_prices(machine, problem, hardware, options);
  list_channels(machine, hardware, tiles);
  if (machine.clocks > 1) std::swap(machine.power, machine.power_at_end);
  machine.pes = double(hardware.pes());
  machine.ofmap = tiles.whole_words(Tensor3::psum);
  for (Region& region : machine.regions) {
    if (!region.fanout) continue;
    const FanoutNode& array = hardware.nodes[*region.fanout].fanout;
    for (const auto& [children, axes] : spatial_choices(array, problem.bounds, dividing(problem.bounds))) {
      region.spread.push_back({children, axes});
    }
    if (with_folds && &region == &machine.regions[1]) {
      for (SpatialChoice& choice : folds(array, problem.bounds)) region.spread.push_back(choice);
    }
    for (SpatialChoice& choice : region.spread) find_sharing(choice, problem.bounds, tiles);
    list_widest(region);
    region.children = double(array.children());
    region.least_idle = std::numeric_limits<double>::infinity();
    for (const SpatialChoice& choice : region.spread)
      region.least_idle = std::min(region.least_idle, region.children * choice.steps / machine.steps_of_one);
  }
  return machine;
}

}  // namespace weft::free_search
