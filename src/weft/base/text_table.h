// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "weft/base/terminal.h"

namespace weft {

enum class Align { left, right };

/// A heading such as {"energy", "uJ"} reads "energy [uJ]"; numbers align right, names left.
struct Column {
  std::string name;
  std::string unit;
  Align align = Align::right;
};

/// Rows of text in aligned columns, two spaces apart, without spaces at the ends of lines:
///
///   layer  MACs         energy [uJ]
///   conv1  105,415,200         12.5
///   ------------------------------
///   total  665,784,864         98.0
class TextTable {
 public:
  explicit TextTable(std::vector<Column> columns);

  void add_row(std::vector<std::string> cells);  ///< one for each column
  void add_rule();                               ///< a line across

  /// Every line ends with a line feed. Headings are bold if the style has colour. Widths count characters.
  std::string render(const TextStyle& style) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;  // an empty one is a rule
};

/// A bar `width` characters long of which `fraction` is filled, in eighths of a character: "█████▌    ". In ASCII whole
/// characters: "######    ". Less than 0 and NaN are empty, more than 1 is full.
std::string bar(double fraction, int width, const TextStyle& style);

}  // namespace weft
