// SPDX-License-Identifier: Apache-2.0
// Data sets that are a folder: MNIST, CIFAR, images with a table of labels, images by class.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "weft/base/file.h"
#include "weft/base/quantity.h"
#include "weft/base/text.h"
#include "weft/data/dataset_readers.h"

namespace weft {
namespace {

namespace fs = std::filesystem;

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

/// What is in a folder, kept if `wanted`, in byte order of the names, hidden ones left out.
template <class Wanted>
std::vector<fs::path> entries(const fs::path& folder, const Wanted& wanted) {
  std::error_code error;
  std::vector<fs::path> found;
  fs::directory_iterator at(folder, error);
  for (; !error && at != fs::directory_iterator(); at.increment(error)) {
    std::error_code ignored;
    if (!at->path().filename().string().starts_with('.') && wanted(*at, ignored)) found.push_back(at->path());
  }
  if (error) {
    throw Error({.id = error == std::errc::no_such_file_or_directory ? "file.not-found" : "file.unreadable",
                 .what = fmt::format("cannot read the folder '{}': {}", folder.string(), error.message()),
                 .where = {},
                 .mend = "check the path, and that you may read it"});
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.native() < b.native(); });
  return found;
}

// ---- parts

/// The files of a data set that comes in parts.
struct Part {
  std::string split;
  std::vector<fs::path> files;
};

/// The part that was asked for; without a wish "test", then the first.
const Part& choose(const std::vector<Part>& parts, const std::string& split, const fs::path& folder) {
  const std::string wanted = split.empty() ? "test" : split;
  const auto found = std::find_if(parts.begin(), parts.end(), [&](const Part& part) { return part.split == wanted; });
  if (found != parts.end()) return *found;
  if (split.empty()) return parts.front();
  std::vector<std::string> names;
  for (const Part& part : parts) names.push_back("'" + part.split + "'");
  throw dataset_error("dataset.unknown-split", folder.string(), fmt::format("it has no part '{}'", split),
                      "it has " + join_words(names));
}

/// A list of names, one a line.
std::vector<std::string> read_lines(const fs::path& path) {
  constexpr std::size_t kMostBytes = 1 << 20;
  if (!is_file(path)) return {};
  const std::string text = read_text_file(path.string(), kMostBytes);
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string line = text.substr(at, end - at);
    if (line.ends_with('\r')) line.pop_back();
    if (!line.empty()) lines.push_back(std::move(line));
    at = end + 1;
  }
  return lines;
}

// ---- IDX

/// "train-images-idx3-ubyte" and its variants: '.' for '-', and gzip'd.
std::vector<Part> idx_parts(const std::vector<fs::path>& files) {
  std::vector<Part> parts;
  for (const fs::path& file : files) {
    const std::string name = file.filename().string();
    if (name.find("images") == std::string::npos || name.find("idx3") == std::string::npos) continue;
    parts.push_back({name.starts_with("train") ? "train" : "test", {file}});
  }
  return parts;
}

fs::path labels_beside(const fs::path& images) {
  std::string name = images.filename().string();
  if (const auto at = name.find("images"); at != std::string::npos) name.replace(at, 6, "labels");
  if (const auto at = name.find("idx3"); at != std::string::npos) name.replace(at, 4, "idx1");
  return images.parent_path() / name;
}

// ---- CIFAR

struct CifarFiles {
  int label_bytes;
  const char* split;
  std::vector<const char*> files;
};
const std::array<CifarFiles, 4> kCifar = {{
    {1, "test", {"test_batch.bin"}},
    {1, "train", {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"}},
    {2, "test", {"test.bin"}},
    {2, "train", {"train.bin"}},
}};

/// The parts of which at least one file is there. `label_bytes` answers which CIFAR it is.
std::vector<Part> cifar_parts(const fs::path& folder, int& label_bytes) {
  std::vector<Part> parts;
  for (const CifarFiles& row : kCifar) {
    Part part{row.split, {}};
    for (const char* file : row.files) part.files.push_back(folder / file);
    if (std::none_of(part.files.begin(), part.files.end(), is_file)) continue;
    if (!parts.empty() && row.label_bytes != label_bytes) continue;
    label_bytes = row.label_bytes;
    parts.push_back(std::move(part));
  }
  return parts;
}

Dataset read_cifar(const Part& part, int label_bytes, const fs::path& folder) {
  std::string bytes;
  for (const fs::path& file : part.files) {
    std::string batch = read_text_file(file.string(), kMostDatasetBytes / 8);
    parse_cifar(batch, file.string(), label_bytes);  // names the file that is wrong
    bytes += batch;
  }
  Dataset dataset = parse_cifar(std::move(bytes), folder.string(), label_bytes);
  dataset.split = part.split;
  std::vector<std::string> names =
      read_lines(folder / (label_bytes == 1 ? "batches.meta.txt" : "fine_label_names.txt"));
  if (static_cast<std::int64_t>(names.size()) == dataset.classes) dataset.class_names = std::move(names);
  return dataset;
}

// ---- images by class

/// The images of a folder and of the folders in it. Links to folders are not followed: they could lead in circles.
std::vector<std::string> images_below(const fs::path& folder) {
  std::vector<std::string> found;
  for (const fs::path& file : files_in(folder)) {
    if (has_image_ending(file)) found.push_back(file.string());
  }
  for (const fs::path& inner : folders_in(folder)) {
    if (fs::is_symlink(inner)) continue;
    std::vector<std::string> more = images_below(inner);
    found.insert(found.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  }
  return found;
}

Dataset read_class_folders(const std::vector<fs::path>& folders) {
  Dataset dataset{.kind = "image folders"};
  ImageFiles files;
  for (const fs::path& folder : folders) {
    const std::vector<std::string> found = images_below(folder);
    if (found.empty()) {
      throw dataset_error("dataset.empty", folder.string(), "this class has no JPEG or PNG images",
                          "put its images there, or remove the folder");
    }
    dataset.labels.insert(dataset.labels.end(), found.size(), static_cast<std::int64_t>(dataset.class_names.size()));
    dataset.class_names.push_back(folder.filename().string());
    files.paths.insert(files.paths.end(), found.begin(), found.end());
  }
  dataset.classes = static_cast<std::int64_t>(dataset.class_names.size());
  dataset.count = static_cast<std::int64_t>(files.paths.size());
  dataset.samples = std::move(files);
  return dataset;
}

/// Folders called train, val, test hold the parts of one data set.
std::vector<Part> folder_parts(const std::vector<fs::path>& folders) {
  std::vector<Part> parts;
  for (const fs::path& folder : folders) {
    const std::string name = folder.filename().string();
    if (name != "train" && name != "test" && name != "val") return {};
    parts.push_back({name == "val" ? "test" : name, {folder}});
  }
  return parts;
}

Dataset read_image_folder(const fs::path& folder, const std::vector<fs::path>& files, const std::string& split) {
  ImageFiles images;
  for (const fs::path& file : files) {
    if (has_image_ending(file)) images.paths.push_back(file.string());
  }
  const std::vector<fs::path> folders = folders_in(folder);
  if (images.paths.empty() && folders.empty()) {
    throw dataset_error("dataset.empty", folder.string(),
                        "the folder holds nothing that is known: no IDX, CIFAR, JPEG or PNG files, no labels.csv",
                        "give the folder that holds the files themselves");
  }
  if (const std::vector<Part> parts = folder_parts(folders); images.paths.empty() && !parts.empty()) {
    const Part& part = choose(parts, split, folder);
    Dataset dataset = read_image_folder(part.files.front(), files_in(part.files.front()), "");
    dataset.split = part.split;
    return dataset;
  }
  if (!split.empty()) refuse_split(folder.string(), split);
  if (images.paths.empty()) return read_class_folders(folders);
  if (std::any_of(folders.begin(), folders.end(), [](const fs::path& inner) { return !images_below(inner).empty(); })) {
    throw dataset_error("dataset.ambiguous", folder.string(), "it holds images and also folders of images",
                        "give each class a folder, or put all images into one, or list them in labels.csv");
  }
  Dataset dataset{.kind = "images", .count = static_cast<std::int64_t>(images.paths.size())};
  dataset.samples = std::move(images);
  return dataset;
}

// ---- labels.csv

/// A field of a CSV file, and where it begins (columns count bytes from 1).
struct Field {
  std::string text;
  int column = 1;
};

/// Reads one line after the other.
class CsvReader {
 public:
  CsvReader(std::string_view text, const std::string& name) : text_(text), name_(name) {}

  bool at_end() const { return at_ >= text_.size(); }
  int line() const { return line_; }

  /// The fields of the next line. A quoted field ends on its line here.
  std::vector<Field> next() {
    ++line_;
    const std::size_t end = std::min(text_.find('\n', at_), text_.size());
    whole_ = std::string(text_.substr(at_, end - at_));
    if (whole_.ends_with('\r')) whole_.pop_back();
    at_ = end + 1;
    std::vector<Field> fields;
    std::size_t begin = 0;
    do {
      fields.push_back(field(begin));
    } while (begin <= whole_.size());
    return fields;
  }

  Error wrong(std::string id, std::string what, const Field& at, std::string mend) const {
    const int length = std::max(1, static_cast<int>(at.text.size()));
    return Error({.id = std::move(id),
                  .what = std::move(what),
                  .where = {.file = name_, .line = line_, .column = at.column, .text = whole_, .length = length},
                  .mend = std::move(mend)});
  }

 private:
  Field field(std::size_t& begin) {
    Field field{"", static_cast<int>(begin) + 1};
    if (begin >= whole_.size() || whole_[begin] != '"') {
      const std::size_t end = std::min(whole_.find(',', begin), whole_.size());
      field.text = whole_.substr(begin, end - begin);
      begin = end + 1;
      return field;
    }
    for (++begin; begin < whole_.size(); ++begin) {
      if (whole_[begin] != '"') {
        field.text += whole_[begin];
      } else if (whole_.substr(begin, 2) == "\"\"") {
        field.text += whole_[begin++];
      } else if (begin + 1 == whole_.size() || whole_[begin + 1] == ',') {
        begin += 2;
        return field;
      } else {
        break;
      }
    }
    throw wrong("dataset.bad-csv", "a quoted field does not end", field, "close it with a quote, and a comma after it");
  }

  std::string_view text_;
  std::string name_;
  std::size_t at_ = 0;
  int line_ = 0;
  std::string whole_;
};

struct Columns {
  std::size_t file, label;
  std::optional<std::size_t> name;
};

Columns find_columns(const CsvReader& csv, const std::vector<Field>& header) {
  const auto find = [&](std::string_view wanted) -> std::optional<std::size_t> {
    const auto at =
        std::find_if(header.begin(), header.end(), [&](const Field& field) { return field.text == wanted; });
    if (at == header.end()) return std::nullopt;
    return static_cast<std::size_t>(at - header.begin());
  };
  const auto file = find("file"), label = find("class");
  if (file && label) return {*file, *label, find("name")};
  throw csv.wrong("dataset.bad-csv", fmt::format("there is no column '{}'", file ? "class" : "file"), header.front(),
                  "name the columns in the first line: file,class,name");
}

/// The names of classes 0, 1, ...; a class without a name is called by its number. Empty if none has a name.
std::vector<std::string> names_of(const std::map<std::int64_t, std::string>& names, std::int64_t classes) {
  std::vector<std::string> all;
  if (names.empty()) return all;
  for (std::int64_t label = 0; label < classes; ++label) {
    const auto known = names.find(label);
    all.push_back(known == names.end() ? std::to_string(label) : known->second);
  }
  return all;
}

}  // namespace

Error dataset_error(std::string id, const std::string& name, const std::string& why, std::string mend) {
  return Error(
      {.id = std::move(id), .what = fmt::format("data '{}': {}", name, why), .where = {}, .mend = std::move(mend)});
}

void refuse_split(const std::string& name, const std::string& split) {
  throw dataset_error("dataset.unknown-split", name, fmt::format("it has no part '{}'", split),
                      "it is not divided into parts; leave the split out");
}

bool has_image_ending(const fs::path& path) {
  const std::string ending = lower_case(path.extension().string());
  return ending == ".jpg" || ending == ".jpeg" || ending == ".png";
}

std::vector<fs::path> files_in(const fs::path& folder) {
  return entries(folder, [](const fs::directory_entry& entry, std::error_code& e) { return entry.is_regular_file(e); });
}

std::vector<fs::path> folders_in(const fs::path& folder) {
  return entries(folder, [](const fs::directory_entry& entry, std::error_code& e) { return entry.is_directory(e); });
}

bool steps_out(const fs::path& location) {
  return location.is_absolute() || location.native().find('\0') != std::string::npos ||
         std::find(location.begin(), location.end(), "..") != location.end();
}

Dataset parse_image_table(std::string_view text, const std::string& name, const fs::path& folder) {
  CsvReader csv(text, name);
  if (csv.at_end())
    throw dataset_error("dataset.empty", name, "the file is empty", "begin it with the line file,class");
  const std::vector<Field> header = csv.next();
  const Columns columns = find_columns(csv, header);
  ImageFiles files;
  std::vector<std::int64_t> labels;
  std::map<std::int64_t, std::string> names;
  while (!csv.at_end()) {
    const std::vector<Field> fields = csv.next();
    if (fields.size() == 1 && fields.front().text.empty()) continue;
    if (fields.size() != header.size()) {
      throw csv.wrong("dataset.bad-csv", fmt::format("{} fields, and {} columns", fields.size(), header.size()),
                      fields.front(), "quote a field that holds a comma");
    }
    const Field& file = fields[columns.file];
    if (file.text.empty() || steps_out(file.text)) {
      throw csv.wrong("dataset.outside", "an image must lie in the folder of the data", file,
                      "write its path from that folder, without '..'");
    }
    const Field& written = fields[columns.label];
    const auto label = parse_integer(written.text);
    if (!label || *label < 0 || *label >= kMostClasses) {
      throw csv.wrong("dataset.bad-label", fmt::format("a class is a number, 0 to {}", kMostClasses - 1), written,
                      "number the classes from 0");
    }
    if (columns.name) {
      const Field& called = fields[*columns.name];
      const auto known = names.emplace(*label, called.text).first;
      if (known->second != called.text) {
        throw csv.wrong("dataset.bad-csv", fmt::format("class {} was called '{}' before", *label, known->second),
                        called, "give each class one name");
      }
    }
    files.paths.push_back((folder / file.text).string());
    labels.push_back(*label);
  }
  Dataset dataset{.kind = "images", .count = static_cast<std::int64_t>(labels.size())};
  dataset.samples = std::move(files);
  set_labels(dataset, std::move(labels), 0, name);
  dataset.class_names = names_of(names, dataset.classes);
  return dataset;
}

Dataset read_folder(const fs::path& folder, const std::string& split) {
  constexpr std::size_t kMostTableBytes = std::size_t{256} << 20;
  const std::vector<fs::path> files = files_in(folder);
  if (const std::vector<Part> parts = idx_parts(files); !parts.empty()) {
    const Part& part = choose(parts, split, folder);
    Dataset dataset = read_idx_file(part.files.front());
    dataset.split = part.split;
    return dataset;
  }
  int label_bytes = 0;
  if (const std::vector<Part> parts = cifar_parts(folder, label_bytes); !parts.empty()) {
    return read_cifar(choose(parts, split, folder), label_bytes, folder);
  }
  if (const fs::path table = folder / "labels.csv"; is_file(table)) {
    if (!split.empty()) refuse_split(folder.string(), split);
    return parse_image_table(read_text_file(table.string(), kMostTableBytes), table.string(), folder);
  }
  return read_image_folder(folder, files, split);
}

Dataset read_idx_file(const fs::path& path) {
  Dataset dataset = parse_idx(read_text_file(path.string(), kMostDatasetBytes), path.string());
  const fs::path labels = labels_beside(path);
  if (labels == path || !is_file(labels)) return dataset;
  set_labels(dataset, parse_labels(read_text_file(labels.string(), kMostDatasetBytes), labels.string()), 0,
             labels.string());
  return dataset;
}

}  // namespace weft
