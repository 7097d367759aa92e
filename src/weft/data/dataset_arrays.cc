// SPDX-License-Identifier: Apache-2.0
// Data sets that are one array of numbers: IDX, .npy, CIFAR.
#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>

#include "weft/base/quantity.h"
#include "weft/data/dataset_readers.h"

namespace weft {
namespace {

using Images = StoredSamples::Images;

std::uint8_t byte_at(std::string_view bytes, std::size_t at) { return static_cast<std::uint8_t>(bytes[at]); }

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<std::uint8_t>(byte);
  return value;
}

std::uint64_t little_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | byte_at(bytes, i);
  return value;
}

/// Answers the bytes that the shape needs, or throws dataset.wrong-size if they are not `present`.
std::int64_t check_size(const TensorType& type, std::size_t present, const std::string& name) {
  const auto count = checked_elements(type.shape);
  const std::int64_t needed = count ? byte_size(type) : 0;
  if (count && static_cast<std::size_t>(needed) == present) return needed;
  throw dataset_error("dataset.wrong-size", name,
                      fmt::format("its header says {}, which is {}; {} bytes follow", to_string(type),
                                  count ? fmt::format("{} bytes", needed) : "more than any file", present),
                      "it is cut off, or something was added; fetch it again");
}

/// One array: its first axis counts samples.
Dataset array_dataset(std::string kind, std::string bytes, std::size_t first, TensorType type, Images images) {
  Dataset dataset{.kind = std::move(kind), .count = type.shape.front()};
  type.shape.erase(type.shape.begin());
  const auto stride = static_cast<std::size_t>(byte_size(type));
  dataset.samples = stored(std::move(bytes), first, stride, std::move(type), images);
  return dataset;
}

/// An image has pixels, and not too many.
Images checked_images(Images images, const Shape& shape, const std::string& name) {
  if (images == Images::none) return images;
  const std::vector<std::int64_t> sides(shape.begin() + 1, shape.end());
  const auto [least, most] = std::minmax_element(sides.begin(), sides.end());
  if (*least >= 1 && *most <= kMostSide && elements(sides) <= kMostPixels) return images;
  throw dataset_error("image.too-large", name,
                      fmt::format("its images are {}; read are at least 1 and at most {} pixels, and {} on a side",
                                  to_string(sides), kMostPixels, kMostSide),
                      "check that it is the right file");
}

// ---- IDX

constexpr std::size_t kIdxMagic = 4, kIdxExtent = 4;

std::size_t idx_header(std::string_view bytes) { return kIdxMagic + kIdxExtent * byte_at(bytes, 3); }

TensorType idx_type(std::string_view bytes, const std::string& name) {
  constexpr std::uint8_t kUnsignedByte = 8;
  if (!is_idx(bytes)) {
    throw dataset_error("dataset.wrong-magic", name, "an IDX file begins with 0, 0, its type and its number of axes",
                        "check that it is the right file, and not changed by a transfer as text");
  }
  if (byte_at(bytes, 2) != kUnsignedByte) {
    throw dataset_error("dataset.unsupported-type", name,
                        fmt::format("its elements are of IDX type 0x{:02x}", byte_at(bytes, 2)),
                        "only unsigned bytes, 0x08, are read; save it as .npy of float32 or int64 instead");
  }
  TensorType type{ElementType::uint8, {}};
  for (std::size_t at = kIdxMagic; at < std::min(idx_header(bytes), bytes.size() / kIdxExtent * kIdxExtent);
       at += kIdxExtent) {
    type.shape.push_back(static_cast<std::int64_t>(big_endian(bytes.substr(at, kIdxExtent))));
  }
  if (bytes.size() < idx_header(bytes) || type.shape.empty()) {
    throw dataset_error("dataset.wrong-size", name, "it ends within its header", "it is cut off; fetch it again");
  }
  return type;
}

/// The file's own bytes, inflated no further than its header says.
std::string inflated(std::string bytes, const std::string& name) {
  if (!is_gzip(bytes)) return bytes;
  constexpr std::size_t kLongestHeader = kIdxMagic + 255 * kIdxExtent;
  const std::string start = gunzip(bytes, kLongestHeader, name);
  const TensorType type = idx_type(start, name);
  const auto count = checked_elements(type.shape);
  const std::size_t most = count ? static_cast<std::size_t>(*count) : kMostDatasetBytes;
  if (most >= kMostDatasetBytes) {
    throw dataset_error("file.too-large", name, fmt::format("it says it holds {}", to_string(type)),
                        fmt::format("at most {} bytes are read", kMostDatasetBytes));
  }
  return gunzip(bytes, idx_header(start) + most + 1, name);
}

// ---- .npy

/// The header of a .npy file is a Python dictionary of three keys, in any order (numpy.lib.format).
class NpyHeader {
 public:
  NpyHeader(std::string_view text, const std::string& name) : text_(text), name_(name) {}

  TensorType read() {
    expect('{');
    while (!take('}')) {
      entry();
      if (!take(',')) {
        expect('}');
        break;
      }
    }
    skip_space();
    if (!text_.empty() || !descr_ || !shape_ || !fortran_)
      refuse("it is not a dictionary of descr, fortran_order and shape");
    if (*fortran_) {
      throw dataset_error("dataset.bad-npy", name_, "it is stored in Fortran order",
                          "save it in C order: numpy.save(file, numpy.ascontiguousarray(a))");
    }
    return {element_type(), *shape_};
  }

 private:
  [[noreturn]] void refuse(const std::string& why) const {
    throw dataset_error("dataset.bad-npy", name_, "its header cannot be read: " + why, "save it again with numpy.save");
  }
  void skip_space() { text_.remove_prefix(std::min(text_.find_first_not_of(" \n"), text_.size())); }
  bool take(char wanted) {
    skip_space();
    if (!text_.starts_with(wanted)) return false;
    text_.remove_prefix(1);
    return true;
  }
  void expect(char wanted) {
    if (!take(wanted)) refuse(fmt::format("'{}' is missing", wanted));
  }
  std::string quoted() {
    skip_space();
    const char quote = text_.empty() ? '\0' : text_.front();
    const std::size_t end = text_.find(quote, 1);
    if ((quote != '\'' && quote != '"') || end == std::string_view::npos) refuse("a quoted text is missing");
    std::string inside(text_.substr(1, end - 1));
    text_.remove_prefix(end + 1);
    return inside;
  }
  bool word(std::string_view wanted) {
    skip_space();
    if (!text_.starts_with(wanted)) return false;
    text_.remove_prefix(wanted.size());
    return true;
  }
  std::int64_t integer() {
    skip_space();
    const std::size_t end = std::min(text_.find_first_not_of("0123456789"), text_.size());
    const auto value = parse_integer(text_.substr(0, end));
    if (!value) refuse("an extent is no whole number");
    text_.remove_prefix(end);
    return *value;
  }
  Shape tuple() {
    Shape shape;
    expect('(');
    while (!take(')')) {
      if (shape.size() == kMaxRank) refuse("it has too many axes");
      shape.push_back(integer());
      if (!take(',')) {
        expect(')');
        break;
      }
    }
    return shape;
  }
  void entry() {
    const std::string key = quoted();
    expect(':');
    if (key == "descr" && !descr_) {
      descr_ = quoted();
    } else if (key == "shape" && !shape_) {
      shape_ = tuple();
    } else if (key == "fortran_order" && !fortran_) {
      fortran_ = word("True");
      if (!*fortran_ && !word("False")) refuse("fortran_order is neither True nor False");
    } else {
      refuse("it has another key, or one twice");
    }
  }
  ElementType element_type() const {
    if (*descr_ == "|u1") return ElementType::uint8;
    if (*descr_ == "<f4") return ElementType::float32;
    if (*descr_ == "<i8") return ElementType::int64;
    throw dataset_error("dataset.unsupported-type", name_, fmt::format("its elements are of NumPy type '{}'", *descr_),
                        "read are uint8, and little-endian float32 and int64: save a.astype('<f4')");
  }

  std::string_view text_;
  const std::string& name_;
  std::optional<std::string> descr_;
  std::optional<Shape> shape_;
  std::optional<bool> fortran_;
};

Images npy_images(const TensorType& type) {
  const auto colours = [](std::int64_t channels) { return channels == 1 || channels == 3; };
  if (type.type != ElementType::uint8) return Images::none;
  if (type.shape.size() == 3) return Images::hw;
  if (type.shape.size() != 4) return Images::none;
  if (colours(type.shape[3])) return Images::hwc;
  return colours(type.shape[1]) ? Images::chw : Images::none;
}

// ---- CIFAR

constexpr std::size_t kCifarPixels = std::size_t{3} * 32 * 32;

// ---- labels

/// The elements of an array with one axis of integers.
std::vector<std::int64_t> integers_of(const Dataset& array, const std::string& name) {
  const auto& samples = std::get<StoredSamples>(array.samples);
  if (!samples.type.shape.empty() || !is_integer(samples.type.type)) {
    throw dataset_error("dataset.bad-label", name, fmt::format("its elements are {}", to_string(samples.type)),
                        "labels are one axis of integers");
  }
  std::vector<std::int64_t> labels(static_cast<std::size_t>(array.count));
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const std::string_view bytes(samples.bytes->data() + samples.first + i * samples.stride, samples.stride);
    labels[i] = static_cast<std::int64_t>(little_endian(bytes));
  }
  return labels;
}

}  // namespace

StoredSamples stored(std::string bytes, std::size_t first, std::size_t stride, TensorType type, Images images) {
  return {.bytes = std::make_shared<const std::string>(std::move(bytes)),
          .first = first,
          .stride = stride,
          .type = std::move(type),
          .images = images};
}

bool is_gzip(std::string_view bytes) { return bytes.starts_with("\x1F\x8B"); }

std::string gunzip(std::string_view bytes, std::size_t most, const std::string& name) {
  const auto refused = [&](const char* why) {
    return dataset_error("dataset.bad-gzip", name, why, "it is cut off or damaged; fetch it again");
  };
  constexpr int kGzipOnly = 16 + MAX_WBITS;
  z_stream stream{};
  if (inflateInit2(&stream, kGzipOnly) != Z_OK) throw std::bad_alloc();
  const struct Release {
    z_stream* stream;
    ~Release() { inflateEnd(stream); }
  } release{&stream};
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));  // zlib does not write there
  std::size_t left = bytes.size();
  std::string out;
  std::array<char, 65536> part{};
  int state = Z_OK;
  while (state != Z_STREAM_END && out.size() < most) {
    if (stream.avail_in == 0) {
      stream.avail_in = static_cast<uInt>(std::min<std::size_t>(left, std::numeric_limits<uInt>::max()));
      left -= stream.avail_in;
    }
    if (stream.avail_in == 0) throw refused("its compressed data are cut off");
    stream.next_out = reinterpret_cast<Bytef*>(part.data());
    stream.avail_out = static_cast<uInt>(std::min(part.size(), most - out.size()));
    const std::size_t asked = stream.avail_out;
    state = inflate(&stream, Z_NO_FLUSH);
    if (state != Z_OK && state != Z_STREAM_END) throw refused("its compressed data are damaged");
    out.append(part.data(), asked - stream.avail_out);
  }
  return out;
}

bool is_idx(std::string_view bytes) {
  return bytes.size() >= kIdxMagic && bytes[0] == 0 && bytes[1] == 0 && byte_at(bytes, 2) >= 8 &&
         byte_at(bytes, 2) <= 14;
}

Dataset parse_idx(std::string bytes, const std::string& name) {
  bytes = inflated(std::move(bytes), name);
  TensorType type = idx_type(bytes, name);
  const std::size_t first = idx_header(bytes);
  check_size(type, bytes.size() - first, name);
  const Images images = checked_images(type.shape.size() == 3 ? Images::hw : Images::none, type.shape, name);
  return array_dataset("IDX", std::move(bytes), first, std::move(type), images);
}

bool is_npy(std::string_view bytes) { return bytes.starts_with("\x93NUMPY"); }

Dataset parse_npy(std::string bytes, const std::string& name) {
  constexpr std::size_t kMagic = 6, kVersion = 2;
  const auto refused = [&](const std::string& why, std::string mend) {
    return dataset_error("dataset.bad-npy", name, why, std::move(mend));
  };
  if (!is_npy(bytes) || bytes.size() < kMagic + kVersion) {
    throw dataset_error("dataset.wrong-magic", name, "a .npy file begins with \\x93NUMPY and its version",
                        "check that it is the right file");
  }
  const int version = byte_at(bytes, kMagic);
  if (version < 1 || version > 3) {
    throw refused(fmt::format("it is of version {}; 1 to 3 are read", version), "save it again with numpy.save");
  }
  const std::size_t length_bytes = version == 1 ? 2 : 4;
  const std::size_t header = kMagic + kVersion + length_bytes;
  const std::string_view all = bytes;
  const std::uint64_t length =
      bytes.size() < header ? bytes.size() : little_endian(all.substr(kMagic + kVersion, length_bytes));
  if (bytes.size() < header || length > bytes.size() - header) {
    throw refused("it ends within its header", "it is cut off; fetch it again");
  }
  TensorType type = NpyHeader(all.substr(header, length), name).read();
  if (type.shape.empty()) throw refused("it is a single number", "the first axis counts the samples");
  const std::size_t first = header + length;
  check_size(type, bytes.size() - first, name);
  const Images images = checked_images(npy_images(type), type.shape, name);
  return array_dataset(".npy array", std::move(bytes), first, std::move(type), images);
}

Dataset parse_cifar(std::string bytes, const std::string& name, int label_bytes) {
  if (label_bytes == 0) label_bytes = bytes.size() % (kCifarPixels + 1) == 0 ? 1 : 2;
  const std::size_t record = kCifarPixels + static_cast<std::size_t>(label_bytes);
  if (bytes.empty() || bytes.size() % record != 0) {
    throw dataset_error("dataset.wrong-size", name,
                        fmt::format("it has {} bytes; a CIFAR-10 record has {}, a CIFAR-100 record {}", bytes.size(),
                                    kCifarPixels + 1, kCifarPixels + 2),
                        "it is cut off, or no CIFAR file; fetch it again");
  }
  Dataset dataset{.kind = label_bytes == 1 ? "CIFAR-10" : "CIFAR-100"};
  dataset.count = static_cast<std::int64_t>(bytes.size() / record);
  std::vector<std::int64_t> labels;
  for (std::size_t at = record - kCifarPixels - 1; at < bytes.size(); at += record)
    labels.push_back(byte_at(bytes, at));
  set_labels(dataset, std::move(labels), label_bytes == 1 ? 10 : 100, name);
  dataset.samples = stored(std::move(bytes), static_cast<std::size_t>(label_bytes), record,
                           {ElementType::uint8, {3, 32, 32}}, Images::chw);
  return dataset;
}

Dataset parse_samples(std::string bytes, const std::string& name) {
  if (is_npy(bytes)) return parse_npy(std::move(bytes), name);
  if (name.ends_with(".bin")) return parse_cifar(std::move(bytes), name);
  if (is_gzip(bytes) || is_idx(bytes)) return parse_idx(std::move(bytes), name);
  throw dataset_error("dataset.unknown-format", name, "it is no IDX, .npy, CIFAR (.bin), JPEG or PNG file",
                      "convert it, or give the folder that holds the data");
}

std::vector<std::int64_t> parse_labels(std::string bytes, const std::string& name) {
  return integers_of(is_npy(bytes) ? parse_npy(std::move(bytes), name) : parse_idx(std::move(bytes), name), name);
}

void set_labels(Dataset& dataset, std::vector<std::int64_t> labels, std::int64_t classes, const std::string& name) {
  if (static_cast<std::int64_t>(labels.size()) != dataset.count) {
    throw dataset_error("dataset.counts-disagree", name,
                        fmt::format("it has {} labels for {} samples", labels.size(), dataset.count),
                        "take both files from the same data set and the same part of it");
  }
  const std::int64_t end = classes == 0 ? kMostClasses : classes;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] >= 0 && labels[i] < end) continue;
    throw dataset_error("dataset.bad-label", name,
                        fmt::format("the label of sample {} is {}; labels are 0 to {}", i, labels[i], end - 1),
                        "correct it, or the list of classes");
  }
  if (classes == 0 && !labels.empty()) classes = *std::max_element(labels.begin(), labels.end()) + 1;
  dataset.classes = classes;
  dataset.labels = std::move(labels);
}

}  // namespace weft
