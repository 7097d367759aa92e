// SPDX-License-Identifier: Apache-2.0
// Bytes as a recipe for a small network: operators of the table with shapes, attributes and constants that are often
// right and often absurd. Inference must answer with an Error or with sound types, and do so again when asked twice.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "weft/base/error.h"
#include "weft/network/operators.h"
#include "weft/network/window.h"

namespace {

using namespace weft;  // NOLINT(google-build-using-namespace)

constexpr std::array<std::int64_t, 24> kNumbers{
    0,  1,  2,  3,         4,         5,         6,         7,         8,         16,           -1, -2,
    -3, 10, 27, 1LL << 20, 1LL << 31, 1LL << 32, 1LL << 40, INT64_MAX, INT64_MIN, -(1LL << 31), 9,  28};
constexpr std::array<const char*, 8> kTexts{"NOTSET",   "SAME_UPPER", "SAME_LOWER", "VALID",
                                            "constant", "wrap",       "",           "up"};

/// Takes choices off the bytes, 0 when they are used up.
class Recipe {
 public:
  explicit Recipe(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
  bool is_empty() const { return bytes_.empty(); }
  std::size_t below(std::size_t n) {
    if (bytes_.empty()) return 0;
    const std::size_t choice = bytes_.front() % n;
    bytes_ = bytes_.subspan(1);
    return choice;
  }
  /// Mostly small.
  std::int64_t number() { return below(4) == 0 ? kNumbers[below(kNumbers.size())] : std::int64_t(below(5)); }
  std::vector<std::int64_t> numbers() {
    std::vector<std::int64_t> out(below(7));
    for (std::int64_t& n : out) n = number();
    return out;
  }

 private:
  std::span<const std::uint8_t> bytes_;
};

ConstantTensor constant(Recipe& recipe) {
  const auto values = recipe.numbers();
  if (recipe.below(3) == 0) {
    return {{ElementType(recipe.below(13)), {recipe.number() & 0xff, recipe.number() & 0xff}},
            FilledValues{float(recipe.number())}};
  }
  const bool is_scalar = values.size() == 1 && recipe.below(2) == 0;
  return stored_integers(is_scalar ? Shape{} : Shape{std::int64_t(values.size())}, values);
}

Attribute attribute(AttributeKind kind, Recipe& recipe) {
  switch (kind) {
    case AttributeKind::integer:
      return recipe.number();
    case AttributeKind::number:
      return float(recipe.number());
    case AttributeKind::text:
      return std::string(kTexts[recipe.below(kTexts.size())]);
    case AttributeKind::integers:
      return recipe.numbers();
    case AttributeKind::numbers:
      return std::vector<float>(recipe.below(4), 1.5f);
    case AttributeKind::texts:
      return std::vector<std::string>(recipe.below(4), "a");
    case AttributeKind::tensor:
      break;
  }
  return constant(recipe);
}

Value source(Recipe& recipe) {
  if (recipe.below(2) == 0) return {.name = "c", .type = {}, .constant = constant(recipe)};
  return {.name = "x",
          .type = {recipe.below(4) == 0 ? ElementType(recipe.below(28)) : ElementType::float32, recipe.numbers()},
          .constant = {}};
}

ValueId operand(Network& net, Recipe& recipe) {
  const std::size_t choice = recipe.below(net.values.size() + 2);
  if (choice < net.values.size()) return ValueId(choice);
  if (choice == net.values.size()) return kNoValue;
  net.values.push_back(source(recipe));
  if (!net.values.back().constant) net.inputs.push_back(ValueId(net.values.size() - 1));
  return ValueId(net.values.size() - 1);
}

Node node(Network& net, Recipe& recipe) {
  const OperatorRow& row = operators()[recipe.below(operators().size())];
  Node out{.name = fmt::format("n{}", net.nodes.size()), .op = std::string(row.name)};
  const std::size_t spare = row.inputs.most == kAnyNumber ? 3 : row.inputs.most - row.inputs.least;
  const std::size_t inputs = row.inputs.least + recipe.below(spare + 1);
  for (std::size_t i = 0; i < inputs; ++i) out.inputs.push_back(operand(net, recipe));
  for (const AttributeRule& rule : row.attributes) {
    if (rule.required || recipe.below(2) == 0) out.attributes.emplace(rule.name, attribute(rule.kind, recipe));
  }
  const std::size_t outputs = row.outputs.least + recipe.below(3);
  for (std::size_t i = 0; i < std::min(outputs, row.outputs.most); ++i) {
    out.outputs.push_back(ValueId(net.values.size()));
    net.values.push_back({.name = "y"});
  }
  return out;
}

Network network(Recipe recipe) {
  Network net{.name = "fuzz", .opset = 5 + int(recipe.below(26))};
  net.values.push_back(source(recipe));
  if (!net.values.back().constant) net.inputs.push_back(0);
  while (!recipe.is_empty() && net.nodes.size() < 20) net.nodes.push_back(node(net, recipe));
  return net;
}

void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "broken promise: %s\n", what);
  std::abort();
}

bool has_window(const Node& node) {
  return node.op.find("Pool") != std::string::npos || node.op.find("Conv") != std::string::npos;
}

void check(const Network& net) {
  for (const Value& value : net.values) {
    require(checked_elements(value.type.shape).has_value(), "every shape is within the limits");
    if (!value.constant) continue;
    require(value.constant->type == value.type, "a constant has its value's type");
    const auto* stored = std::get_if<StoredValues>(&value.constant->values);
    if (stored != nullptr)
      require(std::int64_t(stored->bytes->size()) == byte_size(value.type), "values fill the shape");
  }
  for (const Node& n : net.nodes) {
    if (has_window(n)) window(net, n);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Network net = network(Recipe({data, size}));
  try {
    infer_shapes(net);
  } catch (const Error&) {
    return 0;
  }
  check(net);
  Network again = net;
  infer_shapes(again);
  for (std::size_t i = 0; i < net.values.size(); ++i)
    require(again.values[i].type == net.values[i].type, "inference is repeatable");
  try {
    check(with_batch(net, 3));
  } catch (const Error&) {
    // another batch may not fit
  }
  return 0;
}
