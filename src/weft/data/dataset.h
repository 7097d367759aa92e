// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "weft/data/image.h"
#include "weft/data/preprocessing.h"
#include "weft/tensor/tensor.h"

namespace weft {

/// Where samples come from.
///
/// JPEG and PNG files, decoded when asked for.
struct ImageFiles {
  std::vector<std::string> paths;
};
/// Bytes of one file or several. Sample i begins at bytes[first + i * stride]; `images` says what an unsigned 8-bit
/// sample is: a picture of HxW, CxHxW or HxWxC, or (none) a tensor like any other.
struct StoredSamples {
  enum class Images { none, hw, chw, hwc };
  std::shared_ptr<const std::string> bytes;
  std::size_t first = 0, stride = 0;
  TensorType type;  ///< of one sample; little-endian
  Images images = Images::none;
};
/// Digits made on demand (digits.h); sample i shows i mod 10.
struct SyntheticDigits {
  std::uint64_t seed = 1;
};

/// Samples in a fixed order, with their labels if there are any. A plain value, cheap to copy; asking for samples from
/// several threads is fine.
struct Dataset {
  std::string name;   ///< as it was asked for
  std::string kind;   ///< for people: "IDX", "CIFAR-10", "image folder", ...
  std::string split;  ///< "test", "train" or "": it has no parts
  std::int64_t count = 0;
  std::vector<std::int64_t> labels;      ///< empty, or one for each sample, 0 <= label < classes
  std::vector<std::string> class_names;  ///< empty, or one for each class
  std::int64_t classes = 0;              ///< 0: no labels
  Preprocessing preprocessing;
  std::string preprocessing_from;  ///< the file it was read from; empty: none
  std::variant<ImageFiles, StoredSamples, SyntheticDigits> samples;
  TensorType input;  ///< of every network input that it gives, N = 1; that of sample 0

  std::int64_t size() const { return count; }
};

struct DatasetOptions {
  std::string split;          ///< "train" or "test"; empty: the file's choice, else "test" where there are both
  std::string preprocessing;  ///< path of a dataset file whose `preprocessing:` is taken; goes before all others
  std::string network;        ///< name or path of the network that is to be fed, to find its preprocessing (below)
  std::int64_t limit = 0;     ///< keep the first samples only; 0: all
};

/// The data set at `path`:
///   digits, digits:seed=7,count=1000   synthetic digits, 28 x 28, grey; seed 1 and 1000 samples unless said
///   FILE.yaml                          a dataset file (below)
///   a folder                           with dataset.yaml; with IDX files (MNIST); with CIFAR-10 or CIFAR-100 binary
///   files; with
///                                      labels.csv (columns file, class and perhaps name); with images, unlabelled;
///                                      with a folder of images for each class, in byte order of their names
///   a file                             IDX (also gzip'd), .npy, a CIFAR .bin, or one image
/// Preprocessing is that of options.preprocessing, else of the dataset file, else of data/preprocessing/NETWORK.yaml
/// (NETWORK: file name of options.network without ending), else none.
///
/// A dataset file says, all but the first two being optional:
///   kind: dataset
///   version: 1
///   name, source: TEXT
///   path: PATH        the data, in the file's own folder or below; that folder itself if missing
///   split: train | test
///   labels: PATH      .csv as above, IDX or .npy of integers
///   classes: [NAME, ...]
///   preprocessing: {resize: 256 | [H, W], interpolation: bilinear | bicubic, crop: 224 | [H, W],
///                   channels: RGB | BGR | grey, scale: 1/255, mean: [..], deviation: [..], layout: NCHW | NHWC}
/// Errors: dataset.*, image.*, yaml.*, file.*
Dataset load_dataset(const std::string& path, const DatasetOptions& options = {});

/// An image before preprocessing, or a tensor of the array's own type. Errors: image.*, dataset.no-such-sample.
using Sample = std::variant<Image, ConstantTensor>;
Sample sample(const Dataset& dataset, std::int64_t i);

/// What a network is fed: images preprocessed to float32, 1xCxHxW (or NHWC); other samples as they are, behind an axis
/// of extent 1. Always of type dataset.input. Errors: as sample, and dataset.mixed-sizes.
ConstantTensor network_input(const Dataset& dataset, std::int64_t i);

/// Error dataset.wrong-shape, which says what to change, unless inputs have that type (N = 1).
void require_input(const Dataset& dataset, const TensorType& wanted);

/// What sample i is called in messages: its file, or "sample 17".
std::string sample_name(const Dataset& dataset, std::int64_t i);

}  // namespace weft
