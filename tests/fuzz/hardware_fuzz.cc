// SPDX-License-Identifier: Apache-2.0
// Any bytes as a hardware file: an Error, or a machine that can be shown whole.
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include "weft/hardware/hardware.h"
#include "weft/report/hardware_report.h"
#include "weft/report/json.h"

namespace {

/// The reader takes a path, since the component library may lie beside the file.
std::string temporary_path() {
  return (std::filesystem::temp_directory_path() / ("weft-fuzz-" + std::to_string(getpid()) + ".yaml")).string();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::string path = temporary_path();
  std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(data), std::streamsize(size));
  try {
    const weft::Hardware hardware = weft::read_hardware(path);
    weft::hardware_text(hardware, {});
    weft::json_text(weft::hardware_json(hardware));
  } catch (const weft::Error&) {
    // the answer for most inputs
  }
  std::filesystem::remove(path);
  return 0;
}
