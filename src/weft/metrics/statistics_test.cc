// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "weft/base/error_testing.h"
#include "weft/metrics/evaluation.h"

namespace weft {
namespace {

using testing::Ids;
using testing::ids_of;

ActivationStatistics read(const std::string& zeros) {
  return parse_statistics("kind: statistics\nversion: 1\nnetwork: toy\nsource: here\nifmap_zeros: " + zeros + "\n",
                          "toy.yaml");
}
Ids ids_of_zeros(const std::string& zeros) {
  return ids_of([&] { read(zeros); });
}

}  // namespace

TEST_CASE("statistics hold the share of zeros of each layer, and where it is from") {
  const ActivationStatistics statistics = read("{conv1: 0.0001, conv2: 0.387}");
  CHECK(statistics.network == "toy");
  CHECK(statistics.source == "here");
  CHECK(statistics.ifmap_zeros == std::map<std::string, double>{{"conv1", 0.0001}, {"conv2", 0.387}});
}

TEST_CASE("a share of zeros is from 0 to 1") {
  CHECK(read("{a: 0}\nofmap_zeros: {b: 0.5}").ofmap_zeros == std::map<std::string, double>{{"b", 0.5}});
  CHECK(ids_of_zeros("{a: 0}\nofmap_zeros: {b: 5}") == Ids{"statistics.bad-share"});
  CHECK(ids_of_zeros("{a: 0, b: 1}").empty());
  CHECK(ids_of_zeros("{a: 1.001}") == Ids{"statistics.bad-share"});
  CHECK(ids_of_zeros("{a: -0.001, b: 38.7}") == Ids(2, "statistics.bad-share"));
  CHECK(ids_of_zeros("{a: many}") == Ids{"yaml.bad-number"});
  CHECK(ids_of_zeros("[0.1]") == Ids{"yaml.wrong-type"});
}

TEST_CASE("a statistics file is read strictly") {
  CHECK(ids_of([] { parse_statistics("kind: statistics\nversion: 1\nsource: s\nzeros: {}\n", "toy.yaml"); }) ==
        Ids{"yaml.missing-key", "yaml.missing-key", "yaml.unknown-key"});
}

TEST_CASE("AlexNet's zeros are those that JSSC 2017, Table V, prints; other networks have none") {
  const auto alexnet = published_statistics("alexnet");
  REQUIRE(alexnet);
  CHECK(alexnet->ifmap_zeros ==
        std::map<std::string, double>{
            {"conv1", 0.0001}, {"conv2", 0.387}, {"conv3", 0.725}, {"conv4", 0.793}, {"conv5", 0.776}});
  CHECK(alexnet->ofmap_zeros == std::map<std::string, double>{{"conv1", 0.6}, {"conv5", 0.83}});
  CHECK_FALSE(published_statistics("lenet5"));
  CHECK_FALSE(published_statistics("../statistics/alexnet"));
  CHECK_FALSE(published_statistics(""));
}

}  // namespace weft
