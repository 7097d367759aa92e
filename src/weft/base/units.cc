// SPDX-License-Identifier: Apache-2.0
#include "weft/base/units.h"

#include <algorithm>

namespace weft {

std::string to_string(Int128 n) {
  // The magnitude of the least Int128 does not fit an Int128, but it does fit the unsigned type.
  unsigned __int128 rest = n < 0 ? -static_cast<unsigned __int128>(n) : static_cast<unsigned __int128>(n);
  std::string digits;
  do {
    digits += char('0' + int(rest % 10));
    rest /= 10;
  } while (rest > 0);
  if (n < 0) digits += '-';
  std::reverse(digits.begin(), digits.end());
  return digits;
}

}  // namespace weft
