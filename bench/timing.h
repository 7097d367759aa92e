// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>

namespace weft {

template <class Work>
double seconds_of(const Work& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace weft
