// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "weft/base/yaml.h"
#include "weft/dataflow/loop_problem.h"

namespace weft {

/// Where in a machine a dataflow keeps a tensor, in words that hold for any machine: the off-chip memory, the stores
/// between it and the PE array, or those inside a PE.
enum class Region : std::uint8_t { outermost, buffer, pe };

/// One step of a dataflow's nest. Exactly one of the three kinds.
struct DataflowStep {
  enum class Kind : std::uint8_t { keep, loops, spatial };
  Kind kind = Kind::loops;
  std::vector<Tensor3> keep;       ///< keep: the tensors whose storage points stand here
  Region region = Region::buffer;  ///< keep: in which stores (none of them: the level is bypassed)
  std::vector<Dim> dims;           ///< loops, spatial: the dimensions that may have a loop here, outermost first
  bool any_order = false;          ///< loops: the mapper chooses the order
  bool operator==(const DataflowStep&) const = default;
};

/// A dataflow: which loops a mapping may have, where, and where tensors are kept. A file of `kind: dataflow`; the
/// mapper chooses the bounds. Its one spatial step is for the innermost array; arrays outside that take over the
/// dimensions of the step that follows the stores outside them. A dimension without a loop here is kept whole inside.
struct Dataflow {
  std::string name, description, source;
  std::vector<DataflowStep> steps;  ///< outermost first; none: `nest: free`, any mapping at all
  bool free() const { return steps.empty(); }
};

/// By name from the data directory, or by path. Throws Error (dataflow.*, yaml.*, file.*).
Dataflow load_dataflow(const std::string& name_or_path);
Dataflow parse_dataflow(std::string_view text, const std::string& file_name);
std::vector<std::string> dataflow_names();

}  // namespace weft
