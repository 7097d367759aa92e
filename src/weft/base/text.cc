// SPDX-License-Identifier: Apache-2.0
#include "weft/base/text.h"

#include <algorithm>
#include <cstdint>

namespace weft {
namespace {

constexpr std::size_t kInvalid = 0;

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

std::size_t length_of_lead(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return 2;
  if (lead >= 0xE0 && lead <= 0xEF) return 3;
  if (lead >= 0xF0 && lead <= 0xF4) return 4;
  return kInvalid;
}

// The second byte's limits (Unicode 15, Table 3-7) keep out overlong forms, surrogates and what is past U+10FFFF.
bool second_byte_fits(unsigned char lead, unsigned char second) {
  if (lead == 0xE0) return second >= 0xA0;
  if (lead == 0xED) return second <= 0x9F;
  if (lead == 0xF0) return second >= 0x90;
  if (lead == 0xF4) return second <= 0x8F;
  return true;
}

// Bytes of the character that starts at `text`, or kInvalid. `text` is not empty.
std::size_t character_length(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t length = length_of_lead(lead);
  if (length <= 1) return length;
  if (text.size() < length || !second_byte_fits(lead, static_cast<unsigned char>(text[1]))) return kInvalid;
  const std::string_view rest = text.substr(1, length - 1);
  return std::all_of(rest.begin(), rest.end(), is_continuation) ? length : kInvalid;
}

// C0 and C1 control characters and DEL, tab apart.
bool is_control(std::string_view character) {
  const auto c = static_cast<unsigned char>(character[0]);
  if (c == 0xC2) return static_cast<unsigned char>(character[1]) < 0xA0;
  return (c < 0x20 && c != '\t') || c == 0x7F;
}

template <class Visit>
void for_each_character(std::string_view text, Visit visit) {
  while (!text.empty()) {
    const std::size_t length = character_length(text);
    visit(text.substr(0, std::max<std::size_t>(1, length)), length != kInvalid);
    text.remove_prefix(std::max<std::size_t>(1, length));
  }
}

}  // namespace

std::vector<std::string> split_characters(std::string_view text) {
  std::vector<std::string> characters;
  for_each_character(text, [&](std::string_view character, bool valid) {
    characters.emplace_back(valid && !is_control(character) ? character : "?");
  });
  return characters;
}

std::string printable(std::string_view text) {
  std::string result;
  for_each_character(text, [&](std::string_view character, bool valid) {
    result += valid && (character == "\n" || !is_control(character)) ? character : "?";
  });
  return result;
}

std::size_t count_characters(std::string_view text) {
  std::size_t count = 0;
  for_each_character(text, [&](std::string_view, bool) { ++count; });
  return count;
}

std::size_t find_invalid_utf8(std::string_view text) {
  std::size_t offset = 0;
  while (offset < text.size()) {
    const std::size_t length = character_length(text.substr(offset));
    if (length == kInvalid) return offset;
    offset += length;
  }
  return std::string_view::npos;
}

std::string lower_case(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c;
  return result;
}

std::string join_words(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " and " : ", ";
    text += words[i];
  }
  return text;
}

}  // namespace weft
