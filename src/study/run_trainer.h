#pragma once

#include <memory>
#include <string>

#include "study/study_inputs.h"

namespace epicrisis::study {

// Trains the seeds of one run: what a study needs LibTorch for.
class RunTrainer {
 public:
  // Reads what the run trains on; embeds with the encoders that are frozen. The arguments must
  // outlive the object. SystemError in a build without LibTorch; InputError where no sample can be
  // trained on.
  RunTrainer(Workspace& workspace, const Study& study, const StudyRun& run, const CaseSet& set,
             const PictureTable& pictures, Job& job);
  ~RunTrainer();

  // Trains in `folder`, from its checkpoint if it has one, and writes predictions.safetensors.
  // Interrupted when the job is cancelled.
  void train(const TrainConfig& config, const Path& folder);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// LibTorch's version; "none" in a build without it.
std::string torch_in_this_build();

}  // namespace epicrisis::study
