// SPDX-License-Identifier: Apache-2.0
// How fast best mappings are found and proven, on one core: layers on machines of which nothing is said (every order
// of loops and storage points, every choice of stores to pass by), for each objective, with bounds that divide and with
// folds; and whole networks within the row-stationary dataflow (bounds that do not divide too).
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <string>
#include <vector>

#include "timing.h"
#include "weft/mapper/mapper.h"
#include "weft/metrics/evaluation.h"
#include "weft/network/zoo.h"

namespace weft {
namespace {

double peak_megabytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return double(usage.ru_maxrss) / 1024;
}

LoopProblem alexnet_layer(const std::string& name) {
  const Layer layer = layers_to_evaluate(zoo_network("alexnet"), {.layers = {name}}).front();
  return loop_problem(layer.shape, name, Padding::implicit);
}

void one_layer(const LoopProblem& problem, const std::string& machine, const Hardware& hardware) {
  for (int n = 0; n < 6; ++n) {
    const Objective objective = Objective(n / 2);
    const bool perfect = n % 2 == 0;
    std::vector<double> seconds;
    Certificate certificate;
    for (int run = 0; run < 3; ++run) {
      seconds.push_back(seconds_of([&] {
        const MapOptions options{.objective = objective, .perfect = perfect};
        certificate = find_mapping(problem, hardware, load_dataflow("free"), options).certificate;
      }));
    }
    const auto [least, most] = std::minmax_element(seconds.begin(), seconds.end());
    const double visited = double(certificate.visited) / 1e6;
    fmt::print("{:<6}  {:<23}  {:<9}  {:<6}  {:>6}  {:>9.2f}  {:>8.2f}  {:>21.1f}  {:>16.1f}\n", problem.name, machine,
               to_string(objective), perfect ? "divide" : "fold", certificate.optimal ? "yes" : "no", *least, *most,
               visited, visited / *least);
  }
}

void without_dataflow() {
  fmt::print("Without a dataflow, 3 runs; layer: M = C = 256, 56 x 56, 3 x 3; others: AlexNet\n");
  fmt::print(
      "layer   machine                  objective  bounds  proven  least [s]  most [s]  million partial nests  million "
      "a "
      "second\n");
  const ConvShape shape{.M = 256, .C = 256, .H = 58, .W = 58, .R = 3, .S = 3, .E = 56, .F = 56};
  Hardware hardware = load_hardware(WEFT_BENCH_DIR "/four_level.yaml");
  one_layer(loop_problem(shape, "layer", Padding::implicit), hardware.name, hardware);
  hardware.nodes.front().bandwidth.shared = Bandwidth{64, Bandwidth::Per::cycle};
  for (const char* layer : {"conv3", "fc6"}) one_layer(alexnet_layer(layer), hardware.name + ", 8 B/cycle", hardware);
  one_layer(alexnet_layer("conv3"), "tetris, two arrays", load_hardware("tetris"));
}

void networks() {
  fmt::print("\nWhole networks on eyeriss, row-stationary, energy times delay\n");
  fmt::print("network   layers  proven    [s]  mappings in the space  costed\n");
  for (const char* name : {"alexnet", "vgg16", "googlenet", "resnet50"}) {
    EvaluationOptions options{.objective = Objective::edp, .jobs = 1};
    Evaluation evaluation;
    const double seconds =
        seconds_of([&] { evaluation = evaluate(zoo_network(name), load_hardware("eyeriss"), options); });
    Int128 space = 0, visited = 0;
    std::size_t proven = 0;
    for (const LayerEvaluation& layer : evaluation.layers) {
      space += layer.certificate->space;
      visited += layer.certificate->visited;
      proven += layer.certificate->optimal ? 1 : 0;
    }
    fmt::print("{:<9} {:>6}  {:>6}  {:>5.2f}  {:>21}  {:>6}\n", name, evaluation.layers.size(), proven, seconds,
               to_string(space), to_string(visited));
  }
}

}  // namespace
}  // namespace weft

int main() {
  weft::without_dataflow();
  weft::networks();
  fmt::print("\nmost memory: {:.0f} MB\n", weft::peak_megabytes());
  return 0;
}
