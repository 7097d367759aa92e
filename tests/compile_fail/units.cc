// SPDX-License-Identifier: Apache-2.0
// What must not compile: one line for each value of CASE. Case 0 has none of them.
#include "weft/base/units.h"

namespace weft {

inline void mix_units() {
  const Cycles cycles{1};
  const Bytes bytes{2};
  [[maybe_unused]] auto right = cycles + cycles;
#if CASE == 1
  auto wrong = cycles + bytes;
#elif CASE == 2
  auto wrong = bytes < cycles;
#elif CASE == 3
  const Cycles wrong = bytes;
#elif CASE == 4
  const Bytes wrong = 3;  // a number does not become bytes by itself
#elif CASE == 5
  const std::int64_t wrong = bytes;  // nor bytes a number
#elif CASE == 6
  const Picojoules wrong = Attojoules{1};  // needs picojoules()
#elif CASE == 7
  const Seconds wrong = duration(Hertz{1}, cycles);  // the operands in the wrong order
#elif CASE == 8
  auto wrong = cycles * cycles;  // there are no square cycles
#endif
}

}  // namespace weft
