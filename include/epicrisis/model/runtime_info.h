#pragma once

#include <string>

namespace epicrisis {

std::string torch_version();  // "1.13.1"
std::string
processor_name();  // "Intel(R) Xeon(R) Processor", "unknown" where the system does not say

}  // namespace epicrisis
