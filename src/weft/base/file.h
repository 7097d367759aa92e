// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <string>

namespace weft {

/// Reads a whole file, refusing more than `limit` bytes. Errors: file.not-found, file.unreadable (a folder, no
/// permission, a failing disk), file.too-large. Devices and pipes are read up to the limit, so "/dev/stdin" works.
std::string read_text_file(const std::string& path, std::size_t limit);

}  // namespace weft
