// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <vector>

namespace weft {

/// The folder with the files that come with Weft (hardware, dataflows, components): the environment's WEFT_DATA if it
/// is set, else <folder of the program>/../share/weft if it is there (an installed program), else the source tree that
/// the program was built from. Error: data.not-found.
std::string data_directory();

/// Names of the files in one of its folders, without .yaml, sorted.
std::vector<std::string> data_names(const std::string& folder);

/// The path of the file FOLDER/NAME.yaml there, if there is one.
std::optional<std::string> find_data_file(const std::string& folder, const std::string& name);

/// The path of the file that a person means: the path given (with a '/' or ending in .yaml), or that of our own file of
/// this name. Error `id` if there is none, calling it a `kind`, with near spellings.
std::string named_data_file(const std::string& folder, const std::string& kind, const std::string& id,
                            const std::string& name_or_path);

}  // namespace weft
