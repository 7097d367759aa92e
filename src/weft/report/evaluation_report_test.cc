// SPDX-License-Identifier: Apache-2.0
#include "weft/report/evaluation_report.h"

#include <catch2/catch.hpp>

#include "weft/network/zoo.h"
#include "weft/report/json.h"

namespace weft {
namespace {

using nlohmann::ordered_json;

/// LeNet's last layer, 10 sums of 84 products, with its partial sums in the PE's spad or register file.
Evaluation evaluated(const std::string& hardware, const std::string& store) {
  EvaluationOptions options;
  options.layers = {"output"};
  options.mappings = parse_mappings(
      "kind: mapping\nversion: 1\nnest:\n"
      "  - {store: dram, keeps: [ifmap, weight, psum]}\n"
      "  - {for: M, bound: 5}\n"
      "  - {store: " +
          store +
          ", keeps: [psum]}\n"
          "  - {for: C, bound: 84}\n"
          "  - {for: M, bound: 2}\n",
      "nest.yaml");
  return evaluate(zoo_network("lenet5"), load_hardware(hardware), options);
}

ordered_json parsed(const Evaluation& e) { return ordered_json::parse(json_text(evaluation_json(e, false))); }

}  // namespace

TEST_CASE("the document has the names that programs rely on") {
  const ordered_json json = parsed(evaluated("eyeriss", "psum_spad"));
  CHECK(json["schema"] == "weft.evaluation/1");
  for (const char* key :
       {"network", "hardware", "batch", "conventions", "totals", "layers", "other_layers", "sources"}) {
    CAPTURE(key);
    CHECK(json.contains(key));
  }
  const ordered_json& layer = json["layers"][0];
  for (const ordered_json& figures : {json["totals"], layer}) {
    for (const char* key :
         {"macs", "energy_pJ", "energy_by_level_pJ", "energy_by_tensor_pJ", "chip_energy_pJ", "processing_cycles",
          "latency_cycles", "latency_s", "chip_power_W", "offchip_read_bytes", "offchip_write_bytes", "active_pes"}) {
      CAPTURE(key);
      CHECK(figures.contains(key));
    }
  }
  CHECK(json["totals"]["area_mm2"] == 12.25);
  for (const char* key : {"name", "accesses", "mapping", "certificate"}) CHECK(layer.contains(key));
  CHECK(layer["certificate"].is_null());
  CHECK(layer["energy_by_tensor_pJ"].contains("static"));
}

TEST_CASE("normalised components are priced in MACs, and have no power") {
  const ordered_json totals = parsed(evaluated("eyeriss-isca16", "rf"))["totals"];
  for (const char* key : {"energy_mac", "chip_energy_mac", "energy_by_level_mac", "energy_by_tensor_mac"}) {
    CHECK(totals.contains(key));
  }
  CHECK_FALSE(totals.contains("chip_power_W"));
  CHECK_FALSE(totals.contains("energy_pJ"));
  CHECK_FALSE(totals["energy_by_tensor_mac"].contains("static"));
}

TEST_CASE("energies in the document are exact and add up") {
  const ordered_json totals = parsed(evaluated("eyeriss", "psum_spad"))["totals"];
  double levels = 0, tensors = 0;
  for (const auto& [name, energy] : totals["energy_by_level_pJ"].items()) levels += energy.get<double>();
  for (const auto& [name, energy] : totals["energy_by_tensor_pJ"].items()) tensors += energy.get<double>();
  CHECK(levels == Approx(totals["energy_pJ"].get<double>()).epsilon(1e-12));
  CHECK(tensors == Approx(totals["energy_pJ"].get<double>()).epsilon(1e-12));
}

TEST_CASE("accesses are those of the stores that keep a tensor, in words") {
  const ordered_json accesses = parsed(evaluated("eyeriss", "psum_spad"))["layers"][0]["accesses"];
  // 840 MACs update sums in the spad: all but 10 read, all write; draining reads the 10.
  const ordered_json psum_spad = {{"level", "psum_spad"}, {"tensor", "psum"}, {"reads", 840}, {"writes", 840}};
  const ordered_json weight = {{"level", "dram"}, {"tensor", "weight"}, {"reads", 840}, {"writes", 0}};
  CHECK(accesses.size() == 4);
  CHECK(std::find(accesses.begin(), accesses.end(), psum_spad) != accesses.end());
  CHECK(std::find(accesses.begin(), accesses.end(), weight) != accesses.end());
}

TEST_CASE("counts past 2^64 stay whole numbers") {
  Evaluation e = evaluated("eyeriss", "psum_spad");
  e.layers[0].counts.macs = Int128{1} << 70;
  e.layers[0].counts.stores[0][0].reads = (Int128{1} << 70) + 1;
  const std::string text = json_text(evaluation_json(e, false));
  CHECK(text.find("\"macs\": 1180591620717411303424,") != std::string::npos);
  CHECK(text.find("\"reads\": 1180591620717411303425,") != std::string::npos);
}

TEST_CASE("what is printed reads back as the mapping") {
  const Evaluation e = evaluated("eyeriss", "psum_spad");
  for (const std::string& text : {json_text(evaluation_json(e, false)), json_text(mapping_json(e, false))}) {
    const std::vector<LayerMapping> read = parse_mappings(text, "printed.json");
    REQUIRE(read.size() == 1);
    CHECK(read[0].layer == "output");
    CHECK(read[0].mapping == e.layers[0].mapping);
  }
}

TEST_CASE("a certificate is told as what it proves; its time only when asked") {
  Evaluation e = evaluated("eyeriss", "psum_spad");
  Certificate certificate{.optimal = true, .objective_value = 110, .lower_bound = 110, .space = Int128{1} << 80};
  certificate.pruned["bound"] = 3;
  e.layers[0].certificate = certificate;
  const ordered_json json = parsed(e)["layers"][0]["certificate"];
  CHECK(json["optimal"] == true);
  CHECK(json["objective_value"] == 110);
  CHECK(json["pruned"]["bound"] == 3);
  CHECK(json["bounds"] == "any");
  CHECK(json["seconds"].is_null());
  CHECK(evaluation_json(e, true)["layers"][0]["certificate"]["seconds"].is_number());
  CHECK(certificate_text({.optimal = true, .space = 1234567}, Objective::energy) ==
        "proven best: none of the 1,234,567 mappings in its space has less energy");
  CHECK(certificate_text({.objective_value = 110, .lower_bound = 100}, Objective::latency) ==
        "the best found: its latency is at most 10.0 % above the least possible");
  CHECK(certificate_text({.objective_value = 100'001, .lower_bound = 100'000}, Objective::latency) ==
        "the best found: its latency is at most 0.1 % above the least possible");
  CHECK(certificate_text({.objective_value = 1, .lower_bound = 0}, Objective::latency) ==
        "the best found: how much less latency is possible is not known");
  CHECK(certificate_text({.optimal = true, .space = 12, .free = true}, Objective::energy) ==
        "proven best: none of the 12 mappings whose bounds divide has less energy");
  CHECK(certificate_text({.optimal = true, .space = 12, .free = true, .folds = true}, Objective::energy) ==
        "proven best: none of the 12 mappings whose bounds divide or fold one dimension has less energy");
  CHECK(certificate_text({.optimal = true, .space = 3 * (Int128{1} << 80)}, Objective::energy) ==
        "proven best: none of the 3.63e+24 mappings in its space has less energy");
  CHECK(certificate_text({.optimal = true, .free = true}, Objective::energy) ==
        "proven best: none of the mappings whose bounds divide has less energy");
}

TEST_CASE("a nest is drawn with its tiles and the room they take") {
  EvaluationOptions options;
  options.layers = {"c1"};
  options.mappings = parse_mappings(
      "kind: mapping\nversion: 1\nnest:\n"
      "  - {store: dram, keeps: [ifmap, weight, psum]}\n"
      "  - {for: N, bound: 1}\n"
      "  - {for: E, bound: 3}\n"
      "  - {store: glb, keeps: [psum]}\n"
      "  - {for: M, bound: 6, at: array.x}\n"
      "  - {for: E, bound: 10}\n"
      "  - {for: F, bound: 28}\n"
      "  - {for: R, bound: 5}\n"
      "  - {for: S, bound: 5}\n",
      "nest.yaml");
  const Evaluation e = evaluate(zoo_network("lenet5"), load_hardware("eyeriss"), options);
  // 28 rows in tiles of 10, 10 and 8; 6 x 10 x 28 psums of 16 bits are 3.28 KiB.
  CHECK(nest_text(e.layers[0], e.hardware) ==
        "dram           ifmap 2 KiB, weight 300 B, psum 9.19 KiB\n"
        "for E in 3                                              # tiles of 10, the last 8\n"
        "  glb            psum 3.28 KiB of 100 KiB\n"
        "  parallel for M in 6 at array.x\n"
        "    for E in 10\n"
        "      for F in 28\n"
        "        for R in 5\n"
        "          for S in 5\n");
}

}  // namespace weft
