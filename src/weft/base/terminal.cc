// SPDX-License-Identifier: Apache-2.0
#include "weft/base/terminal.h"

#include <unistd.h>

#include <cstdlib>
#include <string>

#include "weft/base/text.h"

namespace weft {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool locale_is_utf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const std::string locale = lower_case(environment(name));
    if (!locale.empty()) return locale.find("utf-8") != std::string::npos || locale.find("utf8") != std::string::npos;
  }
  return true;
}

}  // namespace

bool is_terminal(int descriptor) { return isatty(descriptor) == 1 && environment("TERM") != "dumb"; }

TextStyle style_of(int descriptor) {
  return {.unicode = locale_is_utf8(), .colour = is_terminal(descriptor) && environment("NO_COLOR").empty()};
}

}  // namespace weft
