#include "study/run_trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <optional>
#include <span>
#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/model/encoders/image/image_encoder.h"
#include "epicrisis/model/encoders/text/text_encoder.h"
#include "epicrisis/model/torch_version.h"
#include "epicrisis/store/tables/samples.h"
#include "study/predictions.h"
#include "study/run_use.h"
#include "study/with_train/run_input.h"

namespace epicrisis::study {
namespace {

// z_img of stored features; a run that was trained without pictures has none, and rows of 0.
FloatMatrix embed_features(const TrainedModel& model, const FloatMatrix& features,
                           std::size_t cases) {
  if (model.image_width() == 0) return {cases, model.width()};
  return model.embed_image_features(features);
}

FloatMatrix logits_of_notes(const TrainedModel& model, const Predictions& predictions) {
  FloatMatrix of_notes;
  if (predictions.notes.rows > 0) of_notes = model.logits(predictions.notes);
  return logits_of_cases(predictions, of_notes, static_cast<std::size_t>(model.class_count()));
}

// "validation 0.512, F1 0.800", or that there is none.
std::string validation_words(const EpochMetrics& metrics) {
  if (!std::isfinite(metrics.validation_loss)) return "no validation";
  return fmt::format("validation {:.3f}, F1 {:.3f}", metrics.validation_loss,
                     metrics.validation_weighted_f1);
}

void predict_notes(const TrainedModel& model, const SliceInput& input, Predictions& result) {
  const FloatMatrix texts = model.embed_notes(input.note_input);
  std::vector<std::size_t> rows;
  for (std::size_t row = 0; row < input.notes.of_case.size(); ++row) {
    for (const std::size_t text : input.notes.of_case[row]) {
      result.note_cases.push_back(static_cast<std::int64_t>(row));
      result.note_texts.push_back(static_cast<std::int64_t>(text));
      rows.push_back(text);
    }
  }
  result.notes = FloatMatrix(rows.size(), texts.columns);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::ranges::copy(texts.row(rows[i]), result.notes.row(i).begin());
  }
}

}  // namespace

struct RunTrainer::State {
  State(Workspace& workspace, const Study& study, const StudyRun& run, const CaseSet& set,
        const PictureTable& pictures, const RunNotes& notes, Job& job)
      : workspace(workspace),
        study(study),
        run(run),
        set(set),
        pictures(pictures),
        notes(notes),
        job(job),
        encoders(run, workspace.embeddings(), job) {}

  const SliceInput& input_of(const DatasetSlice& slice) {
    auto& input = slices[slice.name];
    if (!input) input = load_slice_input(study, run, slice, pictures, notes, encoders);
    return *input;
  }

  const TrainedModel& model_of(const Path& folder) {
    if (!model || model->first != folder) {
      const Path weights = folder / "model.safetensors";
      if (!std::filesystem::exists(weights)) throw InputError("{} is gone", weights.string());
      model.emplace(folder, TrainedModel::load(folder));
    }
    return model->second;
  }

  Workspace& workspace;
  const Study& study;
  const StudyRun& run;
  const CaseSet& set;
  const PictureTable& pictures;
  const RunNotes& notes;
  Job& job;
  RunEncoders encoders;
  std::unique_ptr<RunInput> input;                            // when the first seed is trained
  std::map<std::string, std::unique_ptr<SliceInput>> slices;  // by data set
  std::optional<std::pair<Path, TrainedModel>> model;         // of the last run that predicted
};

RunTrainer::RunTrainer(Workspace& workspace, const Study& study, const StudyRun& run,
                       const CaseSet& set, const PictureTable& pictures, const RunNotes& notes,
                       Job& job)
    : state_(new State(workspace, study, run, set, pictures, notes, job)) {}

RunTrainer::~RunTrainer() = default;

void RunTrainer::train(const TrainConfig& config, const Path& folder, Ranks* ranks) {
  State& state = *state_;
  state.model.reset();
  if (!state.input) {
    state.input = load_run_input(state.study, state.run, state.set, state.pictures, state.notes,
                                 state.encoders);
  }
  const std::string label = fmt::format("{} (seed {})", state.run.name, config.seed);
  Meter progress = state.job.meter(label, static_cast<std::uint64_t>(config.epochs), "epochs");
  TrainObserver observer;
  int epochs = 0;  // that are done
  observer.resumed = [&](int epoch) {
    if (epoch <= config.epochs) {
      state.job.info("{}: resumed at epoch {} of {}", label, epoch, config.epochs);
    }
    epochs = epoch - 1;
    progress.skip(static_cast<std::uint64_t>(epochs));
  };
  // An epoch may last: what is seen of it is told in between.
  std::size_t seen = 0;
  auto told = state.job.clock().monotonic();
  observer.step = [&](std::size_t images, double loss) {
    seen += images;
    const auto now = state.job.clock().monotonic();
    if (now - told < std::chrono::seconds(1)) return;
    told = now;
    progress.note(fmt::format("epoch {}: {} images, loss {:.3f}", epochs + 1, seen, loss));
    progress.add(0);
  };
  observer.epoch = [&](const EpochMetrics& metrics) {
    progress.note(fmt::format("loss {:.3f}, {}, {:.0f} images/s", metrics.train_loss,
                              validation_words(metrics), metrics.images_per_second));
    progress.add();
    epochs = metrics.epoch;
    seen = 0;
    told = state.job.clock().monotonic();
  };
  const auto train = [&] {
    return train_model(config, state.input->input, folder, state.job, observer, ranks);
  };
  TrainResult result;
  try {
    try {
      result = train();
    } catch (const UnusableRunFolder& error) {
      state.job.warn("{}: {}; the training starts from its beginning", label, error.what());
      std::filesystem::remove_all(folder);
      result = train();
    }
  } catch (const Interrupted&) {
    state.job.info("{}: stopped in epoch {} of {}; it goes on from there", label, epochs + 1,
                   config.epochs);
    throw;
  }
  progress.finish();
  state.job.info("{}: best epoch {} of {}{}, {:.0f} s", label, result.best_epoch, result.epochs,
                 result.stopped_early ? ", stopped early" : "", result.seconds);
}

void RunTrainer::predict(const Path& folder, const DatasetSlice& slice,
                         const std::string& identity) {
  State& state = *state_;
  const TrainedModel& model = state.model_of(folder);
  const SliceInput& input = state.input_of(slice);
  Predictions result;
  result.identity = identity;
  std::vector<std::size_t> indices;
  for (const std::size_t i : slice.cases) {
    result.sample_ids.push_back(state.set.cases[i].sample_id);
    indices.push_back(state.pictures.picture[i]);
  }
  if (model.fine_tuned()) {
    Meter meter = state.job.meter("embedding test pictures", indices.size(), "images");
    result.images = model.embed_images(*state.pictures.images, indices, state.job, &meter);
  } else {
    result.images = embed_features(model, input.features, indices.size());
  }
  if (!input.notes.texts.empty()) {
    predict_notes(model, input, result);
    result.prompts = model.embed_notes(input.prompt_input);
  }
  result.logits = model.config().mode == Mode::kText ? logits_of_notes(model, result)
                                                     : model.logits(result.images);
  write_predictions(predictions_file(folder, slice.name), result);
}

void RunTrainer::complete(const Path& folder) {
  State& state = *state_;
  const TrainedModel& model = state.model_of(folder);
  TrainingCases cases;
  std::vector<std::size_t> rows;
  std::vector<std::size_t> indices;
  for (std::size_t i = 0; i < state.set.cases.size(); ++i) {
    const Case& entry = state.set.cases[i];
    if (entry.role != Role::kTrain || !state.notes.trained_on[i]) continue;
    rows.push_back(i);
    indices.push_back(state.pictures.picture[i]);
    const ClassId label = state.study.classes[static_cast<std::size_t>(entry.label)];
    cases.table.push_back({entry.dataset,
                           sample_by_id(state.workspace.database(), entry.sample_id).key,
                           state.study.field.at(label).name});
  }
  if (model.fine_tuned()) {
    Meter meter = state.job.meter("embedding training pictures", indices.size(), "images");
    cases.embeddings = model.embed_images(*state.pictures.images, indices, state.job, &meter);
  } else {
    FloatMatrix features;
    if (model.image_width() > 0) features = state.encoders.features(state.pictures, rows, 0, 0);
    cases.embeddings = embed_features(model, features, rows.size());
  }
  Json preprocessing = nullptr;  // of a trained encoder it is in config.json
  if (state.run.image_encoder.frozen) preprocessing = to_json(state.encoders.preprocessing());
  write_run_use(folder, state.study, state.run, state.set.split_set, preprocessing, cases);
}

std::string torch_in_this_build() { return torch_version(); }

}  // namespace epicrisis::study
