// SPDX-License-Identifier: Apache-2.0
#include "weft/data/dataset.h"

#include <catch2/catch.hpp>
#include <cstring>
#include <filesystem>

#include "weft/base/error_testing.h"
#include "weft/data/image_testing.h"

namespace weft {
namespace {

namespace fs = std::filesystem;
using testing::Folder;
using testing::Ids;
using testing::ids_of;
using testing::problems_of;

std::string text(std::initializer_list<int> bytes) {
  std::string all;
  for (const int byte : bytes) all += char(byte);
  return all;
}

/// A folder inside; answers its path, with a '/' at the end.
std::string inner(const Folder& folder, const std::string& name) {
  const fs::path path = fs::path(folder.file(".x", "")).parent_path() / name;
  fs::create_directories(path);
  return path.string() + "/";
}

std::string path_of(const Folder& folder) { return inner(folder, ""); }

Ids load_ids(const std::string& path, const DatasetOptions& options = {}) {
  return ids_of([&] { load_dataset(path, options); });
}

Image grey(int width, int height, std::vector<std::uint8_t> pixels) {
  return {.width = width, .height = height, .channels = 1, .pixels = std::move(pixels)};
}

std::vector<float> floats(const ConstantTensor& tensor) {
  const StoredValues values = materialise(tensor);
  std::vector<float> result(values.bytes->size() / sizeof(float));
  std::memcpy(result.data(), values.bytes->data(), values.bytes->size());
  return result;
}

std::string png(int width, int height, std::uint8_t value) {
  return testing::png_file(
      {.width = width, .height = height, .pixels = std::vector<std::uint8_t>(std::size_t(width * height * 3), value)});
}

// ---- IDX: 2 images of 2 x 3, labels 7 and 0

const std::string kIdxImages =
    text({0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16});
const std::string kIdxLabels = text({0, 0, 8, 1, 0, 0, 0, 2, 7, 0});

TEST_CASE("IDX images come with the labels beside them") {
  const Folder folder;
  const std::string path = folder.file("t10k-images-idx3-ubyte", kIdxImages);
  CHECK(load_dataset(path).labels.empty());
  folder.file("t10k-labels-idx1-ubyte", kIdxLabels);
  for (const std::string& either : {path, path_of(folder)}) {
    const Dataset dataset = load_dataset(either);
    CHECK(dataset.size() == 2);
    CHECK(dataset.labels == std::vector<std::int64_t>{7, 0});
    CHECK(dataset.classes == 8);
    CHECK(std::get<Image>(sample(dataset, 1)) == grey(3, 2, {11, 12, 13, 14, 15, 16}));
    CHECK(dataset.input == TensorType{ElementType::float32, {1, 1, 2, 3}});
    CHECK(floats(network_input(dataset, 0)) == std::vector<float>{1, 2, 3, 4, 5, 6});
  }
  CHECK(ids_of([&] { sample(load_dataset(path), 2); }) == Ids{"dataset.no-such-sample"});
}

TEST_CASE("of train and test files those are taken that were asked for") {
  const Folder folder;
  folder.file("train-images-idx3-ubyte", kIdxImages);
  CHECK(load_dataset(path_of(folder)).split == "train");
  folder.file("t10k-images.idx3-ubyte", text({0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 9}));
  CHECK(load_dataset(path_of(folder)).size() == 1);
  CHECK(load_dataset(path_of(folder), {.split = "train"}).size() == 2);
  CHECK(load_ids(path_of(folder), {.split = "valid"}) == Ids{"dataset.unknown-split"});
  CHECK(load_ids("digits:count=1", {.split = "test"}) == Ids{"dataset.unknown-split"});
  CHECK(load_dataset(path_of(folder), {.split = "train", .limit = 1}).size() == 1);
}

TEST_CASE("IDX files that disagree with themselves are refused") {
  const Folder folder;
  const auto idx = [&](const std::string& bytes) { return load_ids(folder.file("x-idx3", bytes)); };
  CHECK(idx(kIdxImages).empty());
  CHECK(idx(kIdxImages.substr(0, kIdxImages.size() - 1)) == Ids{"dataset.wrong-size"});
  CHECK(idx(kIdxImages + "x") == Ids{"dataset.wrong-size"});
  CHECK(idx(kIdxImages.substr(0, 10)) == Ids{"dataset.wrong-size"});
  CHECK(idx(text({0, 0, 8, 3, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255})) ==
        Ids{"dataset.wrong-size"});
  CHECK(idx(text({0, 0, 8, 3, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 3})) == Ids{"dataset.empty"});
  CHECK(idx(text({0, 0, 13, 1, 0, 0, 0, 1, 0, 0, 0, 0})) == Ids{"dataset.unsupported-type"});
  CHECK(idx("\x7F"
            "ELF") == Ids{"dataset.unknown-format"});
  CHECK(idx("") == Ids{"dataset.unknown-format"});
  CHECK(load_ids(path_of(folder) + "none") == Ids{"file.not-found"});
  folder.file("t10k-images-idx3-ubyte", text({1, 2, 3, 4, 5}));
  CHECK(load_ids(path_of(folder)) == Ids{"dataset.wrong-magic"});
  folder.file("t10k-images-idx3-ubyte", kIdxImages);
  folder.file("t10k-labels-idx1-ubyte", text({0, 0, 8, 1, 0, 0, 0, 1, 7}));
  CHECK(load_ids(path_of(folder)) == Ids{"dataset.counts-disagree"});
  folder.file("t10k-labels-idx1-ubyte", kIdxImages);
  CHECK(load_ids(path_of(folder)) == Ids{"dataset.bad-label"});
}

TEST_CASE("gzip'd IDX files are inflated, no further than they say") {
  // gzip.compress(bytes.fromhex("00000803 00000001 00000001 00000002 0506"), mtime=0) of Python 3.11
  const std::string packed = text({31, 139, 8,   0,  0,  0,  0,  0, 2,  3,   99, 96,  224, 96, 102, 96,
                                   96, 96,  132, 98, 38, 86, 54, 0, 17, 107, 28, 245, 18,  0,  0,   0});
  const Folder folder;
  const Dataset dataset = load_dataset(folder.file("a.gz", packed));
  CHECK(std::get<Image>(sample(dataset, 0)) == grey(2, 1, {5, 6}));
  for (std::size_t length = 2; length < packed.size(); ++length) {
    CAPTURE(length);
    CHECK(load_ids(folder.file("a.gz", packed.substr(0, length))) == Ids{"dataset.bad-gzip"});
  }
}

// ---- .npy

std::string npy(const std::string& header, const std::string& data, int version = 1) {
  std::string bytes = "\x93NUMPY" + text({version, 0, int(header.size()), 0});
  if (version > 1) bytes += text({0, 0});
  return bytes + header + data;
}

TEST_CASE(".npy arrays are images if they are bytes, else numbers") {
  const Folder folder;
  const auto load = [&](const std::string& bytes) { return load_dataset(folder.file("a.npy", bytes)); };
  const std::string eight = text({1, 2, 3, 4, 5, 6, 7, 8});

  const Dataset images = load(npy("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 2, 2), }\n", eight));
  CHECK(std::get<Image>(sample(images, 1)) == grey(2, 2, {5, 6, 7, 8}));

  const Dataset colours = load(npy("{'shape':(1,1,2,3),\"descr\":'|u1','fortran_order':False}", eight.substr(0, 6), 2));
  CHECK(floats(network_input(colours, 0)) == std::vector<float>{1, 4, 2, 5, 3, 6});  // channels first
  const Dataset planes =
      load(npy("{'descr': '|u1', 'fortran_order': False, 'shape': (1, 3, 1, 2)}", eight.substr(0, 6)));
  CHECK(floats(network_input(planes, 0)) == std::vector<float>{1, 2, 3, 4, 5, 6});

  const Dataset numbers = load(npy("{'descr': '<i8', 'fortran_order': False, 'shape': (1,)}", eight, 3));
  CHECK(numbers.input == TensorType{ElementType::int64, {1}});
  CHECK(integers(network_input(numbers, 0)) == std::vector<std::int64_t>{0x0807060504030201});

  const std::string halves = text({0, 0, 0, 63, 0, 0, 0, 191});  // 0.5, -0.5
  const Dataset reals = load(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2)}", halves));
  CHECK(reals.input == TensorType{ElementType::float32, {1, 2}});
  CHECK(floats(network_input(reals, 0)) == std::vector<float>{0.5F, -0.5F});
}

TEST_CASE(".npy headers are read strictly") {
  const Folder folder;
  const auto ids = [&](const std::string& bytes) { return load_ids(folder.file("a.npy", bytes)); };
  const auto header = [&](const std::string& text) { return ids(npy(text, "12345678")); };
  CHECK(header("{'descr': '|u1', 'fortran_order': False, 'shape': (8,)}").empty());
  CHECK(header("{'descr': '|u1', 'fortran_order': False, 'shape': (7,)}") == Ids{"dataset.wrong-size"});
  CHECK(header("{'descr': '|u1', 'fortran_order': False, 'shape': (9,)}") == Ids{"dataset.wrong-size"});
  CHECK(header("{'descr': '|u1', 'fortran_order': False, 'shape': (4611686018427387904, 4)}") ==
        Ids{"dataset.wrong-size"});
  CHECK(header("{'descr': '|u1', 'fortran_order': False, 'shape': (0, 4)}") == Ids{"dataset.wrong-size"});
  CHECK(ids(npy("{'descr': '|u1', 'fortran_order': False, 'shape': (0, 4)}", "")) == Ids{"dataset.empty"});
  CHECK(header("{'descr': '|u1', 'fortran_order': True, 'shape': (8,)}") == Ids{"dataset.bad-npy"});
  CHECK(header("{'descr': '>f4', 'fortran_order': False, 'shape': (2,)}") == Ids{"dataset.unsupported-type"});
  CHECK(header("{'descr': '|u1', 'fortran_order': False, 'shape': ()}") == Ids{"dataset.bad-npy"});
  for (const char* bad :
       {"", "{", "{}", "{'descr': '|u1'}", "{'descr': '|u1', 'fortran_order': False, 'shape': (8,)} x",
        "{'descr': '|u1', 'fortran_order': 0, 'shape': (8,)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (-8,)}",
        "{'descr': '|u1', 'descr': '|u1', 'fortran_order': False, 'shape': (8,)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999999999999,)}",
        "{'descr': [('a', '|u1')], 'fortran_order': False, 'shape': (8,)}", "{'descr"}) {
    CAPTURE(bad);
    CHECK(header(bad) == Ids{"dataset.bad-npy"});
  }
  CHECK(ids("\x93NUMPY") == Ids{"dataset.wrong-magic"});
  CHECK(ids(npy("{}", "", 4)) == Ids{"dataset.bad-npy"});
  CHECK(ids(text({0x93, 'N', 'U', 'M', 'P', 'Y', 2, 0, 255, 255, 255, 255, '{'})) == Ids{"dataset.bad-npy"});
  CHECK(ids(npy("{'descr': '|u1', 'fortran_order': False, 'shape': (0, 70000, 1)}", "")) == Ids{"image.too-large"});
}

// ---- CIFAR

std::string cifar_record(std::initializer_list<int> labels, int red, int green, int blue) {
  return text(labels) + std::string(1024, char(red)) + std::string(1024, char(green)) + std::string(1024, char(blue));
}

TEST_CASE("CIFAR-10 and CIFAR-100 records are planes of red, green and blue") {
  const Folder folder;
  const Dataset ten = load_dataset(folder.file("a.bin", cifar_record({3}, 1, 2, 3) + cifar_record({9}, 4, 5, 6)));
  CHECK(ten.kind == "CIFAR-10");
  CHECK(ten.labels == std::vector<std::int64_t>{3, 9});
  CHECK(ten.classes == 10);
  const Image image = std::get<Image>(sample(ten, 1));
  CHECK((image.width == 32 && image.height == 32 && image.channels == 3));
  CHECK(std::vector<std::uint8_t>(image.pixels.begin(), image.pixels.begin() + 3) ==
        std::vector<std::uint8_t>{4, 5, 6});
  const Dataset hundred = load_dataset(folder.file("b.bin", cifar_record({19, 99}, 1, 2, 3)));
  CHECK(hundred.kind == "CIFAR-100");
  CHECK(hundred.labels == std::vector<std::int64_t>{99});
  CHECK(load_ids(folder.file("c.bin", cifar_record({10}, 1, 2, 3))) == Ids{"dataset.bad-label"});
  CHECK(load_ids(folder.file("c.bin", cifar_record({1, 100}, 1, 2, 3))) == Ids{"dataset.bad-label"});
  CHECK(load_ids(folder.file("c.bin", cifar_record({1}, 1, 2, 3) + "xy")) == Ids{"dataset.wrong-size"});
  CHECK(load_ids(folder.file("c.bin", cifar_record({1}, 1, 2, 3).substr(1))) == Ids{"dataset.wrong-size"});
  CHECK(load_ids(folder.file("c.bin", "")) == Ids{"dataset.wrong-size"});
}

TEST_CASE("a CIFAR folder has its parts and its names") {
  const Folder folder;
  folder.file("test_batch.bin", cifar_record({3}, 1, 2, 3));
  folder.file("batches.meta.txt", "airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n\n");
  const Dataset dataset = load_dataset(path_of(folder));
  CHECK(dataset.class_names[3] == "cat");
  CHECK(dataset.split == "test");
  folder.file("data_batch_1.bin", cifar_record({4}, 1, 2, 3));
  CHECK(load_ids(path_of(folder), {.split = "train"}) == Ids{"file.not-found"});  // four batches are missing
  for (const char batch : {'2', '3', '4', '5'})
    folder.file(std::string("data_batch_") + batch + ".bin", cifar_record({batch - '0'}, 1, 2, 3));
  CHECK(load_dataset(path_of(folder), {.split = "train"}).labels == std::vector<std::int64_t>{4, 2, 3, 4, 5});
}

// ---- images

TEST_CASE("a folder of folders has a class each, in order of their names") {
  const Folder folder;
  const std::string cats = inner(folder, "cats"), birds = inner(folder, "birds"), deep = inner(folder, "cats/more");
  folder.file("cats/2.png", png(2, 2, 20));
  folder.file("cats/1.PNG", png(2, 2, 10));
  folder.file("cats/more/0.jpeg", testing::jpeg_file(2, 2, 3, 30));
  folder.file("cats/notes.txt", "no image");
  folder.file("birds/x.jpg", testing::jpeg_file(2, 2, 1, 40));
  const Dataset dataset = load_dataset(path_of(folder));
  CHECK(dataset.class_names == std::vector<std::string>{"birds", "cats"});
  CHECK(dataset.labels == std::vector<std::int64_t>{0, 1, 1, 1});
  std::vector<int> values;
  for (std::int64_t i = 0; i < dataset.size(); ++i) values.push_back(std::get<Image>(sample(dataset, i)).pixels[0]);
  CHECK(values == std::vector<int>{40, 10, 20, 30});
  inner(folder, "dogs");
  CHECK(load_ids(path_of(folder)) == Ids{"dataset.empty"});
  folder.file("a.png", png(2, 2, 1));
  CHECK(load_ids(path_of(folder)) == Ids{"dataset.ambiguous"});
}

TEST_CASE("folders train and val are the parts of one data set") {
  const Folder folder;
  inner(folder, "train/a");
  inner(folder, "val/a");
  folder.file("train/a/1.png", png(1, 1, 1));
  folder.file("train/a/2.png", png(1, 1, 2));
  folder.file("val/a/3.png", png(1, 1, 3));
  CHECK(load_dataset(path_of(folder)).size() == 1);
  CHECK(load_dataset(path_of(folder), {.split = "train"}).size() == 2);
  CHECK(load_ids(path_of(folder) + "val", {.split = "test"}) == Ids{"dataset.unknown-split"});
}

TEST_CASE("a flat folder is unlabelled; its images are decoded when asked for, and bad ones named") {
  const Folder folder;
  CHECK(load_ids(path_of(folder)) == Ids{"dataset.empty"});
  folder.file("1.png", png(2, 2, 1));
  folder.file("2.png", png(2, 3, 1));
  folder.file("3.png", "\x89PNG\r\n\x1A\n and no more");
  const Dataset dataset = load_dataset(path_of(folder));
  CHECK(dataset.size() == 3);
  CHECK(dataset.labels.empty());
  CHECK(ids_of([&] { network_input(dataset, 1); }) == Ids{"dataset.mixed-sizes"});
  const auto problems = problems_of([&] { network_input(dataset, 2); });
  REQUIRE(problems.size() == 1);
  CHECK(problems.front().id == "image.corrupt");
  CHECK(problems.front().what.find("3.png") != std::string::npos);
  CHECK(load_dataset(path_of(folder) + "2.png").size() == 1);
}

TEST_CASE("labels.csv lists files, classes and names") {
  const Folder folder;
  folder.file("a.png", png(2, 2, 1));
  folder.file("b,c.png", png(2, 2, 2));
  folder.file("labels.csv", "wnid,file,class,name\r\nn1,a.png,2,crane\r\nn2,\"b,c.png\",0,\"the \"\"cat\"\"\"\r\n");
  const Dataset dataset = load_dataset(path_of(folder));
  CHECK(dataset.labels == std::vector<std::int64_t>{2, 0});
  CHECK(dataset.class_names == std::vector<std::string>{"the \"cat\"", "1", "crane"});
  CHECK(std::get<Image>(sample(dataset, 1)).pixels[0] == 2);
  const auto with = [&](const std::string& csv) {
    folder.file("labels.csv", csv);
    return load_ids(path_of(folder));
  };
  CHECK(with("file,class\na.png,0\n").empty());
  CHECK(with("") == Ids{"dataset.empty"});
  CHECK(with("file,class\n") == Ids{"dataset.empty"});
  CHECK(with("file,label\na.png,0\n") == Ids{"dataset.bad-csv"});
  CHECK(with("file,class\na.png\n") == Ids{"dataset.bad-csv"});
  CHECK(with("file,class\n\"a.png,0\n") == Ids{"dataset.bad-csv"});
  CHECK(with("file,class\n\"a\"b,0\n") == Ids{"dataset.bad-csv"});
  CHECK(with("file,class,name\na.png,0,x\na.png,0,y\n") == Ids{"dataset.bad-csv"});
  CHECK(with("file,class\na.png,-1\n") == Ids{"dataset.bad-label"});
  CHECK(with("file,class\na.png,cat\n") == Ids{"dataset.bad-label"});
  CHECK(with("file,class\na.png,999999\n").empty());
  CHECK(with("file,class\na.png,1000000\n") == Ids{"dataset.bad-label"});
  CHECK(with("file,class\n../a.png,0\n") == Ids{"dataset.outside"});
  CHECK(with("file,class\n/etc/a.png,0\n") == Ids{"dataset.outside"});
  CHECK(with("file,class\nno.png,0\n") == Ids{"file.not-found"});
  const auto problems =
      problems_of([&] { load_dataset(folder.file("x.yaml", "kind: dataset\nversion: 1\nlabels: labels.csv\n")); });
  CHECK(problems.front().id == "file.not-found");
}

// ---- dataset files

const std::string kStart = "kind: dataset\nversion: 1\n";

TEST_CASE("a dataset file says where data, labels and classes are, and how to preprocess") {
  const Folder folder;
  inner(folder, "in");
  folder.file("in/x.npy", npy("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 1, 2)}", "\x01\x02\x03\x04"));
  folder.file("y.npy", npy("{'descr': '<i8', 'fortran_order': False, 'shape': (2,)}",
                           text({1, 0, 0, 0, 0, 0, 0, 0}) + std::string(8, '\0')));
  const std::string body = kStart +
                           "name: toy\nsource: here\npath: in/x.npy\nlabels: y.npy\nclasses: [zero, one]\n"
                           "preprocessing: {scale: 1/2, mean: 1, deviation: 0.25}\n";
  folder.file("dataset.yaml", body);
  const Dataset dataset = load_dataset(path_of(folder));
  CHECK(dataset.name == "toy");
  CHECK(dataset.labels == std::vector<std::int64_t>{1, 0});
  CHECK(dataset.class_names == std::vector<std::string>{"zero", "one"});
  CHECK(floats(network_input(dataset, 0)) == std::vector<float>{-2, 0});  // (1/2 - 1) / 0.25, (2/2 - 1) / 0.25
  CHECK(dataset.preprocessing_from == path_of(folder) + "dataset.yaml");

  const std::string other = folder.file("other.yaml", kStart + "preprocessing: {layout: NHWC, channels: RGB}\n");
  CHECK(load_dataset(path_of(folder), {.preprocessing = other}).input.shape == Shape{1, 1, 2, 3});
  CHECK(load_ids(folder.file("z.yaml", kStart + "path: in/x.npy\nlabels: y.npy\nclasses: [zero]\n")) ==
        Ids{"dataset.bad-label"});
  CHECK(load_ids(folder.file("z.yaml", kStart + "path: in/x.npy\nclasses: [zero, one]\n")) ==
        Ids{"dataset.counts-disagree"});
}

TEST_CASE("everything wrong with a dataset file is told at once") {
  const Folder folder;
  const auto problems = problems_of([&] {
    load_dataset(
        folder.file("x.yaml", kStart + "pth: .\nlabels: /etc/passwd\nsplit: valid\npreprocessing:\n  chanels: RGB\n"
                                       "  resize: 0\n  crop: [1]\n  scale: 0\n  mean: [1, 2, 3, 4]\n  deviation: 0\n"));
  });
  Ids ids;
  for (const Problem& problem : problems) ids.push_back(problem.id);
  std::sort(ids.begin(), ids.end());
  CHECK(ids == Ids{"dataset.outside", "yaml.bad-choice", "yaml.bad-number", "yaml.bad-number", "yaml.out-of-range",
                   "yaml.out-of-range", "yaml.out-of-range", "yaml.unknown-key", "yaml.unknown-key"});
  CHECK(std::any_of(problems.begin(), problems.end(), [](const Problem& p) {
    return p.mend.find("'channels'") != std::string::npos && p.where.line == 7;
  }));
  CHECK(load_ids(folder.file("x.yaml", "kind: hardware\nversion: 1\n")) == Ids{"file.wrong-kind"});
  CHECK(load_ids(folder.file("x.yaml", "kind: dataset\nversion: 2\n")) == Ids{"file.wrong-version"});
}

TEST_CASE("a network's preprocessing is found by its name") {
  const Dataset dataset = load_dataset("digits:count=10", {.network = "some/where/squeezenet1.0.onnx"});
  CHECK(dataset.input == TensorType{ElementType::float32, {1, 3, 227, 227}});
  CHECK(dataset.preprocessing.mean == std::vector<double>{104, 117, 123});
  CHECK(load_dataset("digits:count=10", {.network = "lenet5"}).preprocessing == Preprocessing{});
  require_input(dataset, {ElementType::float32, {1, 3, 227, 227}});
  CHECK(ids_of([&] {
          require_input(dataset, {ElementType::float32, {1, 3, 224, 224}});
        }) == Ids{"dataset.wrong-shape"});
}

TEST_CASE("numbers are not preprocessed") {
  const Folder folder;
  const std::string path =
      folder.file("a.npy", npy("{'descr': '|u1', 'fortran_order': False, 'shape': (8,)}", "12345678"));
  const std::string how = folder.file("how.yaml", kStart + "preprocessing: {mean: 1}\n");
  CHECK(load_ids(path, {.preprocessing = how}) == Ids{"dataset.not-images"});
  CHECK(load_dataset(path, {.network = "squeezenet1.0"}).preprocessing == Preprocessing{});
}

TEST_CASE("preprocessing that does not suit an image names the image") {
  const Folder folder;
  const std::string path = folder.file("a.png", png(4, 4, 9));
  const auto problems = problems_of(
      [&] { load_dataset(path, {.preprocessing = folder.file("how.yaml", kStart + "preprocessing: {crop: 5}\n")}); });
  REQUIRE(problems.size() == 1);
  CHECK(problems.front().id == "image.too-small");
  CHECK(problems.front().what.find("a.png") != std::string::npos);
  const std::string means = folder.file("how.yaml", kStart + "preprocessing: {channels: grey, mean: [1, 2, 3]}\n");
  CHECK(load_ids(path, {.preprocessing = means}) == Ids{"dataset.channels-disagree"});
}

}  // namespace
}  // namespace weft
