// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <vector>

#include "weft/mapper/free_transfers.h"

namespace weft::free_search {

inline constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Ways to share the work out over an array, by columns.
struct Sharings {
  std::array<std::vector<double>, kTensors> share;  ///< one over the children that may want one word of a tensor
  std::vector<double> idle;                         ///< Machine::idle

  std::size_t size() const { return idle.size(); }
  void add(const std::array<double, kTensors>& sharing, double idle_of_choice) {
    for (std::size_t i = 0; i < kTensors; ++i) share[i].push_back(1 / sharing[i]);
    idle.push_back(idle_of_choice);
  }
};

double value_of(Objective objective, const Least& least);

/// What is to be least, among mappings that are no worse than `limit` by another objective.
struct Goal {
  Objective objective = Objective::energy, limited = Objective::energy;
  double limit = kInfinity;

  bool counts(Objective of) const { return objective == of || objective == Objective::edp; }
  bool uses(Objective of) const {
    return counts(of) || (limit < kInfinity && (limited == of || limited == Objective::edp));
  }
  double value(const Least& least) const {
    return value_of(limited, least) > limit ? kInfinity : value_of(objective, least);
  }
};

/// What the transfers from the outermost stores cost at least, together.
struct OutermostLeast {
  double before_arrays = 0;  ///< those that cross no array
  Cycles cycles{};           ///< of those, by clock
  /// Those and what the outermost stores read and write for transfers across arrays into stores, less their constants.
  /// No value: there are none of these.
  std::optional<double> past_arrays;

  static bool past(const Way& outermost) { return outermost.crosses && outermost.child != kCompute; }
};

/// What the mappings that begin like a nest cost at least: what is decided, what its open transfers cost if the next
/// loop decides all but one of them, and the compulsory traffic of those not begun.
class Bounds {
 public:
  Bounds(const Hardware& hardware, const Conventions& how, const Machine& machine, const Tiles& tiles);

  /// The stores from now on, the energy at least of the transfers from the outermost stores, and the goal.
  void use(const StoreChoice& stores, const OutermostLeast& outermost, const Goal& goal);

  /// The goal's value at least.
  double least(const Figures& f, const Key& key, std::size_t region, std::uint32_t tile);

  /// Whether the goal counts only cycles; and clears all that they do not hang on.
  bool drops_energy() const { return !goal_.uses(Objective::energy); }
  /// Whether it hangs on more clocks than one.
  bool counts_cycles() const {
    return machine_.clocks > 1 && (goal_.uses(Objective::latency) || machine_.power_at_end > 0);
  }
  void drop_energy(Figures& f, Key& key, std::size_t region) const;
  /// Clears the clocks that stay within the steps done, or within the goal's limit, whatever follows.
  void drop_clocks(Figures& f, const Key& key, std::size_t region, std::uint32_t tile) const;

  /// What crossing the array outside a region costs at least: a constant and, for each tensor, a price for each child
  /// and one shared by the children that want its words. Of the tensors whose transfers are open one may stay for ever.
  struct Crossing {
    double cost = 0;
    Cycles cycles{};
    std::array<double, kTensors> each{}, shared{}, stay{kInfinity, kInfinity, kInfinity};
    /// The same of each clock's cycles; set where they are counted.
    std::array<std::array<double, kTensors>, kMaxClocks> shared_cycles, stay_cycles;
    double idle = 1;   ///< cycles of clock 0 for each of Machine::idle
    double later = 0;  ///< cycles of clock 0 more than those of a full machine that has the first tiles
  };
  Crossing crossing(const Figures& f, const Key& key, std::size_t region, std::uint32_t tile);
  /// With each of these ways to share the work out, and these shares of the ifmap: the goal's value at least.
  void least(const Crossing& crossing, const Sharings& ways, const std::vector<double>& ifmap_share,
             std::vector<double>& values) const;

 private:
  Crossing crossing(const Figures& f, const Key& key, std::size_t region, std::uint32_t tile, bool past_arrays) const;
  static double least_cycles(const Crossing& crossing, std::size_t k, const std::array<double, kTensors>& share);
  double least(const Crossing& crossing, std::size_t region);  ///< with the best of all ways
  Least least_of(const Figures& f, const Key& key, std::uint32_t tile) const;
  double least_later(std::uint32_t tile) const;
  void add_not_begun(Tensor3 t, std::size_t level, std::uint32_t tile, Cycles& cycles) const;
  void add_open(const Figures& f, Tensor3 t, Cycles& cycles) const;
  void add_pending(const Figures& f, const Key& key, Tensor3 t, std::size_t region, std::uint32_t tile,
                   Cycles& cycles) const;
  bool shared_counted(const Figures& f) const;
  double refund(std::size_t level, std::uint32_t tile, bool outermost_bounded) const;
  double not_begun(Tensor3 t, std::size_t level) const;

  const Hardware& hardware_;
  const Conventions& how_;
  const Machine& machine_;
  const Tiles& tiles_;
  const StoreChoice* stores_ = nullptr;
  OutermostLeast outermost_;
  std::array<double, kTensors> first_{};  ///< cycles of clock 0 that a word of the first tiles outside the array takes
  std::vector<double>* least_later_ = nullptr;
  Goal goal_;
  std::vector<Sharings> widest_;          ///< by region: those that none is better than
  std::vector<double> least_psum_share_;  ///< by way: one over the children of its arrays that add to one word
  std::vector<double> values_;            ///< of the widest
  /// By the cycles that a word of the first tiles takes: extra cycles by tile, as they are met; negative: not known
  /// yet.
  std::map<std::array<double, kTensors>, std::vector<double>> later_;
};

}  // namespace weft::free_search
