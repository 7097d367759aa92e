// SPDX-License-Identifier: Apache-2.0
// Run-length coding: bytes as values come back as they were; bytes as words are refused or are the code of what they
// decode to.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "weft/tensor/run_length.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 4) return 0;
  weft::RunLengthCode code{.run_bits = 1 + data[0] % 8, .level_bits = 2 + data[1] % 15};
  const int least = code.run_bits + code.level_bits + 1;
  code.word_bits = least + data[2] % (65 - least);
  const std::int64_t count = data[3] * 8;
  data += 4, size -= 4;

  std::vector<std::int16_t> values(size / 2);
  if (!values.empty()) std::memcpy(values.data(), data, values.size() * 2);
  for (auto& value : values) value = static_cast<std::int16_t>(value >> (16 - code.level_bits));
  const auto back = weft::run_length_decode(weft::run_length_encode(values, code), std::int64_t(values.size()), code);
  if (back != values) std::abort();

  std::vector<std::uint64_t> words(size / 8);
  if (!words.empty()) std::memcpy(words.data(), data, words.size() * 8);
  const auto decoded = weft::run_length_decode(words, count, code);
  if (decoded && (std::int64_t(decoded->size()) != count || weft::run_length_encode(*decoded, code) != words)) {
    std::abort();
  }
  return 0;
}
