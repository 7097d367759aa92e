// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace weft {

/// The characters of UTF-8 text, each made safe to print: a tab stays, any other control character and every byte
/// that is not UTF-8 becomes "?". Text from hostile files cannot send escape sequences to a terminal this way.
std::vector<std::string> split_characters(std::string_view text);

/// The same as one text; line feeds stay.
std::string printable(std::string_view text);

/// How many characters of UTF-8 text there are; a byte that is not UTF-8 counts as one.
std::size_t count_characters(std::string_view text);

/// Offset of the first byte that is not UTF-8 (overlong forms and surrogates are not), or npos.
std::size_t find_invalid_utf8(std::string_view text);

/// A to Z become a to z; other bytes stay.
std::string lower_case(std::string_view text);

/// "a, b and c"
std::string join_words(const std::vector<std::string>& words);

}  // namespace weft
