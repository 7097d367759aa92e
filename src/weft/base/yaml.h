// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "weft/base/error.h"
#include "weft/base/units.h"

namespace weft {

/// Strict YAML. Scalars are taken as they are written: `yes` is the text "yes", `0123` is refused as a number,
/// anchors, aliases, tags and duplicate keys are errors. Every node knows its place.
/// Files are hostile: size (16 MiB), depth (64) and node count are limited.
class YamlNode {
 public:
  enum class Kind { scalar, sequence, map };
  struct Entry;  // key (a scalar node) and value

  Kind kind() const;
  const std::string& text() const;              ///< of a scalar
  const std::vector<YamlNode>& items() const;   ///< of a sequence
  const std::vector<Entry>& entries() const;    ///< of a map, in file order
  Place where() const;                          ///< with the file's line, for a caret

 private:
  friend class YamlBuilder;
  struct Data;
  std::shared_ptr<const Data> data_;
};

struct YamlNode::Entry {
  YamlNode key;
  YamlNode value;
};

/// Throws Error (yaml.syntax, yaml.duplicate-key, yaml.alias, yaml.too-large, yaml.empty ...) listing what is wrong.
YamlNode parse_yaml(std::string_view text, const std::string& file_name);
/// Also file.not-found, file.unreadable.
YamlNode read_yaml_file(const std::string& path);

/// Reads one map strictly: each key is asked for once by name; `finish()` reports the keys nobody asked
/// for, with the nearest known spelling. Problems are collected in `problems`, values default on error,
/// so that one pass over a file finds everything wrong with it.
///
///   YamlMap m(node, "store 'glb'", problems);
///   store.capacity = m.bytes("capacity");            // required
///   store.ports = m.integer("ports", 1, {1, 16});    // optional with a default and limits
///   m.finish();
class YamlMap {
 public:
  struct Limits {
    std::int64_t least = INT64_MIN;
    std::int64_t most = INT64_MAX;
  };
  /// `whose` names the thing in messages: "store 'glb'". A node that is not a map is a problem.
  YamlMap(const YamlNode& node, std::string whose, std::vector<Problem>& problems);

  /// The value of a key, or nothing. Marks the key as known.
  const YamlNode* find(std::string_view key);
  const YamlNode* require(std::string_view key);  ///< a problem (yaml.missing-key) if absent

  std::string string(std::string_view key);  ///< required, not empty
  std::string string(std::string_view key, std::string otherwise);
  std::int64_t integer(std::string_view key, Limits limits = {});
  std::int64_t integer(std::string_view key, std::int64_t otherwise, Limits limits);
  double number(std::string_view key, double otherwise);
  bool boolean(std::string_view key, bool otherwise);  ///< `true` or `false` only
  /// One of `choices`; answers its index.
  std::size_t choice(std::string_view key, const std::vector<std::string>& choices, std::size_t otherwise);
  std::vector<std::string> strings(std::string_view key);  ///< optional list of texts; one text is a list of one

  /// Quantities carry units: "108 KiB", "200 MHz", "2 pJ". See docs and units.h for the table of units.
  Bytes bytes(std::string_view key);
  std::optional<Bytes> optional_bytes(std::string_view key);
  Hertz hertz(std::string_view key);

  const YamlNode& node() const { return node_; }
  void problem(const YamlNode& at, std::string id, std::string what, std::string mend);
  /// Reports unknown keys. Call once, at the end.
  void finish();

 private:
  YamlNode node_;
  std::string whose_;
  std::vector<Problem>* problems_;
  std::vector<std::string> known_;
};

/// A quantity as written: exact decimal value and unit text, e.g. {"0.95", "pJ"}. Nothing if it is not one.
struct WrittenQuantity {
  double value = 0;
  std::string unit;
};
std::optional<WrittenQuantity> parse_quantity(std::string_view text);

/// The integer a scalar writes, decimal without leading zeros; nothing otherwise (overflow too).
std::optional<std::int64_t> parse_integer(std::string_view text);

/// Checks the two first keys of each of our files, `kind:` and `version:`. Problems: file.wrong-kind, file.wrong-version.
void expect_kind(YamlMap& map, std::string_view kind, int version);

/// Reads a whole file, refusing more than `limit` bytes (file.not-found, file.unreadable, file.too-large).
std::string read_text_file(const std::string& path, std::size_t limit);

}  // namespace weft
