// SPDX-License-Identifier: Apache-2.0
#include "weft/api/load_network.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "weft/base/data_dir.h"
#include "weft/base/error.h"
#include "weft/io/onnx.h"
#include "weft/network/layer.h"
#include "weft/network/zoo.h"

using namespace weft;

namespace {

/// A folder of its own that is gone afterwards, and is the current one until then.
struct WorkingFolder {
  std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::path path = std::filesystem::temp_directory_path() / ("weft-load-" + std::to_string(std::rand()));
  WorkingFolder() {
    std::filesystem::create_directory(path);
    std::filesystem::current_path(path);
  }
  ~WorkingFolder() {
    std::filesystem::current_path(before);
    std::filesystem::remove_all(path);
  }
};

/// Data that lies beside the repository on some machines only.
std::filesystem::path shared_folder() {
  const char* given = std::getenv("WEFT_SHARED");
  return given != nullptr ? std::filesystem::path(given) : std::filesystem::path(data_directory()) / "../../shared";
}

}  // namespace

TEST_CASE("a name of the zoo is the zoo's network, a path is a file, and other names are files that exist") {
  const WorkingFolder folder;
  write_onnx(zoo_network("lenet5-caffe"), "mine");
  write_onnx(zoo_network("lenet5-caffe"), "alexnet");
  CHECK(names_file("mine"));
  CHECK(load_network("mine").name == "lenet5-caffe");
  CHECK_FALSE(names_file("alexnet"));  // the zoo comes first
  CHECK(load_network("alexnet").name == "alexnet");
  CHECK(names_file("./alexnet"));
  CHECK(load_network("./alexnet").name == "lenet5-caffe");
  CHECK(names_file("no-such.onnx"));
  CHECK_FALSE(names_file("no-such"));
  CHECK_THROWS_AS(load_network("no-such"), Error);
}

TEST_CASE("the batch of a network of the zoo and of a file can be chosen") {
  const WorkingFolder folder;
  write_onnx(zoo_network("lenet5-caffe"), "mine.onnx");
  const auto first_extent = [](const Network& network) {
    return network.values[static_cast<std::size_t>(network.outputs.front())].type.shape.front();
  };
  CHECK(first_extent(load_network("lenet5-caffe")) == 1);
  CHECK(first_extent(load_network("lenet5-caffe", 4)) == 4);
  CHECK(first_extent(load_network("mine.onnx")) == 1);
  CHECK(first_extent(load_network("mine.onnx", 4)) == 4);
}

TEST_CASE("SqueezeNet after Deep Compression has the weights that its authors published, a third of them not zero") {
  const std::filesystem::path path = shared_folder() / "data/models/squeezenet1.0.onnx";
  if (!std::filesystem::exists(path)) {
    WARN("skipped: " << path << " is not there (WEFT_SHARED names the folder)");
    return;
  }
  const NetworkTotals t = totals(layers(load_network(path.string())));
  CHECK(t.weights == 1'244'448);
  CHECK(t.nonzero_weights == 415'921);
  CHECK(t.conv_layers == 26);
  // The published network pads conv10 by 1, so it has 15 x 15 instead of 13 x 13 outputs.
  CHECK(t.macs == 832'667'936 + (15 * 15 - 13 * 13) * 512 * 1000);
}
