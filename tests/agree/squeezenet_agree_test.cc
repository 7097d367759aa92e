// SPDX-License-Identifier: Apache-2.0
// SqueezeNet with its real weights on a real image, as the Eyeriss chip computes it: every layer's values by the
// mapping equal those of plain loops, and walking the nest counts what the model does. Needs data beside the
// repository.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>

#include "weft/api/load_network.h"
#include "weft/api/samples.h"
#include "weft/base/ceil_div.h"
#include "weft/base/data_dir.h"
#include "weft/metrics/simulation.h"

namespace weft {
namespace {

std::filesystem::path shared_folder() {
  const char* given = std::getenv("WEFT_SHARED");
  return given != nullptr ? std::filesystem::path(given) : std::filesystem::path(data_directory()) / "../../shared";
}

/// Row stationary, without search: R filter rows by 14 ofmap rows over the array, 16 filters and one channel in a PE.
Mapping row_stationary(const ConvShape& s) {
  Mapping mapping;
  const auto keep = [&](const char* store, std::initializer_list<Tensor3> tensors) {
    for (const Tensor3 t : tensors) mapping.steps.emplace_back(StoragePoint{store, t});
  };
  const auto loop = [&](Dim d, std::int64_t bound, const char* axis = "") {
    mapping.steps.emplace_back(Loop{d, bound, *axis == 0 ? "" : "array", axis});
  };
  const std::int64_t e = std::min<std::int64_t>(s.E, 14), m = std::min<std::int64_t>(s.M, 16);
  keep("dram", {Tensor3::ifmap, Tensor3::weight, Tensor3::psum});
  loop(Dim::M, ceil_div(s.M, m));
  loop(Dim::E, ceil_div(s.E, e));
  keep("glb", {Tensor3::psum});
  loop(Dim::C, s.C);
  keep("glb", {Tensor3::ifmap});
  keep("filter_buffer", {Tensor3::weight});
  loop(Dim::R, s.R, "y");
  loop(Dim::E, e, "x");
  keep("weight_spad", {Tensor3::weight});
  loop(Dim::F, s.F);
  keep("ifmap_spad", {Tensor3::ifmap});
  keep("psum_spad", {Tensor3::psum});
  loop(Dim::S, s.S);
  loop(Dim::M, m);
  return mapping;
}

}  // namespace

TEST_CASE("SqueezeNet on a real image: values, counts and cycles agree in every layer") {
  const std::filesystem::path model = shared_folder() / "data/models/squeezenet1.0.onnx";
  const std::filesystem::path images = shared_folder() / "data/imagenet-sample";
  if (!std::filesystem::exists(model) || !std::filesystem::exists(images)) {
    WARN("skipped: " << model << " and " << images << " are not there (WEFT_SHARED names the folder)");
    return;
  }
  const Network network = load_network(model.string());
  Batches samples = load_batches(network, model.string(), images.string(), 1);
  SimulationOptions options{.evaluation = {}, .batches = std::move(samples.inputs), .labels = samples.labels};
  for (const Layer& layer : layers(network, false)) {
    if (multiplies(layer.kind)) options.evaluation.mappings.push_back({layer.name, row_stationary(layer.shape), {}});
  }
  const Simulation s = simulate(network, load_hardware("eyeriss"), options);
  CHECK(s.layers.size() == 26);
  for (std::size_t i = 0; i < s.layers.size(); ++i) {
    CAPTURE(s.evaluation.layers[i].layer.name);
    const LayerSimulation& layer = s.layers[i];
    CHECK(layer.outputs_equal);
    CHECK(layer.overflows == 0);
    CHECK(layer.counts_equal);
    CHECK(layer.cycles_equal);
    CHECK(layer.ifmap_map.coded_bits <= layer.ifmap_map.dense_bits);
  }
  CHECK(s.classes.as_float == 1);
}

}  // namespace weft
