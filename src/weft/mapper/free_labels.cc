// SPDX-License-Identifier: Apache-2.0
#include "weft/mapper/free_labels.h"

#include <algorithm>
#include <cmath>

namespace weft::free_search {
namespace {

constexpr double kSame = 1e-12;  ///< roundings of two sums of the same terms

}  // namespace

bool Order::no_worse(const Figures& a, const Figures& b) const {
  if (best_only) return goal.value({a[kCost], a[kTime]}) <= goal.value({b[kCost], b[kTime]});
  const bool energy = goal.uses(Objective::energy), latency = goal.uses(Objective::latency);
  for (std::size_t i = 0; i < kFigures; ++i) {
    if (i == kCost && !energy) continue;
    if (i == kTime && !latency) continue;
    if (a[i] > b[i] + kSame * std::abs(b[i])) return false;
  }
  return true;
}

void Labels::enter(std::size_t codes, std::uint32_t tiles) {
  codes_ = codes;
  heads_.assign(codes * tiles, kNoGroup);
  groups_.clear();
  reached_.assign(tiles, false);
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

bool Labels::add(const Label& label, const Order& order) {
  const Figures& f = label.f;
  std::uint32_t* link = &list_of(label.tile, label.key);
  while (*link != kNoLabel) {
    Label& other = labels_[*link];
    if (order.no_worse(other.f, f) && (other.f[kTime] <= f[kTime] || !order.no_worse(f, other.f))) return false;
    if (order.no_worse(f, other.f)) {
      other.dead = true;
      *link = other.next;
      continue;
    }
    link = &other.next;
  }
  *link = std::uint32_t(labels_.size());
  labels_.push_back(label);
  reached_[label.tile] = true;
  return true;
}

void Labels::list(std::uint32_t tile, std::size_t code, std::vector<std::uint32_t>& into) const {
  into.clear();
  for (std::uint32_t g = heads_[tile * codes_ + code]; g != kNoGroup; g = groups_[g].next) {
    for (std::uint32_t l = groups_[g].first; l != kNoLabel; l = labels_[l].next) into.push_back(l);
  }
}

}  // namespace weft::free_search
