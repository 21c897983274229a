#pragma once

#include <vector>

#include "epicrisis/core/files.h"
#include "epicrisis/core/job.h"
#include "epicrisis/settings/weight_contents.h"

namespace epicrisis {

// How a weight file (or index of shards) fits the image encoders there are, in no order. `folder`
// is where the configuration may lie; where it says none, or one that does not fit, all encoders of
// about that many parameters are looked at. Errors as read_weights(). Interrupted when the job is
// cancelled.
std::vector<ArchitectureFit> image_fits(const Path& weights, const Path& folder, const Job& job);

}  // namespace epicrisis
