#pragma once

#include <string>
#include <vector>

#include "epicrisis/core/job.h"
#include "study/run_evaluation.h"
#include "study/study_inputs.h"

namespace epicrisis::study {

struct RunCounts {
  std::size_t trained = 0;
  std::size_t kept = 0;
};

// Everything that a trained run's numbers depend on: its settings, the encoders' names, the
// classes, the split, the recipe and the text of its notes. Equal configurations are trained once.
Json run_configuration(const Study& study, const StudyRun& run, std::int64_t seed,
                       const CaseSet& set, const RunNotes& notes);

// Trains the runs that are not there yet and writes their predictions. A broken-off run goes on
// from its checkpoint.
RunCounts train_runs(Workspace& workspace, const Study& study, const CaseSet& set,
                     const PictureTable& pictures, Job& job);

// The finished runs of the study as it stands; a run of which no seed is finished is left out.
std::vector<TrainedRun> finished_runs(Workspace& workspace, const Study& study, const CaseSet& set);

}  // namespace epicrisis::study
