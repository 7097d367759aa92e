// SPDX-License-Identifier: Apache-2.0
// Any bytes as an image, as an array of samples and as a table of images: an Error, or samples of the shape they have.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "weft/base/error.h"
#include "weft/data/dataset.h"
#include "weft/data/dataset_readers.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

template <class Work>
void attempt(const Work& work) {
  try {
    work();
  } catch (const weft::Error& error) {
    for (const weft::Problem& problem : error.problems()) weft::render(problem);
  }
}

std::size_t pixels(const weft::Image& image) {
  return std::size_t(image.width) * std::size_t(image.height) * std::size_t(image.channels);
}

/// The first and the last sample can be had, and are fed to a network as they are.
void visit(const weft::Dataset& dataset) {
  require(dataset.labels.empty() || std::int64_t(dataset.labels.size()) == dataset.count);
  for (const std::int64_t label : dataset.labels) require(label >= 0 && label < dataset.classes);
  if (dataset.count == 0) return;
  for (const std::int64_t i : {std::int64_t{0}, dataset.count - 1}) {
    const weft::Sample sample = weft::sample(dataset, i);
    if (const auto* image = std::get_if<weft::Image>(&sample)) {
      require(image->pixels.size() == pixels(*image));
      const weft::ConstantTensor input = weft::preprocess(*image, {});
      require(weft::elements(input.type.shape) == std::int64_t(image->pixels.size()));
    } else {
      const auto& tensor = std::get<weft::ConstantTensor>(sample);
      require(std::int64_t(weft::materialise(tensor).bytes->size()) == weft::byte_size(tensor.type));
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  if (weft::looks_like_image(bytes)) {
    attempt([&] {
      const weft::Image image = weft::decode_image(bytes, "fuzz");
      require(image.channels == 3 && image.pixels.size() == pixels(image));
    });
    return 0;
  }
  attempt([&] { visit(weft::parse_samples(bytes, "fuzz")); });
  attempt([&] { visit(weft::parse_samples(bytes, "fuzz.bin")); });
  attempt([&] { weft::parse_labels(bytes, "fuzz"); });
  attempt([&] { weft::parse_image_table(bytes, "fuzz.csv", ""); });
  return 0;
}
