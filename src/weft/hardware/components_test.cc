// SPDX-License-Identifier: Apache-2.0
#include "weft/hardware/components.h"

#include <catch2/catch.hpp>

#include "weft/base/data_dir.h"
#include "weft/base/error_testing.h"

namespace weft {
namespace {

using testing::Ids;
using testing::ids_of;
using testing::problems_of;

constexpr std::int64_t kKiB = 1024;

const std::string kHead = "kind: components\nversion: 1\nname: toy\nsources: {here: \"a test\"}\n";

ComponentLibrary library(const std::string& rows) { return parse_components(kHead + rows, "toy.yaml"); }
Ids ids_of_rows(const std::string& rows) {
  return ids_of([&] { library(rows); });
}

/// The 65 nm column of CACTI 7's sweep (references D.3), energy of a read of 64 bits. 32 KiB costs more than 64 KiB.
ComponentLibrary sram() {
  std::string rows = "prices:\n";
  const std::vector<std::pair<const char*, const char*>> points = {{"512 B", "2.00"},  {"4 KiB", "4.87"},
                                                                   {"8 KiB", "7.19"},  {"32 KiB", "24.9"},
                                                                   {"64 KiB", "20.3"}, {"256 KiB", "41.6"}};
  for (const auto& [capacity, energy] : points) {
    rows += std::string("  - {component: sram, action: read, capacity: ") + capacity + ", energy: " + energy +
            " pJ, width_bits: 64, node: 65 nm, voltage: 1 V, source: here}\n";
  }
  return library(rows);
}

double picojoules_of(const std::optional<Price>& price) { return double(price.value().energy) / 1e6; }
double read_energy(std::int64_t bytes, std::int64_t width = 0) {
  return picojoules_of(find_price(sram(), "sram", "read", bytes, width));
}

}  // namespace

TEST_CASE("a price of the table is that of the row, with its provenance") {
  const Price price = find_price(sram(), "sram", "read", 8 * kKiB, 64).value();
  CHECK(price.energy == 7'190'000);
  CHECK(price.method == PriceMethod::row);
  CHECK(price.width_bits == 64);
  CHECK(price.node == "65 nm");
  CHECK(price.voltage == "1 V");
  CHECK(price.source == "a test");
}

TEST_CASE("between two capacities a price is interpolated on log-log axes") {
  // 4 KiB to 8 KiB: at sqrt(4 8) KiB the energy is sqrt(4.87 7.19).
  CHECK(read_energy(5793) == Approx(5.9174).epsilon(1e-4));  // 5793 B = 5.6572 KiB, sqrt(32) = 5.6569
  CHECK(find_price(sram(), "sram", "read", 5793, 64)->method == PriceMethod::interpolated);
}

TEST_CASE("a curve that falls is smoothed, so that a search finds no kink to exploit") {
  CHECK(read_energy(32 * kKiB) == Approx(24.9));  // rows stay what they are
  CHECK(read_energy(64 * kKiB) == Approx(20.3));
  CHECK(read_energy(48 * kKiB) == Approx(24.9));  // flat between them
  // From 64 KiB, smoothed to 24.9, to 256 KiB at 41.6: the middle is sqrt(24.9 41.6).
  CHECK(read_energy(128 * kKiB) == Approx(32.184).epsilon(1e-4));
}

TEST_CASE("a curve is prolonged to eight times its ends and no further") {
  CHECK(find_price(sram(), "sram", "read", 64, 0));  // 512 B / 8
  CHECK_FALSE(find_price(sram(), "sram", "read", 63, 0));
  CHECK(find_price(sram(), "sram", "read", 2048 * kKiB, 0));  // 256 KiB x 8
  CHECK_FALSE(find_price(sram(), "sram", "read", 2048 * kKiB + 1, 0));
  CHECK_FALSE(find_price(sram(), "sram", "read", 0, 0));  // no capacity
  // The slope of the last segment goes on: 41.6 sqrt(41.6 / 24.9) at twice the capacity of 4 x.
  CHECK(read_energy(512 * kKiB) == Approx(53.770).epsilon(1e-4));
}

TEST_CASE("another width scales a price by 0.3 + 0.7 w / 64") {
  CHECK(read_energy(8 * kKiB, 64) == Approx(7.19));
  CHECK(read_energy(8 * kKiB, 16) == Approx(7.19 * 0.475));  // 0.3 + 0.7 / 4
  CHECK(read_energy(8 * kKiB, 128) == Approx(7.19 * 1.7));
  const Price narrow = find_price(sram(), "sram", "read", 8 * kKiB, 16).value();
  CHECK(narrow.width_bits == 16);
  CHECK(narrow.method == PriceMethod::interpolated);
}

TEST_CASE("a curve may begin at zero, and no price passes 2^60 millionths of the unit") {
  const ComponentLibrary toy = library(
      "prices:\n"
      "  - {component: rf, action: read, capacity: 2 B, energy: 0 pJ, source: here}\n"
      "  - {component: rf, action: read, capacity: 4 B, energy: 1 pJ, source: here}\n"
      "  - {component: steep, action: read, capacity: 1 B, energy: 1 pJ, source: here}\n"
      "  - {component: steep, action: read, capacity: 2 B, energy: 1 J, source: here}\n");
  CHECK(find_price(toy, "rf", "read", 1, 0)->energy == 0);
  CHECK(find_price(toy, "rf", "read", 3, 0)->energy == 500'000);  // linear from zero
  CHECK(find_price(toy, "rf", "read", 8, 0)->energy == 3'000'000);
  CHECK(find_price(toy, "steep", "read", 16, 0)->energy == Int128{1} << 60);
}

TEST_CASE("a price without capacity holds for any, one without width for any word") {
  const ComponentLibrary toy = library(
      "prices:\n"
      "  - {component: spad, action: read, energy: 1 pJ, source: here}\n"
      "  - {component: leak, action: leak, power: 30 mW, source: here}\n");
  CHECK(find_price(toy, "spad", "read", 1, 0)->energy == 1'000'000);
  CHECK(find_price(toy, "spad", "read", 1 << 30, 16)->energy == 1'000'000);
  CHECK(find_price(toy, "spad", "read", 1, 16)->width_bits == 0);
  CHECK(find_price(toy, "leak", "leak", 0, 0)->energy == Int128{30'000'000'000} * kEnergyScale);  // of a second, in pJ
  CHECK_FALSE(find_price(toy, "spad", "write", 1, 0));
  CHECK_FALSE(find_price(toy, "glb", "read", 1, 0));
  CHECK(component_names(toy) == std::vector<std::string>{"spad", "leak"});
}

TEST_CASE("normalised energies are in MACs") {
  const ComponentLibrary toy = library(
      "unit: MAC\n"
      "prices:\n"
      "  - {component: dram, action: read, energy: 200 MAC, source: here}\n"
      "  - {component: rf, action: read, energy: 0.000001, source: here}\n");
  CHECK(toy.unit == EnergyUnit::mac);
  CHECK(find_price(toy, "dram", "read", 0, 0)->energy == 200'000'000);
  CHECK(find_price(toy, "rf", "read", 0, 0)->energy == 1);
}

TEST_CASE("an energy in MACs has at most six decimals and is not negative") {
  const auto ids = [](const std::string& energy) {
    return ids_of_rows("unit: MAC\nprices:\n  - {component: rf, action: read, energy: " + energy + ", source: here}\n");
  };
  CHECK(ids("2 MAC").empty());
  CHECK(ids("0").empty());
  CHECK(ids("0.0000001 MAC") == Ids{"components.bad-energy"});
  CHECK(ids("-1 MAC") == Ids{"components.bad-energy"});
  CHECK(ids("2 pJ") == Ids{"components.bad-energy"});
}

TEST_CASE("a library with mistakes is refused, all of them at once") {
  CHECK(ids_of_rows("prices:\n"
                    "  - {component: a, action: read, energy: 1 pJ, source: there}\n"
                    "  - {component: b, action: read, energy: -1 pJ, source: here}\n"
                    "  - {component: c, action: read, energy: 1 pJ, source: here}\n"
                    "  - {component: c, action: read, energy: 2 pJ, source: here}\n"
                    "areas: none\n") ==
        Ids{"components.unknown-source", "yaml.out-of-range", "components.not-a-list", "components.duplicate"});
  CHECK(ids_of_rows("prices: 1 pJ\n") == Ids{"components.not-a-list"});
  CHECK(ids_of([] { parse_components("", "empty.yaml"); }) == Ids{"yaml.empty"});
}

TEST_CASE("area is a figure, or a figure a byte that is linear between capacities") {
  // The table of the ISCA 2016 comparison (references B.1): 512 B at 20.87 um2 a byte, 1 KiB at 16.14.
  const ComponentLibrary toy = library(
      "areas:\n"
      "  - {component: pe, area: 20000 um2, source: here}\n"
      "  - {component: rf, capacity: 512 B, area_per_byte: 20.87 um2, source: here}\n"
      "  - {component: rf, capacity: 1 KiB, area_per_byte: 16.14 um2, source: here}\n");
  const auto square_micrometres = [&](const char* component, std::int64_t bytes) {
    return find_area(toy, component, bytes).value().area.value * 1e6;
  };
  CHECK(square_micrometres("pe", 0) == Approx(20000));
  CHECK(square_micrometres("rf", 512) == Approx(512 * 20.87));
  CHECK(square_micrometres("rf", 768) == Approx(768 * 18.505));
  CHECK(square_micrometres("rf", 256) == Approx(256 * 20.87));  // flat outside
  CHECK(square_micrometres("rf", 4096) == Approx(4096 * 16.14));
  CHECK_FALSE(find_area(toy, "glb", 512));
  CHECK_FALSE(find_area(toy, "rf", 0));
}

TEST_CASE("every price that comes with weft has a source") {
  for (const char* name : {"eyeriss-65nm", "eyeriss-isca16"}) {
    CAPTURE(name);
    const ComponentLibrary ours = read_components(data_directory() + "/components/" + name + ".yaml");
    CHECK_FALSE(ours.prices.empty());
    for (const PriceRow& row : ours.prices) CHECK_FALSE(row.source.empty());
    for (const AreaRow& row : ours.areas) CHECK_FALSE(row.source.empty());
  }
}

}  // namespace weft
