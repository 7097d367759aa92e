// SPDX-License-Identifier: Apache-2.0
#include "weft/report/network_report.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "weft/network/build.h"
#include "weft/network/zoo.h"

using namespace weft;

namespace {

using Pairs = std::set<std::pair<std::int64_t, std::int64_t>>;

Pairs squares(const std::vector<std::int64_t>& sides) {
  Pairs pairs;
  for (const std::int64_t side : sides) pairs.insert({side, side});
  return pairs;
}

NetworkReport zoo_report(const std::string& name) { return inspect(zoo_network(name)); }

}  // namespace

TEST_CASE("the shape rows of the survey's Table II come out of the networks") {
  struct Row {
    const char* network;
    LayerKind kind;
    std::vector<std::int64_t> filter_sizes;
    std::int64_t least_channels, most_channels, least_filters, most_filters;
    std::vector<std::int64_t> strides;
  };
  // As printed, except two cells that docs/survey_tables.md explains: LeNet's rows are those of Caffe's network, and
  // OverFeat's fully connected layers have no filter of 12.
  const std::vector<Row> rows{{"lenet5-caffe", LayerKind::conv, {5}, 1, 20, 20, 50, {1}},
                              {"alexnet", LayerKind::conv, {3, 5, 11}, 3, 256, 96, 384, {1, 4}},
                              {"overfeat-fast", LayerKind::conv, {3, 5, 11}, 3, 1024, 96, 1024, {1, 4}},
                              {"vgg16", LayerKind::conv, {3}, 3, 512, 64, 512, {1}},
                              {"googlenet", LayerKind::conv, {1, 3, 5, 7}, 3, 832, 16, 384, {1, 2}},
                              {"resnet50", LayerKind::conv, {1, 3, 7}, 3, 2048, 64, 2048, {1, 2}},
                              {"lenet5-caffe", LayerKind::fc, {1, 4}, 50, 500, 10, 500, {1}},
                              {"alexnet", LayerKind::fc, {1, 6}, 256, 4096, 1000, 4096, {1}},
                              {"overfeat-fast", LayerKind::fc, {1, 6}, 1024, 4096, 1000, 4096, {1}},
                              {"vgg16", LayerKind::fc, {1, 7}, 512, 4096, 1000, 4096, {1}},
                              {"googlenet", LayerKind::fc, {1}, 1024, 1024, 1000, 1000, {1}},
                              {"resnet50", LayerKind::fc, {1}, 2048, 2048, 1000, 1000, {1}}};
  for (const Row& row : rows) {
    CAPTURE(row.network, std::string(name(row.kind)));
    const LayerRanges r = ranges(layers(zoo_network(row.network)), row.kind);
    CHECK(r.filter_sizes == squares(row.filter_sizes));
    CHECK(r.least_channels == row.least_channels);
    CHECK(r.most_channels == row.most_channels);
    CHECK(r.least_filters == row.least_filters);
    CHECK(r.most_filters == row.most_filters);
    CHECK(r.strides == squares(row.strides));
  }
}

TEST_CASE("the letters that programs get obey E = (H - R + U) / U in every layer of every network") {
  for (const ZooEntry& entry : zoo()) {
    const auto json = network_json(inspect(entry.build()));
    CHECK(json["layers"].size() >= 4);
    for (const auto& layer : json["layers"]) {
      CAPTURE(std::string(entry.name), layer["name"].get<std::string>());
      const auto letter = [&](const char* name) { return layer[name].get<std::int64_t>(); };
      const std::int64_t U = letter("U");
      CHECK(letter("E") == (letter("H") - letter("R") + U) / U);
      CHECK(letter("F") == (letter("W") - letter("S") + U) / U);
      CHECK(letter("weights") == letter("G") * letter("M") * letter("C") * letter("R") * letter("S"));
      CHECK(letter("macs") == letter("N") * letter("weights") * letter("E") * letter("F"));
    }
  }
}

TEST_CASE("the JSON document has the keys that were promised, in their order") {
  const auto json = network_json(zoo_report("alexnet"));
  CHECK(json["schema"] == "weft.network/1");
  CHECK(json["name"] == "alexnet");
  std::vector<std::string> totals, letters;
  for (const auto& [key, value] : json["totals"].items()) totals.push_back(key);
  for (const auto& [key, value] : json["layers"][1].items()) letters.push_back(key);
  const std::vector<std::string> promised{"weights",    "nonzero_weights", "macs",        "conv_weights", "conv_macs",
                                          "fc_weights", "fc_macs",         "conv_layers", "conv_depth",   "fc_layers"};
  REQUIRE(totals.size() >= promised.size());
  CHECK(std::equal(promised.begin(), promised.end(), totals.begin()));
  for (const char* letter :
       {"name", "op", "N", "G", "M", "C", "H", "W", "R", "S", "E", "F", "U", "weights", "nonzero_weights", "macs"}) {
    CHECK(std::count(letters.begin(), letters.end(), letter) == 1);
  }
  CHECK(json["layers"].size() == 8);
  CHECK(json["layers"][1]["H"] == 31);
  CHECK(json["layers"][1]["ifmap"] == nlohmann::ordered_json{27, 27});
  CHECK(json["layers"][1]["pad"] == nlohmann::ordered_json{2, 2, 2, 2});
  CHECK_FALSE(json["layers"][1].contains("U_h"));
  CHECK_FALSE(json["other_layers"][0].contains("N"));
}

TEST_CASE("unequal strides and dilations are told apart") {
  Network net = build::start("toy");
  build::Fmap x = build::conv(net, "c", build::input(net, "data", 1, 9, 9), {.M = 1, .R = 2});
  net.nodes.back().attributes["strides"] = std::vector<std::int64_t>{1, 3};
  net.nodes.back().attributes["dilations"] = std::vector<std::int64_t>{2, 1};
  const NetworkReport report = inspect(build::finish(std::move(net), x));
  const auto layer = network_json(report)["layers"][0];
  CHECK(layer["U"] == 1);
  CHECK(layer["U_h"] == 1);
  CHECK(layer["U_w"] == 3);
  CHECK(layer["D_h"] == 2);
  CHECK(layer["D_w"] == 1);
  const std::string text = network_text(report, false, {});
  CHECK(text.find("1x3") != std::string::npos);
  CHECK(text.find("2x1") != std::string::npos);
}

TEST_CASE("a network without layers that multiply has empty ranges and no nulls") {
  Network net = build::start("toy");
  const build::Fmap x = build::relu(net, build::input(net, "data", 1, 2, 2));
  const NetworkReport report = inspect(build::finish(std::move(net), x));
  const auto json = network_json(report);
  CHECK(json["layers"].empty());
  CHECK(json["conv"]["channels"].empty());
  CHECK(json.dump().find("null") == std::string::npos);
  CHECK(network_text(report, true, {}).find("data/relu") != std::string::npos);
}

TEST_CASE("names from hostile files reach neither the terminal nor the columns of a CSV file") {
  Network net = build::start("a\x1b[31mb");
  const build::Fmap x = build::conv(net, "c,\"\x1b[2J", build::input(net, "data", 1, 4, 4), {.M = 1});
  const NetworkReport report = inspect(build::finish(std::move(net), x));
  CHECK(network_text(report, true, {}).find('\x1b') == std::string::npos);
  CHECK(network_csv(report).find("\n\"c,\"\"") != std::string::npos);
}

TEST_CASE("every line of the CSV form has as many fields as its heading") {
  const std::string csv = network_csv(zoo_report("squeezenet1.0"));
  std::vector<std::ptrdiff_t> commas;
  for (std::size_t at = 0; at < csv.size();) {
    const std::size_t end = csv.find('\n', at);
    commas.push_back(
        std::count(csv.begin() + static_cast<std::ptrdiff_t>(at), csv.begin() + static_cast<std::ptrdiff_t>(end), ','));
    at = end + 1;
  }
  CHECK(commas.size() == 1 + layers(zoo_network("squeezenet1.0")).size());
  for (const std::ptrdiff_t n : commas) CHECK(n == commas.front());
}
