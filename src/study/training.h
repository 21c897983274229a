#pragma once

#include <string>
#include <vector>

#include "epicrisis/core/job.h"
#include "epicrisis/core/ranks.h"
#include "study/run_evaluation.h"
#include "study/run_identity.h"
#include "study/study_inputs.h"

namespace epicrisis::study {

struct RunCounts {
  std::size_t trained = 0;
  std::size_t kept = 0;
};

// Trains the runs that are not there yet, or whose files are gone or damaged, and writes what is
// missing of their predictions. A broken-off run goes on from its checkpoint, if that is sound.
// What is made anew is told as a warning. With `ranks` it leads the processes that train together.
RunCounts train_runs(Workspace& workspace, const Study& study, const CaseSet& set,
                     const PictureTable& pictures, ModelHashes& models, Job& job,
                     Ranks* ranks = nullptr);

struct FinishedRuns {
  std::vector<TrainedRun> runs;          // a run of which no seed is finished is not there
  std::vector<std::string> missing;      // what is left out of them, and why
  std::vector<std::string> cut_off;      // which of them might have become better, a sentence each
  std::vector<std::string> unvalidated;  // which of them had no validation, a sentence each
};
// The finished runs of the study as it stands, with predictions for all its data sets.
FinishedRuns finished_runs(Workspace& workspace, const Study& study, const CaseSet& set,
                           const PictureTable& pictures, ModelHashes& models);

}  // namespace epicrisis::study
