#pragma once

#include <string>

namespace epicrisis {

std::string torch_version();  // "1.13.1"

}  // namespace epicrisis
