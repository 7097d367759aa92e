// SPDX-License-Identifier: Apache-2.0
#include "weft/metrics/evaluation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "weft/base/thread_pool.h"
#include "weft/metrics/offchip.h"
#include "weft/metrics/progress_count.h"
#include "weft/model/counts.h"
#include "weft/simulator/walk.h"

namespace weft {
namespace {

[[noreturn]] void refuse(std::string id, std::string what, std::string mend, Place where = {}) {
  throw Error(Problem{std::move(id), std::move(what), std::move(where), std::move(mend)});
}

// ---- which layers

std::vector<std::string> names_of(const std::vector<Layer>& layers) {
  std::vector<std::string> names;
  for (const Layer& layer : layers) names.push_back(layer.name);
  return names;
}

std::vector<Layer> multiplying(const std::vector<Layer>& all) {
  std::vector<Layer> result;
  std::copy_if(all.begin(), all.end(), std::back_inserter(result), [](const Layer& l) { return multiplies(l.kind); });
  return result;
}

/// A layer by its name; else all of the kind of that name.
std::vector<std::string> chosen_by(const std::string& wanted, const std::vector<Layer>& layers) {
  std::vector<std::string> names = names_of(layers);
  if (std::find(names.begin(), names.end(), wanted) != names.end()) return {wanted};
  std::vector<std::string> of_kind;
  for (const Layer& layer : layers) {
    if (name(layer.kind) == wanted) of_kind.push_back(layer.name);
  }
  return of_kind;
}

void require_layer(const std::string& wanted, const std::string& whose, const Network& network,
                   const std::vector<Layer>& layers, const Place& where = {}) {
  if (!chosen_by(wanted, layers).empty()) return;
  const std::vector<std::string> names = names_of(layers);
  const std::string near = nearest(wanted, names);
  constexpr std::size_t kMostListed = 12;
  const std::vector<std::string> few(names.begin(),
                                     names.begin() + std::ptrdiff_t(std::min(names.size(), kMostListed)));
  refuse("evaluation.unknown-layer",
         fmt::format("{}: network '{}' has no layer '{}' that multiplies", whose, network.name, wanted),
         !near.empty() ? fmt::format("did you mean '{}'?", near)
                       : fmt::format("it has {}{}", fmt::join(few, ", "), names.size() > few.size() ? " ..." : ""),
         where);
}

/// All names that the options mention must exist; a mapping without a name needs a single layer to be for.
void check_names(const Network& network, const std::vector<Layer>& layers, const EvaluationOptions& options,
                 std::size_t evaluated) {
  for (const LayerMapping& given : options.mappings) {
    if (!given.layer.empty()) require_layer(given.layer, "the mapping file", network, layers, given.where);
    if (given.layer.empty() && evaluated != 1) {
      refuse("evaluation.unnamed-mapping",
             fmt::format("the nest is for no layer by name, but {} layers are evaluated", evaluated),
             "choose one layer, or write the nest below `layers:` and its layer's name", given.where);
    }
  }
  if (!options.statistics) return;
  for (const auto& [layer, share] : options.statistics->ifmap_zeros) {
    require_layer(layer, "the statistics", network, layers);
  }
}

std::vector<Layer> chosen(const Network& network, const std::vector<Layer>& layers,
                          const std::vector<std::string>& wanted) {
  if (layers.empty()) {
    refuse("evaluation.no-layers", fmt::format("network '{}' has no layer that multiplies", network.name),
           "give a network with CONV, FC or matrix-product layers");
  }
  if (wanted.empty()) return layers;
  std::vector<std::string> names;
  for (const std::string& word : wanted) {
    require_layer(word, "the layers asked for", network, layers);
    for (std::string& name : chosen_by(word, layers)) names.push_back(std::move(name));
  }
  std::vector<Layer> result;
  std::copy_if(layers.begin(), layers.end(), std::back_inserter(result),
               [&](const Layer& layer) { return std::find(names.begin(), names.end(), layer.name) != names.end(); });
  return result;
}

/// The layers that are asked for; every name that the options mention is there.
std::vector<Layer> checked(const Network& network, const std::vector<Layer>& candidates,
                           const EvaluationOptions& options) {
  std::vector<Layer> evaluated = chosen(network, candidates, options.layers);
  check_names(network, candidates, options, evaluated.size());
  return evaluated;
}

// ---- one layer

/// What is the same for all layers.
struct Setting {
  const Hardware& hardware;
  Conventions conventions;
  const EvaluationOptions& options;
  std::optional<Dataflow> dataflow;
};

struct Task {
  LayerEvaluation evaluation;           ///< layer, problem and zeros filled in
  const LayerMapping* given = nullptr;  ///< else it is searched
};

WalkCheck check_by_walking(const LayerEvaluation& e, const Setting& setting) {
  for (const Axis& axis : e.problem.tensor(Tensor3::ifmap).axes) {
    if (axis.terms.size() > 1 && axis.extent > kMostWalked) return WalkCheck::too_large;
  }
  const Counts walked =
      walk(e.problem, e.placement, setting.hardware, setting.conventions, e.offchip, e.skipping_steps);
  return walked == e.counts ? WalkCheck::agrees : WalkCheck::differs;
}

MapOptions map_options(const LayerEvaluation& e, const Setting& setting) {
  const EvaluationOptions& options = setting.options;
  return {.objective = options.objective,
          .conventions = setting.conventions,
          .ifmap_zeros = e.ifmap_zeros,
          .offchip = e.offchip,
          .second = options.second,
          .top = options.top,
          .perfect = options.perfect,
          .budget = options.budget};
}

void take(LayerEvaluation& e, MappingResult& from, const Setting& setting) {
  e.mapping = std::move(from.mapping);
  e.placement = place(e.problem, e.mapping, setting.hardware);
  e.counts = std::move(from.counts);
  e.cost = std::move(from.cost);
}

void cost_given(LayerEvaluation& e, const LayerMapping& given, const Setting& setting) {
  e.mapping_file = given.where.file;
  require_fits(e.problem, place(e.problem, given.mapping, setting.hardware, given.where), setting.hardware,
               given.where);
  MappingResult result = costed(given.mapping, e.problem, setting.hardware, map_options(e, setting));
  take(e, result, setting);
}

/// With the zeros spread evenly over PEs and passes: no skipping machine takes fewer.
std::int64_t steps_left(std::int64_t steps, double zeros) {
  return std::max<std::int64_t>(1, std::llround(double(steps) * (1 - zeros)));
}

/// Zeros that are skipped take no time: mappings are searched without that in mind.
void skip_zeros(LayerEvaluation& e, const Setting& setting) {
  e.offchip = without_spills(e.offchip, e.counts, setting.hardware);  // as its counts are
  if (!setting.hardware.skips_zeros) return;
  e.skipping_steps = steps_left(e.counts.steps, e.ifmap_zeros);
  e.counts = count(e.problem, e.placement, setting.hardware, setting.conventions, e.offchip, e.skipping_steps);
  e.cost = cost(e.counts, e.placement, setting.hardware, e.ifmap_zeros, e.offchip);
}

void search(LayerEvaluation& e, const Setting& setting) {
  MappingResult found = find_mapping(e.problem, setting.hardware, *setting.dataflow, map_options(e, setting));
  for (MappingResult& next : found.next) {
    LayerEvaluation other = e;
    take(other, next, setting);
    e.next.push_back(std::move(other));
  }
  e.next_proven = found.next_proven;
  take(e, found, setting);
  e.certificate = std::move(found.certificate);
}

LayerEvaluation solve(const Task& task, const Setting& setting) {
  LayerEvaluation e = task.evaluation;
  if (task.given != nullptr) {
    cost_given(e, *task.given, setting);
  } else {
    search(e, setting);
  }
  skip_zeros(e, setting);
  for (LayerEvaluation& next : e.next) skip_zeros(next, setting);
  if (setting.options.check) e.check = check_by_walking(e, setting);
  return e;
}

// ---- all layers

double zeros_of(const std::string& layer, const std::optional<ActivationStatistics>& statistics) {
  if (!statistics) return 0;
  const auto found = statistics->ifmap_zeros.find(layer);
  return found == statistics->ifmap_zeros.end() ? 0 : found->second;
}

std::vector<Task> tasks_for(const std::vector<Layer>& layers, const Conventions& conventions,
                            const EvaluationOptions& options) {
  std::vector<Task> tasks;
  for (const Layer& layer : layers) {
    Task task;
    task.evaluation.layer = layer;
    task.evaluation.problem = loop_problem(planar_shape(layer), layer.name, conventions.padding);
    task.evaluation.ifmap_zeros = zeros_of(layer.name, options.statistics);
    task.given = mapping_for(layer.name, options.mappings);
    tasks.push_back(std::move(task));
  }
  return tasks;
}

/// For each task the first one that has the same answer: equal loops, equal zeros, both searched.
std::vector<std::size_t> first_equals(const std::vector<Task>& tasks) {
  std::vector<std::size_t> first;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    const auto same = [&](std::size_t k) {
      return tasks[i].given == nullptr && tasks[k].given == nullptr &&
             tasks[k].evaluation.ifmap_zeros == tasks[i].evaluation.ifmap_zeros &&
             tasks[k].evaluation.offchip == tasks[i].evaluation.offchip &&
             tasks[k].evaluation.problem.same_loops(tasks[i].evaluation.problem);
    };
    std::size_t k = 0;
    while (k < i && !same(k)) ++k;
    first.push_back(k);
  }
  return first;
}

std::vector<LayerEvaluation> solve_all(const std::vector<Task>& tasks, const Setting& setting,
                                       const EvaluationOptions& options) {
  const std::vector<std::size_t> first = first_equals(tasks);
  std::vector<std::size_t> distinct;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    if (first[i] == i) distinct.push_back(i);
  }
  std::vector<LayerEvaluation> solved(tasks.size());
  ProgressCount progress(options.progress, distinct.size());
  ThreadPool pool(std::min(threads_for(options.jobs), static_cast<int>(distinct.size())));
  pool.parallel_for(distinct.size(), [&](std::size_t i) {
    solved[distinct[i]] = solve(tasks[distinct[i]], setting);
    progress.advance();
  });
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    if (first[i] == i) continue;
    solved[i] = solved[first[i]];
    solved[i].layer = tasks[i].evaluation.layer;
    solved[i].problem.name = tasks[i].evaluation.problem.name;
  }
  return solved;
}

Dataflow dataflow_for(const Hardware& hardware, const std::string& wanted) {
  if (!wanted.empty()) return load_dataflow(wanted);
  if (hardware.dataflow.empty()) return load_dataflow("free");
  return located(hardware.dataflow_where, [&] { return load_dataflow(hardware.dataflow); });
}

OtherLayer other_layer(const Layer& layer, const Hardware& hardware) {
  OtherLayer other{.layer = layer};
  if (layer.kind == LayerKind::data) return other;
  const auto bytes = [&](std::int64_t elements, Tensor3 t) {
    return static_cast<std::int64_t>((Int128(elements) * hardware.bits[index(t)] + 7) / 8);
  };
  other.read_bytes = bytes(layer.input_elements, Tensor3::ifmap) + bytes(layer.parameters, Tensor3::weight);
  other.write_bytes = bytes(layer.output_elements, Tensor3::ifmap);
  return other;
}

std::vector<OtherLayer> other_layers(const std::vector<Layer>& all, const Hardware& hardware) {
  std::vector<OtherLayer> others;
  for (const Layer& layer : all) {
    if (!multiplies(layer.kind)) others.push_back(other_layer(layer, hardware));
  }
  return others;
}

}  // namespace

Conventions conventions_for(const Hardware& hardware, const std::string& wanted) {
  const Conventions own = located(hardware.conventions_where, [&] { return parse_conventions(hardware.conventions); });
  return wanted.empty() ? own : parse_conventions(wanted, own);
}

const LayerMapping* mapping_for(const std::string& layer, const std::vector<LayerMapping>& mappings) {
  const auto found = std::find_if(mappings.begin(), mappings.end(), [&](const LayerMapping& given) {
    return given.layer.empty() || given.layer == layer;
  });
  return found == mappings.end() ? nullptr : &*found;
}

std::vector<Layer> layers_to_evaluate(const Network& network, const EvaluationOptions& options) {
  return checked(network, multiplying(layers(network, /*count_zeros=*/false)), options);
}

Evaluation evaluate(const Network& network, const Hardware& hardware, const EvaluationOptions& options) {
  const std::vector<Layer> all = layers(network, /*count_zeros=*/false);
  const std::vector<Layer> candidates = multiplying(all);
  const std::vector<Layer> evaluated = checked(network, candidates, options);

  Evaluation result;
  result.network = network.name;
  result.hardware = hardware;
  result.batch = batch_size(network);
  result.conventions = conventions_for(hardware, options.conventions);
  result.objective = options.objective;
  result.second = options.second;
  if (options.statistics) result.zeros_source = options.statistics->source;
  if (options.layers.empty()) result.other_layers = other_layers(all, hardware);

  std::vector<Task> tasks = tasks_for(evaluated, result.conventions, options);
  if (options.statistics) {
    const std::vector<OffchipCode> codes = offchip_codes(network, candidates, hardware, *options.statistics);
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      for (Task& task : tasks) {
        if (task.evaluation.layer.node == candidates[i].node) task.evaluation.offchip = codes[i];
      }
    }
  }
  Setting setting{hardware, result.conventions, options, {}};
  if (std::any_of(tasks.begin(), tasks.end(), [](const Task& task) { return task.given == nullptr; })) {
    setting.dataflow = dataflow_for(hardware, options.dataflow);
    result.dataflow = setting.dataflow->name;
  }
  result.layers = solve_all(tasks, setting, options);
  return result;
}

}  // namespace weft
