// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "weft/base/data_dir.h"
#include "weft/base/error.h"
#include "weft/hardware/hardware.h"

namespace weft {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kMostChildren = 1 << 24;

/// Reads one hardware file; problems collect, so that one pass finds everything wrong with it.
struct Reader {
  Hardware hardware;
  std::vector<Problem> problems;
  bool nodes_known = true;  ///< every item of the list is a node
  bool clock_known = true;
  bool library_read = false;

  TensorFlags tensors(YamlMap& map, std::string_view key, bool otherwise) {
    if (map.find(key) == nullptr) return {otherwise, otherwise, otherwise};
    return flags(map, key, kTensorWords, [&](const YamlNode& node, const std::string& word) {
      map.problem(node, "hardware.unknown-tensor", fmt::format("there is no tensor '{}'", word),
                  "the tensors are ifmap, weight and psum");
    });
  }

  /// true, false, or the dimensions along which the array adds.
  ReductionFlags reduces(YamlMap& map) {
    const YamlNode* node = map.find("reduces");
    if (node == nullptr || node->kind() != YamlNode::Kind::sequence) {
      return map.boolean("reduces", false) ? kAddsAll : kAddsNothing;
    }
    return flags(map, "reduces", kReductionWords, [&](const YamlNode& at, const std::string& word) {
      map.problem(at, "hardware.unknown-reduction", fmt::format("partial sums are not added along '{}'", word),
                  "the dimensions are C, R and S; `true` stands for all of them");
    });
  }

  /// Which of three words a list has; the others are told to `unknown`.
  template <class Unknown>
  static std::array<bool, 3> flags(YamlMap& map, std::string_view key, const std::array<std::string_view, 3>& words,
                                   const Unknown& unknown) {
    std::array<bool, 3> flags{};
    for (const std::string& word : map.strings(key)) {
      const auto found = std::find(words.begin(), words.end(), word);
      if (found == words.end()) {
        unknown(*map.find(key), word);
      } else {
        flags[static_cast<std::size_t>(found - words.begin())] = true;
      }
    }
    return flags;
  }

  Buffering one_buffering(YamlMap& map, std::string_view key) {
    return static_cast<Buffering>(map.choice(key, {"single", "double", "stream"}, 0));
  }

  /// One word for all tensors, or a map with one for each.
  std::array<Buffering, 3> buffering(YamlMap& map) {
    const YamlNode* node = map.find("buffering");
    std::array<Buffering, 3> result{};
    if (node == nullptr) return result;
    if (node->kind() == YamlNode::Kind::scalar) {
      result.fill(one_buffering(map, "buffering"));
      return result;
    }
    YamlMap each(*node, "`buffering`", problems);
    for (std::size_t t = 0; t < 3; ++t) result[t] = one_buffering(each, kTensorWords[t]);
    each.finish();
    return result;
  }

  /// One figure that all streams share, or a map with one for each stream that is limited.
  Bandwidths bandwidth(YamlMap& map) {
    Bandwidths result;
    const YamlNode* node = map.find("bandwidth");
    if (node == nullptr) return result;
    if (node->kind() == YamlNode::Kind::scalar) {
      result.shared = map.optional_bandwidth("bandwidth");
      return result;
    }
    YamlMap each(*node, "`bandwidth`", problems);
    for (std::size_t s = 0; s < kStreams; ++s) result.own[s] = each.optional_bandwidth(kStreamNames[s]);
    each.finish();
    return result;
  }

  StoreNode store(YamlMap& map) {
    StoreNode store;
    store.capacity = map.optional_bytes("capacity");
    store.width_bits = map.integer("width_bits", 0, {.least = 0, .most = 1 << 20});
    store.offchip = map.boolean("offchip", false);
    store.keeps = tensors(map, "keeps", true);
    store.buffering = buffering(map);
    store.hold_iteration = map.choice("hold", {"relevant", "iteration"}, 0) == 1;
    store.refetch_halo = map.choice("halo", {"slide", "refetch"}, 0) == 1;
    if (const YamlNode* node = map.find("codec")) store.codec = codec(*node, store.offchip, map);
    return store;
  }

  LinkCodec codec(const YamlNode& node, bool offchip, YamlMap& store) {
    LinkCodec codec;
    YamlMap map(node, "`codec`", problems);
    map.choice("format", {"run-length"}, 0);
    codec.run_bits = static_cast<int>(map.integer("run_bits", 5, {.least = 1, .most = 16}));
    codec.word_bits = static_cast<int>(map.integer("word_bits", 64, {.least = 34, .most = 64}));
    if (map.find("tensors") != nullptr) codec.tensors = tensors(map, "tensors", false);
    map.finish();
    if (!offchip) {
      store.problem(node, "hardware.codec-on-chip", "only what crosses to off-chip memory is compressed",
                    "leave it out, or say `offchip: true` of this store");
    }
    if (codec.tensors[1]) {
      store.problem(node, "hardware.codec-on-chip", "filters are not compressed on the way",
                    "name ifmap, psum or both in `tensors:`");
    }
    return codec;
  }

  Arithmetic arithmetic(YamlMap& file) {
    Arithmetic result;
    const YamlNode* node = file.find("arithmetic");
    if (node == nullptr) return result;
    YamlMap map(*node, "`arithmetic`", problems);
    const std::vector<std::string> roundings = {"truncate", "nearest"};
    result.accumulator_bits = static_cast<int>(map.integer("accumulator_bits", 0, {.least = 2, .most = 64}));
    result.products = static_cast<Rounding>(map.choice("products", roundings, 1));
    result.ofmap = static_cast<Rounding>(map.choice("ofmap", roundings, 1));
    result.overflow = static_cast<Excess>(map.choice("overflow", {"saturate", "wrap"}, 0));
    map.finish();
    return result;
  }

  FanoutNode fanout(YamlMap& map) {
    FanoutNode fanout;
    const std::size_t before = problems.size();
    if (const YamlNode* shape = map.require("shape")) {
      YamlMap axes(*shape, "`shape`", problems);
      if (shape->kind() == YamlNode::Kind::map) {
        for (const YamlNode::Entry& entry : shape->entries()) {
          const std::string& axis = entry.key.text();
          fanout.axes.push_back({axis, axes.integer(axis, {.least = 1, .most = 1 << 20})});
        }
        if (fanout.axes.empty() || fanout.axes.size() > 3 || fanout.children() > kMostChildren) {
          map.problem(*shape, "hardware.bad-shape", "a fanout has one to three axes and at most 2^24 children",
                      "write it as `shape: {x: 14, y: 12}`");
        }
      }
      axes.finish();
    }
    if (problems.size() > before) fanout.axes = {{"x", 1}};  // so that what follows can be checked all the same
    fanout.multicast = tensors(map, "multicast", false);
    fanout.links = tensors(map, "links", true);
    fanout.reduces = reduces(map);
    return fanout;
  }

  void node(const YamlNode& item) {
    YamlMap map(item, "a node", problems);
    const std::vector<std::string> kinds = {"store", "fanout", "compute", "static"};
    HardwareNode node{.where = item.where()};
    const auto kind = std::find_if(kinds.begin(), kinds.end(), [&](const auto& k) { return map.find(k) != nullptr; });
    if (kind == kinds.end()) {
      map.problem(item, "hardware.unknown-node", "a node is a store, a fanout, a compute or a static one",
                  "begin it with `- store: NAME`, `- fanout: NAME`, `- compute: NAME` or `- static: NAME`");
      nodes_known = false;
      return;
    }
    node.kind = static_cast<NodeKind>(kind - kinds.begin());
    node.name = map.string(*kind);
    node.component = map.string("component");
    if (node.kind == NodeKind::store) node.store = store(map);
    if (node.kind == NodeKind::fanout) node.fanout = fanout(map);
    if (node.kind == NodeKind::store || node.kind == NodeKind::fanout) node.bandwidth = bandwidth(map);
    map.finish();
    hardware.nodes.push_back(std::move(node));
  }

  void check(const Place& where, bool holds, std::string id, std::string what, std::string mend) {
    if (!holds) problems.push_back({std::move(id), std::move(what), where, std::move(mend)});
  }

  /// Fanouts multiply; what is inside all of them must stay countable. False if it is not.
  bool check_size(const YamlNode& root) {
    std::int64_t children = 1;
    for (const HardwareNode& node : hardware.nodes) {
      if (node.kind == NodeKind::fanout) children = std::min(children * node.fanout.children(), kMostChildren + 1);
    }
    check(root.where(), children <= kMostChildren, "hardware.bad-shape",
          "the fanouts of a machine multiply to at most 2^24 children", "make one of them smaller");
    check(root.where(), hardware.clock.value >= 1 || !clock_known, "hardware.bad-clock",
          "the clock is slower than 1 Hz", "write it as `clock: 200 MHz`");
    return children <= kMostChildren;
  }

  void check_tree(const YamlNode& root) {
    const auto& nodes = hardware.nodes;
    const auto is = [](NodeKind kind) { return [kind](const HardwareNode& node) { return node.kind == kind; }; };
    check(root.where(), std::count_if(nodes.begin(), nodes.end(), is(NodeKind::compute)) == 1, "hardware.no-compute",
          "a machine has exactly one compute node", "end the list with `- compute: NAME`");
    std::set<std::string> names;
    bool computed = false;
    for (const HardwareNode& node : nodes) {
      check(node.where, names.insert(node.name).second, "hardware.duplicate-node",
            fmt::format("a second node is called '{}'", node.name), "give it a name of its own");
      check(node.where, !computed || node.kind == NodeKind::statics, "hardware.after-compute",
            fmt::format("'{}' comes after the compute node", node.name),
            "list the nodes outermost first, compute last");
      computed = computed || node.kind == NodeKind::compute;
    }
    check_outermost(root);
  }

  void check_outermost(const YamlNode& root) {
    for (std::size_t t = 0; t < 3; ++t) {
      const auto first = std::find_if(hardware.nodes.begin(), hardware.nodes.end(), [t](const HardwareNode& node) {
        return node.kind == NodeKind::store && node.store.keeps[t];
      });
      const bool kept = first != hardware.nodes.end();
      const bool outer = kept && !first->store.capacity &&
                         hardware.instances(static_cast<std::size_t>(first - hardware.nodes.begin())) == 1;
      check(kept ? first->where : root.where(), outer, "hardware.no-outermost-store",
            kept ? fmt::format("the outermost store that keeps {} must be one, without `capacity:`; it is '{}'",
                               kTensorWords[t], first->name)
                 : fmt::format("no store keeps {}", kTensorWords[t]),
            "begin the list with a store for the off-chip memory, outside every fanout");
    }
  }

  /// Each action a node performs must have a price; nothing is free because its row was forgotten.
  void check_prices() {
    static const std::array<std::vector<std::string>, 4> actions = {
        std::vector<std::string>{"read", "write"}, {"hop"}, {"mac"}, {}};
    for (const HardwareNode& node : hardware.nodes) {
      std::vector<std::string> missing;
      for (const std::string& action : actions[static_cast<std::size_t>(node.kind)]) {
        if (!price_of(hardware, node, action)) missing.push_back(action);
      }
      if (node.kind == NodeKind::statics && !price_of(hardware, node, "cycle") && !price_of(hardware, node, "leak")) {
        missing.emplace_back("cycle");
      }
      if (missing.empty()) continue;
      const std::string near = nearest(node.component, component_names(hardware.components));
      check(node.where, false, "components.no-price",
            fmt::format("component '{}' of '{}' has no price for '{}' in library '{}'", node.component, node.name,
                        fmt::join(missing, "' and '"), hardware.components.name),
            near.empty() || near == node.component ? "add a row to the library (0 is a price too)"
                                                   : fmt::format("did you mean '{}'?", near));
    }
  }

  void read_library(YamlMap& map, const std::string& path) {
    const YamlNode* node = map.require("components");
    if (node == nullptr) return;
    const std::string library = map.string("components");
    const fs::path beside = fs::path(path).parent_path() / (library + ".yaml");
    const std::optional<std::string> ours = find_data_file("components", library);
    std::error_code ignored;
    // Beside Weft's own machines lie machines only, some of which are called like a library.
    const bool built_in = fs::equivalent(beside.parent_path(), fs::path(data_directory()) / "hardware", ignored);
    const bool has_own = !built_in && fs::is_regular_file(beside, ignored) && !fs::equivalent(beside, path, ignored);
    if (library.find('/') != std::string::npos || (!has_own && !ours)) {
      map.problem(*node, "components.unknown", fmt::format("there is no component library '{}'", library),
                  fmt::format("put {}.yaml beside the hardware file, or name one of {}", library,
                              fmt::join(data_names("components"), ", ")));
      return;
    }
    try {
      hardware.components = read_components(has_own ? beside.string() : *ours);
      library_read = true;
    } catch (const Error& error) {  // what is wrong with it joins what is wrong here
      problems.insert(problems.end(), error.problems().begin(), error.problems().end());
    }
  }

  Hardware read(const YamlNode& root, const std::string& path) {
    YamlMap map(root, "the hardware file", problems);
    expect_kind(map, "hardware", 1);
    hardware.name = map.string("name");
    hardware.description = map.string("description", "");
    hardware.source = map.string("source", "");
    hardware.technology = map.string("technology", "");
    hardware.voltage = map.string("voltage", "");
    const std::size_t before_clock = problems.size();
    hardware.clock = map.hertz("clock");
    clock_known = problems.size() == before_clock;
    hardware.conventions = map.string("conventions", "weft");
    const std::vector<std::string> objectives = {"energy", "latency", "edp"};
    hardware.objective = objectives[map.choice("objective", objectives, 0)];
    hardware.dataflow = map.string("dataflow", "");
    if (const YamlNode* node = map.find("conventions")) hardware.conventions_where = node->where();
    if (const YamlNode* node = map.find("dataflow")) hardware.dataflow_where = node->where();
    hardware.arithmetic = arithmetic(map);
    hardware.skips_zeros = map.boolean("skips_zeros", false);
    hardware.gates_zeros = map.boolean("gates_zeros", false) || hardware.skips_zeros;
    const SquareMillimetres area = map.area("published_area", {-1});
    if (area.value >= 0) hardware.published_area = area;
    if (const YamlNode* bits = map.find("bits")) {
      YamlMap each(*bits, "`bits`", problems);
      for (std::size_t t = 0; t < 3; ++t)
        hardware.bits[t] = each.integer(kTensorWords[t], 16, {.least = 1, .most = 64});
      each.finish();
    }
    read_library(map, path);
    const YamlNode* nodes = map.require("nodes");
    if (nodes != nullptr && nodes->kind() == YamlNode::Kind::sequence) {
      for (const YamlNode& item : nodes->items()) node(item);
    }
    map.finish();
    const bool countable = check_size(root);
    if (countable && nodes_known && nodes != nullptr) check_tree(root);
    if (library_read) check_prices();
    if (!problems.empty()) throw Error(std::move(problems));
    return std::move(hardware);
  }
};

}  // namespace

Hardware read_hardware(const std::string& path) { return Reader{}.read(read_yaml_file(path), path); }

std::vector<std::string> hardware_names() { return data_names("hardware"); }

Hardware load_hardware(const std::string& name_or_path) {
  return read_hardware(named_data_file("hardware", "hardware", "hardware.unknown", name_or_path));
}

}  // namespace weft
