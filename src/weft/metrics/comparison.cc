// SPDX-License-Identifier: Apache-2.0
#include "weft/metrics/comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "weft/base/data_dir.h"
#include "weft/base/thread_pool.h"
#include "weft/metrics/progress_count.h"

namespace weft {
namespace {

// ---- the rule

ComparisonRule::Storage read_storage(YamlMap& map, std::string_view key, std::vector<Problem>& problems) {
  ComparisonRule::Storage storage;
  const YamlNode* node = map.require(key);
  if (node == nullptr) return storage;
  YamlMap each(*node, fmt::format("`{}`", key), problems);
  storage.component = each.string("component");
  storage.capacity_per_pe = each.bytes("capacity");
  each.finish();
  return storage;
}

ComparisonRule read(const YamlNode& root) {
  std::vector<Problem> problems;
  YamlMap map(root, "the comparison file", problems);
  expect_kind(map, "comparison", 1);
  ComparisonRule rule;
  rule.name = map.string("name");
  rule.description = map.string("description", "");
  rule.source = map.string("source", "");
  rule.conventions = map.string("conventions");
  if (const YamlNode* storage = map.require("storage_per_pe")) {
    YamlMap each(*storage, "`storage_per_pe`", problems);
    rule.registers = read_storage(each, "registers", problems);
    rule.buffer = read_storage(each, "buffer", problems);
    each.finish();
  }
  rule.buffer_store = map.string("buffer");
  const YamlNode* dataflows = map.require("dataflows");
  if (dataflows != nullptr && dataflows->kind() == YamlNode::Kind::sequence) {
    for (const YamlNode& item : dataflows->items()) {
      YamlMap row(item, "a dataflow", problems);
      rule.dataflows.push_back({row.string("name"), row.string("dataflow"), row.string("machine")});
      row.finish();
    }
  }
  map.finish();
  if (!problems.empty()) throw Error(std::move(problems));
  return rule;
}

std::string plain(const std::string& name) {
  std::string letters;
  for (const char c : name) {
    if (c != '_' && c != '-') letters += char(std::tolower(static_cast<unsigned char>(c)));
  }
  return letters;
}

// ---- equal area

[[noreturn]] void bad_machine(const Hardware& machine, const std::string& what, const std::string& mend) {
  throw Error(Problem{.id = "comparison.bad-machine",
                      .what = fmt::format("machine '{}' cannot be compared: {}", machine.name, what),
                      .where = {},
                      .mend = mend});
}

double area_of(const Hardware& machine, const std::string& component, std::int64_t bytes) {
  const std::optional<Area> area = find_area(machine.components, component, bytes);
  if (!area) {
    bad_machine(machine, fmt::format("component '{}' has no area", component), "add it to `areas:` of its library");
  }
  return area->area.value;
}

std::size_t only_array(const Hardware& machine) {
  std::vector<std::size_t> fanouts;
  for (std::size_t n = 0; n < machine.nodes.size(); ++n) {
    if (machine.nodes[n].kind == NodeKind::fanout) fanouts.push_back(n);
  }
  if (fanouts.size() != 1 || machine.nodes[fanouts[0]].fanout.axes.size() != 1) {
    bad_machine(machine, "it does not have exactly one fanout with one axis", "write it as `shape: {pe: 256}`");
  }
  return fanouts[0];
}

/// Area of the stores inside the array of a machine with `pes` PEs.
double register_area(const Hardware& machine, std::size_t array, std::int64_t pes) {
  double area = 0;
  for (std::size_t n = array + 1; n < machine.nodes.size(); ++n) {
    const HardwareNode& node = machine.nodes[n];
    if (node.kind != NodeKind::store || !node.store.capacity) continue;
    area += double(pes) * area_of(machine, node.component, node.store.capacity->value);
  }
  return area;
}

/// The largest capacity whose area is at most `room`: area grows with capacity.
std::int64_t largest_capacity(const Hardware& machine, const std::string& component, double room) {
  room *= 1 + 1e-12;  // a sum of rounded products may fall short of the whole that it is
  std::int64_t fits = 0, beyond = 1;
  while (area_of(machine, component, beyond) <= room) beyond *= 2;
  while (beyond - fits > 1) {
    const std::int64_t middle = fits + (beyond - fits) / 2;
    (area_of(machine, component, middle) <= room ? fits : beyond) = middle;
  }
  return fits;
}

// ---- one point

Level level_of(const Hardware& hardware, std::size_t n) {
  const HardwareNode& node = hardware.nodes[n];
  if (node.kind == NodeKind::fanout) return Level::array;
  if (node.kind != NodeKind::store) return Level::alu;
  if (node.store.offchip) return Level::dram;
  return hardware.instances(n) > 1 ? Level::rf : Level::glb;
}

void add(EnergyByLevel& sum, const Totals& totals, const Hardware& hardware) {
  for (std::size_t n = 0; n < hardware.nodes.size(); ++n) {
    sum.by_level[std::size_t(level_of(hardware, n))] += totals.energy_by_node[n];
  }
  for (const Tensor3 t : kAllTensors) sum.by_tensor[index(t)] += totals.energy_by_tensor[index(t)];
  sum.compute += totals.compute_energy + totals.static_energy;
  sum.total += totals.energy;
  sum.macs += totals.macs;
}

Int128 offchip_words(const Evaluation& evaluation) {
  Int128 words = 0;
  for (const LayerEvaluation& layer : evaluation.layers) {
    for (std::size_t n = 0; n < evaluation.hardware.nodes.size(); ++n) {
      if (!evaluation.hardware.nodes[n].store.offchip) continue;
      for (const Accesses& a : layer.counts.stores[n]) words += a.reads + a.writes;
    }
  }
  return words;
}

void fill(ComparisonPoint& point, const Evaluation& evaluation) {
  for (const LayerEvaluation& layer : evaluation.layers) {
    LayerEnergy one{layer.layer.name, {}};
    add(one.energy, totals(layer, evaluation.hardware), evaluation.hardware);
    point.by_layer.push_back(std::move(one));
  }
  const Totals all = totals(evaluation);
  add(point.energy, all, evaluation.hardware);
  point.dram_accesses = offchip_words(evaluation);
  point.delay_cycles = all.latency_cycles;
  point.active_pes = all.active_pes;
}

/// That a layer does not fit, or that the mapper cannot tell, is an answer; anything else is not.
bool is_answer(const Error& error) {
  return std::all_of(error.problems().begin(), error.problems().end(), [](const Problem& problem) {
    return problem.id.starts_with("infeasible.") || problem.id == "mapper.unsupported";
  });
}

struct Task {
  const Network* network;  ///< with its batch
  const Hardware* hardware;
  ComparisonPoint point;
};

void solve(Task& task, const ComparisonOptions& options) {
  EvaluationOptions how;
  how.conventions = options.conventions;
  how.objective = options.objective;
  how.dataflow = task.point.dataflow.dataflow;
  how.layers = {std::string(name(task.point.layers))};
  how.jobs = 1;
  try {
    fill(task.point, evaluate(*task.network, *task.hardware, how));
  } catch (const Error& error) {
    if (!is_answer(error)) throw;
    task.point.feasible = false;
    task.point.reason = error.problems().front().what;
  }
}

std::vector<LayerKind> kinds_of(const Network& network) {
  const std::vector<Layer> all = layers(network, /*count_zeros=*/false);
  std::vector<LayerKind> kinds;
  for (const LayerKind kind : {LayerKind::conv, LayerKind::fc}) {
    if (std::any_of(all.begin(), all.end(), [kind](const Layer& layer) { return layer.kind == kind; })) {
      kinds.push_back(kind);
    }
  }
  if (kinds.empty()) {
    throw Error(Problem{.id = "evaluation.no-layers",
                        .what = fmt::format("network '{}' has neither CONV nor FC layers", network.name),
                        .where = {},
                        .mend = "give a network with one of them"});
  }
  return kinds;
}

std::int64_t buffer_bytes(const Hardware& hardware, const std::string& store) {
  return hardware.find(store)->store.capacity->value;
}

}  // namespace

ComparisonRule parse_comparison(std::string_view text, const std::string& file_name) {
  return read(parse_yaml(text, file_name));
}

ComparisonRule load_comparison(const std::string& name) {
  return read(read_yaml_file(data_directory() + "/comparisons/" + name + ".yaml"));
}

std::vector<ComparedDataflow> chosen_dataflows(const ComparisonRule& rule, const std::vector<std::string>& names) {
  std::vector<ComparedDataflow> chosen;
  for (const std::string& wanted : names) {
    const auto is_it = [&](const ComparedDataflow& d) {
      return wanted == "all" || plain(d.name) == plain(wanted) || plain(d.dataflow) == plain(wanted);
    };
    const std::size_t before = chosen.size();
    std::copy_if(rule.dataflows.begin(), rule.dataflows.end(), std::back_inserter(chosen), is_it);
    if (chosen.size() > before) continue;
    std::vector<std::string> known;
    for (const ComparedDataflow& d : rule.dataflows) known.push_back(d.name);
    throw Error(Problem{.id = "comparison.unknown-dataflow",
                        .what = fmt::format("comparison '{}' has no dataflow '{}'", rule.name, wanted),
                        .where = {},
                        .mend = fmt::format("all, or of {}", fmt::join(known, ", "))});
  }
  return chosen;
}

Hardware at_equal_area(Hardware machine, const ComparisonRule& rule, std::int64_t pes) {
  const std::size_t array = only_array(machine);
  const auto buffer = std::find_if(machine.nodes.begin(), machine.nodes.end(),
                                   [&](const HardwareNode& node) { return node.name == rule.buffer_store; });
  if (buffer == machine.nodes.end() || !buffer->store.capacity) {
    bad_machine(machine, fmt::format("it has no store '{}' with a capacity", rule.buffer_store),
                "name its buffer so, or write another comparison");
  }
  const double room = double(pes) * area_of(machine, rule.registers.component, rule.registers.capacity_per_pe.value) +
                      area_of(machine, rule.buffer.component, pes * rule.buffer.capacity_per_pe.value);
  const std::int64_t left = largest_capacity(machine, buffer->component, room - register_area(machine, array, pes));
  if (left < 1) {
    throw Error(
        Problem{.id = "comparison.no-area",
                .what = fmt::format("the register files of machine '{}' take all the area for storage of {} PEs",
                                    machine.name, pes),
                .where = {},
                .mend = "make them smaller"});
  }
  machine.nodes[array].fanout.axes[0].size = pes;
  buffer->store.capacity = Bytes{left};
  return machine;
}

Comparison compare(const Network& network, const ComparisonRule& rule, const ComparisonOptions& options) {
  Comparison result;
  result.network = network.name;
  result.rule = rule;
  result.objective = options.objective;
  std::vector<Network> networks;
  for (const std::int64_t batch : options.batches) networks.push_back(with_batch(network, batch));
  const std::vector<ComparedDataflow> dataflows = chosen_dataflows(rule, options.dataflows);
  std::vector<Hardware> machines;  // by PEs, then dataflow
  for (const std::int64_t pes : options.pes) {
    for (const ComparedDataflow& d : dataflows) {
      machines.push_back(at_equal_area(load_hardware(d.machine), rule, pes));
      machines.back().conventions = rule.conventions;
    }
  }
  result.unit = machines.front().components.unit;
  result.conventions = conventions_for(machines.front(), options.conventions);

  std::vector<Task> tasks;
  for (const LayerKind kind : kinds_of(networks.front())) {
    for (std::size_t p = 0; p < options.pes.size(); ++p) {
      for (std::size_t b = 0; b < networks.size(); ++b) {
        for (std::size_t d = 0; d < dataflows.size(); ++d) {
          const Hardware& machine = machines[p * dataflows.size() + d];
          tasks.push_back({&networks[b],
                           &machine,
                           {.dataflow = dataflows[d],
                            .pes = options.pes[p],
                            .batch = options.batches[b],
                            .layers = kind,
                            .buffer = Bytes{buffer_bytes(machine, rule.buffer_store)}}});
        }
      }
    }
  }
  ProgressCount progress(options.progress, tasks.size());
  ThreadPool pool(std::min(threads_for(options.jobs), int(tasks.size())));
  pool.parallel_for(tasks.size(), [&](std::size_t i) {
    solve(tasks[i], options);
    progress.advance();
  });
  for (Task& task : tasks) result.points.push_back(std::move(task.point));
  return result;
}

}  // namespace weft
