// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "weft/base/text.h"
#include "weft/base/yaml.h"

namespace weft {
namespace {

std::string describe(const YamlNode& node) {
  switch (node.kind()) {
    case YamlNode::Kind::sequence:
      return "a list";
    case YamlNode::Kind::map:
      return "a map";
    case YamlNode::Kind::scalar:
      break;
  }
  return node.text().empty() ? "empty" : fmt::format("'{}'", node.text());
}

std::string suggest(const std::string& word, const std::vector<std::string>& known, std::string_view plural) {
  const std::string near = nearest(word, known);
  if (!near.empty()) return fmt::format("did you mean '{}'?", near);
  return known.empty() ? "remove it" : fmt::format("known {}: {}", plural, join_words(known));
}

std::string list_units(const std::vector<Dimension>& dimensions) {
  std::vector<std::string> symbols;
  for (const Dimension dimension : dimensions) {
    for (std::string& symbol : unit_symbols(dimension)) symbols.push_back(std::move(symbol));
  }
  return join_words(symbols);
}

std::string describe_limits(YamlMap::Limits limits) {
  if (limits.least == INT64_MIN) return fmt::format("at most {}", limits.most);
  if (limits.most == INT64_MAX) return fmt::format("at least {}", limits.least);
  return fmt::format("from {} to {}", limits.least, limits.most);
}

// Far past any machine, and far enough from 2^63 for the arithmetic that follows.
constexpr Int128 kMostBaseUnits = Int128{1} << 60;

}  // namespace

// A number with a unit of a dimension that was asked for.
struct YamlMap::Measured {
  const YamlNode* at;
  Decimal number;
  Unit unit;
};

YamlMap::YamlMap(const YamlNode& node, std::string whose, std::vector<Problem>& problems)
    : node_(node), whose_(std::move(whose)), problems_(&problems) {
  if (node.kind() == YamlNode::Kind::map) return;
  problem(node, "yaml.wrong-type", fmt::format("{} must be a map, but is {}", whose_, describe(node)),
          "write it as 'key: value' lines");
}

const YamlNode* YamlMap::find(std::string_view key) {
  if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.emplace_back(key);
  for (const YamlNode::Entry& entry : node_.entries()) {
    if (entry.key.text() == key) return &entry.value;
  }
  return nullptr;
}

const YamlNode* YamlMap::require(std::string_view key) {
  const YamlNode* value = find(key);
  if (value == nullptr && node_.kind() == YamlNode::Kind::map) {
    problem(node_, "yaml.missing-key", fmt::format("{} needs '{}'", whose_, key), fmt::format("add '{}: ...'", key));
  }
  return value;
}

void YamlMap::problem(const YamlNode& at, std::string id, std::string what, std::string mend) {
  if (problems_->size() >= kMostYamlProblems) return;
  problems_->push_back({std::move(id), std::move(what), at.where(), std::move(mend)});
}

void YamlMap::reject(const YamlNode& at, std::string_view key, std::string id, const std::string& why,
                     std::string mend) {
  problem(at, std::move(id), fmt::format("'{}' of {} {}", key, whose_, why), std::move(mend));
}

const YamlNode* YamlMap::scalar(std::string_view key, bool required) {
  const YamlNode* value = required ? require(key) : find(key);
  if (value == nullptr || value->kind() == YamlNode::Kind::scalar) return value;
  reject(*value, key, "yaml.wrong-type", fmt::format("must be a single value, but is {}", describe(*value)), "");
  return nullptr;
}

std::string YamlMap::string(std::string_view key) {
  const YamlNode* value = scalar(key, true);
  if (value == nullptr) return "";
  if (value->text().empty()) reject(*value, key, "yaml.wrong-type", "must not be empty", "give it a value");
  return value->text();
}

std::string YamlMap::string(std::string_view key, std::string otherwise) {
  return find(key) == nullptr ? std::move(otherwise) : string(key);
}

std::optional<std::int64_t> YamlMap::checked_integer(const YamlNode& at, std::string_view key, Limits limits) {
  const std::optional<std::int64_t> value = parse_integer(at.text());
  if (!value) {
    reject(at, key, "yaml.bad-integer", fmt::format("must be a whole number, but is {}", describe(at)),
           "write decimal digits, without leading zeros, below 2^63");
    return std::nullopt;
  }
  if (*value >= limits.least && *value <= limits.most) return value;
  reject(at, key, "yaml.out-of-range", fmt::format("is {}, but must be {}", *value, describe_limits(limits)), "");
  return std::nullopt;
}

std::int64_t YamlMap::integer(std::string_view key, Limits limits) {
  const std::int64_t otherwise = std::clamp<std::int64_t>(1, limits.least, limits.most);
  const YamlNode* value = scalar(key, true);
  return value == nullptr ? otherwise : checked_integer(*value, key, limits).value_or(otherwise);
}

std::int64_t YamlMap::integer(std::string_view key, std::int64_t otherwise, Limits limits) {
  const YamlNode* value = scalar(key, false);
  return value == nullptr ? otherwise : checked_integer(*value, key, limits).value_or(otherwise);
}

std::optional<double> YamlMap::checked_number(const YamlNode& at, std::string_view key) {
  const std::optional<Decimal> value = parse_decimal(at.text());
  if (value) return to_double(*value);
  reject(at, key, "yaml.bad-number", fmt::format("must be a number, but is {}", describe(at)),
         "write it in decimal, as 12, 0.5 or 1.5e-3");
  return std::nullopt;
}

double YamlMap::number(std::string_view key) {
  const YamlNode* value = scalar(key, true);
  return value == nullptr ? 0 : checked_number(*value, key).value_or(0);
}

double YamlMap::number(std::string_view key, double otherwise) {
  const YamlNode* value = scalar(key, false);
  return value == nullptr ? otherwise : checked_number(*value, key).value_or(otherwise);
}

bool YamlMap::boolean(std::string_view key, bool otherwise) {
  const YamlNode* value = scalar(key, false);
  if (value == nullptr) return otherwise;
  if (value->text() == "true") return true;
  if (value->text() == "false") return false;
  reject(*value, key, "yaml.bad-boolean", fmt::format("must be true or false, but is {}", describe(*value)),
         "write 'true' or 'false'");
  return otherwise;
}

std::size_t YamlMap::choice(std::string_view key, const std::vector<std::string>& choices, std::size_t otherwise) {
  const YamlNode* value = scalar(key, false);
  if (value == nullptr) return otherwise;
  const auto found = std::find(choices.begin(), choices.end(), value->text());
  if (found != choices.end()) return std::size_t(found - choices.begin());
  reject(*value, key, "yaml.bad-choice", fmt::format("cannot be {}", describe(*value)),
         suggest(value->text(), choices, "values"));
  return otherwise;
}

std::vector<std::string> YamlMap::strings(std::string_view key) {
  const YamlNode* value = find(key);
  if (value == nullptr) return {};
  if (value->kind() == YamlNode::Kind::scalar) return {string(key)};
  std::vector<std::string> texts;
  for (const YamlNode& item : value->items()) {
    if (item.kind() == YamlNode::Kind::scalar && !item.text().empty()) {
      texts.push_back(item.text());
    } else {
      reject(item, key, "yaml.wrong-type", fmt::format("must list texts, but one item is {}", describe(item)), "");
    }
  }
  if (value->kind() == YamlNode::Kind::map) {
    reject(*value, key, "yaml.wrong-type", "must be a list of texts, but is a map", "write it as [a, b]");
  }
  return texts;
}

std::optional<YamlMap::Measured> YamlMap::measured(std::string_view key, bool required,
                                                   const std::vector<Dimension>& dimensions) {
  const YamlNode* value = scalar(key, required);
  if (value == nullptr) return std::nullopt;
  const std::optional<WrittenQuantity> written = parse_quantity(value->text());
  const std::optional<Unit> unit = written ? find_unit(written->unit) : std::nullopt;
  if (unit && std::find(dimensions.begin(), dimensions.end(), unit->dimension) != dimensions.end()) {
    return Measured{value, *parse_decimal(written->number), *unit};
  }
  reject(*value, key, "yaml.bad-quantity",
         fmt::format("must be {} with its unit, but is {}", name(dimensions.front()), describe(*value)),
         fmt::format("write a number and one of the units {}", list_units(dimensions)));
  return std::nullopt;
}

// The quantity in whole multiples of `base` base units, at least `least` of them.
std::optional<Int128> YamlMap::exact(std::string_view key, const std::optional<Measured>& measured, Int128 base,
                                     Int128 least) {
  if (!measured) return std::nullopt;
  const std::string& text = measured->at->text();
  const double approximate = to_double(measured->number) * double(measured->unit.factor);
  if (approximate > double(kMostBaseUnits) || approximate < double(least)) {
    reject(
        *measured->at, key, "yaml.out-of-range",
        fmt::format("is '{}', which is too {}", text, approximate < double(least) ? "small" : "large"),
        approximate < double(least) ? "write a larger one, or leave it out if it is optional" : "write a smaller one");
    return std::nullopt;
  }
  const std::optional<Int128> value = exact_product(measured->number, measured->unit.factor);
  if (value && *value % base == 0) return *value / base;
  reject(*measured->at, key, "yaml.too-precise",
         fmt::format("is '{}', which is not a whole number of {}", text,
                     base == 8 ? "bytes" : unit_symbols(measured->unit.dimension).front()),
         "round it");
  return std::nullopt;
}

std::optional<double> YamlMap::inexact(std::string_view key, bool required, Dimension dimension, bool zero_allowed) {
  const std::optional<Measured> written = measured(key, required, {dimension});
  if (!written) return std::nullopt;
  const double value = to_double(written->number) * double(written->unit.factor);
  if (std::isfinite(value) && (value > 0 || (zero_allowed && value == 0))) return value;
  reject(*written->at, key, "yaml.out-of-range",
         fmt::format("is '{}', but must be {} 0", written->at->text(), zero_allowed ? "at least" : "more than"), "");
  return std::nullopt;
}

Bytes YamlMap::bytes(std::string_view key) {
  return {std::int64_t(exact(key, measured(key, true, {Dimension::data}), 8, 1).value_or(1))};
}

std::optional<Bytes> YamlMap::optional_bytes(std::string_view key) {
  const std::optional<Int128> value = exact(key, measured(key, false, {Dimension::data}), 8, 1);
  return value ? std::optional(Bytes{std::int64_t(*value)}) : std::nullopt;
}

Hertz YamlMap::hertz(std::string_view key) { return {inexact(key, true, Dimension::frequency, false).value_or(1)}; }

Attojoules YamlMap::energy(std::string_view key) {
  return {exact(key, measured(key, true, {Dimension::energy}), 1, 0).value_or(0)};
}

Attojoules YamlMap::energy(std::string_view key, Attojoules otherwise) {
  return {exact(key, measured(key, false, {Dimension::energy}), 1, 0).value_or(otherwise.value)};
}

std::optional<Bandwidth> YamlMap::optional_bandwidth(std::string_view key) {
  const auto written = measured(key, false, {Dimension::data_per_cycle, Dimension::data_per_second});
  const std::optional<Int128> bits = exact(key, written, 1, 1);
  if (!bits) return std::nullopt;
  const bool per_cycle = written->unit.dimension == Dimension::data_per_cycle;
  return Bandwidth{std::int64_t(*bits), per_cycle ? Bandwidth::Per::cycle : Bandwidth::Per::second};
}

SquareMillimetres YamlMap::area(std::string_view key, SquareMillimetres otherwise) {
  const std::optional<double> square_micrometres = inexact(key, false, Dimension::area, true);
  return square_micrometres ? SquareMillimetres{*square_micrometres / 1e6} : otherwise;
}

Watts YamlMap::power(std::string_view key, Watts otherwise) {
  const std::optional<double> nanowatts = inexact(key, false, Dimension::power, true);
  return nanowatts ? Watts{*nanowatts / 1e9} : otherwise;
}

double YamlMap::nanometres(std::string_view key) { return inexact(key, true, Dimension::length, false).value_or(1); }

double YamlMap::volts(std::string_view key) {
  return inexact(key, true, Dimension::voltage, false).value_or(1e6) / 1e6;
}

void YamlMap::finish() {
  for (const YamlNode::Entry& entry : node_.entries()) {
    const std::string& key = entry.key.text();
    if (problems_->size() >= kMostYamlProblems) return;
    if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
    problem(entry.key, "yaml.unknown-key", fmt::format("{} has no setting '{}'", whose_, key),
            suggest(key, known_, "settings"));
  }
}

void expect_kind(YamlMap& map, std::string_view kind, int version) {
  const YamlNode* written_kind = map.require("kind");
  if (written_kind != nullptr && written_kind->text() != kind) {
    map.problem(*written_kind, "file.wrong-kind",
                fmt::format("this file is of kind {}, but one of kind '{}' is needed", describe(*written_kind), kind),
                fmt::format("give another file, or write 'kind: {}'", kind));
  }
  const YamlNode* written_version = map.require("version");
  if (written_version != nullptr && written_version->text() != std::to_string(version)) {
    map.problem(
        *written_version, "file.wrong-version",
        fmt::format("this file has version {}, but this program reads version {}", describe(*written_version), version),
        fmt::format("write 'version: {}'", version));
  }
}

}  // namespace weft
