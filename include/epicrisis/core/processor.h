#pragma once

#include <string>

namespace epicrisis {

// "Intel(R) Xeon(R) Processor", "unknown" where the system does not say.
std::string processor_name();

}  // namespace epicrisis
