#include "study/run_trainer.h"

#include "epicrisis/core/error.h"

// What stands in for training in a build without LibTorch.
namespace epicrisis::study {

struct RunTrainer::State {};

RunTrainer::RunTrainer(Workspace& workspace, const Study& study, const StudyRun& run,
                       const CaseSet&, const PictureTable&, const RunNotes&, Job&) {
  throw SystemError(
      "study '{}': this build has no LibTorch: run '{}' can neither be trained nor predict; "
      "everything before it is in {}, run the study there with a build that has LibTorch",
      study.name, run.name, workspace.root().string());
}

RunTrainer::~RunTrainer() = default;

void RunTrainer::train(const TrainConfig&, const Path&, Ranks*) {}
void RunTrainer::predict(const Path&, const DatasetSlice&, const std::string&) {}
void RunTrainer::complete(const Path&) {}

std::string torch_in_this_build() { return "none"; }

}  // namespace epicrisis::study
