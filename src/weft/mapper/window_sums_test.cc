// SPDX-License-Identifier: Apache-2.0
// Words along one window axis, counted by hand: the comments list the coordinates U e + D r - pad.
#include "weft/mapper/window_sums.h"

#include <catch2/catch.hpp>

namespace weft {
namespace {

Axis window(std::int64_t stride, std::int64_t dilation, std::int64_t pad, std::int64_t extent) {
  return {.terms = {{Dim::E, stride}, {Dim::R, dilation}}, .offset = -pad, .extent = extent};
}

/// 3 outputs of 3 taps over 5 words: 012, 123, 234.
const Axis kPlain = window(1, 1, 0, 5);

}  // namespace

TEST_CASE("window tiles take their overlaps again, a single tile takes each word once") {
  CHECK(window_words(kPlain, 3, 3, 3, 3) == 5);
  CHECK(window_words(kPlain, 3, 1, 3, 3) == 9);  // 3 outputs of 3
  CHECK(window_words(kPlain, 3, 3, 3, 1) == 9);  // 012, 123, 234 again, tap by tap
  CHECK(window_words(kPlain, 3, 2, 3, 3) == 7);  // 0123 and 234
}

TEST_CASE("a stride wider than the filter skips words") {
  CHECK(window_words(window(2, 1, 0, 5), 3, 3, 1, 1) == 3);  // 0, 2, 4
  CHECK(window_words(window(2, 1, 0, 7), 3, 3, 3, 3) == 7);  // 012, 234, 456
  CHECK(window_words(window(2, 1, 0, 7), 3, 1, 3, 3) == 9);
}

TEST_CASE("a dilated filter skips words that other outputs may fill") {
  CHECK(window_words(window(1, 2, 0, 6), 2, 1, 3, 3) == 6);  // 024, 135
  CHECK(window_words(window(1, 2, 0, 6), 2, 2, 3, 3) == 6);
  CHECK(window_words(window(1, 2, 0, 7), 3, 3, 3, 3) == 7);  // 024, 135, 246
  CHECK(window_words(window(2, 3, 0, 6), 2, 2, 2, 2) == 4);  // 03, 25
}

TEST_CASE("padding is in no tile") {
  const Axis padded = window(1, 1, 1, 3);  // -01, 012, 12-
  CHECK(window_words(padded, 3, 3, 3, 3) == 3);
  CHECK(window_words(padded, 3, 1, 3, 3) == 7);
}

TEST_CASE("a tile that slides takes what it did not have") {
  const WindowExtent bounds{3, 3}, one{1, 3};
  const SlidingWords again = sliding_words(kPlain, bounds, {one, one, one, one, one});
  CHECK(again.each == 9);
  const SlidingWords slides = sliding_words(kPlain, bounds, {one, one, one, one, {3, 3}});
  CHECK(slides.each == 5);  // 012, 3, 4
  CHECK(slides.shared == 5);
  CHECK(sliding_words(window(1, 1, 1, 3), bounds, {one, one, one, one, {3, 3}}).each == 3);  // 01, 2, none
}

TEST_CASE("children that want one word in the same step share it") {
  const Axis axis = window(1, 1, 0, 6);  // 4 outputs: 012, 123, 234, 345
  const WindowExtent bounds{4, 3}, child{1, 3}, both{2, 3};
  const SlidingWords whole = sliding_words(axis, bounds, {child, child, both, both, both});
  CHECK(whole.each == 12);
  CHECK(whole.shared == 8);  // 0123, 2345
  const SlidingWords slides = sliding_words(axis, bounds, {child, child, both, both, bounds});
  CHECK(slides.each == 10);   // 012 and 123; 34 and 45
  CHECK(slides.shared == 7);  // 0123, 345
}

TEST_CASE("a tile may slide within what each child works through") {
  const Axis axis = window(1, 1, 0, 6);  // child 0: 012, 123; child 1: 234, 345
  const SlidingWords words = sliding_words(axis, {4, 3}, {{1, 3}, {2, 3}, {4, 3}, {1, 3}, {2, 3}});
  CHECK(words.each == 8);    // 012 and 234; 3 and 5
  CHECK(words.shared == 7);  // 01234; 3 and 5
}

TEST_CASE("a word is shared along a diagonal of outputs and taps") {
  const SlidingWords words = sliding_words(window(1, 1, 0, 4), {2, 3}, {{1, 1}, {1, 1}, {2, 3}, {2, 3}, {2, 3}});
  CHECK(words.each == 6);
  CHECK(words.shared == 4);
}

}  // namespace weft
