// SPDX-License-Identifier: Apache-2.0
#include "weft/data/digits.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <vector>

#include "weft/base/error.h"
#include "weft/base/quantity.h"
#include "weft/base/random.h"
#include "weft/data/dataset_readers.h"

namespace weft {
namespace {

/// On the unit square: x to the right, y down.
struct Point {
  double x = 0, y = 0;
};
/// Quadratic Bezier curves one after the other: an end, a control point, an end, a control point, an end ...
using Stroke = std::vector<Point>;

/// Drawn for this program.
const std::array<std::vector<Stroke>, 10>& glyphs() {
  static const std::array<std::vector<Stroke>, 10> all = {{
      {{{.5, .1}, {.8, .1}, {.8, .5}, {.8, .9}, {.5, .9}, {.2, .9}, {.2, .5}, {.2, .1}, {.5, .1}}},
      {{{.36, .28}, {.46, .2}, {.55, .1}, {.55, .5}, {.55, .9}}},
      {{{.22, .3}, {.25, .1}, {.5, .1}, {.78, .1}, {.75, .35}, {.7, .55}, {.22, .9}, {.5, .9}, {.8, .9}}},
      {{{.25, .15}, {.75, .02}, {.72, .3}, {.7, .47}, {.42, .47}, {.8, .48}, {.76, .7}, {.7, .97}, {.22, .85}}},
      {{{.62, .1}, {.4, .4}, {.2, .62}, {.5, .62}, {.82, .62}}, {{.64, .38}, {.63, .65}, {.62, .92}}},
      {{{.75, .12}, {.5, .12}, {.32, .12}, {.3, .3}, {.27, .45}, {.75, .33}, {.75, .63}, {.73, .95}, {.22, .86}}},
      {{{.68, .1}, {.25, .3}, {.25, .65}, {.27, .92}, {.52, .9}, {.77, .88}, {.74, .65}, {.68, .42}, {.27, .6}}},
      {{{.2, .13}, {.5, .13}, {.8, .13}, {.55, .5}, {.42, .92}}},
      {{{.5, .48},
        {.2, .38},
        {.28, .22},
        {.5, 0},
        {.72, .22},
        {.8, .38},
        {.5, .48},
        {.15, .6},
        {.25, .8},
        {.5, 1},
        {.75, .8},
        {.85, .6},
        {.5, .48}}},
      {{{.74, .35},
        {.7, .58},
        {.5, .56},
        {.25, .54},
        {.27, .32},
        {.32, .08},
        {.55, .1},
        {.76, .12},
        {.74, .35},
        {.75, .65},
        {.62, .92}}},
  }};
  return all;
}

double uniform(Random& random, double least, double most) { return least + (most - least) * random.uniform(); }

/// How one digit differs from its glyph.
struct Hand {
  std::array<double, 4> turn{};  // the matrix from the unit square, centred, to pixels
  Point middle;                  // in pixels
  double pen = 0;                // width in pixels
  double ink = 0;                // 0 to 255
};

Hand random_hand(Random& random) {
  constexpr double kSize = 20;                    // pixels, as MNIST's digits fill 20 of 28
  const double t = uniform(random, -0.13, 0.13);  // tangent of half the angle: 15 degrees at most
  const double cosine = (1 - t * t) / (1 + t * t), sine = 2 * t / (1 + t * t);
  const double shear = uniform(random, -0.25, 0.25);
  const double wide = kSize * uniform(random, 0.8, 1.15), high = kSize * uniform(random, 0.9, 1.15);
  Hand hand;
  hand.turn = {wide * cosine, high * (shear * cosine - sine), wide * sine, high * (shear * sine + cosine)};
  hand.middle = {kDigitSide / 2.0 + uniform(random, -2, 2), kDigitSide / 2.0 + uniform(random, -2, 2)};
  hand.pen = uniform(random, 1.4, 3.6);
  hand.ink = uniform(random, 190, 255);
  return hand;
}

Stroke bent(const Stroke& stroke, const Hand& hand, Random& random) {
  constexpr double kJitter = 0.05;
  Stroke result;
  for (const Point& point : stroke) {
    const double x = point.x - 0.5 + uniform(random, -kJitter, kJitter);
    const double y = point.y - 0.5 + uniform(random, -kJitter, kJitter);
    result.push_back(
        {hand.middle.x + hand.turn[0] * x + hand.turn[1] * y, hand.middle.y + hand.turn[2] * x + hand.turn[3] * y});
  }
  return result;
}

/// The curves as short straight pieces.
std::vector<Point> flattened(const Stroke& stroke) {
  constexpr int kPieces = 6;  // of each curve
  std::vector<Point> points{stroke.front()};
  for (std::size_t i = 0; i + 2 < stroke.size(); i += 2) {
    for (int piece = 1; piece <= kPieces; ++piece) {
      const double t = double(piece) / kPieces, s = 1 - t;
      points.push_back({s * s * stroke[i].x + 2 * s * t * stroke[i + 1].x + t * t * stroke[i + 2].x,
                        s * s * stroke[i].y + 2 * s * t * stroke[i + 1].y + t * t * stroke[i + 2].y});
    }
  }
  return points;
}

double squared_distance(Point p, Point a, Point b) {
  const double dx = b.x - a.x, dy = b.y - a.y;
  const double length = dx * dx + dy * dy;
  const double along = length == 0 ? 0 : std::clamp(((p.x - a.x) * dx + (p.y - a.y) * dy) / length, 0.0, 1.0);
  const double ex = p.x - a.x - along * dx, ey = p.y - a.y - along * dy;
  return ex * ex + ey * ey;
}

/// How much of the pixel the pen covers, 0 to 1.
double coverage(Point pixel, const std::vector<std::vector<Point>>& lines, double pen) {
  double least = 1e9;
  for (const auto& line : lines) {
    for (std::size_t i = 0; i + 1 < line.size(); ++i)
      least = std::min(least, squared_distance(pixel, line[i], line[i + 1]));
  }
  return std::clamp(pen / 2 + 0.5 - std::sqrt(least), 0.0, 1.0);
}

[[noreturn]] void refuse(const std::string& path, const std::string& why, std::string mend) {
  throw dataset_error("dataset.bad-digits", path, why, std::move(mend));
}

}  // namespace

Image synthetic_digit(std::uint64_t seed, std::int64_t i) {
  constexpr double kFlicker = 30;   // of the ink
  constexpr double kSpecks = 0.02;  // share of pixels that are dirty
  Random random(split_mix(seed, static_cast<std::uint64_t>(i)));
  const Hand hand = random_hand(random);
  std::vector<std::vector<Point>> lines;
  for (const Stroke& stroke : glyphs()[static_cast<std::size_t>(i % 10)]) {
    lines.push_back(flattened(bent(stroke, hand, random)));
  }
  Image image{.width = kDigitSide, .height = kDigitSide, .channels = 1, .pixels = {}};
  for (int y = 0; y < kDigitSide; ++y) {
    for (int x = 0; x < kDigitSide; ++x) {
      const double covered = coverage({x + 0.5, y + 0.5}, lines, hand.pen);
      double value = covered * (hand.ink + uniform(random, -kFlicker, kFlicker));
      if (random.uniform() < kSpecks) value += uniform(random, 0, 100);
      image.pixels.push_back(static_cast<std::uint8_t>(std::clamp(value + 0.5, 0.0, 255.0)));
    }
  }
  return image;
}

bool names_digits(const std::string& path) { return path == "digits" || path.starts_with("digits:"); }

Dataset digits_dataset(const std::string& path) {
  constexpr std::int64_t kMostDigits = 100'000'000;
  Dataset dataset{.kind = "synthetic digits", .count = 1000};
  std::int64_t seed = 1;
  std::set<std::string> given;
  for (std::size_t at = std::string_view("digits:").size(); at < path.size() + 1;) {
    const std::size_t end = std::min(path.find(',', at), path.size());
    const std::string setting = path.substr(at, end - at);
    const std::size_t equals = std::min(setting.find('='), setting.size());
    const std::string key = setting.substr(0, equals);
    if (key != "seed" && key != "count") {
      const std::string near = nearest(key, {"seed", "count"});
      refuse(path, fmt::format("there is no setting '{}'", key),
             near.empty() ? "write it as digits:seed=7,count=1000" : fmt::format("did you mean '{}'?", near));
    }
    if (!given.insert(key).second) refuse(path, fmt::format("'{}' is given twice", key), "give it once");
    const std::int64_t least = key == "count" ? 1 : 0, most = key == "count" ? kMostDigits : INT64_MAX;
    const std::int64_t value = parse_integer(setting.substr(std::min(equals + 1, setting.size()))).value_or(-1);
    if (value < least || value > most) {
      refuse(path, fmt::format("the value of '{}' is not a whole number from {} to {}", key, least, most),
             "write it as digits:seed=7,count=1000");
    }
    (key == "seed" ? seed : dataset.count) = value;
    at = end + 1;
  }
  dataset.samples = SyntheticDigits{static_cast<std::uint64_t>(seed)};
  dataset.classes = 10;
  for (std::int64_t digit = 0; digit < dataset.classes; ++digit) dataset.class_names.push_back(std::to_string(digit));
  dataset.labels.resize(static_cast<std::size_t>(dataset.count));
  for (std::size_t i = 0; i < dataset.labels.size(); ++i) dataset.labels[i] = static_cast<std::int64_t>(i % 10);
  return dataset;
}

}  // namespace weft
