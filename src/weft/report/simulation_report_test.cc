// SPDX-License-Identifier: Apache-2.0
#include "weft/report/simulation_report.h"

#include <catch2/catch.hpp>

#include "weft/network/zoo.h"
#include "weft/report/json.h"

namespace weft {
namespace {

using nlohmann::ordered_json;

/// LeNet's last layer: 10 sums of 84 products, 5 x 2 of them over the PEs.
Simulation simulated() {
  const Network network = zoo_network("lenet5");
  SimulationOptions options;
  options.evaluation.layers = {"output"};
  options.evaluation.mappings = parse_mappings(
      "kind: mapping\nversion: 1\nnest:\n"
      "  - {store: dram, keeps: [ifmap, weight, psum]}\n"
      "  - {for: C, bound: 21}\n"
      "  - {for: M, bound: 10, at: array.x}\n"
      "  - {store: psum_spad, keeps: [psum]}\n"
      "  - {for: C, bound: 4}\n",
      "nest.yaml");
  const Shape shape = network.values[static_cast<std::size_t>(network.inputs[0])].type.shape;
  FloatTensor image{shape, {}};
  for (std::int64_t i = 0; i < elements(shape); ++i) image.values.push_back(float(i % 7));
  options.batches = {{image}, {image}};
  return simulate(network, load_hardware("eyeriss"), options);
}

}  // namespace

TEST_CASE("the document of a simulation has the names that programs rely on") {
  const ordered_json json = ordered_json::parse(json_text(simulation_json(simulated(), "here")));
  CHECK(json["schema"] == "weft.simulation/1");
  for (const char* key : {"network", "hardware", "samples", "conventions", "totals", "agreement", "layers"}) {
    CAPTURE(key);
    CHECK(json.contains(key));
  }
  CHECK(json["samples"] == 2);
  CHECK(json["agreement"] == ordered_json{{"outputs", true}, {"counts", true}, {"cycles", true}});
  const ordered_json& layer = json["layers"][0];
  for (const char* key : {"name", "macs", "nonzero_macs", "ifmap_zeros", "latency_cycles", "accesses", "offchip_bytes",
                          "offchip_bytes_dense", "energy_pJ", "outputs_equal_reference", "counts_equal_model"}) {
    CAPTURE(key);
    CHECK(layer.contains(key));
  }
  CHECK(layer["macs"] == 2 * 840);
  CHECK(layer["offchip_bytes_dense"]["weight"] == 2 * 840 * 2);
  for (const char* key : {"level", "tensor", "reads", "writes", "gated_reads"})
    CHECK(layer["accesses"][0].contains(key));
  CHECK(json["totals"]["energy_pJ"] == layer["energy_pJ"]);
}

TEST_CASE("a trace has a row a PE and a slice a pass, and stays under its cap") {
  const Simulation s = simulated();
  const ordered_json all = ordered_json::parse(trace_json(s.evaluation));
  // 21 passes of 10 PEs, a counter each, and 10 names.
  CHECK(all["traceEvents"].size() == 21 * 11 + 10);
  const ordered_json& slice = all["traceEvents"][2];
  CHECK(slice["ph"] == "X");
  CHECK(slice["dur"] == 4);
  CHECK(all["traceEvents"][1]["args"]["name"] == "array.x 0, array.y 0");
  const ordered_json capped = ordered_json::parse(trace_json(s.evaluation, 100));
  CHECK(capped["traceEvents"].size() <= 100);
  CHECK(capped["traceEvents"].back()["ph"] == "i");
}

}  // namespace weft
