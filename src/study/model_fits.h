#pragma once

#include <string>
#include <vector>

#include "epicrisis/core/files.h"
#include "epicrisis/core/job.h"
#include "epicrisis/settings/weight_contents.h"

namespace epicrisis::study {

// How weights fit the image encoders. What tensors one has is known to its code alone, which needs
// LibTorch.
struct ModelFits {
  std::vector<ArchitectureFit> fits;  // in no order
  std::string unknown;                // why nothing is said of that; "" if something is
};
ModelFits model_fits(const Path& weights, const Path& folder, const Job& job);

}  // namespace epicrisis::study
