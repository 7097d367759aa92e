// SPDX-License-Identifier: Apache-2.0
#include "weft/mapper/free_search.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "weft/base/ceil_div.h"
#include "weft/base/error.h"
#include "weft/base/random.h"
#include "weft/mapper/free_nest.h"
#include "weft/mapper/free_space.h"
#include "weft/mapper/traffic.h"

namespace weft {
namespace free_search {
namespace {

constexpr double kEqual = 1e-9;  ///< costs that differ by less may be equal

/// A label with its outermost loops.
struct Whole {
  Least least;
  std::uint32_t label = kNoLabel;
  std::vector<std::uint8_t> loops;  ///< dimensions, innermost first
};

/// A mapping that may be among the best.
struct Found {
  std::array<Int128, 2> value{};  ///< by the objective and the second one
  std::uint64_t kin = 0;          ///< of its label
  MappingResult result;
};

/// Any number that is unlikely to be another's sum of such.
std::uint64_t mixed(const Move& move, std::uint32_t tile) {
  std::uint64_t x = tile;
  for (const std::uint64_t part : {std::uint64_t(move.kind), std::uint64_t(move.dim), std::uint64_t(move.number)})
    x = split_mix(x, part);
  return x;
}

/// The choices of an array that a tile leaves room for, and the tiles of all children.
struct Places {
  std::vector<std::uint32_t> choice, all;
  Sharings sharings;
  std::vector<double> copies;        ///< one over the children that want the same ifmap words along all windows
  std::vector<std::uint32_t> parts;  ///< which of `windows` has the windows of all children
  std::vector<std::uint32_t> windows;
};

class Search {
 public:
  Search(const LoopProblem& problem, const Hardware& hardware, const MapOptions& options)
      : problem_(problem),
        hardware_(hardware),
        options_(options),
        tiles_(problem, hardware.bits, options.perfect ? FoldRooms{} : fold_rooms(problem, hardware)),
        machine_(machine(problem, hardware, options, tiles_, tiles_.has_uneven())),
        transfers_(hardware, options.conventions, machine_, tiles_),
        bounds_(hardware, options.conventions, machine_, tiles_) {
    places_.resize(machine_.regions.size());
    for (auto& of_tiles : places_) of_tiles.resize(tiles_.size());
  }

  /// First what is least by the objective, then, of the mappings equal in it, what is least by the second one. Where
  /// only the PEs take time, latency often comes down to its bound: that is tried at once.
  MappingResult run() {
    double unseen = kInfinity;
    if (options_.objective == Objective::latency && !has_bandwidths()) {
      unseen = least_root({.objective = Objective::latency});
      begin({.objective = second_, .limited = Objective::latency, .limit = unseen * (1 + kRounding)});
      look_first();
      if (enough_) look_everywhere();
    }
    if (!enough_) {
      begin({.objective = options_.objective});
      look_first();
      look_for_ties();
      WEFT_ASSERT(!found_.empty(), "a mapping that passes every inner store by fits");
      unseen = unseen_;
      const Int128 best = found_.front().value[0];
      begin({.objective = second_, .limited = options_.objective, .limit = double(best) * (1 + kEqual)});
      leave_out_all_above(double(best) * (1 + kEqual));
      look_first();
      if (proven(best, unseen)) look_everywhere();
      leave_out_all_above(kInfinity);
    }
    bool next_proven = true;
    if (options_.top > 1) next_proven = find_next();
    MappingResult result = std::move(found_.front().result);
    for (std::size_t f = 1; f < found_.size(); ++f) result.next.push_back(std::move(found_[f].result));
    result.next_proven = next_proven;
    certify(result.certificate, unseen);
    result.certificate.seconds = seconds();
    return result;
  }

 private:
  /// The best mappings that are no kin, as many as are wanted. First what is least by the objective; then, of those
  /// no worse than the last of them, what is least by the second one: what of equals comes first is among the two.
  /// Returns whether none are better.
  bool find_next() {
    order_.wanted = options_.top;
    look_around({.objective = options_.objective});
    const bool full = found_.size() == order_.wanted;
    const Int128 last = found_.back().value[0];
    const bool all_seen = full ? proven(last, unseen_) : unseen_ == kInfinity;
    const std::vector<Found> by_objective = found_;
    second_first_ = true;
    std::sort(found_.begin(), found_.end(), [this](const Found& a, const Found& b) { return before(a, b); });
    look_around({.objective = second_, .limited = options_.objective, .limit = double(last) * (1 + kEqual)});
    second_first_ = false;
    std::vector<Found> all = std::exchange(found_, by_objective);
    for (Found& found : all) keep(std::move(found));
    return all_seen;
  }

  /// For any good mappings, then for all close to the best that is known, and for those further off until as many are
  /// found as are wanted: the more are of interest, the more nests are kept.
  void look_around(const Goal& goal) {
    begin(goal);
    limit_ = std::min(limit_, 2 * goal_value(found_.front()));
    look_first();
    double margin = 1e-6;
    for (double most = 0; most < kInfinity && !stopped_; margin *= 8) {
      most = margin < 1 ? goal_value(found_.front()) * (1 + margin) : kInfinity;
      begin(goal);
      limit_ = std::min(limit_, most);
      look_everywhere();
      if (found_.size() == order_.wanted && goal_value(found_.back()) < most) return;
    }
  }

  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }

  /// Whether the time is up; what finds the first mapping may take what it needs.
  bool stopped() {
    constexpr std::int64_t kLabelsBetweenLooks = 1 << 10;
    if (options_.budget && !found_.empty() && visited_ >= next_look_) {
      stopped_ = stopped_ || seconds() > *options_.budget;
      next_look_ = visited_ + kLabelsBetweenLooks;
    }
    return stopped_;
  }

  static bool proven(Int128 value, double unseen) { return unseen >= double(value) * (1 - kRounding); }

  void certify(Certificate& certificate, double unseen) const {
    const Int128 value = certificate.objective_value;
    certificate.optimal = proven(value, unseen);
    certificate.lower_bound =
        certificate.optimal ? value : std::min(value, Int128(std::ceil(unseen * (1 - kRounding))));
    certificate.visited = visited_;
    certificate.space = size_of_space(machine_, problem_.bounds, choices_of_stores(machine_), tiles_);
    certificate.free = true;
    certificate.folds = tiles_.has_uneven();
    certificate.pruned["bound"] = bounded_;
    certificate.pruned["dominated"] = dominated_;
  }

  bool has_bandwidths() const {
    return std::any_of(hardware_.nodes.begin(), hardware_.nodes.end(), [](const HardwareNode& node) {
      const Bandwidths& b = node.bandwidth;
      return b.shared || std::any_of(b.own.begin(), b.own.end(), [](const auto& own) { return own.has_value(); });
    });
  }

  // ---- all choices of stores

  /// Stores that keep each tensor, and what their transfers from the outermost ones cost at least.
  struct Choice {
    StoreChoice stores;
    OutermostLeast outermost;
    double least = kInfinity;  ///< bound of the best mapping that a search for ties met
    bool left_out = false;     ///< nothing with these stores is of interest
  };

  std::vector<Choice> list_choices() const {
    std::vector<Choice> all;
    std::map<std::array<int, kTensors>, OutermostLeast> known;  // by the stores that the outermost ones fill
    for (const Kept& kept : choices_of_stores(machine_)) {
      StoreChoice stores = choose(kept, machine_, hardware_, options_.conventions, tiles_);
      std::array<int, kTensors> filled{};
      for (const Tensor3 t : kAllTensors) filled[index(t)] = stores.ways[index(t)].back().child;
      const auto [least, fresh] = known.try_emplace(filled);
      if (fresh) least->second = outermost_least(stores);
      all.push_back({std::move(stores), least->second});
    }
    return all;
  }

  void use(Choice& choice) {
    in_use_ = &choice;
    const bool countable = machine_.regions.size() == 2 && tiles_.windows_countable();
    bounds_.use(choice.stores, choice.outermost, order_.goal);
    transfers_.use(choice.stores, countable && !order_.best_only, bounds_.counts_cycles());
  }

  double least_root(const Goal& goal) {
    order_.goal = goal;
    double least = kInfinity;
    for (Choice& choice : choices_) {
      use(choice);
      least = std::min(least, root());
    }
    return least;
  }

  void begin(const Goal& goal) {
    order_.goal = goal;
    enough_ = false;
    limit_by(found_.size() == order_.wanted ? by_last() : kInfinity);
  }
  void limit_by(double value) {
    better_ = value;
    limit_ = ties_ ? value * (1 + 2 * kEqual) : value;
  }
  /// A goal with a limit is about the second objective.
  double goal_value(const Found& found) const { return double(found.value[order_.goal.limit < kInfinity ? 1 : 0]); }
  /// What is of interest if as many mappings as are wanted are known.
  double by_last() const { return goal_value(found_.back()) * (1 - kRounding); }

  /// For any good mapping of each choice, which rules out most of the rest.
  void look_first() {
    order_.best_only = true;
    const auto first =
        std::find_if(choices_.begin(), choices_.end(), [](const Choice& choice) { return !choice.left_out; });
    if (first == choices_.end()) return;
    use(*first);
    search_close();
    search_all();
  }
  /// As everywhere, but nests are followed that cost as much as the best mapping: of each choice of stores it is then
  /// known whether it has one. (A nest that is dropped for another has no mapping that is better than all of that
  /// one's.)
  void look_for_ties() {
    ties_ = true;
    followed_ = 0;
    limit_by(better_);
    look_everywhere();
    ties_ = false;
  }
  /// Where very many nests cost the same, following all of them takes longer than it saves.
  void note_tie() {
    constexpr std::int64_t kMost = 1 << 14;
    if (++followed_ < kMost || !ties_) return;
    ties_ = false;
    limit_by(better_);
    for (Choice& choice : choices_) choice.least = 0;
  }
  void leave_out_all_above(double value) {
    for (Choice& choice : choices_) choice.left_out = choice.least > value;
  }
  void look_everywhere() {
    order_.best_only = false;
    search_all();
  }
  void search_all() {
    for (Choice& choice : choices_) {
      if (choice.left_out) continue;
      use(choice);
      stopped_ = false;
      search();
      if (!stopped_) continue;
      unseen_ = std::min(unseen_, root_);
      choice.least = 0;
    }
  }

  /// What the transfers from the outermost stores cost at least.
  OutermostLeast outermost_least(const StoreChoice& stores) const {
    std::vector<OutermostTransfer> transfers;
    double constants = 0, floor = 0;
    OutermostLeast result{.before_arrays = 0, .cycles = {}, .past_arrays = {}};
    for (const Tensor3 t : kAllTensors) {
      const Way& way = stores.ways[index(t)].back();
      if (way.crosses || way.child == kCompute) continue;
      const std::size_t child = std::size_t(way.child);
      const double word = std::max(0.0, way.child_cost + way.parent_cost + way.distinct_cost);
      transfers.push_back({t, word, way.slides, machine_.room[child], child});
      constants += way.constant;
      if (way.child_cost < 0) floor = -kInfinity;  // what it spares the child is in it (Bounds::refund)
      for (std::size_t k = 0; k < machine_.clocks; ++k) result.cycles[k] += way.constant_cycles[k];
    }
    const auto traffic = [&](const std::vector<OutermostTransfer>& of) {
      return least_traffic(of, problem_, hardware_.bits, tiles_.extents());
    };
    const auto least = [&] { return std::max(floor, constants + traffic(transfers)); };
    result.before_arrays = least();
    for (std::size_t k = 0; machine_.clocks > 1 && k < machine_.clocks; ++k) {
      std::vector<OutermostTransfer> timed = transfers;
      for (OutermostTransfer& transfer : timed) transfer.word = stores.ways[index(transfer.t)].back().cycles(k);
      result.cycles[k] = std::max(0.0, result.cycles[k] + traffic(timed));
    }
    const std::size_t before = transfers.size();
    for (const Tensor3 t : kAllTensors) {
      const Way& way = stores.ways[index(t)].back();
      if (!OutermostLeast::past(way)) continue;
      const std::size_t child = std::size_t(way.child);
      const double room = machine_.room[child] * double(hardware_.instances(child));
      transfers.push_back({t, way.parent_cost + way.distinct_cost, /*slides=*/true, room, child});
    }
    if (transfers.size() > before) result.past_arrays = least();
    return result;
  }

  /// Looks for a mapping close to the bound of all of them, then for those further off.
  void search_close() {
    const double most = limit_;
    root_ = root();
    limit_ = 0;
    for (double margin = 0.125; !enough_ && margin <= 1 && limit_ < most; margin *= 1.5) {
      limit_ = std::min(most, root_ * (1 + margin));
      search();
    }
    if (!enough_) limit_ = most;
  }

  /// What all mappings with the stores in use cost at least.
  double root() {
    const NewLabel macs = macs_alone();
    return bounds_.least(macs.f, Key::unpacked(macs.key), machine_.regions.size() - 1, macs.tile);
  }
  NewLabel macs_alone() const {
    NewLabel label;
    label.tile = tiles_.smallest();
    label.f.fill(0);
    Key key;
    transfers_.start(label.f, key);
    label.key = key.packed();
    return label;
  }

  void search() {
    root_ = root();
    ++visited_;
    if (root_ >= limit_) {
      ++bounded_;
      return;
    }
    labels_.clear();
    std::size_t region = machine_.regions.size() - 1;
    enter(region);
    labels_.add(macs_alone(), order_);
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
    for (std::size_t begin = 0, count = 1; begin < promise.size() && !stopped(); begin += count, count *= kGrowth) {
      enter(0);
      const std::size_t end = std::min(promise.size(), begin + count);
      // In the order of their tiles, so that what was found out about one serves the next.
      std::sort(promise.begin() + std::ptrdiff_t(begin), promise.begin() + std::ptrdiff_t(end),
                [](const auto& a, const auto& b) { return a.second < b.second; });
      for (std::size_t i = begin; i < end; ++i) {
        if (promise[i].first < limit_ && !stopped()) spread(promise[i].second, 1);
      }
      for (const std::uint32_t l : sweep(0)) consider(complete(l));
      if (order_.best_only) return;
    }
  }

  // ---- labels

  void enter(std::size_t region) { labels_.enter(in_use_->stores.regions[region].passed.size(), tiles_.size()); }

  void add(std::size_t region, NewLabel& label) {
    ++visited_;
    Key key = Key::unpacked(label.key);
    // The cheaper of two that take as long is the more promising.
    if (bounds_.drops_energy() && !order_.best_only) bounds_.drop_energy(label.f, key, region);
    if (bounds_.counts_cycles()) bounds_.drop_clocks(label.f, key, region, label.tile);
    label.key = key.packed();
    if (limit_ < kInfinity || order_.best_only) {
      label.bound = bounds_.least(label.f, key, region, label.tile);
      if (label.bound >= limit_) {
        ++bounded_;
        return;
      }
      if (label.bound >= better_) note_tie();
    }
    if (!labels_.add(label, order_)) ++dominated_;
  }

  /// Expands all labels of a region in order of their tiles; returns those that stand at its edge.
  std::vector<std::uint32_t> sweep(std::size_t region) {
    std::vector<std::uint32_t> edge, here;
    const std::size_t codes = in_use_->stores.regions[region].passed.size();
    for (std::uint32_t tile = labels_.next_reached(0); tile < tiles_.size(); tile = labels_.next_reached(tile + 1)) {
      for (std::size_t code = 0; code < codes; ++code) {
        labels_.list(tile, code, here);
        for (const std::uint32_t l : here) {
          if (stopped()) return {};
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

  Figures figures_of(std::uint32_t l) const {
    Figures f;
    labels_.copy_figures(l, f);
    return f;
  }

  /// A label around another one, to be changed.
  NewLabel around(std::uint32_t l, Move move) const {
    NewLabel label;
    labels_.copy_figures(l, label.f);
    label.tile = labels_[l].tile;
    label.prev = l;
    label.move = move;
    label.kin = labels_.kin(l);
    if (options_.top > 1 && move.kind != Move::loop) label.kin += mixed(move, label.tile);
    return label;
  }

  void place_points(std::uint32_t l, std::size_t region) {
    const StoreChoice::Here& here = in_use_->stores.regions[region];
    const Key from = Key::unpacked(labels_[l].key);
    for (const Tensor3 t : kAllTensors) {
      const std::size_t passed = here.passed[from.code][index(t)];
      if (passed == here.stores[index(t)].size()) continue;
      const std::size_t node = here.stores[index(t)][passed];
      NewLabel label = around(l, {Move::point, std::uint8_t(t), std::int64_t(node)});
      double used = tiles_.bits(t, label.tile);
      if (machine_.shared[node] != kNotShared) used = label.f[kUsed0 + std::size_t(machine_.shared[node])] += used;
      if (used > machine_.room[node]) continue;
      Key key = from;
      key.code = std::uint8_t(key.code + here.unit[index(t)]);
      key.fresh = true;
      transfers_.begin(label.f, key, t, in_use_->stores.way(region, key.code, t), label.tile);
      label.key = key.packed();
      add(region, label);
    }
  }

  /// Whether there are stores still to be passed, and they could hold their tiles.
  bool could_hold(std::size_t region, std::uint8_t code, const double* f, std::uint32_t tile) const {
    const StoreChoice::Here& here = in_use_->stores.regions[region];
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
      if (from.is_frozen(d)) continue;
      for (const DimTiles::Step& step : tiles_.dim(d).steps[tiles_.number(tile, d)]) {
        if (!step.prime && !slides) continue;
        const std::uint32_t to = tiles_.with(tile, d, step.to);
        if (!could_hold(region, from.code, labels_.figures(l), to)) break;
        NewLabel label = around(l, {Move::loop, std::uint8_t(d), step.bound});
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

  /// How many children may want one word of each tensor, at most, if each works through `tile`.
  std::array<double, kTensors> sharing_around(std::uint32_t tile, const SpatialChoice& spatial,
                                              const DimSizes& children) const {
    std::array<double, kTensors> sharing = spatial.sharing;
    for (std::size_t w = 0; w < tiles_.windows().size(); ++w) {
      const WindowAxis& window = tiles_.windows()[w];
      const auto [m, n] = tiles_.window_extent(w, tile);
      const std::int64_t a = window.axis->terms[0].coefficient, b = window.axis->terms[1].coefficient;
      const std::int64_t words = (m - 1) * a + (n - 1) * b + 1;  // that a child's tile spans
      const std::int64_t x = children[window.a], y = children[window.b];
      const std::int64_t most =
          std::min(std::min(x, ceil_div(words, m * a)) * y, x * std::min(y, ceil_div(words, n * b)));
      const double all = double(spatial.children[window.a]) * double(spatial.children[window.b]);
      sharing[index(Tensor3::ifmap)] *= double(most) / all;
    }
    return sharing;
  }

  /// The choices of the array outside `region` whose children `tile` leaves room for.
  const Places& places(std::uint32_t tile, std::size_t region) {
    std::unique_ptr<const Places>& known = places_[region][tile];
    if (known) return *known;
    auto places = std::make_unique<Places>();
    const std::vector<SpatialChoice>& spread = machine_.regions[region].spread;
    for (std::uint32_t c = 0; c < spread.size(); ++c) {
      const std::optional<DimSizes> children = children_around(tile, spread[c], tiles_);
      const std::optional<std::uint32_t> all =
          children ? tile_of_all(tile, spread[c], *children, tiles_) : std::nullopt;
      if (!all) continue;
      const auto same = [&](std::uint32_t w) { return tiles_.window_part(w) == tiles_.window_part(*all); };
      const auto part = std::find_if(places->windows.begin(), places->windows.end(), same);
      places->parts.push_back(std::uint32_t(part - places->windows.begin()));
      if (part == places->windows.end()) places->windows.push_back(*all);
      places->copies.push_back(1 / tiles_.copies(Tensor3::ifmap, tile, *all));
      places->choice.push_back(c);
      places->all.push_back(*all);
      places->sharings.add(sharing_around(tile, spread[c], *children), machine_.idle(region, tiles_.steps(tile, *all)));
    }
    known = std::move(places);
    return *known;
  }

  /// One over the children that want one ifmap word: counted where it can be, else at most so many.
  const std::vector<double>& ifmap_shares(const Places& here, const Key& key, std::uint32_t tile) {
    if (!transfers_.counts_share(key)) return here.sharings.share[index(Tensor3::ifmap)];
    window_share_.clear();
    for (const std::uint32_t all : here.windows)
      window_share_.push_back(transfers_.counted_share(key, tile, all).first);
    share_.resize(here.copies.size());
    for (std::size_t p = 0; p < share_.size(); ++p) share_[p] = here.copies[p] * window_share_[here.parts[p]];
    return share_;
  }

  /// Puts the array outside `region` around a label in every way that may beat the best mapping.
  void spread(std::uint32_t l, std::size_t region) {
    const Places& here = places(labels_[l].tile, region);
    const bool bounded = limit_ < kInfinity;
    if (bounded) {
      const Key key = Key::unpacked(labels_[l].key);
      const std::uint32_t tile = labels_[l].tile;
      bounds_.least(bounds_.crossing(figures_of(l), key, region, tile), here.sharings, ifmap_shares(here, key, tile),
                    least_);
    }
    std::size_t tried = 0;
    for (std::size_t p = 0; p < here.choice.size(); ++p) {
      if (bounded && least_[p] >= limit_) continue;
      // A good mapping is sooner found among even bounds.
      if (order_.best_only && machine_.regions[region].spread[here.choice[p]].fold) continue;
      spread(l, region, here.choice[p], here.all[p], here.sharings.idle[p]);
      ++tried;
    }
    visited_ += std::int64_t(here.choice.size() - tried);
    bounded_ += std::int64_t(here.choice.size() - tried);
  }

  void spread(std::uint32_t l, std::size_t region, std::uint32_t choice, std::uint32_t all, double idle) {
    const SpatialChoice& spatial = machine_.regions[region].spread[choice];
    const std::uint32_t tile = labels_[l].tile;
    Crossed crossed{*children_around(tile, spatial, tiles_), tile, all, {}};
    if (spatial.fold) crossed.folded = spatial.fold->dim;
    const bool may_move = transfers_.may_move(Key::unpacked(labels_[l].key), region, crossed);
    for (int moves = 0; moves <= (may_move ? 1 : 0); ++moves) {
      crossed.moves = moves != 0;
      NewLabel label = around(l, {Move::array, 0, std::int64_t(choice)});
      Key key = Key::unpacked(labels_[l].key);
      if (may_move && !crossed.moves) key.frozen = std::uint8_t(1u << *crossed.folded);
      add_steps(label.f, idle);
      transfers_.cross(label.f, key, region, crossed);
      label.key = key.packed();
      label.tile = all;
      add(region - 1, label);
    }
  }

  /// Steps are first taken as those of a full machine; each array that is not full makes them more.
  void add_steps(Figures& f, double idle) const {
    double& cycles = f[decided_cycles(0)];
    const double before = cycles;
    if (machine_.regions.size() == 2) {
      cycles += idle;
    } else {
      cycles *= idle;
    }
    f[kCost] += machine_.power * (cycles - before);
  }

  double least_spread(std::uint32_t l) {
    const Label& label = labels_[l];
    return bounds_.least(figures_of(l), Key::unpacked(label.key), 1, label.tile);
  }

  // ---- the outermost loops

  /// The best order of the loops over what a label leaves.
  Whole complete(std::uint32_t l) {
    Whole best{.least = {kInfinity, kInfinity}}, now{.label = l};
    complete(figures_of(l), Key::unpacked(labels_[l].key), labels_[l].tile, now, best);
    return best;
  }

  /// Only loops that decide an open transfer need an order.
  void complete(const Figures& f, const Key& key, std::uint32_t tile, Whole& now, Whole& best) {
    bool moved = false;
    for (std::size_t d = 0; d < kDims && key.open != 0; ++d) {
      if (tiles_.count(tile, d) == 1) continue;
      moved = true;
      if (key.is_frozen(d)) continue;
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
    const Least least = machine_.least(g[kCost], all_decided(g.data(), machine_.clocks));
    if (best.label != kNoLabel && order_.goal.value(best.least) <= order_.goal.value(least)) return;
    best = now;
    best.least = least;
  }

  /// Costs the mapping if it may beat the best.
  void consider(const Whole& whole) {
    const Goal& goal = order_.goal;
    const double bound = goal.value(whole.least);
    if (ties_) in_use_->least = std::min(in_use_->least, bound);
    if (bound >= std::min(limit_, better_)) return;
    MappingResult result = result_of(whole);
    const std::array<Int128, 2> value{result.certificate.objective_value,
                                      objective_value(second_, result.cost, result.counts)};
    const bool limited = goal.limit < kInfinity;
    if (limited && double(value[0]) > goal.limit) return;
    if (!limited && !order_.best_only && double(value[0]) * (1 - kRounding) > bound) unseen_ = std::min(unseen_, bound);
    if (!keep({value, labels_.kin(whole.label), std::move(result)}) || found_.size() < order_.wanted) return;
    enough_ = true;
    limit_by(by_last());
  }

  bool before(const Found& a, const Found& b) const {
    if (second_first_ && a.value[1] != b.value[1]) return a.value[1] < b.value[1];
    return a.value < b.value;
  }
  /// Puts a mapping among the best, unless it is none of them, or kin of one that is no worse.
  bool keep(Found&& found) {
    const auto same = [&](const Found& f) { return order_.wanted == 1 || f.kin == found.kin; };
    const auto kin = std::find_if(found_.begin(), found_.end(), same);
    if (kin != found_.end()) {
      if (!before(found, *kin)) return false;
      found_.erase(kin);
    } else if (found_.size() == order_.wanted) {
      if (!before(found, found_.back())) return false;
      found_.pop_back();
    }
    const auto at = std::upper_bound(found_.begin(), found_.end(), found,
                                     [this](const Found& a, const Found& b) { return before(a, b); });
    found_.insert(at, std::move(found));
    return true;
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
  std::vector<Choice> choices_ = list_choices();
  Choice* in_use_ = nullptr;
  Transfers transfers_;
  Bounds bounds_;
  Order order_{machine_, {}};
  Labels labels_{machine_.clocks, options_.top > 1};
  std::vector<std::vector<std::unique_ptr<const Places>>> places_;  ///< by region and tile, as they are met
  std::vector<double> least_, share_, window_share_;                ///< of places
  const Objective second_ = second_objective(options_);
  std::vector<Found> found_;   ///< the best, as many as are wanted
  bool second_first_ = false;  ///< how those are ordered
  bool enough_ = false;        ///< the search under way has found as many
  bool ties_ = false;          ///< nests as good as the best mapping are of interest
  double limit_ = kInfinity;   ///< what does not come below it is of no interest
  double better_ = kInfinity;  ///< and a mapping that does not come below this one
  double unseen_ = kInfinity;  ///< bound of mappings that cost more than theirs, and of those not looked at
  double root_ = 0;            ///< bound of all mappings with the stores in use
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  bool stopped_ = false;
  std::int64_t next_look_ = 0;
  std::int64_t visited_ = 0, bounded_ = 0, dominated_ = 0, followed_ = 0;
};

}  // namespace
}  // namespace free_search

MappingResult find_free_mapping(const LoopProblem& problem, const Hardware& hardware, const MapOptions& options) {
  constexpr std::size_t kMostWanted = 10;  // as many times more nests stay in the search
  if (options.top > kMostWanted) {
    throw Error(
        Problem{.id = "mapper.unsupported",
                .what = fmt::format("a search without a dataflow finds the best {} mappings at most", kMostWanted),
                .where = {},
                .mend = fmt::format("ask for --top {}, or name a dataflow with --dataflow", kMostWanted)});
  }
  return free_search::Search(problem, hardware, options).run();
}

}  // namespace weft
