// SPDX-License-Identifier: Apache-2.0
#include "weft/mapper/free_search.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <map>
#include <optional>

#include "weft/base/error.h"
#include "weft/mapper/free_nest.h"

namespace weft {
namespace free_search {
namespace {

constexpr double kRounding = 1e-11;  ///< of sums and products of a few dozen doubles
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// A label with its outermost loops.
struct Whole {
  Least least;
  std::uint32_t label = kNoLabel;
  std::vector<std::uint8_t> loops;  ///< dimensions, innermost first
};

class Search {
 public:
  Search(const LoopProblem& problem, const Hardware& hardware, const MapOptions& options)
      : problem_(problem),
        hardware_(hardware),
        options_(options),
        tiles_(problem, hardware.bits),
        machine_(machine(problem, hardware, options, tiles_)),
        transfers_(hardware, options.conventions, machine_, tiles_),
        bounds_(hardware, options.conventions, machine_, tiles_) {
    order_.objective = options.objective;
  }

  MappingResult run() {
    const auto start = std::chrono::steady_clock::now();
    const std::vector<Kept> all = choices_of_stores(machine_);
    const bool countable = machine_.regions.size() == 2 && tiles_.windows_countable();
    // First any good mapping of each choice, which rules out most of the rest.
    for (const bool first : {true, false}) {
      order_.best_only = first;
      for (const Kept& kept : all) {
        stores_ = choose(kept, machine_, hardware_, options_.conventions, tiles_);
        transfers_.use(stores_, countable && !first);
        bounds_.use(stores_, outermost_least(kept));
        search();
      }
    }
    WEFT_ASSERT(best_.has_value(), "a mapping that passes every inner store by fits");
    MappingResult result = *best_;
    certify(result.certificate);
    result.certificate.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return result;
  }

 private:
  void certify(Certificate& certificate) const {
    const Int128 value = certificate.objective_value;
    certificate.optimal = least_ >= limit_;
    const double least =
        std::ceil((least_ - machine_.tie * machine_.steps_of_one) * (1 - kRounding));  // without the ties' part
    certificate.lower_bound = certificate.optimal ? value : std::min(value, Int128(least));
    certificate.visited = visited_;
    certificate.pruned["bound"] = bounded_;
    certificate.pruned["dominated"] = dominated_;
  }

  // ---- one choice of stores

  /// What the transfers from the outermost stores cost at least, whatever is further in: the least of the nests of the
  /// outermost region alone.
  double outermost_least(const Kept& kept) {
    Kept outside(kept.begin(), kept.begin() + std::ptrdiff_t(std::min(machine_.first_fanout(), kept.size())));
    const auto [known, fresh] = outermost_least_.try_emplace(std::move(outside), 0);
    if (!fresh) return known->second;
    const double limit = limit_;
    const Order order = order_;
    limit_ = kInfinity;
    order_ = {.objective = Objective::energy, .relaxed = true};
    bounds_.use(stores_, 0);
    for (const bool first : {true, false}) {
      order_.best_only = first;
      labels_.clear();
      enter(0);
      add(0, {});
      for (const std::uint32_t l : sweep(0)) limit_ = std::min(limit_, complete(l).least.cost);
    }
    known->second = limit_;
    limit_ = limit;
    order_ = order;
    return known->second;
  }

  void search() {
    labels_.clear();
    std::size_t region = machine_.regions.size() - 1;
    enter(region);
    Label macs;
    Key key;
    transfers_.start(macs.f, key);
    macs.key = key.packed();
    add(region, macs);
    for (; region > 1; --region) {
      const std::vector<std::uint32_t> edge = sweep(region);
      enter(region - 1);
      for (const std::uint32_t l : edge) spread(l, region);
    }
    const std::vector<std::uint32_t> edge = sweep(region);
    if (region == 0) {
      for (const std::uint32_t l : edge) consider(complete(l));
    } else {
      spread_outermost(edge);
    }
  }

  /// The most promising labels at the edge of the outermost array are carried through first: a good mapping early
  /// rules out most of the rest.
  void spread_outermost(const std::vector<std::uint32_t>& edge) {
    constexpr std::size_t kGrowth = 16;
    std::vector<std::pair<double, std::uint32_t>> promise;
    for (const std::uint32_t l : edge) promise.emplace_back(least_spread(l), l);
    std::sort(promise.begin(), promise.end());
    for (std::size_t begin = 0, count = 1; begin < promise.size(); begin += count, count *= kGrowth) {
      enter(0);
      for (std::size_t i = begin; i < std::min(promise.size(), begin + count); ++i) {
        if (promise[i].first < limit_) spread(promise[i].second, 1);
      }
      for (const std::uint32_t l : sweep(0)) consider(complete(l));
      if (order_.best_only) return;
    }
  }

  // ---- labels

  void enter(std::size_t region) { labels_.enter(stores_.regions[region].passed.size(), tiles_.size()); }

  void add(std::size_t region, const Label& label) {
    ++visited_;
    const Key key = Key::unpacked(label.key);
    if (limit_ < kInfinity && order_.value(bounds_.least(label.f, key, region, label.tile)) >= limit_) {
      ++bounded_;
      return;
    }
    if (!labels_.add(label, order_)) ++dominated_;
  }

  /// Expands all labels of a region in order of their tiles; returns those that stand at its edge.
  std::vector<std::uint32_t> sweep(std::size_t region) {
    std::vector<std::uint32_t> edge, here;
    const std::size_t codes = stores_.regions[region].passed.size();
    for (std::uint32_t tile = 0; tile < tiles_.size(); ++tile) {
      if (!labels_.reached(tile)) continue;
      for (std::size_t code = 0; code < codes; ++code) {
        labels_.list(tile, code, here);
        for (const std::uint32_t l : here) {
          if (labels_[l].dead) continue;
          if (code + 1 == codes && Key::unpacked(labels_[l].key).fresh) edge.push_back(l);
          place_points(l, region);
          move_loops(l, region);
        }
      }
    }
    edge.erase(std::remove_if(edge.begin(), edge.end(), [&](std::uint32_t l) { return labels_[l].dead; }), edge.end());
    return edge;
  }

  /// A label around another one, to be changed.
  Label around(std::uint32_t l, Move move) const {
    return {.f = labels_[l].f, .tile = labels_[l].tile, .prev = l, .move = move};
  }

  void place_points(std::uint32_t l, std::size_t region) {
    const StoreChoice::Here& here = stores_.regions[region];
    const Key from = Key::unpacked(labels_[l].key);
    for (const Tensor3 t : kAllTensors) {
      const std::size_t passed = here.passed[from.code][index(t)];
      if (passed == here.stores[index(t)].size()) continue;
      const std::size_t node = here.stores[index(t)][passed];
      Label label = around(l, {Move::point, std::uint8_t(t), std::int64_t(node)});
      double used = tiles_.bits(t, label.tile);
      if (machine_.shared[node] != kNotShared) used = label.f[kUsed0 + std::size_t(machine_.shared[node])] += used;
      if (used > machine_.room[node]) continue;
      Key key = from;
      key.code = std::uint8_t(key.code + here.unit[index(t)]);
      key.fresh = true;
      transfers_.begin(label.f, key, t, stores_.way(region, key.code, t));
      label.key = key.packed();
      add(region, label);
    }
  }

  /// Whether there are stores still to be passed, and they could hold their tiles.
  bool could_hold(std::size_t region, std::uint8_t code, const Figures& f, std::uint32_t tile) const {
    const StoreChoice::Here& here = stores_.regions[region];
    bool any = false;
    std::array<double, kMaxShared> used{f[kUsed0], f[kUsed0 + 1]};
    for (const Tensor3 t : kAllTensors) {
      const std::vector<std::size_t>& stores = here.stores[index(t)];
      const double bits = tiles_.bits(t, tile);
      for (std::size_t s = here.passed[code][index(t)]; s < stores.size(); ++s) {
        any = true;
        const int shared = machine_.shared[stores[s]];
        const double needed = shared == kNotShared ? bits : used[std::size_t(shared)] += bits;
        if (needed > machine_.room[stores[s]]) return false;
      }
    }
    return any;
  }

  /// Loops of prime bounds make all others, but a loop along which a window slides is one loop.
  void move_loops(std::uint32_t l, std::size_t region) {
    const Key from = Key::unpacked(labels_[l].key);
    const std::uint32_t tile = labels_[l].tile;
    const bool may_slide = from.is_open(Tensor3::ifmap) && options_.conventions.hold != Hold::iteration;
    for (std::size_t d = 0; d < kDims; ++d) {
      const bool slides = may_slide && tiles_.windowed(d);
      for (const DimTiles::Step& step : tiles_.dim(d).steps[tiles_.number(tile, d)]) {
        if (!step.prime && !slides) continue;
        const std::uint32_t to = tiles_.with(tile, d, step.to);
        if (!could_hold(region, from.code, labels_[l].f, to)) break;
        Label label = around(l, {Move::loop, std::uint8_t(d), step.bound});
        Key key = from;
        key.fresh = false;
        transfers_.turn(label.f, key, region, d, tile, to);
        label.key = key.packed();
        label.tile = to;
        add(region, label);
      }
    }
  }

  // ---- arrays

  /// The tile of all children, if their number divides.
  std::optional<std::uint32_t> tile_of_all(std::uint32_t tile, const DimSizes& children) const {
    std::uint32_t to = tile;
    for (std::size_t d = 0; d < kDims; ++d) {
      if (children[d] == 1) continue;
      if (tiles_.count(tile, d) % children[d] != 0) return std::nullopt;
      to = tiles_.with(to, d, tiles_.dim(d).number_of(tiles_.extent(tile, d) * children[d]));
    }
    return to;
  }

  /// Puts the array outside `region` around a label in every way that may beat the best mapping.
  void spread(std::uint32_t l, std::size_t region) {
    const Region& from = machine_.regions[region];
    const bool bounded = limit_ < kInfinity && machine_.regions.size() == 2;
    const Bounds::Crossing crossing =
        bounded ? bounds_.crossing(labels_[l].f, Key::unpacked(labels_[l].key), labels_[l].tile) : Bounds::Crossing{};
    for (const std::vector<std::size_t>& group : from.groups) {
      if (bounded && order_.value(bounds_.least(crossing, from.spread[group.front()])) >= limit_) {
        visited_ += std::int64_t(group.size());
        bounded_ += std::int64_t(group.size());
        continue;
      }
      for (const std::size_t c : group) spread(l, region, c);
    }
  }

  void spread(std::uint32_t l, std::size_t region, std::size_t choice) {
    const SpatialChoice& spatial = machine_.regions[region].spread[choice];
    const std::uint32_t tile = labels_[l].tile;
    const std::optional<std::uint32_t> all = tile_of_all(tile, spatial.children);
    if (!all) return;
    Label label = around(l, {Move::array, 0, std::int64_t(choice)});
    Key key = Key::unpacked(labels_[l].key);
    add_steps(label.f, region, spatial);
    transfers_.cross(label.f, key, region, spatial.children, tile, *all);
    label.key = key.packed();
    label.tile = *all;
    add(region - 1, label);
  }

  /// Steps are first taken as those of a full machine; each array that is not full makes them more.
  void add_steps(Figures& f, std::size_t region, const SpatialChoice& spatial) const {
    const double before = f[kTime];
    if (machine_.regions.size() == 2) {
      f[kTime] += spatial.steps - machine_.steps_of_one / machine_.pes;
    } else {
      double used = 1;
      for (const std::int64_t c : spatial.children) used *= double(c);
      f[kTime] *= double(hardware_.nodes[*machine_.regions[region].fanout].fanout.children()) / used;
    }
    f[kCost] += machine_.step_power * (f[kTime] - before);
  }

  double least_spread(std::uint32_t l) const {
    if (machine_.regions.size() != 2) return 0;
    const Bounds::Crossing crossing = bounds_.crossing(labels_[l].f, Key::unpacked(labels_[l].key), labels_[l].tile);
    double least = kInfinity;
    for (const std::size_t c : machine_.regions[1].widest) {
      least = std::min(least, order_.value(bounds_.least(crossing, machine_.regions[1].spread[c])));
    }
    return least;
  }

  // ---- the outermost loops

  /// The best order of the loops over what a label leaves.
  Whole complete(std::uint32_t l) {
    Whole best{.least = {kInfinity, kInfinity}}, now{.label = l};
    complete(labels_[l].f, Key::unpacked(labels_[l].key), labels_[l].tile, now, best);
    return best;
  }

  /// Only loops that decide an open transfer need an order.
  void complete(const Figures& f, const Key& key, std::uint32_t tile, Whole& now, Whole& best) {
    bool moved = false;
    for (std::size_t d = 0; d < kDims && key.open != 0; ++d) {
      if (tiles_.count(tile, d) == 1) continue;
      moved = true;
      const std::uint32_t to = tiles_.with(tile, d, std::uint32_t(tiles_.dim(d).extent.size() - 1));
      Figures g = f;
      Key next = key;
      transfers_.turn(g, next, 0, d, tile, to);
      now.loops.push_back(std::uint8_t(d));
      complete(g, next, to, now, best);
      now.loops.pop_back();
    }
    if (moved) return;
    Figures g = f;
    Key next = key;
    transfers_.close(g, next, 0, tile);
    const Least least{g[kCost], g[kTime]};
    if (best.label != kNoLabel && order_.value(best.least) <= order_.value(least)) return;
    best = now;
    best.least = least;
  }

  /// Costs the mapping if it may beat the best.
  void consider(const Whole& whole) {
    const double bound = order_.value(whole.least);
    if (bound >= limit_) return;
    MappingResult result = result_of(whole);
    const double value = double(result.certificate.objective_value) + machine_.tie * double(result.counts.steps);
    if (!order_.best_only && value * (1 - kRounding) > bound) least_ = std::min(least_, bound);
    if (best_ && value >= best_value_) return;
    best_ = std::move(result);
    best_value_ = value;
    limit_ = best_value_ * (1 - kRounding);
  }

  MappingResult result_of(const Whole& whole) const {
    std::vector<Move> moves;
    for (std::uint32_t l = whole.label; l != kNoLabel; l = labels_[l].prev) moves.push_back(labels_[l].move);
    std::reverse(moves.begin(), moves.end());
    return costed(mapping_of(moves, whole.loops, problem_, hardware_, machine_), problem_, hardware_, options_);
  }

  const LoopProblem& problem_;
  const Hardware& hardware_;
  const MapOptions& options_;
  Tiles tiles_;
  Machine machine_;
  StoreChoice stores_;  ///< in use
  Transfers transfers_;
  Bounds bounds_;
  Order order_;
  Labels labels_;
  std::map<Kept, double> outermost_least_;  ///< by the stores outside the arrays
  std::optional<MappingResult> best_;
  double best_value_ = kInfinity;  ///< of the best mapping, with its part for ties
  double limit_ = kInfinity;       ///< what does not come below it is of no interest
  double least_ = kInfinity;       ///< of mappings that cost more than their bound
  std::int64_t visited_ = 0, bounded_ = 0, dominated_ = 0;
};

}  // namespace
}  // namespace free_search

MappingResult find_free_mapping(const LoopProblem& problem, const Hardware& hardware, const MapOptions& options) {
  return free_search::Search(problem, hardware, options).run();
}

}  // namespace weft
