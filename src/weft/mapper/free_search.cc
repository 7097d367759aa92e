// SPDX-License-Identifier: Apache-2.0
#include "weft/mapper/free_search.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <map>
#include <optional>

#include "weft/base/ceil_div.h"
#include "weft/mapper/skeleton.h"
#include "weft/mapper/window_sums.h"
#include "weft/model/counts.h"
#include "weft/placement/placement.h"

namespace weft {
namespace {

constexpr std::size_t kMaxWindows = 2;
constexpr double kRounding = 1e-11;  ///< of sums and products of a few dozen doubles
constexpr std::uint32_t kNoLabel = ~0u;
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr int kCompute = -1;

/// What labels are compared by; less is better in each. `x` are words that a decided transfer reads of its parent, as
/// seen where the label stands; `k` is what an open transfer will cost for each word of its tile and step.
enum Figure : std::uint8_t {
  kCost,                   ///< energy decided so far; cycles times the static power are in it
  kTime,                   ///< cycles: steps and stalls
  kX0,                     ///< by tensor: x or k (for ifmaps: of what does not slide)
  kSlide = kX0 + 3,        ///< k of the ifmaps that slide
  kSlideEach,              ///< k of ifmaps that slide in the children of an array, for each child's new words
  kSlideShared,            ///< and for what is new to any of them
  kWindow0,                ///< less the window words in x
  kStall0 = kWindow0 + 2,  ///< by tensor: k of stalled cycles
  kStallSlide = kStall0 + 3,
  kRatio0,                 ///< by tensor: parent's words a base word, of an open transfer that crosses an array
  kUpdates = kRatio0 + 3,  ///< of partial sums: x or the ratio of updates
  kVisits,                 ///< less x or the ratio of visits
  kUsed0,                  ///< bits of the region's shared stores
  kFigures = kUsed0 + 2
};
using Figures = std::array<double, kFigures>;

struct Move {
  enum Kind : std::uint8_t { start, loop, point, array } kind = start;
  std::uint8_t dim = 0;     ///< loop; point: the tensor
  std::int64_t number = 0;  ///< loop: bound; point: node; array: index of the choice
};

struct Label {
  Figures f{};
  std::uint64_t key = 0;
  std::uint32_t tile = 0, prev = kNoLabel, next = kNoLabel;
  bool dead = false;
  Move move;
};

/// The part of a label that must be equal for two to compete.
struct Key {
  std::uint8_t code = 0;  ///< points passed in the region
  std::uint8_t open = 0;  ///< tensors whose innermost transfer no loop has decided yet, a bit each
  bool fresh = true;      ///< no loop since the last point
  /// What the ifmaps that are still to cross an array, or to be moved outside it, take in: 1 + the tile of one child
  /// and, if a loop has moved it already, the tile it slides over.
  std::uint16_t child = 0, slid = 0;

  std::uint64_t packed() const {
    return std::uint64_t(code) | std::uint64_t(open) << 8 | std::uint64_t(fresh) << 16 | std::uint64_t(child) << 32 |
           std::uint64_t(slid) << 48;
  }
  static Key unpacked(std::uint64_t p) {
    return {.code = std::uint8_t(p),
            .open = std::uint8_t(p >> 8),
            .fresh = (p >> 16 & 1) != 0,
            .child = std::uint16_t(p >> 32),
            .slid = std::uint16_t(p >> 48)};
  }
};

/// The tile extents that one dimension may have, and the loops that lead from one to another.
struct DimTable {
  struct Step {
    std::uint32_t to;
    std::int64_t bound;
    bool prime;
  };
  std::vector<std::int64_t> tile, count;  ///< extent; how many of them
  std::vector<std::vector<Step>> steps;
  std::uint32_t stride = 1;
};

struct SpatialChoice {
  DimSizes children;
  AxisBounds axes;
  std::array<double, kTensors> sharing{};  ///< children that may want one word of a tensor, at most
  double steps = 0;                        ///< of the whole layer, if this is the only array
};

struct Region {
  std::optional<std::size_t> fanout;                      ///< the one outside it
  std::array<std::vector<std::size_t>, kTensors> stores;  ///< that keep the tensor, innermost first
  std::map<std::size_t, std::size_t> shared;              ///< number of a store that several tensors may fill
  std::array<std::size_t, kTensors> inner{};              ///< stores of the tensor in the regions further in
  std::vector<SpatialChoice> spread;
  std::vector<std::vector<std::size_t>> groups;  ///< of `spread`, with the same sharing and steps
  std::vector<std::size_t> widest;               ///< of `spread`: no other shares more
};

struct Final {
  double cost = 0, time = 0;
  std::uint32_t label = kNoLabel;
  std::array<std::uint8_t, kDims> dims{};  ///< loops outside the label, innermost first
  std::uint8_t loops = 0;
};

class FreeSearch {
 public:
  FreeSearch(const LoopProblem& problem, const Hardware& hardware, const MapOptions& options)
      : problem_(problem), hardware_(hardware), options_(options), how_(options.conventions), price_(prices(hardware)) {
    for (const std::int64_t D : problem.bounds) all_steps_ *= double(D);
    pes_ = double(hardware.pes());
    list_regions();
    list_tiles();
    list_windows();
    list_words();
    std::size_t parts = 1;
    for (const WindowTable& w : windows_) parts *= dims_[w.a].tile.size() * dims_[w.b].tile.size();
    windows_exact_ = !options.imperfect && regions_.size() == 2 && parts < 0xffff;
    for (Region& region : regions_) {
      list_sharing(region);
      for (const SpatialChoice& choice : region.spread) {
        for (std::size_t i = 0; i < kTensors; ++i) most_sharing_[i] = std::max(most_sharing_[i], choice.sharing[i]);
      }
      list_groups(region);
    }
    constexpr std::int64_t kWhole = 1'000'000;
    worked_ = hardware.gates_zeros ? 1 - options.ifmap_zeros : 1;
    for (const NodePrices& p : price_) {
      power_ += double(p.cycle);
      mac_cost_ += double(macs(problem)) * double(p.mac) *
                   double(hardware.gates_zeros ? kWhole - std::llround(options.ifmap_zeros * double(kWhole)) : kWhole) /
                   double(kWhole);
    }
    ofmap_ = double(tile_words(problem, Tensor3::psum, problem.bounds));
  }

  MappingResult run() {
    const auto start = std::chrono::steady_clock::now();
    const std::vector<Region> machine = regions_;
    std::vector<std::vector<std::array<bool, kTensors>>> all = choices_of_stores();
    // First any good mapping of each choice, which rules out most of the rest.
    const bool exact = windows_exact_;
    for (const bool beam : {true, false}) {
      beam_ = beam;
      windows_exact_ = exact && !beam;
      for (const auto& kept : all) {
        keep(machine, kept);
        probe(kept);
        search();
      }
    }
    if (!best_) refuse();
    MappingResult best = *best_;
    best.certificate.lower_bound = best.certificate.objective_value;
    if (least_ < double(best.certificate.objective_value)) best.certificate.lower_bound = Int128(least_);
    if (double(best.certificate.lower_bound) >= double(best.certificate.objective_value) * (1 - kRounding))
      best.certificate.lower_bound = best.certificate.objective_value;
    best.certificate.optimal = best.certificate.lower_bound == best.certificate.objective_value;
    best.certificate.visited = visited_;
    best.certificate.space = made_;
    best.certificate.pruned["bound"] = bounded_;
    best.certificate.pruned["dominated"] = dominated_;
    best.certificate.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return best;
  }

 private:
  // ---- the machine -------------------------------------------------------------------------------------------------

  [[noreturn]] static void unsupported(std::string what, std::string mend) {
    throw Error(Problem{.id = "mapper.unsupported", .what = std::move(what), .where = {}, .mend = std::move(mend)});
  }

  void list_regions() {
    regions_.emplace_back();
    std::array<bool, kTensors> kept{};
    for (std::size_t n = 0; n < hardware_.nodes.size(); ++n) {
      const HardwareNode& node = hardware_.nodes[n];
      if (node.kind == NodeKind::fanout) {
        regions_.emplace_back();
        regions_.back().fanout = n;
      }
      if (node.kind != NodeKind::store) continue;
      Region& region = regions_.back();
      int sharers = 0;
      for (const Tensor3 t : kAllTensors) {
        if (!node.store.keeps[index(t)]) continue;
        if (!kept[index(t)]) {
          if (regions_.size() > 1)
            unsupported(fmt::format("'{}' has no store outside its arrays that keeps {}", hardware_.name, name(t)),
                        "add it to the outermost store's `keeps:`");
          kept[index(t)] = true;
          outermost_[index(t)] = n;
          continue;
        }
        region.stores[index(t)].insert(region.stores[index(t)].begin(), n);
        ++sharers;
      }
      if (sharers > 1 && node.store.capacity) {
        const std::size_t number = region.shared.size();
        region.shared[n] = number;
        if (number >= 2) unsupported("more than two shared stores between two arrays", "give each tensor its own");
      }
    }
    for (Region& region : regions_) {
      if (region.fanout) list_spread(region);
    }
  }

  /// Every choice of the stores that keep each tensor, by node, those that keep most first.
  std::vector<std::vector<std::array<bool, kTensors>>> choices_of_stores() const {
    std::vector<std::vector<std::array<bool, kTensors>>> all(1);
    all[0].resize(hardware_.nodes.size());
    for (const Region& region : regions_) {
      for (const Tensor3 t : kAllTensors) {
        for (const std::size_t node : region.stores[index(t)]) {
          const std::size_t before = all.size();
          for (std::size_t i = 0; i < before; ++i) {
            all.push_back(all[i]);
            all[i][node][index(t)] = true;
          }
        }
      }
    }
    return all;
  }

  /// Leaves each tensor the stores that are to keep it.
  void keep(const std::vector<Region>& machine, const std::vector<std::array<bool, kTensors>>& kept) {
    regions_ = machine;
    for (const Tensor3 t : kAllTensors) {
      chain_[index(t)].clear();
      for (std::size_t r = regions_.size(); r-- > 0;) {
        auto& stores = regions_[r].stores[index(t)];
        stores.erase(std::remove_if(stores.begin(), stores.end(), [&](std::size_t n) { return !kept[n][index(t)]; }),
                     stores.end());
        regions_[r].inner[index(t)] = chain_[index(t)].size();
        chain_[index(t)].insert(chain_[index(t)].end(), stores.begin(), stores.end());
      }
      chain_[index(t)].push_back(outermost_[index(t)]);
    }
    list_ways();
  }

  /// What is the same for all mappings of one choice of stores.
  struct Way {
    int child = kCompute;
    std::size_t parent = 0;
    bool crosses = false, slides = false, outermost = false;
    double child_cost = 0;     ///< of a word that visits the child
    double parent_cost = 0;    ///< of a word that the parent reads, or of an update
    double distinct_cost = 0;  ///< of a distinct word of partial sums at the parent
    double spared = 0;         ///< for each visit of partial sums that starts without a value though others have one
    double parent_stall = 0, down_stall = 0;
    double constant = 0, constant_time = 0;
    double least = 0;  ///< energy at least, of a way no label has begun
  };

  void list_ways() {
    for (const Tensor3 t : kAllTensors) {
      auto& ways = ways_[index(t)];
      ways.clear();
      double spared = 0;
      for (std::size_t level = 0; level < chain_[index(t)].size(); ++level) {
        ways.push_back(way_of(t, level, spared));
      }
    }
    for (const Tensor3 t : kAllTensors) {
      double words = fixed_words_[index(t)];
      if (t == Tensor3::ifmap) {
        for (std::size_t w = 0; w < windows_.size(); ++w) words *= window(w, tiles_ - 1);
      }
      words_[index(t)] = words;
      for (Way& way : ways_[index(t)]) {
        way.least =
            std::max(0.0, way.constant + words * (std::max(0.0, way.child_cost) + way.parent_cost + way.distinct_cost));
      }
    }
  }

  Way way_of(Tensor3 t, std::size_t level, double& spared) const {
    const std::size_t i = index(t);
    Way way;
    way.child = level == 0 ? kCompute : int(chain_[i][level - 1]);
    way.parent = chain_[i][level];
    way.outermost = level + 1 == chain_[i].size();
    double hops = 0;
    for (std::size_t n = way.parent; n < (level == 0 ? hardware_.compute_index() : std::size_t(way.child)); ++n) {
      if (hardware_.nodes[n].kind != NodeKind::fanout) continue;
      way.crosses = true;
      hops += double(price_[n].hop[i]);
    }
    const double read = double(price_[way.parent].read[i]), write = double(price_[way.parent].write[i]);
    const double child_read = level == 0 ? 0 : double(price_[std::size_t(way.child)].read[i]);
    const double child_write = level == 0 ? 0 : double(price_[std::size_t(way.child)].write[i]);
    if (t != Tensor3::psum) {
      way.slides = t == Tensor3::ifmap && slides(way.child);
      way.child_cost = outer_ends() ? 0 : child_write;
      way.parent_stall = stall_rate(t, t == Tensor3::ifmap ? Stream::ifmap : Stream::weight, way.child, way.parent);
      way.parent_cost = read * (t == Tensor3::weight && level == 0 ? worked_ : 1) + power_ * way.parent_stall;
      return way;
    }
    way.parent_stall = stall_rate(t, Stream::psum_up, way.child, way.parent);
    way.down_stall = stall_rate(t, Stream::psum_down, way.child, way.parent);
    way.parent_cost = read + write + power_ * way.parent_stall;
    const double valueless = zero_first() ? 0 : ofmap_;
    if (outer_ends()) {
      way.child_cost = level == 0 ? 0 : -(child_read + child_write);
      if (way.outermost) way.constant = -valueless * read;
      return way;
    }
    way.child_cost = how_.ends == Ends::both ? child_read : 0;
    way.distinct_cost = child_write + hops + power_ * way.down_stall;
    way.constant = -valueless * (read + child_write + hops + power_ * way.down_stall);
    way.constant_time = -valueless * way.down_stall;
    way.spared = spared;
    if (!zero_first()) spared += read + child_write + hops;
    return way;
  }

  void list_spread(Region& region) const {
    DimSizes ones;
    ones.fill(1);
    AxisBounds none;
    none.fill(ones);
    std::map<DimSizes, AxisBounds> distinct{{ones, none}};
    const auto& axes = hardware_.nodes[*region.fanout].fanout.axes;
    for (std::size_t a = 0; a < axes.size(); ++a) {
      std::map<DimSizes, AxisBounds> next;
      for (const auto& [children, laid] : distinct) add_axis(a, 0, axes[a].size, children, laid, next);
      distinct = std::move(next);
    }
    for (const auto& [children, laid] : distinct) region.spread.push_back({children, laid});
  }

  void add_axis(std::size_t a, std::size_t d, std::int64_t room, const DimSizes& children, const AxisBounds& laid,
                std::map<DimSizes, AxisBounds>& next) const {
    if (d == kDims) {
      next.try_emplace(children, laid);
      return;
    }
    for (std::int64_t b = 1; b <= room && children[d] * b <= problem_.bounds[d]; ++b) {
      if (!options_.imperfect && problem_.bounds[d] % (children[d] * b) != 0) continue;
      DimSizes product = children;
      AxisBounds with = laid;
      product[d] *= b;
      with[a][d] = b;
      add_axis(a, d + 1, room / b, product, with, next);
    }
  }

  void list_sharing(Region& region) {
    for (SpatialChoice& choice : region.spread) {
      choice.steps = 1;
      choice.sharing.fill(1);
      for (std::size_t d = 0; d < kDims; ++d) {
        choice.steps *= double(ceil_div(problem_.bounds[d], choice.children[d]));
        for (const Tensor3 t : kAllTensors) {
          const bool windowed = t == Tensor3::ifmap && std::any_of(windows_.begin(), windows_.end(),
                                                                   [&](const auto& w) { return w.a == d || w.b == d; });
          if (!relevant_[index(t)][d] || windowed) choice.sharing[index(t)] *= double(choice.children[d]);
        }
      }
    }
  }

  static void list_groups(Region& region) {
    std::map<std::array<double, kTensors + 1>, std::vector<std::size_t>> groups;
    for (std::size_t c = 0; c < region.spread.size(); ++c) {
      const SpatialChoice& choice = region.spread[c];
      groups[{choice.steps, choice.sharing[0], choice.sharing[1], choice.sharing[2]}].push_back(c);
    }
    for (auto& [same, members] : groups) region.groups.push_back(std::move(members));
    const auto within = [](const SpatialChoice& a, const SpatialChoice& b) {
      return a.steps >= b.steps && a.sharing[0] <= b.sharing[0] && a.sharing[1] <= b.sharing[1] &&
             a.sharing[2] <= b.sharing[2];
    };
    for (const auto& group : region.groups) {
      const SpatialChoice& choice = region.spread[group.front()];
      const bool widest = std::none_of(region.groups.begin(), region.groups.end(), [&](const auto& other) {
        return &other != &group && within(choice, region.spread[other.front()]);
      });
      if (widest) region.widest.push_back(group.front());
    }
  }

  // ---- tiles -------------------------------------------------------------------------------------------------------

  void list_tiles() {
    std::uint64_t stride = 1;
    for (std::size_t d = 0; d < kDims; ++d) {
      DimTable& table = dims_[d];
      const std::int64_t D = problem_.bounds[d];
      for (std::int64_t t = 1; t <= D; ++t) {
        if (options_.imperfect ? ceil_div(D, ceil_div(D, t)) == t : D % t == 0) table.tile.push_back(t);
      }
      for (const std::int64_t t : table.tile) table.count.push_back(ceil_div(D, t));
      for (std::size_t i = 0; i < table.tile.size(); ++i) {
        std::vector<DimTable::Step>& steps = table.steps.emplace_back();
        for (std::size_t j = i + 1; j < table.tile.size(); ++j) {
          const std::int64_t b = ceil_div(table.count[i], table.count[j]);
          const bool reached =
              options_.imperfect ? ceil_div(table.count[i], b) == table.count[j] : table.tile[j] % table.tile[i] == 0;
          if (reached) steps.push_back({std::uint32_t(j), b, true});
        }
        // A step that two smaller ones make is needed only where a window slides.
        for (DimTable::Step& step : steps) {
          for (std::int64_t p = 2; p * p <= step.bound; ++p) {
            if (step.bound % p == 0) step.prime = false;
          }
        }
      }
      table.stride = std::uint32_t(stride);
      stride *= table.tile.size();
      if (stride > (1u << 28)) unsupported("a layer with too many tilings", "name a dataflow with --dataflow");
    }
    tiles_ = std::uint32_t(stride);
    numbers_.resize(tiles_);
    for (std::uint32_t tile = 0; tile < tiles_; ++tile) {
      for (std::size_t d = 0; d < kDims; ++d)
        numbers_[tile][d] = std::uint16_t(tile / dims_[d].stride % std::uint32_t(dims_[d].tile.size()));
    }
  }

  /// What is asked of each tile again and again.
  void list_words() {
    words_of_.resize(tiles_);
    for (std::uint32_t tile = 0; tile < tiles_; ++tile) {
      TileWords& of = words_of_[tile];
      const DimSizes sizes = extents(tile);
      for (const Tensor3 t : kAllTensors) {
        const std::size_t i = index(t);
        of.bits[i] = double(tile_words(problem_, t, sizes) * hardware_.bits[i]);
        of.others[i] = fixed_words_[i];
        for (std::size_t d = 0; d < kDims; ++d) {
          if (!relevant_[i][d]) of.others[i] *= double(count(tile, d));
        }
        of.base[i] = of.others[i];
      }
      for (std::size_t w = 0; w < windows_.size(); ++w) of.base[0] *= window(w, tile);
    }
  }

  std::uint32_t at(std::uint32_t tile, std::size_t d) const { return numbers_[tile][d]; }
  std::int64_t count(std::uint32_t tile, std::size_t d) const { return dims_[d].count[at(tile, d)]; }
  std::int64_t extent(std::uint32_t tile, std::size_t d) const { return dims_[d].tile[at(tile, d)]; }
  DimSizes extents(std::uint32_t tile) const {
    DimSizes result;
    for (std::size_t d = 0; d < kDims; ++d) result[d] = extent(tile, d);
    return result;
  }

  struct WindowTable {
    const Axis* axis;
    std::size_t a, b;           ///< dimensions
    std::vector<double> words;  ///< over all tiles, by the tiles' numbers
  };

  void list_windows() {
    for (const Axis& axis : problem_.tensor(Tensor3::ifmap).axes) {
      if (axis.terms.size() < 2) continue;
      WindowTable w{&axis, index(axis.terms[0].dim), index(axis.terms[1].dim), {}};
      w.words.assign(dims_[w.a].tile.size() * dims_[w.b].tile.size(), -1);
      windows_.push_back(std::move(w));
    }
    WEFT_ASSERT(windows_.size() <= kMaxWindows, "an ifmap has at most two window axes");
    for (const Tensor3 t : kAllTensors) {
      for (const Dim d : kAllDims) {
        const bool depends = problem_.relevant(t, d);
        relevant_[index(t)][index(d)] = depends;
        const bool windowed = t == Tensor3::ifmap && std::any_of(windows_.begin(), windows_.end(), [&](const auto& w) {
                                return w.a == index(d) || w.b == index(d);
                              });
        if (depends && !windowed) fixed_words_[index(t)] *= double(problem_.bound(d));
      }
    }
  }

  /// Words of all window tiles along one axis; the least over all tiles that come in that number.
  double window(std::size_t w, std::uint32_t ia, std::uint32_t ib) {
    WindowTable& table = windows_[w];
    double& words = table.words[ia * dims_[table.b].tile.size() + ib];
    if (words >= 0) return words;
    const std::int64_t A = problem_.bounds[table.a], B = problem_.bounds[table.b];
    const std::int64_t m = dims_[table.a].tile[ia], n = dims_[table.b].tile[ib];
    words = double(window_words(*table.axis, A, m, B, n));
    if (!options_.imperfect) return words;
    for (std::int64_t m2 = m; m2 <= A && ceil_div(A, m2) == ceil_div(A, m); ++m2) {
      for (std::int64_t n2 = n; n2 <= B && ceil_div(B, n2) == ceil_div(B, n); ++n2) {
        words = std::min(words, double(window_words(*table.axis, A, m2, B, n2)));
      }
    }
    return words;
  }
  /// 1 + the number of a tile's extents in the windows' dimensions.
  std::uint16_t window_part(std::uint32_t tile) const {
    std::uint32_t part = 0;
    for (const WindowTable& w : windows_) {
      part = (part * std::uint32_t(dims_[w.a].tile.size()) + at(tile, w.a)) * std::uint32_t(dims_[w.b].tile.size()) +
             at(tile, w.b);
    }
    return std::uint16_t(part + 1);
  }
  /// Its extents along each window.
  std::array<WindowExtent, kMaxWindows> window_extents(std::uint16_t part) const {
    std::array<WindowExtent, kMaxWindows> result{};
    std::uint32_t rest = part - 1u;
    for (std::size_t w = windows_.size(); w-- > 0;) {
      const DimTable &a = dims_[windows_[w].a], &b = dims_[windows_[w].b];
      result[w][1] = b.tile[rest % b.tile.size()];
      rest /= std::uint32_t(b.tile.size());
      result[w][0] = a.tile[rest % a.tile.size()];
      rest /= std::uint32_t(a.tile.size());
    }
    return result;
  }
  WindowExtent extents_along(std::size_t w, std::uint32_t tile) const {
    return {extent(tile, windows_[w].a), extent(tile, windows_[w].b)};
  }
  /// Whether what slides across an array is counted, not bounded.
  bool counts_windows() const { return windows_exact_; }

  const SlidingWords& nest_words(std::size_t w, const WindowNest& nest) {
    const auto [entry, fresh] = nest_words_.try_emplace({w, nest});
    if (fresh) {
      const WindowTable& table = windows_[w];
      entry->second = sliding_words(*table.axis, {problem_.bounds[table.a], problem_.bounds[table.b]}, nest);
    }
    return entry->second;
  }

  double window(std::size_t w, std::uint32_t tile) {
    return window(w, at(tile, windows_[w].a), at(tile, windows_[w].b));
  }

  /// Times that the tiles of t are wanted by all children, for the loops of other dimensions outside `tile`, and words
  /// along the axes that are no windows.
  double others(Tensor3 t, std::uint32_t tile) const { return words_of_[tile].others[index(t)]; }
  double base(Tensor3 t, std::uint32_t tile) const { return words_of_[tile].base[index(t)]; }

  // ---- transfers ---------------------------------------------------------------------------------------------------

  bool slides(int child) const {
    if (child == kCompute || how_.hold == Hold::iteration) return false;
    return how_.halo == Halo::slide ||
           (how_.halo == Halo::as_store && !hardware_.nodes[std::size_t(child)].store.refetch_halo);
  }

  double stall_rate(Tensor3 t, Stream stream, int child, std::size_t parent) const {
    if (child == kCompute || how_.overlap == Overlap::perfect || parent > first_fanout()) return 0;
    if (hardware_.nodes[std::size_t(child)].store.buffering[index(t)] != Buffering::single) return 0;
    double slowest = 0;
    for (std::size_t n = parent; n < std::size_t(child); ++n) {
      const HardwareNode& node = hardware_.nodes[n];
      if (n != parent && (node.kind != NodeKind::fanout || n != first_fanout())) continue;
      const std::optional<Bandwidth>& bandwidth =
          node.bandwidth.shared ? node.bandwidth.shared : node.bandwidth.own[std::size_t(stream)];
      if (bandwidth)
        slowest = std::max(slowest, double(hardware_.bits[index(t)]) / bits_per_cycle(*bandwidth, hardware_.clock));
    }
    return slowest;
  }
  std::size_t first_fanout() const { return regions_.size() > 1 ? *regions_[1].fanout : hardware_.nodes.size(); }

  bool zero_first() const { return how_.first_read == FirstRead::zero; }
  bool outer_ends() const { return how_.ends == Ends::outer; }

  const Way& way(const Region& region, const Key& key, Tensor3 t) const {
    return ways_[index(t)][region.inner[index(t)] + passed(region, key.code, index(t))];
  }

  /// A new transfer begins at the store just passed, whose tile stays inside `way`. Where no array is between, all of
  /// its costs are known a word; else those of the parent are added as the last array is crossed.
  void begin(Figures& f, Key& key, Tensor3 t, const Way& way) const {
    const std::size_t i = index(t);
    if ((key.open >> i & 1u) == 0) {
      f[kX0 + i] = f[kStall0 + i] = 0;
      if (t == Tensor3::ifmap) {
        f[kSlide] = f[kStallSlide] = f[kWindow0] = f[kWindow0 + 1] = 0;
        key.child = key.slid = 0;
      }
    }
    key.open |= std::uint8_t(1u << i);
    f[kCost] += way.constant;
    f[kTime] += way.constant_time;
    f[way.slides ? std::size_t(kSlide) : kX0 + i] += way.child_cost;
    if (t == Tensor3::psum) f[kUpdates] = f[kVisits] = 0;
    f[kRatio0 + i] = 0;
    if (!way.crosses) {
      add_parent(f, true, t, way, 1, 1, 1);
    } else {
      f[kRatio0 + i] = 1;
      if (t == Tensor3::psum) {
        f[kUpdates] = 1;
        f[kVisits] = -1;
      }
    }
  }

  /// The parent's part of the cost of an open transfer (a base word) or of a decided one.
  static void add_parent(Figures& f, bool open, Tensor3 t, const Way& way, double distinct, double updates,
                         double visits) {
    const std::size_t i = index(t);
    const double cost = way.parent_cost * updates + way.distinct_cost * distinct - way.spared * (visits - distinct);
    const double stall = way.parent_stall * updates + way.down_stall * distinct;
    f[open ? (way.slides ? std::size_t(kSlide) : kX0 + i) : std::size_t(kCost)] += cost;
    f[open ? (way.slides ? std::size_t(kStallSlide) : kStall0 + i) : std::size_t(kTime)] += stall;
  }

  /// The first loop that moves t's tile stands outside `tile`; the ifmap slides along `dim` to the tile `slid`, if it
  /// does.
  void settle(Figures& f, Key& key, Tensor3 t, const Way& way, std::uint32_t tile, std::uint32_t slid) {
    const std::size_t i = index(t);
    key.open &= std::uint8_t(~(1u << i));
    double words = base(t, tile);
    f[kCost] += f[kX0 + i] * words;
    f[kTime] += f[kStall0 + i] * words;
    if (t == Tensor3::ifmap) {
      double sliding = others(t, tile);
      std::array<double, kMaxWindows> of_slide{}, whole{};
      for (std::size_t w = 0; w < windows_.size(); ++w) {
        of_slide[w] = window(w, slid);
        whole[w] = window(w, tile);
        sliding *= of_slide[w];
      }
      f[kCost] += f[kSlide] * sliding;
      f[kTime] += f[kStallSlide] * sliding;
      if (key.child != 0) {
        double each = others(t, tile), shared = each;
        const auto child = window_extents(key.child);
        for (std::size_t w = 0; w < windows_.size(); ++w) {
          const WindowExtent all = extents_along(w, tile);
          const SlidingWords& words_along = nest_words(w, {child[w], child[w], all, all, extents_along(w, slid)});
          each *= double(words_along.each);
          shared *= double(words_along.shared);
        }
        f[kCost] += f[kSlideEach] * each + f[kSlideShared] * shared;
        f[kSlideEach] = f[kSlideShared] = 0;
        key.child = 0;
      }
      const bool slide = way.slides;
      if (slide) words = sliding;
      for (std::size_t w = 0; w < windows_.size(); ++w) f[kWindow0 + w] = -(slide ? of_slide[w] : whole[w]);
      if (counts_windows() && f[kRatio0] > 0) {
        key.child = window_part(tile);
        key.slid = window_part(slide ? slid : tile);
        f[kWindow0] = f[kWindow0 + 1] = 0;
      }
      f[kSlide] = f[kStallSlide] = 0;
    }
    f[kX0 + i] = f[kRatio0 + i] * words;  // 0 if no array is still to be crossed
    if (t == Tensor3::ifmap && f[kX0 + i] == 0) f[kWindow0] = f[kWindow0 + 1] = 0;
    f[kRatio0 + i] = f[kStall0 + i] = 0;
    if (t == Tensor3::psum) {
      f[kUpdates] *= words;
      f[kVisits] *= words;
    }
  }

  /// The transfers on their way out cross an array; `inner` and `outer` are the tiles of one child and of all.
  void cross(Figures& f, const Key& key, std::size_t r, const DimSizes& children, std::uint32_t inner,
             std::uint32_t outer) {
    const Region& region = regions_[r];
    const FanoutNode& array = hardware_.nodes[*region.fanout].fanout;
    for (const Tensor3 t : kAllTensors) {
      const std::size_t i = index(t);
      const bool open = (key.open >> i & 1u) != 0;
      const Way& w = way(region, key, t);
      if (!w.crosses) continue;
      double copies = 1;  // of a word, over loops that the tensor does not depend on
      for (std::size_t d = 0; d < kDims; ++d) {
        if (!relevant_[i][d]) copies *= double(children[d]);
      }
      const double hop = double(price_[*region.fanout].hop[i]);
      if (t == Tensor3::psum) {
        cross_psum(f, open, copies, hop, array.reduces, outer);
      } else if (open) {
        cross_open(f, t, w, copies, hop, array.multicast[i], inner, outer);
      } else {
        f[kCost] += hop * f[kX0 + i];
        if (array.multicast[i]) share(f, key, t, copies, children, inner, outer);
      }
      if (w.parent < *region.fanout && (r == 1 || w.parent > *regions_[r - 1].fanout)) met(f, open, t, w);
    }
  }

  /// The last array is crossed: the parent's words are known.
  static void met(Figures& f, bool open, Tensor3 t, const Way& w) {
    const std::size_t i = index(t), x = open ? kRatio0 + i : kX0 + i;
    const double words = f[x];
    if (t == Tensor3::psum) {
      add_parent(f, open, t, w, words, f[kUpdates], -f[kVisits]);
      f[kUpdates] = f[kVisits] = 0;
    } else {
      add_parent(f, open, t, w, 0, words, 0);
      if (t == Tensor3::ifmap) f[kWindow0] = f[kWindow0 + 1] = 0;
    }
    f[x] = 0;
  }

  void cross_open(Figures& f, Tensor3 t, const Way& w, double copies, double hop, bool multicast, std::uint32_t inner,
                  std::uint32_t outer) {
    const std::size_t i = index(t);
    double overlap = 1;
    if (t == Tensor3::ifmap) {
      for (std::size_t n = 0; n < windows_.size(); ++n) {
        const double all = window(n, outer);
        overlap *= all > 0 ? window(n, inner) / all : 1;
      }
    }
    f[w.slides ? std::size_t(kSlide) : kX0 + i] += hop * f[kRatio0 + i];
    f[kX0 + i] *= copies * overlap;
    f[kStall0 + i] *= copies * overlap;
    if (t == Tensor3::ifmap) {  // each child's new words are at least what is new to all
      f[kSlide] *= copies;
      f[kStallSlide] *= copies;
    }
    if (w.slides && counts_windows()) {
      f[kSlideEach] = f[kSlide];
      f[kSlide] = 0;
      const bool exact = multicast && how_.multicast == Multicast::exact;
      f[exact ? kSlideShared : kSlideEach] += w.parent_cost * (multicast || exact ? 1 : copies);
      f[kRatio0 + i] = 0;
      return;
    }
    if (w.slides) overlap = 1;
    if (!multicast) {
      f[kRatio0 + i] *= copies * overlap;
    } else if (how_.multicast != Multicast::exact) {
      f[kRatio0 + i] *= overlap;
    }
  }

  /// A decided transfer whose words several children share: at least its share, and at least what all of them want.
  void share(Figures& f, const Key& key, Tensor3 t, double copies, const DimSizes& children, std::uint32_t inner,
             std::uint32_t outer) {
    double& x = f[kX0 + index(t)];
    double least = others(t, outer), shared = x / copies;
    if (t == Tensor3::ifmap && key.child != 0) {
      const auto resident = window_extents(key.child), slid = window_extents(key.slid);
      for (std::size_t w = 0; w < windows_.size() && how_.multicast == Multicast::exact; ++w) {
        const SlidingWords& words =
            nest_words(w, {resident[w], extents_along(w, inner), extents_along(w, outer), resident[w], slid[w]});
        shared *= double(words.shared) / double(words.each);
        least *= double(words.shared);
      }
    } else if (t == Tensor3::ifmap) {
      const bool exact = how_.multicast == Multicast::exact;
      for (std::size_t w = 0; w < windows_.size(); ++w) {
        const double whole = window(w, outer), counted = -f[kWindow0 + w];
        double now = counted;
        if (exact) {
          const double spread = double(children[windows_[w].a]) * double(children[windows_[w].b]);
          now = std::max(counted / spread, std::min(counted, whole));
        }
        shared *= counted > 0 ? now / counted : 1;
        f[kWindow0 + w] = -now;
        least *= exact ? whole : now;
      }
    }
    x = std::min(x, std::max(shared, least));
  }

  void cross_psum(Figures& f, bool open, double copies, double hop, bool reduces, std::uint32_t outer) const {
    const std::size_t i = index(Tensor3::psum);
    if (open) {
      f[kX0 + i] = (f[kX0 + i] + hop * f[kUpdates]) * copies;
      f[kStall0 + i] *= copies;
      f[kVisits] *= copies;
      if (!reduces) f[kUpdates] *= copies;
      if (outer_ends()) f[kX0 + i] -= hop * f[kUpdates];
      return;
    }
    f[kCost] += hop * f[kUpdates];
    const double least = others(Tensor3::psum, outer);
    f[kX0 + i] = std::min(f[kX0 + i], std::max(f[kX0 + i] / copies, least));
    if (reduces) f[kUpdates] = std::min(f[kUpdates], std::max(f[kUpdates] / copies, least));
    if (outer_ends()) f[kCost] -= hop * f[kUpdates];
  }

  // ---- labels ------------------------------------------------------------------------------------------------------

  double rank(double cost, double time) const {
    if (probing_) return cost;
    switch (options_.objective) {
      case Objective::energy:
        return cost;
      case Objective::latency:
        return time;
      case Objective::edp:
        break;
    }
    return cost * time;
  }

  bool no_worse(const Figures& a, const Figures& b) const {
    constexpr double kSame = 1e-12;
    if (beam_) return rank(a[kCost], a[kTime]) <= rank(b[kCost], b[kTime]);
    for (std::size_t i = 0; i < kFigures; ++i) {
      if (i == kCost && options_.objective == Objective::latency) continue;
      if (i == kTime && options_.objective == Objective::energy) continue;
      if (a[i] > b[i] + kSame * std::abs(b[i])) return false;
    }
    return true;
  }

  /// Adds a label unless one like it is no worse. Of two that are equal the one with more PEs at work stays.
  void add(const Region& region, std::uint32_t tile, const Key& key, const Figures& f, std::uint32_t prev, Move move) {
    ++made_;
    if (limit_ < kInfinity) {
      const auto [cost, time] = least_of(f, key, region, tile);
      if (hopeless(cost, time)) {
        ++bounded_;
        return;
      }
    }
    const std::uint64_t packed = key.packed();
    std::uint32_t* link = &heads_[list_of(tile, key)];
    while (*link != kNoLabel) {
      Label& other = labels_[*link];
      if (other.key == packed) {
        if (probing_ && !beam_ && relax(other.f, f)) return;
        if (no_worse(other.f, f) && (other.f[kTime] <= f[kTime] || !no_worse(f, other.f))) {
          ++dominated_;
          return;
        }
        if (no_worse(f, other.f)) {
          other.dead = true;
          *link = other.next;
          continue;
        }
      }
      link = &other.next;
    }
    *link = std::uint32_t(labels_.size());
    labels_.push_back({f, packed, tile, prev, kNoLabel, false, move});
    reached_[tile] = true;
  }

  /// For a bound it does no harm if a label is taken to fill its stores as little as another one that costs more.
  bool relax(Figures& kept, const Figures& f) const {
    Figures as_full = f;
    for (std::size_t u = kUsed0; u < kFigures; ++u) as_full[u] = std::max(f[u], kept[u]);
    if (!no_worse(kept, as_full)) return false;
    for (std::size_t u = kUsed0; u < kFigures; ++u) kept[u] = std::min(f[u], kept[u]);
    return true;
  }

  /// Labels are kept in lists by tile and what their keys say, as far as that is not too many lists.
  static constexpr std::size_t kKinds = 16;
  std::size_t list_of(std::uint32_t tile, const Key& key) const {
    return tile * lists_ + (split_ ? key.code * kKinds + key.open * 2u + (key.fresh ? 1u : 0u) : key.code);
  }
  void make_lists(const Region& region) {
    constexpr std::size_t kMany = std::size_t{1} << 24;
    split_ = codes(region) * kKinds * tiles_ <= kMany;
    lists_ = codes(region) * (split_ ? kKinds : 1);
    heads_.assign(lists_ * tiles_, kNoLabel);
    reached_.assign(tiles_, false);
  }

  /// What transfers not begun yet may spare those further in, at most: they have no more visits than tiles are left.
  double refund(Tensor3 t, std::size_t level, std::uint32_t tile) const {
    double sum = 0;
    for (std::size_t l = level + 1; l < ways_[index(t)].size(); ++l) {
      sum += std::min(0.0, ways_[index(t)][l].child_cost) * base(t, tile);
    }
    return sum;
  }

  /// Energy at least, and cycles, of the mappings that begin like this label.
  std::pair<double, double> least_of(const Figures& f, const Key& key, const Region& region, std::uint32_t tile) {
    double cost = f[kCost], time = f[kTime], saved = 0;
    bool begun = false;
    // The first loop outside decides all open transfers but those of one tensor, which may stay for ever.
    const bool one_stays = &region == &regions_[0] || regions_.size() == 1;
    for (const Tensor3 t : kAllTensors) {
      const std::size_t i = index(t);
      if ((key.open >> i & 1u) != 0) {
        const double slide = t == Tensor3::ifmap ? f[kSlide] + f[kSlideEach] + f[kSlideShared] : 0;
        const double k = f[kX0 + i] + slide;
        if (k < 0) {
          cost += k * base(t, tile);
        } else if (one_stays) {
          double now = f[kX0 + i] * base(t, tile);
          if (t == Tensor3::ifmap) now += slide * others(t, tile) / fixed_words_[i] * words_[i];
          cost += now;
          saved = std::max(saved, now - k * words_[i]);
        } else {
          cost += k * words_[i];
        }
        time += f[kStall0 + i] * words_[i];
      } else if (f[kX0 + i] > 0 && regions_.size() == 2) {
        const Way& w = way(region, key, t);
        const bool hops = t != Tensor3::psum || !outer_ends();
        cost += f[kX0 + i] * ((hops ? double(price_[*regions_[1].fanout].hop[i]) : 0) - w.spared +
                              (w.parent_cost + w.distinct_cost + w.spared) / most_sharing_[i]);
      }
      const std::size_t level = region.inner[i] + passed(region, key.code, i);
      for (std::size_t l = level + 1; l + 1 < ways_[i].size(); ++l) cost += ways_[i][l].least;
      cost += refund(t, level, tile);
      begun = begun || level + 1 == ways_[i].size();
    }
    cost -= saved;
    if (!begun) return {cost + outermost_least_, time};
    for (const Tensor3 t : kAllTensors) {
      const std::size_t i = index(t);
      if (region.inner[i] + passed(region, key.code, i) + 1 < ways_[i].size()) cost += ways_[i].back().least;
    }
    return {cost, time};
  }

  bool hopeless(double cost, double time) const { return rank(cost, time) >= limit_; }

  void clear() {
    visited_ += std::int64_t(labels_.size());
    labels_.clear();
  }

  /// What the transfers from the outermost stores cost at least, whatever is further in.
  void probe(const std::vector<std::array<bool, kTensors>>& kept) {
    std::vector<std::array<bool, kTensors>> outside(
        kept.begin(), kept.begin() + std::ptrdiff_t(std::min(first_fanout(), kept.size())));
    const auto [known, fresh] = probes_.try_emplace(std::move(outside));
    if (!fresh) {
      outermost_least_ = known->second;
      return;
    }
    const double limit = limit_;
    const bool beam = beam_;
    probing_ = true;
    outermost_least_ = 0;
    limit_ = kInfinity;
    for (const bool first : {true, false}) {
      beam_ = first;
      clear();
      make_lists(regions_[0]);
      add(regions_[0], 0, {}, {}, kNoLabel, {});
      for (const std::uint32_t l : sweep(regions_[0])) complete(l);
    }
    known->second = outermost_least_ = limit_;
    limit_ = limit;
    beam_ = beam;
    probing_ = false;
  }

  void search() {
    clear();
    make_lists(regions_.back());
    Figures f{};
    Key key;
    f[kCost] = mac_cost_;
    f[kTime] = all_steps_ / pes_;
    f[kCost] += power_ * f[kTime];
    for (const Tensor3 t : kAllTensors) {
      const Way& first = ways_[index(t)][0];
      const double words = base(t, 0);
      f[kCost] += first.constant;
      if (!first.crosses) {
        add_parent(f, false, t, first, t == Tensor3::psum ? words : 0, words, t == Tensor3::psum ? words : 0);
        continue;
      }
      f[kX0 + index(t)] = words;
      if (t == Tensor3::psum) {
        f[kUpdates] = words;
        f[kVisits] = -words;
      }
      for (std::size_t w = 0; t == Tensor3::ifmap && w < windows_.size(); ++w) f[kWindow0 + w] = -window(w, 0);
    }
    if (ways_[0][0].crosses && counts_windows()) key.child = key.slid = window_part(0);
    add(regions_.back(), 0, key, f, kNoLabel, {});
    for (std::size_t r = regions_.size(); r-- > 0;) {
      const std::vector<std::uint32_t> ends = sweep(regions_[r]);
      if (r > 1) {
        make_lists(regions_[r - 1]);
        for (const std::uint32_t l : ends) spread(l, r);
      } else if (r == 1) {
        spread_outermost(ends);
        return;
      } else {
        for (const std::uint32_t l : ends) complete(l);
      }
    }
  }

  /// The most promising labels at the edge of the outermost array are carried through first: a good mapping early
  /// rules out most of the rest.
  void spread_outermost(const std::vector<std::uint32_t>& ends) {
    std::vector<std::pair<double, std::uint32_t>> order;
    for (const std::uint32_t l : ends) order.emplace_back(least_spread(l), l);
    std::sort(order.begin(), order.end());
    constexpr std::size_t kGrowth = 16;
    for (std::size_t begin = 0, count = 1; begin < order.size();) {
      make_lists(regions_[0]);
      for (std::size_t i = begin; i < std::min(order.size(), begin + count); ++i) {
        if (order[i].first < limit_) spread(order[i].second, 1);
      }
      for (const std::uint32_t l : sweep(regions_[0])) complete(l);
      if (beam_) return;
      begin += count;
      count *= kGrowth;
    }
  }

  std::size_t codes(const Region& region) const {
    return (region.stores[0].size() + 1) * (region.stores[1].size() + 1) * (region.stores[2].size() + 1);
  }
  std::size_t passed(const Region& region, std::uint8_t code, std::size_t t) const {
    std::size_t rest = code;
    for (std::size_t i = 0; i < t; ++i) rest /= region.stores[i].size() + 1;
    return rest % (region.stores[t].size() + 1);
  }
  std::uint8_t pass(const Region& region, std::uint8_t code, std::size_t t, std::size_t now) const {
    std::size_t unit = 1;
    for (std::size_t i = 0; i < t; ++i) unit *= region.stores[i].size() + 1;
    return std::uint8_t(code + unit * (now - passed(region, code, t)));
  }

  double room(std::size_t node) const {
    const std::optional<Bytes>& capacity = hardware_.nodes[node].store.capacity;
    return capacity ? 8.0 * double(capacity->value) : kInfinity;
  }

  /// Expands all labels of a region in order of their tiles; returns those that stand at its edge.
  std::vector<std::uint32_t> sweep(const Region& region) {
    std::vector<std::uint32_t> ends;
    std::vector<std::uint32_t> here;
    const std::size_t all_codes = codes(region);
    for (std::uint32_t tile = 0; tile < tiles_; ++tile) {
      if (!reached_[tile]) continue;
      const std::array<double, kTensors>& bits = words_of_[tile].bits;
      for (std::size_t code = 0; code < all_codes; ++code) {
        here.clear();
        const std::size_t kinds = lists_ / all_codes;
        for (std::size_t list = tile * lists_ + code * kinds; list < tile * lists_ + (code + 1) * kinds; ++list) {
          for (std::uint32_t l = heads_[list]; l != kNoLabel; l = labels_[l].next) here.push_back(l);
        }
        for (const std::uint32_t l : here) {
          if (labels_[l].dead) continue;
          if (code + 1 == all_codes && Key::unpacked(labels_[l].key).fresh) ends.push_back(l);
          place_points(l, region, bits);
          move_loops(l, region);
        }
      }
    }
    ends.erase(std::remove_if(ends.begin(), ends.end(), [&](std::uint32_t l) { return labels_[l].dead; }), ends.end());
    return ends;
  }

  void place_points(std::uint32_t l, const Region& region, const std::array<double, kTensors>& bits) {
    const Key from = Key::unpacked(labels_[l].key);
    for (const Tensor3 t : kAllTensors) {
      const auto& stores = region.stores[index(t)];
      const std::size_t p = passed(region, from.code, index(t));
      if (p == stores.size()) continue;
      const std::size_t node = stores[p];
      Figures f = labels_[l].f;
      const auto shared = region.shared.find(node);
      double used = bits[index(t)];
      if (shared != region.shared.end()) used = f[kUsed0 + shared->second] += used;
      if (used > room(node)) continue;
      Key key = from;
      key.code = pass(region, from.code, index(t), p + 1);
      key.fresh = true;
      begin(f, key, t, way(region, key, t));
      add(region, labels_[l].tile, key, f, l, {Move::point, std::uint8_t(t), std::int64_t(node)});
    }
  }

  /// Whether the stores that are still to be passed could hold their tiles.
  bool possible(const Region& region, std::uint8_t code, const Figures& f, std::uint32_t tile) const {
    bool any = false;
    std::array<double, 2> used{f[kUsed0], f[kUsed0 + 1]};
    for (const Tensor3 t : kAllTensors) {
      const auto& stores = region.stores[index(t)];
      const std::size_t p = passed(region, code, index(t));
      if (p == stores.size()) continue;
      any = true;
      const double bits = words_of_[tile].bits[index(t)];
      for (std::size_t s = p; s < stores.size(); ++s) {
        const auto shared = region.shared.find(stores[s]);
        const double needed = shared == region.shared.end() ? bits : used[shared->second] += bits;
        if (needed > room(stores[s])) return false;
      }
    }
    return any;
  }

  void move_loops(std::uint32_t l, const Region& region) {
    const Key from = Key::unpacked(labels_[l].key);
    const std::uint32_t tile = labels_[l].tile;
    for (std::size_t d = 0; d < kDims; ++d) {
      const DimTable& table = dims_[d];
      const std::uint32_t i = at(tile, d);
      const bool ifmap_turns = (from.open & 1u) != 0 && (relevant_[0][d] || how_.hold == Hold::iteration);
      const bool every =
          ifmap_turns && how_.hold != Hold::iteration &&
          std::any_of(windows_.begin(), windows_.end(), [&](const auto& w) { return w.a == d || w.b == d; });
      for (const DimTable::Step& step : table.steps[i]) {
        if (!step.prime && !every) continue;
        const std::uint32_t to = tile + (step.to - i) * table.stride;
        if (!possible(region, from.code, labels_[l].f, to)) break;
        Figures f = labels_[l].f;
        Key key = from;
        key.fresh = false;
        turn(f, key, region, d, tile, to);
        add(region, to, key, f, l, {Move::loop, std::uint8_t(d), step.bound});
      }
    }
  }

  /// A loop over d moves: the transfers it decides are settled.
  void turn(Figures& f, Key& key, const Region& region, std::size_t d, std::uint32_t tile, std::uint32_t to) {
    for (const Tensor3 t : kAllTensors) {
      if ((key.open >> index(t) & 1u) == 0) continue;
      if (relevant_[index(t)][d] || how_.hold == Hold::iteration) settle(f, key, t, way(region, key, t), tile, to);
    }
  }

  void spread(std::uint32_t l, std::size_t r) {
    const Region& region = regions_[r];
    const std::uint32_t tile = labels_[l].tile;
    const Key from = Key::unpacked(labels_[l].key);
    Key key = from;
    key.code = 0;
    list_hopeful(l, r);
    for (const std::size_t c : hopeful_) {
      const DimSizes& children = region.spread[c].children;
      std::uint32_t to = tile;
      double steps = 1;
      bool fits = true;
      for (std::size_t d = 0; d < kDims && fits; ++d) {
        const std::uint32_t i = at(tile, d);
        if (children[d] == 1) {
          steps *= double(problem_.bounds[d]);
          continue;
        }
        const std::int64_t counts = dims_[d].count[i];
        const std::int64_t left = ceil_div(counts, children[d]);
        fits = options_.imperfect ? ceil_div(counts, left) == children[d] : counts % children[d] == 0;
        if (!fits) break;
        const auto j =
            std::uint32_t(std::find(dims_[d].count.begin(), dims_[d].count.end(), left) - dims_[d].count.begin());
        to += (j - i) * dims_[d].stride;
        steps *= double(ceil_div(problem_.bounds[d], children[d]));
      }
      if (!fits) continue;
      Figures f = labels_[l].f;
      f[kUsed0] = f[kUsed0 + 1] = 0;
      add_steps(f, region, children, steps);
      cross(f, from, r, children, tile, to);
      const bool slide = (from.open & 1u) != 0 && way(region, from, Tensor3::ifmap).slides;
      key.child = slide && counts_windows() ? window_part(tile) : std::uint16_t(0);
      key.slid = 0;
      add(regions_[r - 1], to, key, f, l, {Move::array, 0, std::int64_t(c)});
    }
  }

  /// What crossing the only array costs at least: a constant and, for each tensor, a price shared by the children that
  /// want its words. Of the tensors whose tiles still stay one may stay for ever; the next loop moves the others.
  struct Crossing {
    double cost = 0, time = 0;
    std::array<double, kTensors> each{}, shared{}, stay{};
    std::array<bool, kTensors> open{};
  };

  Crossing crossing(std::uint32_t l) {
    const Label& label = labels_[l];
    const Figures& f = label.f;
    const Key key = Key::unpacked(label.key);
    const Region& region = regions_[1];
    Crossing result{.cost = f[kCost] + outermost_least_, .time = f[kTime]};
    for (const Tensor3 t : kAllTensors) {
      const std::size_t i = index(t);
      const std::size_t level = region.inner[i] + passed(region, key.code, i);
      for (std::size_t n = level + 1; n + 1 < ways_[i].size(); ++n) result.cost += ways_[i][n].least;
      result.cost += refund(t, level, label.tile);
      const Way& w = ways_[i][level];
      double words = f[kX0 + i];
      result.open[i] = (key.open >> i & 1u) != 0;
      if (result.open[i]) {
        words = base(t, label.tile);
        if (w.slides) words = others(t, label.tile) / fixed_words_[i] * words_[i];
        const double slide = t == Tensor3::ifmap ? f[kSlide] : 0;
        result.each[i] = std::min(0.0, f[kX0 + i]) * base(t, label.tile) + (std::max(0.0, f[kX0 + i]) + slide) * words;
        result.stay[i] = words_[i] * (f[kX0 + i] + slide + w.parent_cost + w.distinct_cost);
      }
      const double hop = double(price_[*region.fanout].hop[i]);
      result.each[i] -= words * w.spared;
      result.shared[i] = words * (w.parent_cost + w.distinct_cost + w.spared);
      if (t != Tensor3::psum || !outer_ends()) {
        result.each[i] += words * hop;
      } else if (hardware_.nodes[*region.fanout].fanout.reduces && !options_.imperfect) {
        result.each[i] += words * hop;  // only what is added in the array hops
        result.shared[i] -= words * hop;
      }
    }
    return result;
  }

  double least_rank(const Crossing& crossing, const SpatialChoice& choice) const {
    double cost = crossing.cost, saved = 0;
    for (std::size_t i = 0; i < kTensors; ++i) {
      const double now = crossing.each[i] + crossing.shared[i] / choice.sharing[i];
      cost += now;
      if (crossing.open[i]) saved = std::max(saved, now - crossing.stay[i]);
    }
    const double more = choice.steps - all_steps_ / pes_;
    return rank(cost - saved + power_ * more, crossing.time + more);
  }

  double least_spread(std::uint32_t l) {
    if (regions_.size() != 2) return 0;
    const Crossing at_edge = crossing(l);
    double least = kInfinity;
    for (const std::size_t c : regions_[1].widest) least = std::min(least, least_rank(at_edge, regions_[1].spread[c]));
    return least;
  }

  /// The ways to spread a label that may beat the best mapping.
  void list_hopeful(std::uint32_t l, std::size_t r) {
    const Region& region = regions_[r];
    hopeful_.clear();
    const bool bounded = limit_ < kInfinity && regions_.size() == 2;
    const Crossing at_edge = bounded ? crossing(l) : Crossing{};
    for (const auto& group : region.groups) {
      ++made_;
      if (bounded && least_rank(at_edge, region.spread[group.front()]) >= limit_) {
        bounded_ += std::int64_t(group.size());
      } else {
        hopeful_.insert(hopeful_.end(), group.begin(), group.end());
      }
    }
  }

  /// Steps are first taken as those of a full machine; each array that is not full makes them more.
  void add_steps(Figures& f, const Region& region, const DimSizes& children, double steps) const {
    const double before = f[kTime];
    if (regions_.size() == 2) {
      f[kTime] += steps - all_steps_ / pes_;
    } else {
      double used = 1;
      for (const std::int64_t c : children) used *= double(c);
      f[kTime] *= double(hardware_.nodes[*region.fanout].fanout.children()) / used;
    }
    f[kCost] += power_ * (f[kTime] - before);
  }

  // ---- the outermost loops -----------------------------------------------------------------------------------------

  void complete(std::uint32_t l) {
    const Figures f = labels_[l].f;
    const Key key = Key::unpacked(labels_[l].key);
    Final best;
    bool found = false;
    Final at_now{.label = l};
    complete(f, key, labels_[l].tile, at_now, best, found);
    const double bound = rank(best.cost, best.time);
    if (bound >= limit_) return;
    if (probing_) {
      limit_ = bound;
      return;
    }
    const std::optional<MappingResult> result = result_of(best);
    if (!beam_ && (!result || double(result->certificate.objective_value) * (1 - kRounding) > bound))
      least_ = std::min(least_, bound);
    if (result && (!best_ || result->certificate.objective_value < best_->certificate.objective_value)) best_ = result;
    if (best_) limit_ = double(best_->certificate.objective_value) * (1 - kRounding);
  }

  void complete(const Figures& f, const Key& key, std::uint32_t tile, Final& at_now, Final& best, bool& found) {
    bool moved = false;
    if (key.open != 0) {
      for (std::size_t d = 0; d < kDims; ++d) {
        const std::uint32_t i = at(tile, d);
        if (dims_[d].count[i] == 1) continue;
        moved = true;
        const std::uint32_t to = tile + (std::uint32_t(dims_[d].tile.size() - 1) - i) * dims_[d].stride;
        Figures g = f;
        Key next = key;
        turn(g, next, regions_[0], d, tile, to);
        at_now.dims[at_now.loops++] = std::uint8_t(d);
        complete(g, next, to, at_now, best, found);
        --at_now.loops;
      }
    }
    if (moved) return;
    Figures g = f;
    Key next = key;
    for (const Tensor3 t : kAllTensors) {
      if ((next.open >> index(t) & 1u) != 0) settle(g, next, t, way(regions_[0], next, t), tile, tile);
    }
    if (found && rank(best.cost, best.time) <= rank(g[kCost], g[kTime])) return;
    best = at_now;
    best.cost = g[kCost];
    best.time = g[kTime];
    found = true;
  }

  // ---- the answer --------------------------------------------------------------------------------------------------

  Mapping mapping_of(const Final& final) const {
    std::vector<Mapping::Step> steps;
    for (const Tensor3 t : kAllTensors) steps.emplace_back(StoragePoint{hardware_.nodes[outermost_[index(t)]].name, t});
    // Bounds are found from the inside out: the moves of the label, then the outermost loops.
    std::vector<Move> moves;
    for (std::uint32_t l = final.label; l != kNoLabel; l = labels_[l].prev) moves.push_back(labels_[l].move);
    std::vector<Mapping::Step> inner;  // innermost first
    std::size_t region = regions_.size() - 1;
    DimSizes counts = problem_.bounds;  // of the tiles that what is written covers
    std::int64_t before = 1;            // the count inside the last loop written
    const auto loop = [&](std::size_t d, std::int64_t bound) {
      if (counts[d] == 1) return;
      Loop* last = inner.empty() ? nullptr : std::get_if<Loop>(&inner.back());
      const bool longer = last != nullptr && last->fanout.empty() && last->dim == kAllDims[d];
      if (!longer) before = counts[d];
      counts[d] = ceil_div(counts[d], bound);
      if (longer) {
        last->bound = ceil_div(before, counts[d]);
      } else {
        inner.emplace_back(Loop{kAllDims[d], ceil_div(before, counts[d]), "", ""});
      }
    };
    for (auto m = moves.rbegin(); m != moves.rend(); ++m) {
      if (m->kind == Move::loop) loop(m->dim, m->number);
      if (m->kind == Move::point) {
        inner.emplace_back(StoragePoint{hardware_.nodes[std::size_t(m->number)].name, Tensor3(m->dim)});
      }
      if (m->kind == Move::array) {
        const Region& from = regions_[region--];
        const HardwareNode& fanout = hardware_.nodes[*from.fanout];
        const AxisBounds& axes = from.spread[std::size_t(m->number)].axes;
        for (std::size_t d = 0; d < kDims; ++d) {
          for (std::size_t a = fanout.fanout.axes.size(); a-- > 0;) {
            if (axes[a][d] <= 1) continue;
            inner.emplace_back(Loop{kAllDims[d], axes[a][d], fanout.name, fanout.fanout.axes[a].name});
            counts[d] = ceil_div(counts[d], axes[a][d]);
          }
        }
      }
    }
    for (std::size_t i = 0; i < final.loops; ++i) loop(final.dims[i], counts[final.dims[i]]);
    for (std::size_t d = 0; d < kDims; ++d) loop(d, counts[d]);
    steps.insert(steps.end(), inner.rbegin(), inner.rend());
    return {steps};
  }

  [[noreturn]] void refuse() const {
    throw Error(Problem{.id = "infeasible.capacity",
                        .what = fmt::format("{} has no mapping on '{}'", problem_.name, hardware_.name),
                        .where = {},
                        .mend = "give its stores more capacity"});
  }

  std::optional<MappingResult> result_of(const Final& final) const {
    MappingResult result;
    result.mapping = mapping_of(final);
    const Placement placement = place(problem_, result.mapping, hardware_);
    if (overflow(problem_, placement, hardware_)) return std::nullopt;
    result.counts = weft::count(problem_, placement, hardware_, how_);
    result.cost = weft::cost(result.counts, placement, hardware_, options_.ifmap_zeros);
    result.certificate.objective_value = objective_value(options_.objective, result.cost, result.counts);
    return result;
  }

  const LoopProblem& problem_;
  const Hardware& hardware_;
  const MapOptions& options_;
  const Conventions& how_;
  std::vector<NodePrices> price_;
  std::vector<Region> regions_;  ///< outermost first
  std::array<std::size_t, kTensors> outermost_{};
  std::array<DimTable, kDims> dims_;
  std::uint32_t tiles_ = 0;
  std::vector<std::array<std::uint16_t, kDims>> numbers_;  ///< of each tile: that of its extent in each dimension
  struct TileWords {
    std::array<double, kTensors> bits{}, others{}, base{};
  };
  std::vector<TileWords> words_of_;
  std::vector<WindowTable> windows_;
  std::map<std::pair<std::size_t, WindowNest>, SlidingWords> nest_words_;
  bool windows_exact_ = false;
  std::array<std::array<bool, kDims>, kTensors> relevant_{};
  std::array<double, kTensors> fixed_words_{1, 1, 1};
  double all_steps_ = 1;  ///< of one PE
  double pes_ = 1;
  std::array<double, kTensors> most_sharing_{1, 1, 1};
  double power_ = 0, mac_cost_ = 0, worked_ = 1, ofmap_ = 0;
  std::vector<Label> labels_;
  std::vector<std::size_t> hopeful_;  ///< scratch
  std::vector<std::uint32_t> heads_;  ///< of the lists of labels
  std::vector<bool> reached_;         ///< tiles with labels
  std::size_t lists_ = 1;             ///< a tile
  bool split_ = true;
  std::array<std::vector<std::size_t>, kTensors> chain_;  ///< stores that keep each tensor, innermost first
  std::array<std::vector<Way>, kTensors> ways_;           ///< into the compute node, into chain_[0], ...
  std::array<double, kTensors> words_{};
  std::optional<MappingResult> best_;
  std::map<std::vector<std::array<bool, kTensors>>, double>
      probes_;                  ///< outermost_least_ by the stores outside the arrays
  double outermost_least_ = 0;  ///< energy of the transfers from the outermost stores
  bool probing_ = false;        ///< while that is sought
  double limit_ = kInfinity;    ///< what does not come below it is of no interest
  bool beam_ = false;           ///< only the cheapest label of each kind, for a first mapping
  double least_ = kInfinity;
  std::int64_t made_ = 0, visited_ = 0, bounded_ = 0, dominated_ = 0;
};

}  // namespace

MappingResult find_free_mapping(const LoopProblem& problem, const Hardware& hardware, const MapOptions& options) {
  return FreeSearch(problem, hardware, options).run();
}

}  // namespace weft
