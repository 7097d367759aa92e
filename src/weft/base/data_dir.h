// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

namespace weft {

/// The folder with the files that come with Weft (hardware, dataflows, components): the environment's WEFT_DATA if it
/// is set, else <folder of the program>/../share/weft if it is there (an installed program), else the source tree that
/// the program was built from. Error: data.not-found.
std::string data_directory();

}  // namespace weft
