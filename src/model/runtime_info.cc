#include "epicrisis/model/runtime_info.h"

#include <torch/version.h>

#include <fstream>

#include "epicrisis/core/strings.h"

namespace epicrisis {

std::string torch_version() { return TORCH_VERSION; }

std::string processor_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("model name")) continue;
    const std::size_t colon = line.find(':');
    if (colon != std::string::npos)
      return std::string(trim(std::string_view(line).substr(colon + 1)));
  }
  return "unknown";
}

}  // namespace epicrisis
