#include "study/run_trainer.h"

#include <algorithm>
#include <span>

#include "epicrisis/model/torch_version.h"
#include "study/predictions.h"
#include "study/with_train/run_input.h"

namespace epicrisis::study {
namespace {

// In text mode a case's logits are those of its first note; without a note all are 0.
FloatMatrix logits_of_notes(const TrainedModel& model, const Predictions& predictions) {
  FloatMatrix of_cases(predictions.sample_ids.size(),
                       static_cast<std::size_t>(model.class_count()));
  const FloatMatrix of_notes = model.logits(predictions.notes);
  for (std::size_t i = predictions.note_cases.size(); i-- > 0;) {
    std::ranges::copy(of_notes.row(i),
                      of_cases.row(static_cast<std::size_t>(predictions.note_cases[i])).begin());
  }
  return of_cases;
}

Predictions predict(const TrainedModel& model, const CaseSet& set, const PictureTable& pictures,
                    const RunInput& run, Job& job) {
  Predictions result;
  for (const std::size_t i : run.evaluated) result.sample_ids.push_back(set.cases[i].sample_id);
  if (model.fine_tuned()) {
    std::vector<std::size_t> indices;
    for (const std::size_t i : run.evaluated) indices.push_back(pictures.picture[i]);
    Meter meter = job.meter("embedding test pictures", indices.size(), "images");
    result.images = model.embed_images(*pictures.images, indices, job, &meter);
  } else {
    result.images = model.embed_image_features(run.features);
  }
  if (!run.notes.texts.empty()) {
    const FloatMatrix texts = model.embed_notes(run.input.notes);
    std::vector<std::size_t> rows;
    for (std::size_t row = 0; row < run.evaluated.size(); ++row) {
      for (const std::size_t text : run.notes.of_case[run.evaluated[row]]) {
        result.note_cases.push_back(static_cast<std::int64_t>(row));
        result.note_texts.push_back(static_cast<std::int64_t>(text));
        rows.push_back(text);
      }
    }
    result.notes = FloatMatrix(rows.size(), texts.columns);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      std::ranges::copy(texts.row(rows[i]), result.notes.row(i).begin());
    }
    result.prompts = model.embed_notes(run.prompts);
  }
  result.logits = model.config().mode == Mode::kText ? logits_of_notes(model, result)
                                                     : model.logits(result.images);
  return result;
}

}  // namespace

struct RunTrainer::State {
  const StudyRun& run;
  const CaseSet& set;
  const PictureTable& pictures;
  Job& job;
  std::unique_ptr<RunInput> input;
};

RunTrainer::RunTrainer(Workspace& workspace, const Study& study, const StudyRun& run,
                       const CaseSet& set, const PictureTable& pictures, Job& job)
    : state_(new State{run, set, pictures, job,
                       load_run_input(workspace, study, run, set, pictures, job)}) {}

RunTrainer::~RunTrainer() = default;

void RunTrainer::train(const TrainConfig& config, const Path& folder) {
  const std::string label = fmt::format("{} (seed {})", state_->run.name, config.seed);
  Meter progress = state_->job.meter(label, static_cast<std::uint64_t>(config.epochs), "epochs");
  TrainObserver observer;
  observer.epoch = [&](const EpochMetrics& metrics) {
    progress.note(fmt::format("loss {:.3f}, validation {:.3f}, F1 {:.3f}, {:.0f} images/s",
                              metrics.train_loss, metrics.validation_loss,
                              metrics.validation_weighted_f1, metrics.images_per_second));
    progress.add();
  };
  const TrainResult result =
      train_model(config, state_->input->input, folder, state_->job, observer);
  progress.finish();
  state_->job.info("{}: best epoch {} of {}{}, {:.0f} s", label, result.best_epoch, result.epochs,
                   result.stopped_early ? ", stopped early" : "", result.seconds);
  write_predictions(folder / "predictions.safetensors",
                    predict(TrainedModel::load(folder), state_->set, state_->pictures,
                            *state_->input, state_->job));
}

std::string torch_in_this_build() { return torch_version(); }

}  // namespace epicrisis::study
