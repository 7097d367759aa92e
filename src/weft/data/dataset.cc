// SPDX-License-Identifier: Apache-2.0
#include "weft/data/dataset.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "weft/base/data_dir.h"
#include "weft/base/error.h"
#include "weft/base/file.h"
#include "weft/base/yaml.h"
#include "weft/data/dataset_readers.h"
#include "weft/data/digits.h"

namespace weft {
namespace {

namespace fs = std::filesystem;

// ---- the dataset file

/// What a dataset file says. Paths are those to open.
struct DatasetFile {
  std::string path, name, split;
  std::string data, labels;  // empty: not said
  std::vector<std::string> classes;
  std::optional<Preprocessing> preprocessing;
};

/// The value of `key`, which names something in the file's folder or below.
std::string path_of(YamlMap& map, std::string_view key, const fs::path& folder) {
  const std::string written = map.string(key, "");
  if (written.empty()) return "";
  if (steps_out(written)) {
    map.problem(*map.find(key), "dataset.outside", fmt::format("`{}:` leads out of the file's folder", key),
                "name something beside the file or below");
  }
  return (folder / written).string();
}

DatasetFile read_dataset_file(const std::string& path) {
  const YamlNode root = read_yaml_file(path);
  std::vector<Problem> problems;
  YamlMap map(root, "the dataset file", problems);
  expect_kind(map, "dataset", 1);
  DatasetFile file{.path = path};
  const fs::path folder = fs::path(path).parent_path();
  file.name = map.string("name", "");
  map.string("source", "");
  file.data = path_of(map, "path", folder);
  file.labels = path_of(map, "labels", folder);
  if (map.find("split") != nullptr) file.split = map.choice("split", {"train", "test"}, 1) == 0 ? "train" : "test";
  file.classes = map.strings("classes");
  if (const YamlNode* node = map.find("preprocessing")) file.preprocessing = read_preprocessing(*node, problems);
  map.finish();
  if (!problems.empty()) throw Error(std::move(problems));
  return file;
}

// ---- reading the data

/// The first bytes of a file, which tell what it is. Errors: file.*
std::string read_start(const fs::path& path) {
  constexpr std::size_t kStart = 16;
  std::string start(kStart, '\0');
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) return read_text_file(path.string(), kStart);  // says why
  start.resize(std::fread(start.data(), 1, start.size(), file));
  std::fclose(file);
  return start;
}

Dataset read_file(const fs::path& path, const std::string& split) {
  if (!split.empty()) refuse_split(path.string(), split);
  const std::string start = read_start(path);
  if (looks_like_image(start)) {
    Dataset dataset{.kind = "image", .count = 1};
    dataset.samples = ImageFiles{{path.string()}};
    return dataset;
  }
  const bool records = path.extension() == ".bin";
  if (!records && (is_gzip(start) || is_idx(start))) return read_idx_file(path);
  const bool known = records || is_npy(start);
  return parse_samples(known ? read_text_file(path.string(), kMostDatasetBytes) : start, path.string());
}

Dataset read_data(const fs::path& path, const std::string& split) {
  std::error_code ignored;
  return fs::is_directory(path, ignored) ? read_folder(path, split) : read_file(path, split);
}

/// A table of images is the data set; other labels belong to the samples of `path:`.
Dataset read_labelled(const DatasetFile& file, const fs::path& data, const std::string& split) {
  constexpr std::size_t kMostTableBytes = std::size_t{256} << 20;
  if (file.labels.empty()) return read_data(data, split);
  std::string labels = read_text_file(file.labels, kMostTableBytes);
  if (file.labels.ends_with(".csv")) {
    const fs::path folder = file.data.empty() ? fs::path(file.labels).parent_path() : data;
    return parse_image_table(labels, file.labels, folder);
  }
  Dataset dataset = read_data(data, split);
  set_labels(dataset, parse_labels(std::move(labels), file.labels), 0, file.labels);
  return dataset;
}

void set_classes(Dataset& dataset, const DatasetFile& file) {
  if (file.classes.empty()) return;
  set_labels(dataset, std::move(dataset.labels), static_cast<std::int64_t>(file.classes.size()), file.path);
  dataset.class_names = file.classes;
}

Dataset read_by_file(const DatasetFile& file, const std::string& split) {
  const fs::path folder = fs::path(file.path).parent_path();
  const fs::path data = !file.data.empty() ? fs::path(file.data) : folder.empty() ? fs::path(".") : folder;
  Dataset dataset = read_labelled(file, data, split.empty() ? file.split : split);
  set_classes(dataset, file);
  return dataset;
}

// ---- preprocessing

/// data/preprocessing/NETWORK.yaml, if there is one.
std::string preprocessing_of_network(const std::string& network) {
  if (network.empty()) return "";
  std::string name = fs::path(network).filename().string();
  if (name.ends_with(".onnx")) name.resize(name.size() - std::string_view(".onnx").size());
  return find_data_file("preprocessing", name).value_or("");
}

bool holds_images(const Dataset& dataset) {
  const auto* stored = std::get_if<StoredSamples>(&dataset.samples);
  return stored == nullptr || stored->images != StoredSamples::Images::none;
}

void set_preprocessing(Dataset& dataset, const DatasetFile& from) {
  dataset.preprocessing = from.preprocessing.value_or(Preprocessing{});
  dataset.preprocessing_from = from.path;
  if (holds_images(dataset) || dataset.preprocessing == Preprocessing{}) return;
  throw dataset_error("dataset.not-images", dataset.name,
                      fmt::format("'{}' preprocesses images, and these are numbers", from.path),
                      "leave `preprocessing:` out; numbers are taken as they are");
}

void choose_preprocessing(Dataset& dataset, const std::optional<DatasetFile>& file, const DatasetOptions& options) {
  if (!options.preprocessing.empty()) {
    set_preprocessing(dataset, read_dataset_file(options.preprocessing));
  } else if (file && file->preprocessing) {
    set_preprocessing(dataset, *file);
  } else if (const std::string ours = preprocessing_of_network(options.network);
             !ours.empty() && holds_images(dataset)) {
    set_preprocessing(dataset, read_dataset_file(ours));
  }
}

// ---- samples

std::string_view bytes_of(const StoredSamples& stored, std::int64_t i) {
  const std::size_t first = stored.first + static_cast<std::size_t>(i) * stored.stride;
  return {stored.bytes->data() + first, static_cast<std::size_t>(byte_size(stored.type))};
}

Image image_of(const StoredSamples& stored, std::string_view bytes) {
  using Images = StoredSamples::Images;
  const Shape& shape = stored.type.shape;
  const bool first = stored.images == Images::chw;
  const std::size_t h = first ? 1 : 0;
  Image image{.width = int(shape[h + 1]), .height = int(shape[h])};
  image.channels = stored.images == Images::hw ? 1 : int(first ? shape[0] : shape[2]);
  image.pixels.resize(bytes.size());
  const auto channels = static_cast<std::size_t>(image.channels);
  const std::size_t pixels = bytes.size() / channels;
  for (std::size_t i = 0; i < pixels; ++i) {
    for (std::size_t c = 0; c < channels; ++c) {
      image.pixels[i * channels + c] = static_cast<std::uint8_t>(bytes[first ? c * pixels + i : i * channels + c]);
    }
  }
  return image;
}

Sample stored_sample(const StoredSamples& stored, std::int64_t i) {
  const std::string_view bytes = bytes_of(stored, i);
  if (stored.images != StoredSamples::Images::none) return image_of(stored, bytes);
  const auto* begin = reinterpret_cast<const std::byte*>(bytes.data());
  return ConstantTensor{stored.type,
                        StoredValues{std::make_shared<const std::vector<std::byte>>(begin, begin + bytes.size())}};
}

/// Names the sample in what preprocessing says.
ConstantTensor prepared(const Dataset& dataset, std::int64_t i) {
  Sample taken = sample(dataset, i);
  if (auto* tensor = std::get_if<ConstantTensor>(&taken)) {
    tensor->type.shape.insert(tensor->type.shape.begin(), 1);
    return std::move(*tensor);
  }
  try {
    return preprocess(std::get<Image>(taken), dataset.preprocessing);
  } catch (const Error& error) {
    std::vector<Problem> problems = error.problems();
    for (Problem& problem : problems) problem.what = sample_name(dataset, i) + ": " + problem.what;
    throw Error(std::move(problems));
  }
}

}  // namespace

Dataset load_dataset(const std::string& path, const DatasetOptions& options) {
  std::optional<DatasetFile> file;
  std::error_code ignored;
  const fs::path inside = fs::path(path) / "dataset.yaml";
  if (path.ends_with(".yaml")) {
    file = read_dataset_file(path);
  } else if (!names_digits(path) && fs::is_regular_file(inside, ignored)) {
    file = read_dataset_file(inside.string());
  }
  if (names_digits(path) && !options.split.empty()) refuse_split(path, options.split);
  Dataset dataset = names_digits(path) ? digits_dataset(path)
                    : file             ? read_by_file(*file, options.split)
                                       : read_data(path, options.split);
  dataset.name = file && !file->name.empty() ? file->name : path;
  if (dataset.count == 0) {
    throw dataset_error("dataset.empty", path, "it has no samples", "check that it is the right file or folder");
  }
  if (options.limit > 0 && options.limit < dataset.count) {
    dataset.count = options.limit;
    if (!dataset.labels.empty()) dataset.labels.resize(static_cast<std::size_t>(dataset.count));
  }
  choose_preprocessing(dataset, file, options);
  dataset.input = prepared(dataset, 0).type;
  return dataset;
}

Sample sample(const Dataset& dataset, std::int64_t i) {
  if (i < 0 || i >= dataset.count) {
    throw dataset_error("dataset.no-such-sample", dataset.name, fmt::format("there is no sample {}", i),
                        fmt::format("samples are 0 to {}", dataset.count - 1));
  }
  if (const auto* files = std::get_if<ImageFiles>(&dataset.samples)) {
    return read_image(files->paths[static_cast<std::size_t>(i)]);
  }
  if (const auto* digits = std::get_if<SyntheticDigits>(&dataset.samples)) return synthetic_digit(digits->seed, i);
  return stored_sample(std::get<StoredSamples>(dataset.samples), i);
}

ConstantTensor network_input(const Dataset& dataset, std::int64_t i) {
  ConstantTensor input = prepared(dataset, i);
  if (input.type == dataset.input) return input;
  throw dataset_error("dataset.mixed-sizes", dataset.name,
                      fmt::format("{} gives {}, the first sample {}", sample_name(dataset, i), to_string(input.type),
                                  to_string(dataset.input)),
                      "give all samples one size with `resize:` and `crop:` in a dataset file");
}

void require_input(const Dataset& dataset, const TensorType& wanted) {
  if (dataset.input == wanted) return;
  throw dataset_error("dataset.wrong-shape", dataset.name,
                      fmt::format("its samples give {}, and {} is wanted", to_string(dataset.input), to_string(wanted)),
                      "say in a dataset file's `preprocessing:` what the network was trained with: resize, crop, "
                      "channels, mean, scale");
}

std::string sample_name(const Dataset& dataset, std::int64_t i) {
  if (const auto* files = std::get_if<ImageFiles>(&dataset.samples)) return files->paths[static_cast<std::size_t>(i)];
  return fmt::format("sample {}", i);
}

}  // namespace weft
