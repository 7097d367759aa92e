// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "weft/base/error.h"

namespace weft {

/// The problems of the Error that `work` throws; none if it does not.
template <class Work>
std::vector<Problem> problems_of(const Work& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.problems();
  }
  return {};
}

}  // namespace weft
