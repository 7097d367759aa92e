// SPDX-License-Identifier: Apache-2.0
#include "weft/report/dataset_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "weft/base/format.h"
#include "weft/base/text.h"
#include "weft/base/text_table.h"
#include "weft/report/page.h"

namespace weft {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t kMostClassRows = 20;

/// The values of a float32, uint8 or int64 tensor: the types that samples have.
std::vector<double> values_of(const ConstantTensor& tensor) {
  if (tensor.type.type != ElementType::float32) {
    const std::vector<std::int64_t> whole = integers(tensor);
    return {whole.begin(), whole.end()};
  }
  const StoredValues stored = materialise(tensor);
  std::vector<float> values(stored.bytes->size() / sizeof(float));
  std::memcpy(values.data(), stored.bytes->data(), values.size() * sizeof(float));
  return {values.begin(), values.end()};
}

SampleLine line_of(const Dataset& dataset, std::int64_t i) {
  const std::vector<double> values = values_of(network_input(dataset, i));
  SampleLine line{.index = i, .name = sample_name(dataset, i)};
  if (values.empty()) return line;
  const auto [least, largest] = std::minmax_element(values.begin(), values.end());
  line.least = *least;
  line.largest = *largest;
  for (const double value : values) line.mean += value / double(values.size());
  line.zeros = double(std::count(values.begin(), values.end(), 0.0)) / double(values.size());
  return line;
}

std::string class_name(const Dataset& dataset, std::size_t label) {
  return label < dataset.class_names.size() ? dataset.class_names[label] : "";
}

/// "10, of 100 samples each", "8, of 0 to 3 samples each".
std::string classes_text(const DatasetReport& report) {
  if (report.label_counts.empty()) return "no labels";
  const auto [least, most] = std::minmax_element(report.label_counts.begin(), report.label_counts.end());
  const std::string each =
      *least == *most ? format_count(*least) : fmt::format("{} to {}", format_count(*least), format_count(*most));
  return fmt::format("{}, of {} sample{} each", format_count(report.dataset.classes), each, *most == 1 ? "" : "s");
}

std::string heading_text(const DatasetReport& report) {
  const Dataset& dataset = report.dataset;
  std::string text = labelled("data", printable(dataset.name));
  text += labelled("kind", dataset.kind + (dataset.split.empty() ? "" : ", part '" + dataset.split + "'"));
  text += labelled("samples", format_count(dataset.size()));
  text += labelled("classes", classes_text(report));
  text += labelled("network input", to_string(dataset.input));
  text +=
      labelled("preprocessing", dataset.preprocessing == Preprocessing{} ? "none" : to_string(dataset.preprocessing));
  if (!dataset.preprocessing_from.empty()) text += labelled("from", printable(dataset.preprocessing_from));
  return text;
}

std::string class_table(const DatasetReport& report, const TextStyle& style) {
  if (report.label_counts.empty()) return "";
  TextTable table({{"class"}, {"name", "", Align::left}, {"samples"}});
  const std::size_t rows = std::min(report.label_counts.size(), kMostClassRows);
  for (std::size_t label = 0; label < rows; ++label) {
    table.add_row({std::to_string(label), printable(class_name(report.dataset, label)),
                   format_count(report.label_counts[label])});
  }
  std::string text = "\n" + table.render(style);
  const auto more = static_cast<std::int64_t>(report.label_counts.size() - rows);
  if (more > 0) text += fmt::format("and {} more classes; --csv and --json list all\n", format_count(more));
  return text;
}

std::string sample_table(const DatasetReport& report, const TextStyle& style) {
  if (report.samples.empty()) return "";
  TextTable table({{"sample"}, {"class"}, {"least"}, {"mean"}, {"largest"}, {"zeros"}, {"what", "", Align::left}});
  for (const SampleLine& line : report.samples) {
    const auto& labels = report.dataset.labels;
    const std::string label = labels.empty() ? "-" : std::to_string(labels[static_cast<std::size_t>(line.index)]);
    table.add_row({std::to_string(line.index), label, fmt::format("{:.4g}", line.least),
                   fmt::format("{:.4g}", line.mean), fmt::format("{:.4g}", line.largest), format_percent(line.zeros, 1),
                   printable(line.name)});
  }
  return "\n" + table.render(style);
}

}  // namespace

DatasetReport describe(Dataset dataset, std::int64_t samples) {
  DatasetReport report;
  report.label_counts.resize(static_cast<std::size_t>(dataset.classes));
  for (const std::int64_t label : dataset.labels) ++report.label_counts[static_cast<std::size_t>(label)];
  for (std::int64_t i = 0; i < std::min(samples, dataset.size()); ++i) report.samples.push_back(line_of(dataset, i));
  report.dataset = std::move(dataset);
  return report;
}

std::string dataset_text(const DatasetReport& report, const TextStyle& style) {
  return heading_text(report) + class_table(report, style) + sample_table(report, style);
}

ordered_json dataset_json(const DatasetReport& report) {
  const Dataset& dataset = report.dataset;
  ordered_json json = {{"schema", "weft.dataset/1"},
                       {"name", dataset.name},
                       {"kind", dataset.kind},
                       {"split", dataset.split},
                       {"samples", dataset.size()},
                       {"input", {{"type", name(dataset.input.type)}, {"shape", dataset.input.shape}}},
                       {"preprocessing", to_string(dataset.preprocessing)},
                       {"preprocessing_from", dataset.preprocessing_from},
                       {"classes", ordered_json::array()},
                       {"first_samples", ordered_json::array()}};
  for (std::size_t label = 0; label < report.label_counts.size(); ++label) {
    json["classes"].push_back(
        {{"class", label}, {"name", class_name(dataset, label)}, {"samples", report.label_counts[label]}});
  }
  for (const SampleLine& line : report.samples) {
    const auto& labels = dataset.labels;
    json["first_samples"].push_back(
        {{"sample", line.index},
         {"class", labels.empty() ? ordered_json() : ordered_json(labels[static_cast<std::size_t>(line.index)])},
         {"name", line.name},
         {"least", line.least},
         {"mean", line.mean},
         {"largest", line.largest},
         {"zeros", line.zeros}});
  }
  return json;
}

std::string dataset_csv(const DatasetReport& report) {
  std::string text = "class,name,samples\n";
  for (std::size_t label = 0; label < report.label_counts.size(); ++label) {
    text += fmt::format("{},{},{}\n", label, csv_field(class_name(report.dataset, label)), report.label_counts[label]);
  }
  return text;
}

}  // namespace weft
