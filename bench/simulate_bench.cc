// SPDX-License-Identifier: Apache-2.0
// How fast values are computed in a mapping's order, on one core: AlexNet's CONV layers at batch 1 on Eyeriss with the
// chip's mappings (dense random codes, its 16-bit saturating accumulator), and the plain loops beside it.
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "timing.h"
#include "weft/base/data_dir.h"
#include "weft/base/random.h"
#include "weft/dataflow/mapping.h"
#include "weft/hardware/hardware.h"
#include "weft/network/layer.h"
#include "weft/network/zoo.h"
#include "weft/placement/placement.h"
#include "weft/simulator/execute.h"

namespace weft {
namespace {

std::vector<std::int16_t> codes(Random& random, std::int64_t n) {
  std::vector<std::int16_t> values(static_cast<std::size_t>(n));
  for (auto& value : values) value = static_cast<std::int16_t>(random.between(-2000, 2000));
  return values;
}

template <class Work>
double seconds(const Work& work) {
  double best = 1e9;
  for (int i = 0; i < 3; ++i) best = std::min(best, seconds_of(work));
  return best;
}

/// The chip's nest for batch 4, for batch 1: loops over N that are left without work go.
Mapping for_one_image(Mapping mapping) {
  std::erase_if(mapping.steps, [](const Mapping::Step& step) {
    const Loop* loop = std::get_if<Loop>(&step);
    return loop != nullptr && loop->dim == Dim::N;
  });
  return mapping;
}

void run() {
  const Hardware hardware = load_hardware("eyeriss");
  const auto mappings = read_mappings(data_directory() + "/mappings/eyeriss-alexnet-jssc17.yaml");
  const Accumulation how{.product_shift = 16, .bits = 16};
  Random random(1);
  double sum = 0;
  fmt::print("layer      MACs  mapping [s]  MMAC/s  plain loops [s]  MMAC/s\n");
  for (const Layer& layer : layers(zoo_network("alexnet"), false)) {
    const auto given =
        std::find_if(mappings.begin(), mappings.end(), [&](const auto& m) { return m.layer == layer.name; });
    if (given == mappings.end()) continue;
    const ConvShape& s = layer.shape;
    const LoopProblem problem = loop_problem(s, layer.name, Padding::stored);
    const Placement placement = place(problem, for_one_image(given->mapping), hardware);
    const auto x = codes(random, s.N * s.G * s.C * s.H * s.W), w = codes(random, s.weights());
    const double mapped = seconds([&] { execute(s, problem, placement, Hold::relevant, how, x, w); });
    const double plain = seconds([&] { plain_sums(s, how, x, w); });
    const double M = double(s.macs()) / 1e6;
    fmt::print("{}  {:>6.1f}M {:>12.3f} {:>7.0f} {:>16.3f} {:>7.0f}\n", layer.name, M, mapped, M / mapped, plain,
               M / plain);
    sum += mapped;
  }
  fmt::print("all CONV layers: {:.2f} s, best of 3 runs on one core\n", sum);
}

}  // namespace
}  // namespace weft

int main() {
  weft::run();
  return 0;
}
