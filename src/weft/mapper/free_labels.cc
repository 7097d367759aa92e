// SPDX-License-Identifier: Apache-2.0
#include "weft/mapper/free_labels.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

namespace weft::free_search {
namespace {

constexpr double kSame = 1e-12;  ///< roundings of two sums of the same terms

}  // namespace

bool Order::no_worse(const double* a, const double* b) const {
  const auto within = [&](std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) {
      if (a[i] > b[i] + kSame * std::abs(b[i])) return false;
    }
    return true;
  };
  const bool time = goal.uses(Objective::latency) || machine.power_at_end > 0;
  return within(0, kClock0) && (!time || within(kClock0, used_figures(machine.clocks)));
}

/// Few tiles are reached: only what was written is cleared.
void Labels::enter(std::size_t codes, std::uint32_t tiles) {
  for (std::uint32_t tile = next_reached(0); tile < tiles_; tile = next_reached(tile + 1))
    std::fill_n(heads_.begin() + std::ptrdiff_t(tile * codes_), codes_, kNoGroup);
  std::fill(reached_.begin(), reached_.end(), 0);
  codes_ = codes;
  tiles_ = tiles;
  if (heads_.size() < codes * tiles) heads_.resize(codes * tiles, kNoGroup);
  reached_.resize(tiles / 64 + 1);
  groups_.clear();
}

std::uint32_t Labels::next_reached(std::uint32_t tile) const {
  for (std::size_t word = tile / 64; word < reached_.size(); ++word) {
    const std::uint64_t bits = word == tile / 64 ? reached_[word] >> tile % 64 << tile % 64 : reached_[word];
    if (bits != 0) return std::uint32_t(64 * word) + std::uint32_t(std::countr_zero(bits));
  }
  return tiles_;
}

/// The first label like one of that tile and key, or where it is to be put.
std::uint32_t& Labels::list_of(std::uint32_t tile, std::uint64_t key) {
  std::uint32_t& head = heads_[tile * codes_ + Key::unpacked(key).code];
  for (std::uint32_t g = head; g != kNoGroup; g = groups_[g].next) {
    if (groups_[g].key == key) return groups_[g].first;
  }
  groups_.push_back({.key = key, .next = head});
  head = std::uint32_t(groups_.size() - 1);
  return groups_.back().first;
}

/// Whether a label stays where another one comes that is no better, and of equals has no fewer steps.
bool Labels::stays(std::uint32_t known, const NewLabel& label, const Order& order) const {
  const double *f = label.f.data(), *of_known = figures(known);
  if (order.best_only) return std::pair(labels_[known].bound, of_known[kCost]) <= std::pair(label.bound, f[kCost]);
  const bool faster = f[decided_cycles(0)] < of_known[decided_cycles(0)];
  return order.no_worse(of_known, f) && (!faster || !order.no_worse(f, of_known));
}

bool Labels::add(const NewLabel& label, const Order& order) {
  const double* f = label.f.data();
  const bool several = order.wanted > 1 && !order.best_only;
  better_.clear();
  std::uint32_t* link = &list_of(label.tile, label.key);
  while (*link != kNoLabel) {
    Label& other = labels_[*link];
    const bool kin = !several || kin_[*link] == label.kin;
    if (stays(*link, label, order)) {
      if (kin) return false;
      if (std::find(better_.begin(), better_.end(), kin_[*link]) == better_.end()) better_.push_back(kin_[*link]);
      if (better_.size() == order.wanted) return false;
    } else if (kin && (order.best_only || order.no_worse(f, figures(*link)))) {
      other.dead = true;
      *link = other.next;
      continue;
    }
    link = &other.next;
  }
  *link = std::uint32_t(labels_.size());
  labels_.push_back(label);
  figures_.insert(figures_.end(), f, f + used_);
  if (with_kin_) kin_.push_back(label.kin);
  reached_[label.tile / 64] |= std::uint64_t{1} << label.tile % 64;
  return true;
}

void Labels::list(std::uint32_t tile, std::size_t code, std::vector<std::uint32_t>& into) const {
  into.clear();
  for (std::uint32_t g = heads_[tile * codes_ + code]; g != kNoGroup; g = groups_[g].next) {
    for (std::uint32_t l = groups_[g].first; l != kNoLabel; l = labels_[l].next) into.push_back(l);
  }
}

}  // namespace weft::free_search
