// SPDX-License-Identifier: Apache-2.0
#include "weft/metrics/simulation.h"

#include <algorithm>

#include "weft/base/ceil_div.h"
#include "weft/base/error.h"
#include "weft/base/thread_pool.h"
#include "weft/metrics/offchip.h"
#include "weft/metrics/progress_count.h"
#include "weft/model/counts.h"
#include "weft/runtime/calibrate.h"
#include "weft/simulator/gating.h"
#include "weft/simulator/skipping.h"
#include "weft/simulator/walk.h"

namespace weft {
namespace {

/// Everything about the run that is the same for all batches.
struct Setting {
  Program program;
  const Hardware& hardware;
  Conventions how;
  std::vector<Layer> simulated_layers;
  Calibration calibration;
  std::vector<FixedPoint> points;         ///< by value
  std::vector<int> headroom;              ///< by simulated layer: bits of its accumulator beyond the ofmap's largest
  std::vector<FixedLayer> layers;         ///< by simulated layer
  std::vector<ValueId> written;           ///< by simulated layer: the value that its ofmap is written as
  std::vector<std::ptrdiff_t> simulated;  ///< by node: index of a layer, or -1
};

/// The value behind an activation function that alone reads the ofmap: such a function is applied on the way out.
ValueId written_value(const Network& network, const Layer& layer) {
  const ValueId ofmap = network.nodes[layer.node].outputs[0];
  const Node* reader = nullptr;
  for (const Node& node : network.nodes) {
    if (std::find(node.inputs.begin(), node.inputs.end(), ofmap) == node.inputs.end()) continue;
    if (reader != nullptr) return ofmap;
    reader = &node;
  }
  const bool is_output = std::find(network.outputs.begin(), network.outputs.end(), ofmap) != network.outputs.end();
  const bool fused = reader != nullptr && !is_output && (reader->op == "Relu" || reader->op == "Clip");
  return fused ? reader->outputs[0] : ofmap;
}

/// The binary points of all values and layers, by what was seen in float.
void choose_points(Setting& s) {
  const auto bits = static_cast<int>(s.hardware.bits[index(Tensor3::ifmap)]);
  s.points.clear();
  for (const float most : s.calibration.largest) s.points.push_back(fixed_point_for(double(most), bits));
  s.layers.clear();
  for (std::size_t l = 0; l < s.simulated_layers.size(); ++l) {
    const Node& node = s.program.network.nodes[s.simulated_layers[l].node];
    const auto in = static_cast<std::size_t>(node.inputs[0]), out = static_cast<std::size_t>(node.outputs[0]);
    s.layers.push_back(fixed_layer(s.program, s.simulated_layers[l], s.hardware, s.points[in],
                                   s.calibration.largest[out], s.headroom[l]));
    s.points[out] = s.layers.back().ofmap;
  }
}

/// Gives the accumulators that overflowed a bit more, but for those that have had enough.
bool add_headroom(Setting& s, const std::vector<LayerSimulation>& layers) {
  constexpr int kMostHeadroom = 8;
  bool more = false;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    if (layers[l].overflows == 0 || s.headroom[l] == kMostHeadroom) continue;
    ++s.headroom[l];
    more = true;
  }
  if (more) choose_points(s);
  return more;
}

Setting make_setting(const Network& network, const Hardware& hardware, const SimulationOptions& options,
                     ThreadPool& pool) {
  WEFT_ASSERT(!options.batches.empty(), "there is something to simulate");
  Setting s{.program = prepare(network),
            .hardware = hardware,
            .how = conventions_for(hardware, options.evaluation.conventions),
            .simulated_layers = layers_to_evaluate(network, options.evaluation)};
  for (const Layer& layer : s.simulated_layers) require_fixed(s.program, layer, hardware);
  s.calibration = calibrate(s.program, options.batches, pool);
  s.headroom.assign(s.simulated_layers.size(), 0);
  s.simulated.assign(network.nodes.size(), -1);
  for (std::size_t l = 0; l < s.simulated_layers.size(); ++l) {
    s.simulated[s.simulated_layers[l].node] = static_cast<std::ptrdiff_t>(l);
    s.written.push_back(written_value(s.program.network, s.simulated_layers[l]));
  }
  choose_points(s);
  return s;
}

/// Zeros around every plane of the map.
std::vector<std::int16_t> padded(const ConvShape& s, const std::vector<std::int16_t>& map) {
  const std::int64_t rows = s.H + s.pad_top + s.pad_bottom, columns = s.W + s.pad_left + s.pad_right;
  std::vector<std::int16_t> result(static_cast<std::size_t>(s.N * s.G * s.C * rows * columns), 0);
  for (std::int64_t line = 0; line < s.N * s.G * s.C * s.H; ++line) {
    const std::int64_t to = (line / s.H * rows + line % s.H + s.pad_top) * columns + s.pad_left;
    std::copy_n(map.begin() + line * s.W, s.W, result.begin() + to);
  }
  return result;
}

/// Codes a map as it crosses the link, and makes sure that it comes back.
MapTraffic traffic(const std::vector<std::int16_t>& map, Tensor3 t, const Hardware& hardware) {
  const std::int64_t bits = hardware.bits[index(Tensor3::ifmap)];
  MapTraffic result{.values = value_statistics(map)};
  result.dense_bits = result.coded_bits = static_cast<std::int64_t>(map.size()) * bits;
  const auto code = link_code(hardware, bits);
  if (!code || !hardware.codec()->tensors[index(t)]) return result;
  const std::vector<std::uint64_t> words = run_length_encode(map, *code);
  WEFT_ASSERT(run_length_decode(words, static_cast<std::int64_t>(map.size()), *code) == map, "the code loses nothing");
  result.coded_bits = std::min(result.dense_bits, static_cast<std::int64_t>(words.size()) * code->word_bits);
  return result;
}

void add(MapTraffic& sum, const MapTraffic& one) {
  const double all = double(sum.values.count + one.values.count);
  if (all > 0) {
    sum.values.entropy_bits =
        (sum.values.entropy_bits * double(sum.values.count) + one.values.entropy_bits * double(one.values.count)) / all;
  }
  sum.values.count += one.values.count;
  sum.values.zeros += one.values.zeros;
  sum.values.runs += one.values.runs;
  sum.values.longest_run = std::max(sum.values.longest_run, one.values.longest_run);
  sum.coded_bits += one.coded_bits;
  sum.dense_bits += one.dense_bits;
}

void add(LayerSimulation& sum, const LayerSimulation& one) {
  sum.macs += one.macs;
  sum.zero_macs += one.zero_macs;
  sum.gated_filter_reads += one.gated_filter_reads;
  sum.zero_firsts += one.zero_firsts;
  sum.steps += one.steps;
  sum.ifmap_zeros += one.ifmap_zeros;
  add(sum.ifmap_map, one.ifmap_map);
  add(sum.ofmap_map, one.ofmap_map);
  sum.overflows += one.overflows;
  sum.clipped += one.clipped;
  sum.outputs_equal = sum.outputs_equal && one.outputs_equal;
}

/// A layer as the plain loops compute it, but a row of the ofmap at a time: each of its sums has the same order.
Mapping row_by_row(const LoopProblem& problem, const Hardware& hardware) {
  Mapping mapping;
  for (const Tensor3 t : kAllTensors) {
    const auto keeps = [t](const HardwareNode& node) {
      return node.kind == NodeKind::store && node.store.keeps[index(t)];
    };
    const auto outermost = std::find_if(hardware.nodes.begin(), hardware.nodes.end(), keeps);
    mapping.steps.emplace_back(StoragePoint{outermost->name, t});
  }
  for (const Dim d : {Dim::N, Dim::G, Dim::M, Dim::E, Dim::C, Dim::R, Dim::S, Dim::F})
    mapping.steps.emplace_back(Loop{d, problem.bound(d), "", ""});
  return mapping;
}

/// One batch: measured; with an evaluation, by its mappings and by plain loops.
class BatchRun {
 public:
  BatchRun(const Setting& setting, const Evaluation* evaluation, ThreadPool& pool, ProgressCount& progress)
      : s_(setting), evaluation_(evaluation), pool_(pool), progress_(progress), layers_(setting.layers.size()) {}

  std::vector<FloatTensor> operator()(const std::vector<FloatTensor>& inputs) {
    RunHooks hooks;
    hooks.seen = [this](ValueId id, FloatTensor& values) { see(id, values); };
    hooks.instead = [this](std::size_t node, const auto& in, std::vector<FloatTensor>& out) {
      if (s_.simulated[node] < 0) return false;
      compute(static_cast<std::size_t>(s_.simulated[node]), *in[0], out[0]);
      progress_.advance();
      return true;
    };
    return run(s_.program, inputs, hooks);
  }

  const std::vector<LayerSimulation>& layers() const { return layers_; }

 private:
  void see(ValueId id, FloatTensor& tensor) {
    const FixedPoint format = s_.points[static_cast<std::size_t>(id)];
    snap(tensor.values, format);
    for (std::size_t l = 0; l < s_.written.size(); ++l) {
      if (s_.written[l] == id)
        layers_[l].ofmap_map = traffic(encode(tensor.values, format), Tensor3::psum, s_.hardware);
    }
  }

  void compute(std::size_t l, const FloatTensor& in, FloatTensor& out) {
    const FixedLayer& fixed = s_.layers[l];
    const ConvShape& shape = s_.simulated_layers[l].shape;
    const std::vector<std::int16_t> ifmap = encode(in.values, fixed.ifmap);
    Sums sums, plain;
    LayerSimulation& result = layers_[l];
    const std::array<std::function<void()>, 3> parts = {
        [&] { sums = evaluation_ != nullptr ? compute_mapped(l, ifmap) : compute_rows(l, ifmap); },
        [&] { measure(l, ifmap); },
        [&] {
          if (evaluation_ != nullptr) plain = plain_sums(shape, fixed.accumulation, ifmap, fixed.weights);
        }};
    pool_.parallel_for(parts.size(), [&](std::size_t i) { parts[i](); });
    result.outputs_equal = evaluation_ == nullptr || sums.values == plain.values;
    result.overflows = sums.overflows;
    const std::vector<std::int16_t> ofmap = finish(fixed, shape, sums.values, result.clipped);
    std::transform(ofmap.begin(), ofmap.end(), out.values.begin(),
                   [&](std::int16_t code) { return static_cast<float>(decode(code, fixed.ofmap)); });
  }

  void measure(std::size_t l, const std::vector<std::int16_t>& ifmap) {
    const ConvShape& shape = s_.simulated_layers[l].shape;
    LayerSimulation& result = layers_[l];
    result.macs = shape.macs();
    result.zero_macs = zero_macs(shape, ifmap);
    result.ifmap_zeros = double(std::count(ifmap.begin(), ifmap.end(), 0)) / double(ifmap.size());
    result.ifmap_map =
        traffic(s_.how.padding == Padding::stored ? padded(shape, ifmap) : ifmap, Tensor3::ifmap, s_.hardware);
  }

  Sums compute_rows(std::size_t l, const std::vector<std::int16_t>& ifmap) const {
    const ConvShape& shape = s_.simulated_layers[l].shape;
    const LoopProblem problem = loop_problem(planar_shape(s_.simulated_layers[l]), "", Padding::implicit);
    const Placement placement = place(problem, row_by_row(problem, s_.hardware), s_.hardware);
    return execute(shape, problem, placement, Hold::relevant, s_.layers[l].accumulation, ifmap, s_.layers[l].weights);
  }

  Sums compute_mapped(std::size_t l, const std::vector<std::int16_t>& ifmap) {
    const LayerEvaluation& e = evaluation_->layers[l];
    const FixedLayer& fixed = s_.layers[l];
    const ConvShape& shape = e.layer.shape;
    LayerSimulation& result = layers_[l];
    result.zero_firsts = zero_firsts(shape, e.problem, e.placement, ifmap);
    result.gated_filter_reads = gated_filter_reads(shape, e.problem, e.placement, s_.hardware, ifmap);
    if (s_.hardware.skips_zeros) result.steps = steps_without_zeros(shape, e.problem, e.placement, ifmap);
    return execute(shape, e.problem, e.placement, s_.how.hold, fixed.accumulation, ifmap, fixed.weights);
  }

  const Setting& s_;
  const Evaluation* evaluation_;
  ThreadPool& pool_;
  ProgressCount& progress_;
  std::vector<LayerSimulation> layers_;
};

/// All batches: sums over them, and what the network answers.
struct Ran {
  std::vector<LayerSimulation> layers;
  std::vector<std::vector<FloatTensor>> outputs;
};
Ran run_batches(const Setting& setting, const Evaluation* evaluation,
                const std::vector<std::vector<FloatTensor>>& batches, ThreadPool& pool, ProgressCount& progress) {
  struct One {
    std::vector<LayerSimulation> layers;
    std::vector<FloatTensor> outputs;
  };
  std::vector<One> all = pool.parallel_map(batches.size(), [&](std::size_t b) {
    BatchRun batch(setting, evaluation, pool, progress);
    One one;
    one.outputs = batch(batches[b]);
    one.layers = batch.layers();
    return one;
  });
  Ran result{.layers = std::vector<LayerSimulation>(setting.layers.size()), .outputs = {}};
  for (One& one : all) {
    for (std::size_t l = 0; l < one.layers.size(); ++l) add(result.layers[l], one.layers[l]);
    result.outputs.push_back(std::move(one.outputs));
  }
  for (LayerSimulation& layer : result.layers) layer.ifmap_zeros /= double(batches.size());
  return result;
}

ActivationStatistics statistics_of(const Setting& setting, const std::vector<LayerSimulation>& layers) {
  ActivationStatistics statistics{.network = setting.program.network.name, .source = "measured by simulation"};
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const std::string& name = setting.simulated_layers[l].name;
    const LayerSimulation& layer = layers[l];
    const auto bits = [](const MapTraffic& map) { return double(map.coded_bits) / double(map.values.count); };
    statistics.ifmap_zeros[name] = double(layer.zero_macs) / double(layer.macs);
    statistics.ifmap_code_bits[name] = bits(layer.ifmap_map);
    statistics.ofmap_code_bits[name] = bits(layer.ofmap_map);
  }
  return statistics;
}

void scale(Counts& counts, std::int64_t n) {
  for (auto& store : counts.stores) {
    for (Accesses& a : store) a = {a.reads * n, a.writes * n};
  }
  counts.updates = {counts.updates.reads * n, counts.updates.writes * n};
  for (auto& node : counts.hops) {
    for (Int128& hops : node) hops *= n;
  }
  counts.macs *= n;
  counts.steps *= n;
  counts.processing_cycles *= n;
  counts.latency_cycles *= n;
}

std::int64_t parts_of(const MapTraffic& map) {
  return map.dense_bits == 0
             ? OffchipCode::kWhole
             : code_parts(double(map.coded_bits) / double(map.values.count), map.dense_bits / map.values.count);
}

/// Counts with the traffic as it was coded, twice: by the model and by walking. Prices what happened in all batches.
void account(LayerEvaluation& e, LayerSimulation& l, const Evaluation& evaluation, std::int64_t batches) {
  const Hardware& hardware = evaluation.hardware;
  e.offchip.parts[index(Tensor3::ifmap)] = parts_of(l.ifmap_map);
  e.offchip.parts[index(Tensor3::psum)] = parts_of(l.ofmap_map);
  e.offchip = without_spills(e.offchip, e.counts, hardware);
  std::optional<std::int64_t> steps;  // the mean of the batches
  if (hardware.skips_zeros) steps = ceil_div(l.steps, batches);
  e.skipping_steps = steps;
  const Counts model = count(e.problem, e.placement, hardware, evaluation.conventions, e.offchip, steps);
  const Counts walked = walk(e.problem, e.placement, hardware, evaluation.conventions, e.offchip, steps);
  l.counts_equal = walked.stores == model.stores && walked.hops == model.hops && walked.macs == model.macs &&
                   walked.active_pes == model.active_pes;
  l.cycles_equal = walked.steps == model.steps && walked.processing_cycles == model.processing_cycles &&
                   walked.latency_cycles == model.latency_cycles;
  e.check = l.counts_equal && l.cycles_equal ? WalkCheck::agrees : WalkCheck::differs;
  e.ifmap_zeros = double(l.zero_macs) / double(l.macs);
  e.counts = walked;
  scale(e.counts, batches);
  Activity activity{.offchip = e.offchip};
  if (hardware.gates_zeros) {
    activity.gated_macs = l.zero_macs * kWorkedWhole;
    activity.gated_filter_reads = l.gated_filter_reads * kWorkedWhole;
  }
  if (gates_updates(e.placement, hardware)) {
    // A sum without value is not read; but where that means 0.
    const bool reads_firsts = reads_zero(evaluation.conventions, true);
    l.gated_updates = {std::min(e.counts.updates.reads, l.zero_macs - (reads_firsts ? 0 : l.zero_firsts)),
                       std::min(e.counts.updates.writes, l.zero_macs)};
    activity.gated_updates = {l.gated_updates.reads * kWorkedWhole, l.gated_updates.writes * kWorkedWhole};
  }
  e.cost = cost(e.counts, e.placement, hardware, activity);
}

Agreement compare_classes(const std::vector<std::vector<FloatTensor>>& fixed,
                          const std::vector<std::vector<FloatTensor>>& floats,
                          const std::vector<std::int64_t>& labels) {
  Agreement result;
  for (std::size_t b = 0; b < fixed.size(); ++b) {
    if (fixed[b].empty()) continue;
    const auto ours = best_classes(fixed[b][0]), theirs = best_classes(floats[b][0]);
    for (std::size_t i = 0; i < ours.size(); ++i, ++result.samples) {
      result.as_float += ours[i] == theirs[i] ? 1 : 0;
      const auto sample = static_cast<std::size_t>(result.samples);
      if (sample >= labels.size()) continue;
      ++result.labelled;
      result.right += static_cast<std::int64_t>(ours[i]) == labels[sample] ? 1 : 0;
      result.right_float += static_cast<std::int64_t>(theirs[i]) == labels[sample] ? 1 : 0;
    }
  }
  return result;
}

}  // namespace

bool Simulation::agrees() const {
  return std::all_of(layers.begin(), layers.end(), [](const LayerSimulation& layer) { return layer.agrees(); });
}

Simulation simulate(const Network& network, const Hardware& hardware, const SimulationOptions& options) {
  ThreadPool pool(threads_for(options.evaluation.jobs));
  Setting setting = make_setting(network, hardware, options, pool);
  const bool searches =
      std::any_of(setting.simulated_layers.begin(), setting.simulated_layers.end(),
                  [&](const Layer& layer) { return mapping_for(layer.name, options.evaluation.mappings) == nullptr; });
  ProgressCount progress(options.evaluation.progress,
                         setting.layers.size() * options.batches.size() * (searches ? 2 : 1));

  EvaluationOptions evaluation = options.evaluation;
  evaluation.statistics.reset();
  evaluation.check = false;
  evaluation.progress = nullptr;
  if (searches) {
    const Ran plain = run_batches(setting, nullptr, options.batches, pool, progress);
    evaluation.statistics = statistics_of(setting, plain.layers);
    add_headroom(setting, plain.layers);  // what overflows in one order may well do so in another
  }
  Simulation result{.evaluation = evaluate(network, hardware, evaluation)};
  Ran ran = run_batches(setting, &result.evaluation, options.batches, pool, progress);
  while (add_headroom(setting, ran.layers)) {
    ProgressCount again(options.evaluation.progress, setting.layers.size() * options.batches.size());
    ran = run_batches(setting, &result.evaluation, options.batches, pool, again);
  }

  result.batches = static_cast<std::int64_t>(options.batches.size());
  result.layers = std::move(ran.layers);
  result.classes = compare_classes(ran.outputs, setting.calibration.outputs, options.labels);
  pool.parallel_for(result.layers.size(), [&](std::size_t l) {
    LayerSimulation& layer = result.layers[l];
    const FixedLayer& fixed = setting.layers[l];
    layer.ifmap = fixed.ifmap, layer.weight = fixed.weight, layer.accumulator = fixed.accumulator,
    layer.ofmap = fixed.ofmap;
    account(result.evaluation.layers[l], layer, result.evaluation, result.batches);
  });
  result.evaluation.batch *= result.batches;
  result.evaluation.zeros_source = "measured by simulation";
  return result;
}

ActivationStatistics measure(const Network& network, const Hardware& hardware, const SimulationOptions& options) {
  ThreadPool pool(threads_for(options.evaluation.jobs));
  const Setting setting = make_setting(network, hardware, options, pool);
  ProgressCount progress(options.evaluation.progress, setting.layers.size() * options.batches.size());
  return statistics_of(setting, run_batches(setting, nullptr, options.batches, pool, progress).layers);
}

}  // namespace weft
