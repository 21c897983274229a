#include "epicrisis/model/torch_version.h"

#include <torch/version.h>

namespace epicrisis {

std::string torch_version() { return TORCH_VERSION; }

}  // namespace epicrisis
