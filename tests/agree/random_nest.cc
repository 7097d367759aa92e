// SPDX-License-Identifier: Apache-2.0
#include "random_nest.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <vector>

namespace weft::agree {
namespace {

bool chance(Random& random, int percent) { return random.between(1, 100) <= percent; }

template <class T>
void shuffle(Random& random, std::vector<T>& items) {
  for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[random.below(i)]);
}

TensorFlags random_flags(Random& random, int percent) {
  return {chance(random, percent), chance(random, percent), chance(random, percent)};
}

void random_bandwidth(Random& random, Bandwidths& bandwidth) {
  const auto figure = [&] {
    return Bandwidth{16 * random.between(1, 6) + random.between(0, 7), Bandwidth::Per::cycle};
  };
  if (chance(random, 40)) {
    bandwidth.shared = figure();
  } else {
    for (auto& own : bandwidth.own) {
      if (chance(random, 60)) own = figure();
    }
  }
}

HardwareNode random_store(Random& random, std::string name, bool outermost) {
  HardwareNode node{.name = std::move(name), .kind = NodeKind::store, .component = "store"};
  node.store.offchip = outermost;
  node.store.keeps = outermost ? TensorFlags{true, true, true} : random_flags(random, 70);
  for (Buffering& buffering : node.store.buffering) buffering = static_cast<Buffering>(random.between(0, 2));
  node.store.hold_iteration = chance(random, 15);
  node.store.refetch_halo = chance(random, 30);
  random_bandwidth(random, node.bandwidth);
  return node;
}

HardwareNode random_fanout(Random& random, std::string name) {
  HardwareNode node{.name = std::move(name), .kind = NodeKind::fanout, .component = "net"};
  node.fanout.axes = {{"x", random.between(2, 4)}};
  if (chance(random, 50)) node.fanout.axes.push_back({"y", random.between(2, 3)});
  node.fanout.multicast = random_flags(random, 70);
  node.fanout.reduces = random_reductions(random);
  random_bandwidth(random, node.bandwidth);
  return node;
}

/// One loop of the nest before it has its place: `gap` counts the nodes outside it (spatial: its fanout's own index).
struct Draft {
  Loop loop;
  std::size_t gap = 0;
};

}  // namespace

int trials(int wanted) {
#ifdef __SANITIZE_ADDRESS__
  return wanted / 8;
#else
  return wanted;
#endif
}

std::uint64_t seed(std::uint64_t usual) {
  const char* given = std::getenv("WEFT_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : usual;
}

ConvShape random_shape(Random& random) {
  ConvShape s;
  s.N = random.between(1, 2);
  s.G = chance(random, 20) ? 2 : 1;
  s.M = random.between(1, 4);
  s.C = random.between(1, 4);
  s.R = random.between(1, 3);
  s.S = random.between(1, 3);
  s.U_h = random.between(1, 2);
  s.U_w = chance(random, 30) ? random.between(1, 3) : s.U_h;
  s.D_h = chance(random, 25) ? 2 : 1;
  s.D_w = chance(random, 25) ? random.between(2, 3) : s.D_h;
  s.E = random.between(1, 5);
  s.F = random.between(1, 4);
  switch (random.below(8)) {  // now and then one dimension is long, so that loops make many trips
    case 0:
      s.M = random.between(9, 23);
      break;
    case 1:
      s.C = random.between(9, 23);
      break;
    case 2:
      s.E = random.between(9, 23);
      break;
    default:
      break;
  }
  s.pad_top = random.between(0, s.R - 1);
  s.pad_left = random.between(0, s.S - 1);
  const std::int64_t rows = (s.E - 1) * s.U_h + (s.R - 1) * s.D_h + 1;
  const std::int64_t columns = (s.F - 1) * s.U_w + (s.S - 1) * s.D_w + 1;
  s.pad_bottom = std::min(random.between(0, s.R - 1), std::max<std::int64_t>(0, rows - s.pad_top - 1));
  s.pad_right = std::min(random.between(0, s.S - 1), std::max<std::int64_t>(0, columns - s.pad_left - 1));
  s.H = std::max<std::int64_t>(1, rows - s.pad_top - s.pad_bottom) + (chance(random, 20) ? 1 : 0);
  s.W = std::max<std::int64_t>(1, columns - s.pad_left - s.pad_right);
  return s;
}

Hardware random_hardware(Random& random) {
  Hardware hardware;
  hardware.name = "random";
  hardware.clock = {1e9};
  hardware.bits = {16, chance(random, 30) ? 8 : 16, chance(random, 30) ? 32 : 16};
  hardware.nodes.push_back(random_store(random, "dram", true));
  const std::int64_t levels = random.between(1, 3);
  const std::int64_t fanout_before = random.between(0, levels);
  const std::int64_t second_fanout = chance(random, 30) ? random.between(0, levels) : -1;
  for (std::int64_t level = 0; level <= levels; ++level) {
    if (level == fanout_before) hardware.nodes.push_back(random_fanout(random, "array"));
    if (level == second_fanout) hardware.nodes.push_back(random_fanout(random, "lanes"));
    if (level == levels) break;
    hardware.nodes.push_back(random_store(random, fmt::format("store{}", level), false));
  }
  hardware.nodes.push_back({.name = "mac", .kind = NodeKind::compute, .component = "mac"});
  for (const char* action : {"read", "write"})
    hardware.components.prices.push_back({.component = "store", .action = action, .energy = 1});
  hardware.components.prices.push_back({.component = "net", .action = "hop", .energy = 1});
  hardware.components.prices.push_back({.component = "mac", .action = "mac", .energy = 1});
  return hardware;
}

ReductionFlags random_reductions(Random& random) {
  if (chance(random, 20)) return random_flags(random, 50);
  return chance(random, 70) ? kAddsAll : kAddsNothing;
}

void add_store(Random& random, Hardware& hardware, const std::string& name, TensorFlags keeps, std::int64_t bytes) {
  HardwareNode node{.name = name, .kind = NodeKind::store, .component = name};
  node.store.keeps = keeps;
  if (bytes > 0) node.store.capacity = Bytes{bytes};
  for (Buffering& b : node.store.buffering) b = static_cast<Buffering>(random.below(3));
  node.store.hold_iteration = chance(random, 15);
  node.store.refetch_halo = random.below(2) == 0;
  if (random.below(2) == 0) node.bandwidth.shared = Bandwidth{8 * random.between(1, 6), Bandwidth::Per::cycle};
  for (const char* action : {"read", "write"}) {
    hardware.components.prices.push_back({.component = name, .action = action, .energy = random.between(1, 40)});
  }
  hardware.nodes.push_back(node);
}

void add_macs(Random& random, Hardware& hardware) {
  hardware.nodes.push_back({.name = "mac", .kind = NodeKind::compute, .component = "mac"});
  hardware.nodes.push_back({.name = "clock", .kind = NodeKind::statics, .component = "clock"});
  hardware.components.prices.push_back({.component = "net", .action = "hop", .energy = random.between(0, 6)});
  hardware.components.prices.push_back({.component = "mac", .action = "mac", .energy = 2});
}

Conventions random_conventions(Random& random) {
  if (chance(random, 40)) {
    const auto presets = convention_presets();
    return presets[random.below(presets.size())].conventions;
  }
  return {.hold = static_cast<Hold>(random.between(0, 2)),
          .halo = static_cast<Halo>(random.between(0, 2)),
          .multicast = static_cast<Multicast>(random.between(0, 1)),
          .first_read = static_cast<FirstRead>(random.between(0, 2)),
          .read_back = static_cast<ReadBack>(random.between(0, 1)),
          .ends = static_cast<Ends>(random.between(0, 3)),
          .padding = static_cast<Padding>(random.between(0, 1)),
          .overlap = static_cast<Overlap>(random.between(0, 1))};
}

Mapping random_mapping(Random& random, const LoopProblem& problem, const Hardware& hardware) {
  // Spatial loops first, within the arrays' shapes; then temporal ones until every dimension is covered.
  std::vector<Draft> drafts;
  DimSizes left = problem.bounds;
  std::vector<Dim> dims(kAllDims.begin(), kAllDims.end());
  std::vector<std::size_t> gaps;  // a temporal loop may stand before any node but the first
  for (std::size_t n = 1; n < hardware.nodes.size(); ++n) gaps.push_back(n);
  for (std::size_t n = 0; n < hardware.nodes.size(); ++n) {
    for (const FanoutAxis& axis : hardware.nodes[n].fanout.axes) {
      std::int64_t room = axis.size;
      shuffle(random, dims);
      for (const Dim d : dims) {
        const std::int64_t bound = std::min(room, left[index(d)]);
        if (bound < 2 || chance(random, 50)) continue;
        const std::int64_t used = random.between(2, bound);
        drafts.push_back({{d, used, hardware.nodes[n].name, axis.name}, n});
        left[index(d)] = (left[index(d)] + used - 1) / used;
        room /= used;
      }
    }
  }
  for (const Dim d : dims) {
    while (left[index(d)] > 1) {
      const std::int64_t used = chance(random, 40) ? left[index(d)] : random.between(2, left[index(d)]);
      drafts.push_back({{d, used, "", ""}, gaps[random.below(gaps.size())]});
      left[index(d)] = (left[index(d)] + used - 1) / used;
    }
  }
  shuffle(random, drafts);
  std::stable_sort(drafts.begin(), drafts.end(), [&](const Draft& a, const Draft& b) { return a.gap < b.gap; });
  // A storage point stands anywhere after the loops of the fanouts outside it and before those inside.
  struct Placed {
    std::size_t position;
    std::size_t order;
    StoragePoint point;
  };
  std::vector<Placed> points;
  for (const Tensor3 t : kAllTensors) {
    std::size_t least = 0;
    for (std::size_t n = 0; n < hardware.nodes.size(); ++n) {
      const HardwareNode& node = hardware.nodes[n];
      if (node.kind != NodeKind::store || !node.store.keeps[index(t)] || (n > 0 && chance(random, 15))) continue;
      std::size_t most = drafts.size();
      for (std::size_t i = 0; i < drafts.size(); ++i) {
        if (drafts[i].loop.fanout.empty()) continue;
        if (drafts[i].gap < n) least = std::max(least, i + 1);
        if (drafts[i].gap > n) most = std::min(most, i);
      }
      if (n == 0) most = 0;
      least = std::size_t(random.between(std::int64_t(least), std::int64_t(most)));
      points.push_back({least, n, {node.name, t}});
    }
  }
  std::stable_sort(points.begin(), points.end(),
                   [](auto& a, auto& b) { return std::tie(a.position, a.order) < std::tie(b.position, b.order); });
  // Outermost bounds are trimmed to what is left to cover.
  Mapping mapping;
  DimSizes tile{1, 1, 1, 1, 1, 1, 1, 1};
  std::vector<Mapping::Step> inward;
  for (std::size_t i = drafts.size() + 1; i-- > 0;) {
    if (i < drafts.size()) {
      Loop loop = drafts[i].loop;
      std::int64_t& covered = tile[index(loop.dim)];
      loop.bound = std::min(loop.bound, (problem.bound(loop.dim) + covered - 1) / covered);
      covered *= loop.bound;
      inward.emplace_back(loop);
    }
    for (auto p = points.rbegin(); p != points.rend(); ++p) {
      if (p->position == i) inward.emplace_back(p->point);
    }
  }
  mapping.steps.assign(inward.rbegin(), inward.rend());
  return mapping;
}

std::string describe(const ConvShape& s, const Hardware& hardware, const Mapping& mapping, const Conventions& how) {
  std::string text = fmt::format(
      "N={} G={} M={} C={} H={} W={} R={} S={} E={} F={} U={},{} D={},{} pad={},{},{},{}\nconventions {}\nbits {} {} "
      "{}\n",
      s.N, s.G, s.M, s.C, s.H, s.W, s.R, s.S, s.E, s.F, s.U_h, s.U_w, s.D_h, s.D_w, s.pad_top, s.pad_left, s.pad_bottom,
      s.pad_right, to_string(how), hardware.bits[0], hardware.bits[1], hardware.bits[2]);
  for (const HardwareNode& node : hardware.nodes) {
    const auto flags = [](const TensorFlags& f) { return fmt::format("{:d}{:d}{:d}", f[0], f[1], f[2]); };
    text += fmt::format("{} keeps {} buffering {}{}{} hold {:d} refetch {:d} multicast {} reduces {}\n", node.name,
                        flags(node.store.keeps), int(node.store.buffering[0]), int(node.store.buffering[1]),
                        int(node.store.buffering[2]), node.store.hold_iteration, node.store.refetch_halo,
                        flags(node.fanout.multicast), flags(node.fanout.reduces));
  }
  return text + to_json(mapping).dump();
}

}  // namespace weft::agree
