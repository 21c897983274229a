#pragma once

#include "epicrisis/core/job.h"
#include "epicrisis/notes/strategy/strategy.h"
#include "epicrisis/store/tables/samples.h"
#include "epicrisis/store/workspace.h"

namespace epicrisis {

// Whether the strategy names something measured, and the workspace's field measures something.
bool is_measured_for(Database& database, const Strategy& strategy);

// Measures the pictures of the samples that were not measured yet, if is_measured_for(). A
// picture that cannot be read leaves its note the rest; it is warned of.
void measure_for(Workspace& workspace, const Strategy& strategy, const SampleFilter& filter,
                 Job& job);

}  // namespace epicrisis
