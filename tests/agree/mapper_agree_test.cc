// SPDX-License-Identifier: Apache-2.0
// The mapper against a brute force that shares no code with the search: every bound of every loop of the dataflow,
// every order, every layout on the axes, each costed by the model.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <numeric>
#include <set>

#include "random_nest.h"
#include "weft/base/ceil_div.h"
#include "weft/mapper/mapper.h"
#include "weft/model/counts.h"

namespace weft {
namespace {

/// The row-stationary nest as the dataflow file has it, written down once more: for each step the loops or the kept
/// tensors.
struct Step {
  std::string dims;   ///< letters of the loops
  std::string array;  ///< of spatial ones
  bool any_order = false;
  std::vector<StoragePoint> points;
};

/// The arrays that a machine has outside that of its PEs: each has loops over the dimensions of the step where it
/// stands.
struct Outside {
  bool buffers = false;  ///< around the buffer: "vaults"
  bool filters = false;  ///< around the filters: "tiles"
};

std::vector<Step> row_stationary(Outside outside) {
  using enum Tensor3;
  std::vector<Step> steps = {{"", "", false, {{"dram", ifmap}, {"dram", weight}, {"dram", psum}}},
                             {"GMNEF", "", true, {}},
                             {"", "", false, {{"glb", psum}}},
                             {"CRS", "", false, {}},
                             {"", "", false, {{"glb", ifmap}}},
                             {"M", "", false, {}},
                             {"", "", false, {{"filters", weight}}},
                             {"NE", "", false, {}},
                             {"GMCER", "array", false, {}},
                             {"", "", false, {{"rf", weight}}},
                             {"F", "", false, {}},
                             {"", "", false, {{"rf", ifmap}, {"rf", psum}}},
                             {"CSM", "", false, {}}};
  steps.insert(steps.begin() + 5, {outside.filters ? "M" : "", "tiles", false, {}});
  steps.insert(steps.begin() + 1, {outside.buffers ? "GMNEF" : "", "vaults", false, {}});
  return steps;
}

void add_array(Random& random, Hardware& h, const std::string& name, std::int64_t largest) {
  HardwareNode array{.name = name, .kind = NodeKind::fanout, .component = "net"};
  array.fanout.axes = {{"x", random.between(1, largest)}, {"y", random.between(1, largest)}};
  array.fanout.multicast = {random.below(4) != 0, random.below(4) != 0, random.below(2) == 0};
  array.fanout.reduces = agree::random_reductions(random);
  for (auto& own : array.bandwidth.own) own = Bandwidth{16 * random.between(1, 3), Bandwidth::Per::cycle};
  h.nodes.push_back(array);
}

Hardware small_machine(Random& random, Outside outside) {
  Hardware h;
  h.name = "small";
  h.clock = {1e9};
  const auto store = [&](const std::string& name, TensorFlags keeps, std::int64_t bytes) {
    agree::add_store(random, h, name, keeps, bytes);
  };
  store("dram", {true, true, true}, 0);
  h.nodes.back().store.offchip = true;
  if (outside.buffers) add_array(random, h, "vaults", 2);
  store("glb", {true, false, true}, 2 * random.between(2, 40));
  if (outside.filters) add_array(random, h, "tiles", 2);
  store("filters", {false, true, false}, 2 * random.between(1, 20));
  add_array(random, h, "array", 3);
  store("rf", {true, true, true}, 2 * random.between(3, 16));
  agree::add_macs(random, h);
  h.components.prices.push_back({.component = "clock", .action = "cycle", .energy = random.between(0, 50)});
  return h;
}

/// Walks the whole space; keeps the least objective.
struct BruteForce {
  const LoopProblem& problem;
  const Hardware& hardware;
  const MapOptions& options;
  Outside outside{};
  std::vector<Step> steps = row_stationary(outside);
  std::vector<Loop> loops;           ///< one for each letter (two for a spatial one), outermost first
  std::vector<std::size_t> step_of;  ///< the step each loop belongs to
  std::optional<Int128> best;
  Int128 best_second = 0;     ///< the least second objective of those
  std::set<Int128> values{};  ///< of all mappings
  Mapping best_mapping;
  std::int64_t tried = 0;

  void run() {
    for (std::size_t s = 0; s < steps.size(); ++s) {
      for (const char letter : steps[s].dims) {
        const Dim d = *dim_named(std::string(1, letter));
        const bool spatial = !steps[s].array.empty();
        for (const char* axis : spatial ? std::vector<const char*>{"x", "y"} : std::vector<const char*>{""}) {
          loops.push_back({d, 1, steps[s].array, axis});
          step_of.push_back(s);
        }
      }
    }
    choose_outside(loops.size());
  }

  /// First the children of the arrays outside.
  void choose_outside(std::size_t i) {
    if (i == 0) return choose(loops.size());
    Loop& loop = loops[i - 1];
    for (std::int64_t b = 1; b <= (is_outside(loop) ? std::min<std::int64_t>(2, problem.bound(loop.dim)) : 1); ++b) {
      loop.bound = b;
      choose_outside(i - 1);
    }
    loop.bound = 1;
  }
  static bool is_outside(const Loop& loop) { return loop.fanout == "vaults" || loop.fanout == "tiles"; }

  std::int64_t children_outside(Dim d) const {
    std::int64_t product = 1;
    for (const Loop& loop : loops) product *= is_outside(loop) && loop.dim == d ? loop.bound : 1;
    return product;
  }
  /// Of a dimension, what each of those has.
  std::int64_t extent(Dim d) const { return ceil_div(problem.bound(d), children_outside(d)); }

  /// Bounds from the innermost loop outwards: any but those with an idle last index; the outermost of a dimension takes
  /// the rest.
  void choose(std::size_t i) {
    if (i == 0) return permute(0);
    Loop& loop = loops[i - 1];
    if (is_outside(loop)) return choose(i - 1);
    std::int64_t tile = 1;
    for (std::size_t k = i; k < loops.size(); ++k)
      tile *= loops[k].dim == loop.dim && !is_outside(loops[k]) ? loops[k].bound : 1;
    const bool outermost = std::none_of(loops.begin(), loops.begin() + std::ptrdiff_t(i - 1),
                                        [&](const Loop& l) { return l.dim == loop.dim && !is_outside(l); });
    const std::int64_t rest = ceil_div(extent(loop.dim), tile);
    for (std::int64_t b = outermost ? rest : 1; b <= rest; ++b) {
      loop.bound = b;
      choose(i - 1);
    }
    loop.bound = 1;
  }

  void permute(std::size_t) {
    std::vector<std::size_t> outer;
    for (std::size_t i = 0; i < loops.size(); ++i) {
      if (steps[step_of[i]].any_order && loops[i].bound > 1) outer.push_back(i);
    }
    do {
      cost_one(outer);
    } while (std::next_permutation(outer.begin(), outer.end()));
  }

  /// Product of the bounds of one dimension's loops in a step; 1 if it has none there.
  std::int64_t bound_in(std::size_t step, Dim d) const {
    std::int64_t product = 1;
    for (std::size_t i = 0; i < loops.size(); ++i)
      product *= step_of[i] == step && loops[i].dim == d ? loops[i].bound : 1;
    return product;
  }

  /// No smaller bound would cut `extent` into as few tiles.
  static bool smallest(std::int64_t extent, std::int64_t bound) {
    const auto tiles = [extent](std::int64_t b) { return (extent + b - 1) / b; };
    return bound == 1 || tiles(bound - 1) > tiles(bound);
  }

  /// The stated space: of the bounds that make the same number of tiles only the smallest, except where loops further
  /// in make other tiles of it, and where the axes only have a larger product.
  bool in_space() const {
    constexpr std::size_t kBuffer = 7, kShared = 9, kArray = 10, kRow = 12, kPe = 14;
    const auto tiles = [this](Dim d, std::int64_t tile) { return ceil_div(extent(d), tile); };
    if (!all_have_work()) return false;
    for (const Dim d : {Dim::E, Dim::R, Dim::G}) {
      const std::int64_t children = bound_in(kArray, d);
      if (children < extent(d) && !smallest(extent(d), children)) return false;
    }
    const std::int64_t M = bound_in(kPe, Dim::M) * bound_in(kArray, Dim::M);
    return smallest(tiles(Dim::C, bound_in(kArray, Dim::C)), bound_in(kPe, Dim::C)) &&
           smallest(extent(Dim::S), bound_in(kPe, Dim::S)) && smallest(tiles(Dim::M, M), bound_in(kBuffer, Dim::M)) &&
           smallest(extent(Dim::N), bound_in(kShared, Dim::N)) &&
           smallest(tiles(Dim::E, bound_in(kArray, Dim::E)), bound_in(kShared, Dim::E)) &&
           smallest(extent(Dim::F), bound_in(kRow, Dim::F));
  }

  /// Of the children of the arrays outside.
  bool all_have_work() const {
    for (const Dim d : kAllDims) {
      if ((children_outside(d) - 1) * extent(d) >= problem.bound(d)) return false;
      for (const char* array : {"vaults", "tiles"}) {
        std::int64_t tile = 1, children = 1;
        for (std::size_t i = loops.size(); i-- > 0;) {
          if (loops[i].dim != d) continue;
          if (loops[i].fanout == array)
            children *= loops[i].bound;
          else
            tile *= inside(i, array) ? loops[i].bound : 1;
        }
        if ((children - 1) * tile >= problem.bound(d)) return false;
      }
    }
    return true;
  }
  bool inside(std::size_t loop, const std::string& array) const {
    const auto of_array = [&](const Loop& l) { return l.fanout == array; };
    return std::none_of(loops.begin() + std::ptrdiff_t(loop), loops.end(), of_array);
  }

  void cost_one(const std::vector<std::size_t>& outer) {
    if (!in_space()) return;
    ++tried;
    Mapping mapping;
    for (std::size_t s = 0; s < steps.size(); ++s) {
      for (const StoragePoint& point : steps[s].points) mapping.steps.emplace_back(point);
      if (steps[s].any_order) {
        for (const std::size_t i : outer) mapping.steps.emplace_back(loops[i]);
      } else {
        for (std::size_t i = 0; i < loops.size(); ++i) {
          if (step_of[i] == s) mapping.steps.emplace_back(loops[i]);
        }
      }
    }
    Placement placement;
    try {
      placement = place(problem, mapping, hardware);
    } catch (const Error&) {
      return;  // too many children
    }
    if (overflow(problem, placement, hardware)) return;
    Counts counts = weft::count(problem, placement, hardware, options.conventions);
    const OffchipCode code = without_spills(options.offchip, counts, hardware);
    counts = weft::count(problem, placement, hardware, options.conventions, code);
    const Cost price = cost(counts, placement, hardware, options.ifmap_zeros, code);
    const Int128 value = objective_value(options.objective, price, counts);
    const Int128 second = objective_value(*options.second, price, counts);
    values.insert(value);
    if (best && std::pair{value, second} >= std::pair{*best, best_second}) return;
    best = value;
    best_second = second;
    best_mapping = mapping;
  }
};

/// A few dimensions above 1, so that the whole space can be walked.
ConvShape small_shape(Random& random) {
  ConvShape s;
  for (int k = 0; k < 3; ++k) {
    switch (random.below(7)) {
      case 0:
        s.M = random.between(2, 4);
        break;
      case 1:
        s.C = random.between(2, 4);
        break;
      case 2:
        s.E = random.between(2, 4);
        break;
      case 3:
        s.F = random.between(2, 4);
        break;
      case 4:
        s.N = 2;
        break;
      case 5:
        s.R = random.between(2, 3);
        break;
      default:
        s.S = random.between(2, 3);
        break;
    }
  }
  s.U_h = random.between(1, 2);
  if (random.below(3) == 0) {
    s.pad_top = random.between(0, s.R - 1);
    s.pad_left = random.between(0, s.S - 1);
  }
  s.H = (s.E - 1) * s.U_h + s.R - s.pad_top;
  s.W = s.F - 1 + s.S - s.pad_left;
  return s;
}

/// The second best has some mapping's cost, and no other one than the best's is below it.
void check_second_best(const BruteForce& brute, const MappingResult& found) {
  const auto above = brute.values.upper_bound(*brute.best);
  if (found.next.empty()) {
    CHECK(above == brute.values.end());
    return;
  }
  const Int128 value = found.next.front().certificate.objective_value;
  CHECK(brute.values.count(value) == 1);
  if (above != brute.values.end()) CHECK(to_string(std::min(value, *above)) == to_string(value));
}

void check_least_cost(Outside outside, std::uint64_t seed, int trials, std::int64_t most_mappings) {
  Random random(seed);
  const Dataflow dataflow = load_dataflow("row-stationary");
  std::int64_t tried = 0;
  int feasible = 0;
  for (int trial = 0; trial < trials && tried < most_mappings; ++trial) {
    const ConvShape shape = small_shape(random);
    Hardware hardware = small_machine(random, outside);
    MapOptions options{.objective = static_cast<Objective>(random.below(3)),
                       .conventions = agree::random_conventions(random),
                       .top = std::size_t(random.between(1, 2))};
    options.second = static_cast<Objective>(random.below(3));
    hardware.gates_zeros = random.below(4) == 0;
    options.ifmap_zeros = 0.3;
    hardware.nodes[0].store.offchip = random.below(8) != 0;
    hardware.nodes[outside.buffers ? 2 : 1].store.offchip = random.below(4) == 0;
    if (random.below(4) == 0) options.offchip.parts = {random.between(1, 1 << 20), 1 << 20, random.between(1, 1 << 20)};
    const LoopProblem problem = loop_problem(shape, "small", options.conventions.padding);
    BruteForce brute{.problem = problem, .hardware = hardware, .options = options, .outside = outside};
    brute.run();
    tried += brute.tried;
    INFO("trial " << trial << " objective " << to_string(options.objective) << "\n"
                  << agree::describe(shape, hardware, {}, options.conventions));
    if (!brute.best) {
      CHECK_THROWS_AS(find_mapping(problem, hardware, dataflow, options), Error);
      continue;
    }
    ++feasible;
    const MappingResult found = find_mapping(problem, hardware, dataflow, options);
    INFO("found       " << to_json(found.mapping).dump() << "\nbrute force " << to_json(brute.best_mapping).dump());
    REQUIRE(to_string(found.certificate.objective_value) == to_string(*brute.best));
    CHECK(found.certificate.optimal);
    CHECK(to_string(objective_value(*options.second, found.cost, found.counts)) == to_string(brute.best_second));
    if (options.top == 2) check_second_best(brute, found);
    CHECK(found.certificate.lower_bound == found.certificate.objective_value);
  }
  CHECK(8 * feasible > trials);
}

}  // namespace

TEST_CASE("the mapper finds the least cost of all mappings that the row-stationary dataflow allows") {
  check_least_cost({}, 1604, agree::trials(400), 400'000);
}

TEST_CASE("the mapper finds the least cost where there are arrays outside that of the PEs") {
  check_least_cost({.buffers = true}, 1605, agree::trials(150), 150'000);
  check_least_cost({.filters = true}, 1606, agree::trials(150), 150'000);
  check_least_cost({.buffers = true, .filters = true}, 1607, agree::trials(80), 150'000);
}

TEST_CASE("the mapper finds the least cost on thousands of machines", "[.long]") {
  check_least_cost({}, agree::seed(5), 4000, 40'000'000);
}

TEST_CASE("the mapper finds the least cost on thousands of machines with arrays outside", "[.long]") {
  check_least_cost({.buffers = true}, agree::seed(5), 2000, 40'000'000);
  check_least_cost({.filters = true}, agree::seed(5), 2000, 40'000'000);
  check_least_cost({.buffers = true, .filters = true}, agree::seed(5), 1000, 40'000'000);
}

}  // namespace weft
