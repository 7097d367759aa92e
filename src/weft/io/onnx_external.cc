// SPDX-License-Identifier: Apache-2.0
#include "weft/io/onnx_external.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "weft/base/error.h"

namespace weft {
namespace {

namespace fs = std::filesystem;

Error refused(std::string id, const std::string& whose, const std::string& what, std::string mend) {
  return Error(Problem{std::move(id), fmt::format("{}: {}", whose, what), {}, std::move(mend)});
}

bool steps_out(const fs::path& location) {
  return location.is_absolute() || std::find(location.begin(), location.end(), "..") != location.end();
}

/// `path` lies in `folder` or below; both are canonical.
bool is_within(const fs::path& path, const fs::path& folder) {
  return std::mismatch(folder.begin(), folder.end(), path.begin(), path.end()).first == folder.end();
}

}  // namespace

ExternalData::File& ExternalData::open(const std::string& location, const std::string& whose) {
  const auto known = files_.find(location);
  if (known != files_.end()) return known->second;
  const std::string what = fmt::format("its data are said to lie in '{}'", location);
  const std::string mend = "external data must lie in the model's own folder; move them there";
  if (folder_.empty() || location.empty() || location.find('\0') != std::string::npos || steps_out(location)) {
    throw refused("onnx.external-outside", whose, what, mend);
  }
  std::error_code error;
  const fs::path folder = fs::canonical(folder_, error);
  const fs::path path = fs::canonical(folder / location, error);
  if (error || !fs::is_regular_file(path, error)) {
    throw refused("onnx.external-unreadable", whose, what + ", which is no file there",
                  "put the data file beside the model, under the name the model gives it");
  }
  if (!is_within(path, folder)) throw refused("onnx.external-outside", whose, what + ", a link to elsewhere", mend);
  return files_[location] = {.path = path.string(), .size = std::int64_t(fs::file_size(path, error))};
}

StoredValues ExternalData::read(const std::string& location, std::int64_t offset, std::int64_t size,
                                const std::string& whose) {
  File& file = open(location, whose);
  const auto key = std::tuple(file.path, offset, size);
  if (const auto known = read_.find(key); known != read_.end()) return known->second;
  if (offset < 0 || size < 0 || offset > file.size || size > file.size - offset) {
    throw refused("onnx.external-range", whose,
                  fmt::format("bytes {} to {}+{} of '{}', which has {}", offset, offset, size, location, file.size),
                  "the data file is truncated or another model's; fetch it again");
  }
  file.taken += size;
  if (file.taken > file.size) {
    throw refused("onnx.external-range", whose, fmt::format("its part of '{}' overlaps other tensors' parts", location),
                  "give each tensor its own range, or the very same one");
  }
  std::vector<std::byte> bytes((std::size_t(size)));
  std::ifstream stream(file.path, std::ios::binary);
  stream.seekg(offset);
  if (!stream.read(reinterpret_cast<char*>(bytes.data()), size)) {
    throw refused("onnx.external-unreadable", whose, fmt::format("'{}' cannot be read", location),
                  "check its permissions");
  }
  return read_[key] = {std::make_shared<const std::vector<std::byte>>(std::move(bytes))};
}

}  // namespace weft
