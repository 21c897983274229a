#pragma once

#include <vector>

#include "study/run_evaluation.h"

namespace epicrisis::study {

// Puts what was measured into the workspace's database, in place of the study's rows of before,
// unless they are there.
void store_results(Workspace& workspace, const Study& study, const Evaluation& evaluation,
                   const std::vector<TrainedRun>& runs);

// What is stored of the study; nothing where it is not known what it depended on.
MeasuredRows find_results(Workspace& workspace, const Study& study);

}  // namespace epicrisis::study
