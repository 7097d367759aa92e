// SPDX-License-Identifier: Apache-2.0
#include "weft/data/digits.h"

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <limits>
#include <vector>

#include "weft/base/error_testing.h"

namespace weft {
namespace {

using testing::Ids;
using testing::ids_of;

using Pixels = std::array<double, kDigitSide * kDigitSide>;

double squared_distance(const Pixels& mean, const Image& image) {
  double sum = 0;
  for (std::size_t i = 0; i < mean.size(); ++i) sum += (mean[i] - image.pixels[i]) * (mean[i] - image.pixels[i]);
  return sum;
}

/// The mean image of each class over the first `count` digits of a seed.
std::array<Pixels, 10> class_means(std::uint64_t seed, int count) {
  std::array<Pixels, 10> means{};
  for (int i = 0; i < count; ++i) {
    const Image image = synthetic_digit(seed, i);
    Pixels& mean = means[std::size_t(i % 10)];
    for (std::size_t p = 0; p < mean.size(); ++p) mean[p] += image.pixels[p] * 10.0 / count;
  }
  return means;
}

TEST_CASE("digits depend on the seed and their number only, and differ") {
  CHECK(synthetic_digit(1, 3) == synthetic_digit(1, 3));
  CHECK(synthetic_digit(1, 3) != synthetic_digit(1, 13));
  CHECK(synthetic_digit(1, 3) != synthetic_digit(2, 3));
  const Image image = synthetic_digit(1, 0);
  CHECK((image.width == 28 && image.height == 28 && image.channels == 1 && image.pixels.size() == 784));
}

TEST_CASE("a digit is some ink on much dark, as in MNIST") {
  // MNIST's test images are 81 % zeros and have mean 33.8 of 255.
  double zeros = 0, sum = 0;
  constexpr int kCount = 200;
  for (int i = 0; i < kCount; ++i) {
    const Image image = synthetic_digit(5, i);
    zeros += double(std::count(image.pixels.begin(), image.pixels.end(), 0)) / 784 / kCount;
    for (const std::uint8_t pixel : image.pixels) sum += double(pixel) / 784 / kCount;
  }
  CHECK(zeros > 0.6);
  CHECK(zeros < 0.9);
  CHECK(sum > 20);
  CHECK(sum < 60);
}

TEST_CASE("the nearest class mean tells digits apart mostly, not always") {
  const std::array<Pixels, 10> means = class_means(1, 1000);
  int right = 0;
  constexpr int kCount = 500;
  for (int i = 0; i < kCount; ++i) {
    const Image image = synthetic_digit(2, i);
    std::array<double, 10> distance{};
    for (std::size_t k = 0; k < 10; ++k) distance[k] = squared_distance(means[k], image);
    right += std::min_element(distance.begin(), distance.end()) - distance.begin() == i % 10 ? 1 : 0;
  }
  INFO("right: " << right << " of " << kCount);  // chance: 50; nearest mean on MNIST: 82 %
  CHECK(right > kCount * 7 / 10);
  CHECK(right < kCount * 98 / 100);
}

TEST_CASE("digits are a data set by name") {
  const Dataset dataset = load_dataset("digits:seed=7,count=25");
  CHECK(dataset.size() == 25);
  CHECK(dataset.classes == 10);
  CHECK(dataset.labels[13] == 3);
  CHECK(dataset.class_names[9] == "9");
  CHECK(std::get<Image>(sample(dataset, 13)) == synthetic_digit(7, 13));
  CHECK(dataset.input == TensorType{ElementType::float32, {1, 1, 28, 28}});
  CHECK(load_dataset("digits").size() == 1000);
  for (const char* bad : {"digits:", "digits:seeds=1", "digits:count=0", "digits:count=100000001", "digits:seed=-1",
                          "digits:seed", "digits:seed=1,seed=2", "digits:seed=1,"}) {
    CAPTURE(bad);
    CHECK(ids_of([&] { load_dataset(bad); }) == Ids{"dataset.bad-digits"});
  }
}

}  // namespace
}  // namespace weft
