// SPDX-License-Identifier: Apache-2.0
#include "weft/dataflow/conventions.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "weft/base/error.h"

namespace weft {
namespace {

constexpr std::array kPresets = {
    ConventionPreset{"weft", {}, "Weft's own: every transfer counted at both ends"},
    ConventionPreset{"isca16",
                     {.ends = Ends::outer, .padding = Padding::stored},
                     "Chen, Emer, Sze, ISCA 2016: fills counted at the outer store, padded zeros moved"},
    ConventionPreset{"nn_dataflow",
                     {.first_read = FirstRead::mac, .ends = Ends::parent, .padding = Padding::stored},
                     "nn_dataflow (TETRIS): every transfer counted where it is served, two psum accesses a MAC"},
    ConventionPreset{"timeloop",
                     {.hold = Hold::relevant,
                      .halo = Halo::slide,
                      .multicast = Multicast::per_loop,
                      .ends = Ends::no_drain_read,
                      .padding = Padding::stored},
                     "Timeloop: a drain does not read the inner store"},
    ConventionPreset{"accelforge",
                     {.hold = Hold::iteration,
                      .halo = Halo::refetch,
                      .multicast = Multicast::per_loop,
                      .read_back = ReadBack::each,
                      .padding = Padding::stored},
                     "AccelForge: tiles given up at every step, overlaps fetched again"},
};

/// One option: its name, the spellings of its values in enum order, and access to it as a number.
struct Option {
  std::string_view name;
  std::vector<std::string> values;
  int (*get)(const Conventions&);
  void (*set)(Conventions&, int);
};

template <auto member>
Option option(std::string_view name, std::vector<std::string> values) {
  using Value = std::remove_reference_t<decltype(std::declval<Conventions&>().*member)>;
  return {name, std::move(values), [](const Conventions& c) { return static_cast<int>(c.*member); },
          [](Conventions& c, int v) { c.*member = static_cast<Value>(v); }};
}

const std::vector<Option>& options() {
  static const std::vector<Option> table = {
      option<&Conventions::hold>("hold", {"as_store", "relevant", "iteration"}),
      option<&Conventions::halo>("halo", {"as_store", "slide", "refetch"}),
      option<&Conventions::multicast>("multicast", {"exact", "per_loop"}),
      option<&Conventions::first_read>("first_read", {"elide", "zero", "mac"}),
      option<&Conventions::read_back>("read_back", {"one", "each"}),
      option<&Conventions::ends>("ends", {"both", "no_drain_read", "outer", "parent"}),
      option<&Conventions::padding>("padding", {"implicit", "stored"}),
      option<&Conventions::overlap>("overlap", {"buffered", "perfect"}),
  };
  return table;
}

[[noreturn]] void unknown(const std::string& kind, const std::string& word, const std::vector<std::string>& known) {
  const std::string near = nearest(word, known);
  throw Error(Problem{.id = "conventions.unknown",
                      .what = fmt::format("there is no {} '{}'", kind, word),
                      .where = {},
                      .mend = near.empty() ? fmt::format("one of: {}", fmt::join(known, ", "))
                                           : fmt::format("did you mean '{}'?", near)});
}

void set_option(Conventions& c, const std::string& item) {
  const std::size_t equals = item.find('=');
  const std::string key = item.substr(0, equals);
  const std::string value = item.substr(equals + 1);
  std::vector<std::string> names;
  for (const Option& o : options()) {
    names.emplace_back(o.name);
    if (o.name != key) continue;
    const auto found = std::find(o.values.begin(), o.values.end(), value);
    if (found == o.values.end()) unknown(fmt::format("value of the convention '{}' called", key), value, o.values);
    o.set(c, static_cast<int>(found - o.values.begin()));
    return;
  }
  unknown("convention", key, names);
}

Conventions preset(const std::string& wanted) {
  std::vector<std::string> names;
  for (const ConventionPreset& p : kPresets) {
    if (p.name == wanted) return p.conventions;
    names.emplace_back(p.name);
  }
  unknown("preset of conventions", wanted, names);
}

std::vector<std::string> differences(const Conventions& from, const Conventions& to) {
  std::vector<std::string> found;
  for (const Option& o : options()) {
    if (o.get(from) == o.get(to)) continue;
    found.push_back(fmt::format("{}={}", o.name, o.values[static_cast<std::size_t>(o.get(to))]));
  }
  return found;
}

}  // namespace

std::span<const ConventionPreset> convention_presets() { return kPresets; }

Conventions parse_conventions(std::string_view text, const Conventions& base) {
  Conventions result = base;
  std::size_t begin = 0;
  while (begin <= text.size()) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string item(text.substr(begin, end - begin));
    if (item.find('=') != std::string::npos) {
      set_option(result, item);
    } else {
      result = preset(item);
    }
    begin = end + 1;
  }
  return result;
}

std::string to_string(const Conventions& conventions) {
  const ConventionPreset* best = kPresets.data();
  for (const ConventionPreset& p : kPresets) {
    const auto size = [&](const ConventionPreset& q) { return differences(q.conventions, conventions).size(); };
    if (size(p) < size(*best)) best = &p;
  }
  std::string text(best->name);
  for (const std::string& d : differences(best->conventions, conventions)) text += "," + d;
  return text;
}

}  // namespace weft
