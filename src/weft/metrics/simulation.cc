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
  const Program& program;
  const Hardware& hardware;
  const Evaluation& evaluation;
  std::vector<FixedPoint> points;         ///< by value
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

Setting make_setting(const Program& program, const Hardware& hardware, const Evaluation& evaluation,
                     const std::vector<float>& largest) {
  Setting s{program, hardware, evaluation, {}, {}, {}, {}};
  const auto bits = static_cast<int>(hardware.bits[index(Tensor3::ifmap)]);
  for (const float most : largest) s.points.push_back(fixed_point_for(double(most), bits));
  s.simulated.assign(program.network.nodes.size(), -1);
  for (const LayerEvaluation& e : evaluation.layers) {
    const Node& node = program.network.nodes[e.layer.node];
    const auto in = static_cast<std::size_t>(node.inputs[0]), out = static_cast<std::size_t>(node.outputs[0]);
    s.simulated[e.layer.node] = static_cast<std::ptrdiff_t>(s.layers.size());
    s.layers.push_back(fixed_layer(program, e.layer, hardware, s.points[in], largest[out]));
    s.points[out] = s.layers.back().ofmap;
    s.written.push_back(written_value(program.network, e.layer));
  }
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

/// One batch.
class BatchRun {
 public:
  BatchRun(const Setting& setting, ThreadPool& pool, ProgressCount& progress)
      : s_(setting), pool_(pool), progress_(progress), layers_(setting.layers.size()) {}

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
    const LayerEvaluation& e = s_.evaluation.layers[l];
    const FixedLayer& fixed = s_.layers[l];
    const ConvShape& shape = e.layer.shape;
    const Conventions& how = s_.evaluation.conventions;
    const std::vector<std::int16_t> ifmap = encode(in.values, fixed.ifmap);
    Sums mapped, plain;
    LayerSimulation& result = layers_[l];
    const std::array<std::function<void()>, 3> parts = {
        [&] { mapped = execute(shape, e.problem, e.placement, how.hold, fixed.accumulation, ifmap, fixed.weights); },
        [&] { plain = plain_sums(shape, fixed.accumulation, ifmap, fixed.weights); },
        [&] {
          result.macs = shape.macs();
          result.zero_macs = zero_macs(shape, ifmap);
          result.zero_firsts = zero_firsts(shape, e.problem, e.placement, ifmap);
          result.gated_filter_reads = gated_filter_reads(shape, e.problem, e.placement, s_.hardware, ifmap);
          if (s_.hardware.skips_zeros) result.steps = steps_without_zeros(shape, e.problem, e.placement, ifmap);
          result.ifmap_zeros = double(std::count(ifmap.begin(), ifmap.end(), 0)) / double(ifmap.size());
          result.ifmap_map =
              traffic(how.padding == Padding::stored ? padded(shape, ifmap) : ifmap, Tensor3::ifmap, s_.hardware);
        }};
    pool_.parallel_for(parts.size(), [&](std::size_t i) { parts[i](); });
    result.outputs_equal = mapped.values == plain.values;
    result.overflows = mapped.overflows;
    const std::vector<std::int16_t> ofmap = finish(fixed, shape, mapped.values, result.clipped);
    std::transform(ofmap.begin(), ofmap.end(), out.values.begin(),
                   [&](std::int16_t code) { return static_cast<float>(decode(code, fixed.ofmap)); });
  }

  const Setting& s_;
  ThreadPool& pool_;
  ProgressCount& progress_;
  std::vector<LayerSimulation> layers_;
};

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
    const bool reads_firsts = evaluation.conventions.first_read == FirstRead::zero;
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
  WEFT_ASSERT(!options.batches.empty(), "there is something to simulate");
  const Program program = prepare(network);
  EvaluationOptions mapping = options.evaluation;
  mapping.statistics.reset();
  mapping.check = false;
  mapping.progress = nullptr;
  Simulation result{.evaluation = evaluate(network, hardware, mapping)};
  for (const LayerEvaluation& e : result.evaluation.layers) require_fixed(program, e.layer, hardware);

  ThreadPool pool(threads_for(options.evaluation.jobs));
  const Calibration calibration = calibrate(program, options.batches, pool);
  const Setting setting = make_setting(program, hardware, result.evaluation, calibration.largest);

  ProgressCount progress(options.evaluation.progress, setting.layers.size() * options.batches.size());
  struct One {
    std::vector<LayerSimulation> layers;
    std::vector<FloatTensor> outputs;
  };
  const std::vector<One> all = pool.parallel_map(options.batches.size(), [&](std::size_t b) {
    BatchRun batch(setting, pool, progress);
    One one;
    one.outputs = batch(options.batches[b]);
    one.layers = batch.layers();
    return one;
  });

  result.batches = static_cast<std::int64_t>(all.size());
  result.layers.resize(setting.layers.size());
  std::vector<std::vector<FloatTensor>> outputs;
  for (const One& one : all) {
    for (std::size_t l = 0; l < one.layers.size(); ++l) add(result.layers[l], one.layers[l]);
    outputs.push_back(one.outputs);
  }
  result.classes = compare_classes(outputs, calibration.outputs, options.labels);
  pool.parallel_for(result.layers.size(), [&](std::size_t l) {
    LayerSimulation& layer = result.layers[l];
    const FixedLayer& fixed = setting.layers[l];
    layer.ifmap = fixed.ifmap, layer.weight = fixed.weight, layer.accumulator = fixed.accumulator,
    layer.ofmap = fixed.ofmap;
    layer.ifmap_zeros /= double(result.batches);
    account(result.evaluation.layers[l], layer, result.evaluation, result.batches);
  });
  result.evaluation.batch *= result.batches;
  result.evaluation.zeros_source = "measured by simulation";
  return result;
}

ActivationStatistics measured_statistics(const Simulation& simulation, const std::string& source) {
  ActivationStatistics statistics{.network = simulation.evaluation.network, .source = source};
  for (std::size_t i = 0; i < simulation.layers.size(); ++i) {
    const std::string& name = simulation.evaluation.layers[i].layer.name;
    const LayerSimulation& layer = simulation.layers[i];
    const auto bits = [](const MapTraffic& map) { return double(map.coded_bits) / double(map.values.count); };
    statistics.ifmap_zeros[name] = double(layer.zero_macs) / double(layer.macs);
    statistics.ifmap_code_bits[name] = bits(layer.ifmap_map);
    statistics.ofmap_code_bits[name] = bits(layer.ofmap_map);
  }
  return statistics;
}

}  // namespace weft
