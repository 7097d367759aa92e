// SPDX-License-Identifier: Apache-2.0
// Any bytes as a component library: an Error, or a library all of whose prices and areas can be asked for.
#include <cstdint>
#include <string_view>

#include "weft/hardware/components.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const weft::ComponentLibrary library =
        weft::parse_components({reinterpret_cast<const char*>(data), size}, "fuzz.yaml");
    for (const weft::PriceRow& row : library.prices) {
      for (const std::int64_t capacity : {std::int64_t{0}, std::int64_t{1}, std::int64_t{3000}, INT64_MAX / 8}) {
        for (const std::int64_t width : {0, 1, 1 << 20}) {
          weft::find_price(library, row.component, row.action, capacity, width);
        }
      }
    }
    for (const std::string& component : weft::component_names(library)) weft::find_area(library, component, 3000);
  } catch (const weft::Error&) {
    // the answer for most inputs
  }
  return 0;
}
