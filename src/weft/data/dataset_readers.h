// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "weft/base/error.h"
#include "weft/data/dataset.h"

/// The formats behind load_dataset. Each reader fills kind, count, samples and what it knows of the labels; `name` is
/// for messages. Bytes are hostile: a size that a header claims is compared with the bytes that are there.
namespace weft {

inline constexpr std::size_t kMostDatasetBytes = std::size_t{4} << 30;  ///< of one file, inflated
inline constexpr std::int64_t kMostClasses = 1'000'000;

/// IDX (LeCun, yann.lecun.com/exdb/mnist): 0 0 TYPE RANK, an extent of 32 bits big-endian for each axis, the elements.
/// Unsigned bytes only; gzip'd or not. The first axis counts samples; three axes are N grey images of HxW.
/// Errors: dataset.wrong-magic, dataset.unsupported-type, dataset.wrong-size, dataset.bad-gzip.
bool is_idx(std::string_view bytes);
Dataset parse_idx(std::string bytes, const std::string& name);

/// NumPy's .npy, versions 1 to 3, C order, uint8, float32 or int64, little-endian. The first axis counts samples. uint8
/// with three axes: grey images; with four: images with the channels last if there are 1 or 3 of those, else first if
/// there are 1 or 3; everything else are plain tensors. Errors: dataset.bad-npy, dataset.unsupported-type,
/// dataset.wrong-size.
bool is_npy(std::string_view bytes);
Dataset parse_npy(std::string bytes, const std::string& name);

/// CIFAR's binary version (Krizhevsky, cs.toronto.edu/~kriz/cifar.html): records of 1 (CIFAR-10) or 2 (CIFAR-100:
/// coarse, fine) label bytes and 3x32x32 pixels. The labels of CIFAR-100 are the fine ones. `label_bytes` 0: by the
/// size. Errors: dataset.wrong-size, dataset.bad-label.
Dataset parse_cifar(std::string bytes, const std::string& name, int label_bytes = 0);

/// A file by its first bytes, or by its ending .bin. Error: dataset.unknown-format.
Dataset parse_samples(std::string bytes, const std::string& name);

/// A label for each sample, of an IDX or .npy file with one axis of integers. Errors: as those formats,
/// dataset.bad-label.
std::vector<std::int64_t> parse_labels(std::string bytes, const std::string& name);

/// labels.csv, RFC 4180: a header line; column `file` (in `folder` or below), `class` (0, 1, ...), perhaps `name` of
/// the class; other columns are free. Errors: dataset.bad-csv, dataset.bad-label, dataset.outside, with line and
/// column.
Dataset parse_image_table(std::string_view text, const std::string& name, const std::filesystem::path& folder);

/// An IDX file of images with the labels beside it, if they are there: images-idx3 becomes labels-idx1 in the name.
Dataset read_idx_file(const std::filesystem::path& path);

/// A folder that holds no dataset.yaml. See load_dataset.
Dataset read_folder(const std::filesystem::path& folder, const std::string& split);

/// At most `most` bytes of what a gzip file holds. Error: dataset.bad-gzip, also where it is cut off before that.
std::string gunzip(std::string_view bytes, std::size_t most, const std::string& name);
bool is_gzip(std::string_view bytes);

/// Takes labels over, checked: dataset.counts-disagree, dataset.bad-label. `classes` 0: one more than the largest.
void set_labels(Dataset& dataset, std::vector<std::int64_t> labels, std::int64_t classes, const std::string& name);

Error dataset_error(std::string id, const std::string& name, const std::string& why, std::string mend);
/// For data without parts, of which one was asked for.
[[noreturn]] void refuse_split(const std::string& name, const std::string& split);
bool has_image_ending(const std::filesystem::path& path);
/// The regular files or the folders directly in a folder, in byte order of their names, hidden ones left out. Errors:
/// file.*
std::vector<std::filesystem::path> files_in(const std::filesystem::path& folder);
std::vector<std::filesystem::path> folders_in(const std::filesystem::path& folder);
/// Refuses a path that is absolute or steps out with "..".
bool steps_out(const std::filesystem::path& location);

/// Bytes that hold samples of one type one after another.
StoredSamples stored(std::string bytes, std::size_t first, std::size_t stride, TensorType type,
                     StoredSamples::Images images);

}  // namespace weft
