#pragma once

#include <string>
#include <vector>

#include "epicrisis/core/job.h"
#include "epicrisis/store/workspace.h"
#include "epicrisis/study/study_file.h"
#include "study/run_identity.h"
#include "study/study_inputs.h"
#include "study/training.h"

namespace epicrisis::study {

// What the numbers of a study are of.
struct StudyState {
  CaseSet set;
  PictureTable pictures;
  ModelHashes models;
  FinishedRuns finished;
};

// The study without the external data sets that the workspace has no more: what was measured on the
// others stands. A line in `left_out` for each. UsageError where it trains on one.
Study with_data_there(Workspace& workspace, const Study& study, std::vector<std::string>& left_out);

// Of a study that was run. Warns of `left_out` and of runs that are not there. UsageError where
// none is.
StudyState load_state(Workspace& workspace, const Study& study, Job& job,
                      std::vector<std::string> left_out);

}  // namespace epicrisis::study
