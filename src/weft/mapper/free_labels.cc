// SPDX-License-Identifier: Apache-2.0
#include "weft/mapper/free_labels.h"

#include <algorithm>
#include <cmath>

namespace weft::free_search {
namespace {

constexpr std::size_t kKinds = 16;  ///< which transfers are open, and whether a loop moved
constexpr std::size_t kMostLists = std::size_t{1} << 24;
constexpr double kSame = 1e-12;  ///< roundings of two sums of the same terms

}  // namespace

bool Order::no_worse(const Figures& a, const Figures& b) const {
  if (best_only) return value({a[kCost], a[kTime]}) <= value({b[kCost], b[kTime]});
  for (std::size_t i = 0; i < kFigures; ++i) {
    if (i == kCost && objective == Objective::latency) continue;
    if (i == kTime && objective == Objective::energy) continue;
    if (a[i] > b[i] + kSame * std::abs(b[i])) return false;
  }
  return true;
}

void Labels::enter(std::size_t codes, std::uint32_t tiles) {
  codes_ = codes;
  kinds_ = codes * kKinds * tiles <= kMostLists ? kKinds : 1;
  heads_.assign(codes * kinds_ * tiles, kNoLabel);
  reached_.assign(tiles, false);
}

std::size_t Labels::list_of(std::uint32_t tile, const Key& key) const {
  const std::size_t kind = kinds_ == 1 ? 0 : key.open * 2u + (key.fresh ? 1u : 0u);
  return (tile * codes_ + key.code) * kinds_ + kind;
}

/// It does a bound no harm if a label is taken to fill its stores as little as another one that costs more.
bool Labels::join(Figures& kept, const Figures& f, const Order& order) {
  Figures as_full = f;
  for (std::size_t u = kUsed0; u < kFigures; ++u) as_full[u] = std::max(f[u], kept[u]);
  if (!order.no_worse(kept, as_full)) return false;
  for (std::size_t u = kUsed0; u < kFigures; ++u) kept[u] = std::min(f[u], kept[u]);
  return true;
}

bool Labels::add(const Label& label, const Order& order) {
  const Figures& f = label.f;
  std::uint32_t* link = &heads_[list_of(label.tile, Key::unpacked(label.key))];
  while (*link != kNoLabel) {
    Label& other = labels_[*link];
    if (other.key == label.key) {
      if (order.relaxed && !order.best_only && join(other.f, f, order)) return false;
      if (order.no_worse(other.f, f) && (other.f[kTime] <= f[kTime] || !order.no_worse(f, other.f))) return false;
      if (order.no_worse(f, other.f)) {
        other.dead = true;
        *link = other.next;
        continue;
      }
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
  const std::size_t first = (tile * codes_ + code) * kinds_;
  for (std::size_t list = first; list < first + kinds_; ++list) {
    for (std::uint32_t l = heads_[list]; l != kNoLabel; l = labels_[l].next) into.push_back(l);
  }
}

}  // namespace weft::free_search
