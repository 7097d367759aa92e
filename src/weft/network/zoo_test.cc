// SPDX-License-Identifier: Apache-2.0
#include "weft/network/zoo.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "weft/base/error.h"
#include "weft/network/layer.h"

using namespace weft;

namespace {

NetworkTotals count(const std::string& name) { return totals(layers(zoo_network(name))); }

Layer layer_of(const std::string& network, const std::string& name) {
  for (const Layer& layer : layers(zoo_network(network))) {
    if (layer.name == name) return layer;
  }
  FAIL("no layer " << name << " in " << network);
  return {};
}

std::string id_of_failure(const std::string& name) {
  try {
    zoo_network(name);
  } catch (const Error& error) {
    return error.problems().front().id;
  }
  return "";
}

constexpr std::int64_t squared(std::int64_t n) { return n * n; }

}  // namespace

// Every expected number below is the product or sum of the extents in the paper's table, worked out by hand beside it,
// or a number that somebody else published; none was printed by this program first.

TEST_CASE("each network has the weights and MACs that its paper's table of shapes gives") {
  struct Row {
    const char* name;
    std::int64_t conv_layers, depth, conv_weights, conv_macs, fc_layers,
        fc_weights;  // an FC layer has as many MACs as weights
  };
  const std::vector<Row> rows{
      // LeCun 1998: 6@5x5, 16@5x5x6; 400-120-84-10. By the paper's Table I C3 has 60 of the 96 filters of 5x5.
      {"lenet5", 2, 2, 150 + 2'400, 117'600 + 240'000, 3, 48'000 + 10'080 + 840},
      {"lenet5-table", 4, 2, 150 + 1'500, 117'600 + 150'000, 3, 48'000 + 10'080 + 840},
      {"lenet5-caffe", 2, 2, 500 + 25'000, 288'000 + 1'600'000, 2, 400'000 + 5'000},
      {"alexnet", 5, 5, 2'332'704, 665'784'864, 3, 37'748'736 + 16'777'216 + 4'096'000},
      {"overfeat-fast", 5, 5, 34'848 + 614'400 + 1'179'648 + 4'718'592 + 9'437'184,
       109'283'328LL + 353'894'400 + 169'869'312 + 679'477'248 + 1'358'954'496, 3,
       113'246'208 + 12'582'912 + 4'096'000},
      {"vgg16", 13, 13, 14'710'464, 15'346'630'656, 3, 25'088 * 4'096 + 4'096 * 4'096 + 4'096 * 1'000},
      {"googlenet", 57, 21, 5'966'272, 1'581'647'872, 1, 1'024'000},
      {"resnet18", 20, 17, 11'166'912, 1'813'561'344, 1, 512'000},
      {"resnet50", 53, 49, 23'454'912, 3'855'925'248, 1, 2'048'000},
      {"squeezenet1.0", 26, 18, 1'244'448, 832'667'936, 0, 0},
      {"squeezenet1.0-224", 26, 18, 1'244'448, 818'924'576, 0, 0},
      {"squeezenet1.1", 26, 18, 1'231'552, 387'747'520, 0, 0},
      {"squeezenet1.1-224", 26, 18, 1'231'552, 349'151'936, 0, 0},
      {"mobilenet-v1", 27, 27, 4'209'088 - 1'024'000, 568'740'352 - 1'024'000, 1, 1'024'000},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const NetworkTotals t = count(row.name);
    CHECK(t.conv_layers == row.conv_layers);
    CHECK(t.conv_depth == row.depth);
    CHECK(t.conv_weights == row.conv_weights);
    CHECK(t.conv_macs == row.conv_macs);
    CHECK(t.fc_layers == row.fc_layers);
    CHECK(t.fc_weights == row.fc_weights);
    CHECK(t.fc_macs == row.fc_weights);
    CHECK(t.weights == row.conv_weights + row.fc_weights);
    CHECK(t.macs == row.conv_macs + row.fc_weights);
    CHECK(t.nonzero_weights == t.weights);
  }
}

TEST_CASE("the zoo gives every cell of the survey's Table II that can come out, to its printed digits") {
  struct Row {
    const char* name;
    double conv_weights, conv_macs, fc_weights, weights,
        macs;                                         // as printed; 0: does not come out, see docs/survey_tables.md
    double unit_cw, unit_cm, unit_f, unit_w, unit_m;  // value of the last printed digit
  };
  const std::vector<Row> rows{
      {"alexnet", 2.3e6, 666e6, 58.6e6, 61e6, 724e6, 1e5, 1e6, 1e5, 1e6, 1e6},
      {"overfeat-fast", 16e6, 2.67e9, 130e6, 146e6, 2.8e9, 1e6, 1e7, 1e6, 1e6, 1e8},
      {"vgg16", 14.7e6, 15.3e9, 124e6, 138e6, 15.5e9, 1e5, 1e8, 1e6, 1e6, 1e8},
      {"googlenet", 6.0e6, 0, 1e6, 7e6, 0, 1e5, 1, 1e6, 1e6, 1},
      {"resnet50", 23.5e6, 3.86e9, 2e6, 25.5e6, 3.9e9, 1e5, 1e7, 1e6, 1e5, 1e8},
  };
  const auto agrees = [](std::int64_t value, double printed, double unit) {
    return printed == 0 || std::abs(static_cast<double>(value) - printed) <= unit / 2;
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const NetworkTotals t = count(row.name);
    CHECK(agrees(t.conv_weights, row.conv_weights, row.unit_cw));
    CHECK(agrees(t.conv_macs, row.conv_macs, row.unit_cm));
    CHECK(agrees(t.fc_weights, row.fc_weights, row.unit_f));
    CHECK(agrees(t.fc_macs, row.fc_weights, row.unit_f));
    CHECK(agrees(t.weights, row.weights, row.unit_w));
    CHECK(agrees(t.macs, row.macs, row.unit_m));
  }
}

TEST_CASE("AlexNet's layers have the shapes of the Eyeriss papers") {
  struct Row {
    const char* name;
    std::int64_t G, M, C, padded_H, R, E, U, weights, macs;
  };
  const std::vector<Row> rows{{"conv1", 1, 96, 3, 227, 11, 55, 4, 34'848, 105'415'200},
                              {"conv2", 2, 128, 48, 31, 5, 27, 1, 307'200, 223'948'800},
                              {"conv3", 1, 384, 256, 15, 3, 13, 1, 884'736, 149'520'384},
                              {"conv4", 2, 192, 192, 15, 3, 13, 1, 663'552, 112'140'288},
                              {"conv5", 2, 128, 192, 15, 3, 13, 1, 442'368, 74'760'192},
                              {"fc6", 1, 4096, 256, 6, 6, 1, 1, 37'748'736, 37'748'736},
                              {"fc7", 1, 4096, 4096, 1, 1, 1, 1, 16'777'216, 16'777'216},
                              {"fc8", 1, 1000, 4096, 1, 1, 1, 1, 4'096'000, 4'096'000}};
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const Layer layer = layer_of("alexnet", row.name);
    const ConvShape& s = layer.shape;
    CHECK(s.G == row.G);
    CHECK(s.M == row.M);
    CHECK(s.C == row.C);
    CHECK(s.H + s.pad_top + s.pad_bottom == row.padded_H);
    CHECK(s.W + s.pad_left + s.pad_right == row.padded_H);
    CHECK(s.R == row.R);
    CHECK(s.S == row.R);
    CHECK(s.E == row.E);
    CHECK(s.F == row.E);
    CHECK(s.U_h == row.U);
    CHECK(s.U_w == row.U);
    CHECK(layer.weights == row.weights);
    CHECK(layer.macs == row.macs);
  }
}

TEST_CASE("AlexNet, VGG-16 and SqueezeNet have as many biases as filters") {
  CHECK(count("alexnet").parameters - count("alexnet").weights == 96 + 256 + 384 + 384 + 256 + 4096 + 4096 + 1000);
  CHECK(count("vgg16").parameters == 138'357'544);        // torchvision.models.vgg16, num_params
  CHECK(count("vgg19").parameters == 143'667'240);        // torchvision.models.vgg19
  CHECK(count("squeezenet1.0").parameters == 1'248'424);  // torchvision.models.squeezenet1_0
  CHECK(count("squeezenet1.1").parameters == 1'235'496);  // torchvision.models.squeezenet1_1
  CHECK(count("lenet5-caffe").parameters == 431'080);     // the footnote of the survey's Table II: 431k
}

TEST_CASE("LeNet-5 has the parameters and connections that its paper counts layer by layer") {
  // C1, S2, C3, S4, C5, F6; the 840 numbers of the output layer are not trained there.
  const std::int64_t trained = 156 + 12 + 1'516 + 32 + 48'120 + 10'164;
  CHECK(trained == 60'000);
  CHECK(count("lenet5-table").parameters == trained + 840);
  // A connection is a product, an addition of a bias, or one of a subsampling unit's 4 inputs and bias.
  const std::int64_t biases = 6 * 28 * 28 + 16 * 10 * 10 + 120 + 84;
  const std::int64_t subsampling = 5 * (6 * 14 * 14 + 16 * 5 * 5);
  CHECK(count("lenet5-table").macs + biases + subsampling == 340'908);
}

TEST_CASE("GoogLeNet's modules have the MACs of their columns in the paper's Table 1") {
  // MACs in millions, from in-channels, the six numbers of the table and the size of the map.
  const std::vector<std::pair<std::string, double>> modules{{"3a", 128.05}, {"3b", 304.27}, {"4a", 73.61},
                                                            {"4b", 87.91},  {"4c", 99.85},  {"4d", 118.52},
                                                            {"4e", 170.0},  {"5a", 51.08},  {"5b", 70.7}};
  const std::vector<Layer> all = layers(zoo_network("googlenet"));
  for (const auto& [label, expected] : modules) {
    CAPTURE(label);
    std::int64_t macs = 0;
    for (const Layer& layer : all) macs += layer.name.starts_with("inception_" + label + "/") ? layer.macs : 0;
    CHECK(std::abs(static_cast<double>(macs) / 1e6 - expected) <= 0.005);
  }
}

TEST_CASE("the survey's 1.43G MACs of GoogLeNet come out if every reduce layer is left out") {
  std::int64_t macs = 0;
  for (const Layer& layer : layers(zoo_network("googlenet"))) {
    const bool reduce = layer.name.ends_with("_reduce");
    if (layer.kind == LayerKind::conv && !reduce) macs += layer.macs;
  }
  CHECK(macs == 1'425'249'280);
}

TEST_CASE("OverFeat's accurate model has the shapes of the paper's Table 3") {
  // 96@7x7/2 on 221, pool 3: 36; 256@7x7, pool 2: 15; 512, 512, 1024, 1024 @ 3x3; pool 3: 5; 4096, 4096, 1000.
  const std::int64_t weights = 96 * 3 * 49 + 256 * 96 * 49 + 9 * (512 * 256 + 512 * 512 + 1024 * 512 + 1024 * 1024);
  const std::int64_t macs = squared(108) * 96 * 3 * 49 + squared(30) * 256 * 96 * 49 +
                            squared(15) * 9 * (512 * 256 + 512 * 512 + 1024 * 512 + 1024 * 1024);
  const NetworkTotals t = count("overfeat-accurate");
  CHECK(t.conv_layers == 6);
  CHECK(t.conv_weights == weights);
  CHECK(t.conv_macs == macs);
  CHECK(t.fc_weights == 25 * 1024 * 4096 + 4096 * 4096 + 4096 * 1000);
  CHECK(t.weights / 1'000'000 == 144);  // the paper's Table 4
  CHECK(static_cast<double>(t.macs) / static_cast<double>(count("overfeat-fast").macs) ==
        Approx(1.9).margin(0.05));  // survey
}

TEST_CASE("VGG-19 is VGG-16 and three more convolutions") {
  const NetworkTotals small = count("vgg16"), large = count("vgg19");
  CHECK(large.conv_layers == 16);
  CHECK(large.conv_weights - small.conv_weights == 9 * (256 * 256 + 2 * 512 * 512));
  CHECK(large.conv_macs - small.conv_macs ==
        9 * (squared(56) * 256 * 256 + squared(28) * 512 * 512 + squared(14) * 512 * 512));
  CHECK(large.fc_weights == small.fc_weights);
}

TEST_CASE("ResNet's MACs follow from the number of its blocks") {
  // With M filters on a P x P map, M * P is 64 * 56 in every stage, so a block's MACs are a multiple of x = (64 *
  // 56)^2: bottleneck 4 + 9 + 4 = 17 (first of stage 2: 1 + 9 + 4 and a projection of 4; first of the others: 2 + 9 + 4
  // and 8, or, with the stride in the 3x3, 8 + 9 + 4 and 8); basic 9 + 9 (first of stages 3 to 5: 4.5 + 9 and 0.5).
  constexpr std::int64_t x = squared(64 * 56);
  constexpr std::int64_t conv1 = 112 * 112 * 64 * 3 * 49;
  const auto bottlenecks = [](std::int64_t blocks) { return conv1 + x * (18 + 3 * 23 + 17 * (blocks - 4)); };
  const auto basics = [](std::int64_t blocks) { return conv1 + x * (3 * 14 + 18 * (blocks - 3)); };
  CHECK(count("resnet18").conv_macs == basics(8));
  CHECK(count("resnet34").conv_macs == basics(16));
  CHECK(count("resnet50").conv_macs == bottlenecks(16));
  CHECK(count("resnet101").conv_macs == bottlenecks(33));
  CHECK(count("resnet152").conv_macs == bottlenecks(50));
  CHECK(count("resnet50-v1.5").conv_macs == bottlenecks(16) + 3 * 6 * x);
}

TEST_CASE("ResNets have as many layers as their names say, and the published parameters") {
  struct Row {
    const char* name;
    std::int64_t depth, parameters;  // parameters: num_params of torchvision.models.<name>
  };
  for (const Row& row : std::vector<Row>{{"resnet18", 18, 11'689'512},
                                         {"resnet34", 34, 21'797'672},
                                         {"resnet50", 50, 25'557'032},
                                         {"resnet50-v1.5", 50, 25'557'032},
                                         {"resnet101", 101, 44'549'160},
                                         {"resnet152", 152, 60'192'808}}) {
    CAPTURE(row.name);
    const NetworkTotals t = count(row.name);
    CHECK(t.conv_depth + t.fc_layers == row.depth);
    CHECK(t.parameters == row.parameters);
  }
}

TEST_CASE("Inception v3 has the published parameters and MACs") {
  const NetworkTotals t = count("inception-v3");
  CHECK(t.conv_layers == 94);
  // torchvision.models.inception_v3: num_params 27,161,264, of which the auxiliary classifier, left out here, has a 1x1
  // from 768 to 128, a 5x5 from 128 to 768, their normalisation, and an FC layer.
  const std::int64_t auxiliary = 768 * 128 + 2 * 128 + 25 * 128 * 768 + 2 * 768 + 768 * 1000 + 1000;
  CHECK(t.parameters == 27'161'264 - auxiliary);
  CHECK(std::abs(static_cast<double>(t.macs) - 5.713e9) <= 0.5e6);  // the same page, GFLOPS 5.713
}

TEST_CASE("MobileNet v1 has the weights and MACs of its paper at every width and resolution that it lists") {
  struct Row {
    const char* name;
    double macs, macs_unit, weights, weights_unit;  // Tables 6 and 7, in millions, with the value of the last digit
  };
  for (const Row& row : std::vector<Row>{{"mobilenet-v1", 569, 1, 4.2, 0.1},
                                         {"mobilenet-v1-1.0-224", 569, 1, 4.2, 0.1},
                                         {"mobilenet-v1-0.75-224", 325, 1, 2.6, 0.1},
                                         {"mobilenet-v1-0.5-224", 149, 1, 1.3, 0.1},
                                         {"mobilenet-v1-0.25-224", 41, 1, 0.5, 0.1},
                                         {"mobilenet-v1-1.0-192", 418, 1, 4.2, 0.1},
                                         {"mobilenet-v1-1.0-160", 290, 1, 4.2, 0.1},
                                         {"mobilenet-v1-1.0-128", 186, 1, 4.2, 0.1}}) {
    CAPTURE(row.name);
    const NetworkTotals t = count(row.name);
    // Printed digits are rounded in some rows and cut in others.
    CHECK(std::abs(static_cast<double>(t.macs) / 1e6 - row.macs) < row.macs_unit);
    CHECK(std::abs(static_cast<double>(t.weights) / 1e6 - row.weights) <= row.weights_unit / 2);
  }
  std::int64_t depthwise = 0, pointwise = 0;
  for (const Layer& layer : layers(zoo_network("mobilenet-v1"))) {
    depthwise += layer.name.starts_with("conv_dw") ? layer.macs : 0;
    pointwise += layer.name.starts_with("conv_pw") ? layer.macs : 0;
  }
  CHECK(depthwise == 17'385'984);
  CHECK(pointwise == 539'492'352);
  CHECK(count("mobilenet-v1").parameters == 4'231'976);  // trained: weights, FC bias, scale and shift
}

TEST_CASE("MobileNet v2 has the MACs of its paper's formula and the published parameters") {
  // Section 4: a bottleneck on an h x w map costs h w d' t (d' + k^2 + d''); with stride 2 the last two are at half
  // size.
  struct Row {
    std::int64_t t, c, n, s;
  };
  std::int64_t P = 112, d = 32, macs = squared(P) * 32 * 3 * 9;
  for (const Row& row : std::vector<Row>{
           {1, 16, 1, 1}, {6, 24, 2, 2}, {6, 32, 3, 2}, {6, 64, 4, 2}, {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}}) {
    for (std::int64_t i = 0; i < row.n; ++i) {
      const std::int64_t after = i == 0 ? P / row.s : P;
      const std::int64_t expand = row.t == 1 ? 0 : squared(P) * d * row.t * d;
      macs += expand + squared(after) * d * row.t * (9 + row.c);
      P = after, d = row.c;
    }
  }
  macs += squared(7) * 320 * 1280;
  const NetworkTotals t = count("mobilenet-v2");
  CHECK(t.conv_macs == macs);
  CHECK(t.parameters == 3'504'872);                                 // torchvision.models.mobilenet_v2
  CHECK(std::abs(static_cast<double>(t.macs) - 0.301e9) <= 0.5e6);  // the same page, GFLOPS 0.301
}

TEST_CASE("Xception has the parameters of its paper's Table 3 and the MACs of its figure") {
  const NetworkTotals t = count("xception");
  CHECK(t.parameters == 22'855'952);
  const auto separable = [](std::int64_t P, std::int64_t C, std::int64_t M) { return squared(P) * C * (9 + M); };
  // Fig. 5: sizes 299, 149, 147, 74, 37, 19 and 10; a 1x1 of stride 2 beside blocks 2, 3, 4 and 13.
  std::int64_t macs = squared(149) * 32 * 3 * 9 + squared(147) * 64 * 32 * 9;
  macs += separable(147, 64, 128) + separable(147, 128, 128) + squared(74) * 64 * 128;
  macs += separable(74, 128, 256) + separable(74, 256, 256) + squared(37) * 128 * 256;
  macs += separable(37, 256, 728) + separable(37, 728, 728) + squared(19) * 256 * 728;
  macs += 8 * 3 * separable(19, 728, 728);
  macs += separable(19, 728, 728) + separable(19, 728, 1024) + squared(10) * 728 * 1024;
  macs += separable(10, 1024, 1536) + separable(10, 1536, 2048);
  CHECK(t.conv_macs == macs);
}

TEST_CASE("layers carry the names that people know them by") {
  for (const auto& [network, layer] :
       std::vector<std::pair<std::string, std::string>>{{"alexnet", "conv2"},
                                                        {"alexnet", "norm1"},
                                                        {"vgg16", "conv5_3"},
                                                        {"vgg19", "conv5_4"},
                                                        {"resnet50", "res2a_branch1"},
                                                        {"resnet50", "res4f_branch2c"},
                                                        {"resnet101", "res4b22_branch2a"},
                                                        {"resnet152", "res4b35_branch2a"},
                                                        {"googlenet", "inception_4e/pool_proj"},
                                                        {"squeezenet1.1", "fire2/squeeze1x1"}}) {
    CAPTURE(network, layer);
    CHECK(layer_of(network, layer).name == layer);
  }
}

TEST_CASE("every network of the zoo is small until its weights are wanted, and classifies one image") {
  for (const ZooEntry& entry : zoo()) {
    CAPTURE(std::string(entry.name));
    const Network network = entry.build();
    CHECK(network.name == entry.name);
    for (const Value& value : network.values) {
      const bool stored = value.constant && std::holds_alternative<StoredValues>(value.constant->values);
      CHECK((!stored || elements(value.type.shape) <= 64));
    }
    REQUIRE(network.outputs.size() == 1);
    const Shape& output = network.values[static_cast<std::size_t>(network.outputs[0])].type.shape;
    CHECK((output == Shape{1, 10} || output == Shape{1, 1000}));
  }
}

TEST_CASE("a layer has the same random weights every time, and others than its namesake in another network") {
  const auto weights = [](const Network& network) {
    for (const Value& value : network.values) {
      if (value.name == "conv1.weight") return std::get<RandomValues>(value.constant->values);
    }
    return RandomValues{};
  };
  const Network alexnet = zoo_network("alexnet");
  CHECK(weights(alexnet) == weights(zoo_network("alexnet")));
  CHECK(weights(alexnet).seed != weights(zoo_network("overfeat-fast")).seed);
  CHECK(weights(alexnet).deviation == std::sqrt(2.0F / (3 * 11 * 11)));  // He et al., ICCV 2015
  CHECK(weights(with_seed(alexnet, 1)) == weights(alexnet));
  CHECK(weights(with_seed(alexnet, 2)).seed != weights(alexnet).seed);
}

TEST_CASE("an unknown network is refused with the nearest name") {
  try {
    zoo_network("alexnett");
    FAIL("accepted");
  } catch (const Error& error) {
    CHECK(error.problems().front().id == "zoo.unknown-network");
    CHECK(error.problems().front().mend.find("'alexnet'") != std::string::npos);
  }
  for (const char* name : {"", "mobilenet-v1-", "mobilenet-v1-0.5", "mobilenet-v1-x-224", "mobilenet-v1-0.5-160-1",
                           "squeezenet1.0-", "squeezenet1.0-22x", "mobilenet-v1--1-224", "mobilenet-v1-nan-224",
                           "squeezenet1.0-99999999999999999999", "alexnet-224"}) {
    CAPTURE(name);
    CHECK(id_of_failure(name) == "zoo.unknown-network");
    CHECK_FALSE(describe_zoo_network(name).has_value());
  }
}

TEST_CASE("a width and a resolution may reach their limits but not pass them") {
  for (const char* name : {"mobilenet-v1-0.001-32", "mobilenet-v1-8-32", "squeezenet1.0-4096", "squeezenet1.1-32"}) {
    CAPTURE(name);
    CHECK(id_of_failure(name).empty());
  }
  for (const char* name : {"mobilenet-v1-0-224", "mobilenet-v1-8.001-224", "mobilenet-v1-1e99-224",
                           "mobilenet-v1-1.0-31", "squeezenet1.0-4097", "squeezenet1.1-31"}) {
    CAPTURE(name);
    CHECK(id_of_failure(name) == "zoo.bad-variant");
  }
  CHECK(describe_zoo_network("mobilenet-v1-0.5-160")->description == "mobilenet-v1 at width 0.5, 160x160");
  CHECK(describe_zoo_network("squeezenet1.0-224")->source == describe_zoo_network("squeezenet1.0")->source);
}
