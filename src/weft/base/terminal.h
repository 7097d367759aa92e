// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace weft {

/// How text may be dressed up where it is going.
struct TextStyle {
  bool unicode = true;  ///< block characters for bars; else ASCII
  bool colour = false;  ///< ANSI escape sequences
};

/// Whether a file descriptor (1: stdout, 2: stderr) is a terminal that a person looks at; a dumb one is not.
bool is_terminal(int descriptor);

/// Colour only on a terminal and without NO_COLOR (https://no-color.org); Unicode unless LC_ALL, LC_CTYPE or LANG (the
/// first that is set) names a locale that is not UTF-8.
TextStyle style_of(int descriptor);

}  // namespace weft
