#include "epicrisis/core/processor.h"

#include <fstream>

#include "epicrisis/core/strings.h"

namespace epicrisis {

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
