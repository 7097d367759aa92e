// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "weft/base/error.h"
#include "weft/base/file.h"
#include "weft/base/quantity.h"
#include "weft/base/units.h"

namespace weft {

inline constexpr std::size_t kMostYamlBytes = 4 << 20;  ///< of one file
inline constexpr std::size_t kMostYamlLineBytes = 64 << 10;
inline constexpr std::size_t kMostYamlProblems = 50;    ///< of one file; a reader drops those past it
inline constexpr std::size_t kMostYamlDepth = 64;       ///< lists and maps inside each other
inline constexpr std::size_t kMostYamlNodes = 1 << 19;  ///< values, keys, lists and maps of one file

/// Strict YAML. Scalars are taken as they are written: `yes` is the text "yes", `0123` is refused as a number,
/// anchors, aliases, tags and duplicate keys are errors. Every node knows its place.
/// An empty value is the text "". Files are hostile: size, depth and node count are limited.
class YamlNode {
 public:
  enum class Kind { scalar, sequence, map };
  struct Entry;  // key (a scalar node) and value

  Kind kind() const;
  const std::string& text() const;             ///< of a scalar
  const std::vector<YamlNode>& items() const;  ///< of a sequence
  const std::vector<Entry>& entries() const;   ///< of a map, in file order
  Place where() const;                         ///< with the file's line, for a caret

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

/// The integers that are taken, both ends included.
struct IntegerLimits {
  std::int64_t least = INT64_MIN;
  std::int64_t most = INT64_MAX;
};

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
  using Limits = IntegerLimits;
  /// `whose` names the thing in messages: "store 'glb'". A node that is not a map is a problem.
  YamlMap(const YamlNode& node, std::string whose, std::vector<Problem>& problems);

  /// The value of a key, or nothing. Marks the key as known.
  const YamlNode* find(std::string_view key);
  const YamlNode* require(std::string_view key);  ///< a problem (yaml.missing-key) if absent

  std::string string(std::string_view key);  ///< required, not empty
  std::string string(std::string_view key, std::string otherwise);
  std::int64_t integer(std::string_view key, Limits limits = {});
  std::int64_t integer(std::string_view key, std::int64_t otherwise, Limits limits);
  double number(std::string_view key);
  double number(std::string_view key, double otherwise);
  bool boolean(std::string_view key, bool otherwise);  ///< `true` or `false` only
  /// One of `choices`; answers its index.
  std::size_t choice(std::string_view key, const std::vector<std::string>& choices, std::size_t otherwise);
  std::vector<std::string> strings(std::string_view key);  ///< optional list of texts; one text is a list of one

  /// Quantities carry units, as quantity.h lists them: "108 KiB", "200 MHz", "2 pJ". All are exact but the doubles.
  Bytes bytes(std::string_view key);  ///< at least 1 and whole
  std::optional<Bytes> optional_bytes(std::string_view key);
  Hertz hertz(std::string_view key);        ///< more than 0
  Attojoules energy(std::string_view key);  ///< at least 0, whole attojoules
  Attojoules energy(std::string_view key, Attojoules otherwise);
  std::optional<Bandwidth> optional_bandwidth(std::string_view key);          ///< more than 0, whole bits
  SquareMillimetres area(std::string_view key, SquareMillimetres otherwise);  ///< at least 0
  Watts power(std::string_view key, Watts otherwise);                         ///< at least 0
  double nanometres(std::string_view key);                                    ///< more than 0
  double volts(std::string_view key);                                         ///< more than 0

  const YamlNode& node() const { return node_; }
  void problem(const YamlNode& at, std::string id, std::string what, std::string mend);
  /// Reports unknown keys. Call once, at the end.
  void finish();

 private:
  struct Measured;
  void reject(const YamlNode& at, std::string_view key, std::string id, const std::string& why, std::string mend);
  const YamlNode* scalar(std::string_view key, bool required);
  std::optional<std::int64_t> checked_integer(const YamlNode& at, std::string_view key, Limits limits);
  std::optional<double> checked_number(const YamlNode& at, std::string_view key);
  std::optional<Measured> measured(std::string_view key, bool required, const std::vector<Dimension>& dimensions);
  std::optional<Int128> exact(std::string_view key, const std::optional<Measured>& measured, Int128 base, Int128 least);
  std::optional<double> inexact(std::string_view key, bool required, Dimension dimension, bool zero_allowed);

  YamlNode node_;
  std::string whose_;
  std::vector<Problem>* problems_;
  std::vector<std::string> known_;
};

/// Checks the two first keys of each of our files, `kind:` and `version:`. Problems: file.wrong-kind,
/// file.wrong-version.
void expect_kind(YamlMap& map, std::string_view kind, int version);

}  // namespace weft
