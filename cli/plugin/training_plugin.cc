// The plugin that src/study/late_train/ opens: everything of a study that needs LibTorch.

#include "study/late_train/training_plugin.h"

#include "epicrisis/core/version.h"

namespace epicrisis::study {
namespace {

RunTrainer* make(Workspace& workspace, const Study& study, const StudyRun& run, const CaseSet& set,
                 const PictureTable& pictures, const RunNotes& notes, Job& job) {
  return new RunTrainer(workspace, study, run, set, pictures, notes, job);
}

void destroy(RunTrainer* trainer) { delete trainer; }

void train(RunTrainer& trainer, const TrainConfig& config, const Path& folder) {
  trainer.train(config, folder);
}

void predict(RunTrainer& trainer, const Path& folder, const DatasetSlice& slice,
             const std::string& identity) {
  trainer.predict(folder, slice, identity);
}

constexpr TrainingPlugin kPlugin{kVersion, make, destroy, train, predict};

}  // namespace
}  // namespace epicrisis::study

extern "C" __attribute__((visibility("default"))) const epicrisis::study::TrainingPlugin*
epicrisis_training_plugin() {
  return &epicrisis::study::kPlugin;
}
