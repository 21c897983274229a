#pragma once

#include <memory>
#include <string>

#include "epicrisis/core/ranks.h"
#include "study/run_evaluation.h"
#include "study/study_inputs.h"

namespace epicrisis::study {

// Trains the seeds of one run: what a study needs LibTorch for.
class RunTrainer {
 public:
  // The arguments must outlive the object. SystemError in a build without LibTorch.
  RunTrainer(Workspace& workspace, const Study& study, const StudyRun& run, const CaseSet& set,
             const PictureTable& pictures, const RunNotes& notes, Job& job);
  ~RunTrainer();

  // Trains in `folder`, from its checkpoint if it has one; anew, with a warning, if it cannot go on
  // from what is there. Embeds with the encoders that are frozen. InputError where no sample can be
  // trained on, Interrupted when the job is cancelled. With `ranks` it leads a training of several
  // processes.
  void train(const TrainConfig& config, const Path& folder, Ranks* ranks);
  // Writes the predictions of the run in `folder` for a data set. InputError if its files are
  // damaged or missing.
  void predict(const Path& folder, const DatasetSlice& slice, const std::string& identity);
  // Adds to a finished run in `folder` what is needed to use it away from the workspace
  // (run_use.h).
  void complete(const Path& folder);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// LibTorch's version; "none" in a build without it.
std::string torch_in_this_build();

}  // namespace epicrisis::study
