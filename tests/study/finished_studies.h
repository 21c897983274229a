#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <string>

#include "epicrisis/core/random.h"
#include "epicrisis/demo/demo_corpus.h"
#include "epicrisis/store/tables/runs.h"
#include "epicrisis/study/study.h"
#include "epicrisis/tensor/safetensors.h"
#include "settings/run_metrics.h"
#include "study/predictions.h"
#include "study/run_identity.h"
#include "study/small_study.h"
#include "study/study_notes.h"
#include "study/training.h"

namespace epicrisis::test {

// Runs that were trained elsewhere, with drawn numbers: no build needs LibTorch for them.
class FinishedStudies : public ::testing::Test {
 protected:
  FinishedStudies() {
    write_demo_corpus(corpus(), job_, {.seed = 3, .internal_lesions = 30, .external_lesions = 10});
  }
  Path corpus() const { return folder_.path() / "corpus"; }
  Study study(const std::string& text = small_study("small") + kTwoRuns) const {
    return parse_study(text, "small.toml", corpus());
  }
  // A workspace in which all runs of the study are there. `change` is made of the notes before they
  // are trained.
  Workspace finished(const Study& study,
                     const std::function<void(Workspace&, const study::CaseSet&)>& change = {});

  TemporaryFolder folder_;
  Job job_;
};

inline FloatMatrix random_rows(std::size_t rows, std::size_t columns, Random& random) {
  FloatMatrix matrix(rows, columns);
  for (float& value : matrix.values) value = static_cast<float>(random.uniform()) - 0.5F;
  return matrix;
}

// What training leaves of a run, with drawn numbers.
inline void leave_run(Workspace& workspace, const Study& study, const StudyRun& run,
                      const study::CaseSet& set, const study::PictureTable& pictures,
                      std::int64_t seed) {
  const study::RunNotes notes = study::load_run_notes(workspace, run, set);
  study::ModelHashes models;
  RunRecord record;
  record.id = run.name.substr(0, run.name.find(' '));
  if (seed != run.seeds.front()) record.id += "-" + std::to_string(seed);
  record.study = study.name;
  record.name = run.name;
  record.config = study::run_configuration(study, run, seed, set, pictures, notes, models);
  record.config_hash = run_config_hash(record.config);
  start_run(workspace.database(), record);
  const Path folder = workspace.runs() / record.id;
  Random random(7, record.id);
  constexpr std::size_t kWidth = 8;
  std::filesystem::create_directories(folder);
  const FloatMatrix weights(1, kWidth);
  write_checked_safetensors(folder / "model.safetensors", {{"weights", tensor_view(weights)}});
  for (const study::DatasetSlice& slice : study::slice_by_dataset(set, study)) {
    study::Predictions predictions;
    predictions.identity =
        study::predictions_identity(record.config_hash, study, run, slice, set, pictures, notes);
    if (uses_text(run.train.mode)) {
      const study::NoteTable own = study::select_notes(notes.notes, slice.cases);
      for (std::size_t row = 0; row < own.of_case.size(); ++row) {
        for (const std::size_t text : own.of_case[row]) {
          predictions.note_cases.push_back(static_cast<std::int64_t>(row));
          predictions.note_texts.push_back(static_cast<std::int64_t>(text));
        }
      }
      predictions.notes = random_rows(predictions.note_cases.size(), kWidth, random);
      predictions.prompts = random_rows(study.classes.size(), kWidth, random);
    }
    for (const std::size_t i : slice.cases) {
      predictions.sample_ids.push_back(set.cases[i].sample_id);
    }
    predictions.images = random_rows(predictions.sample_ids.size(), kWidth, random);
    predictions.logits = random_rows(predictions.sample_ids.size(), study.classes.size(), random);
    study::write_predictions(study::predictions_file(folder, slice.name), predictions);
  }
  EpochMetrics metrics;
  metrics.epoch = 1;
  write_metrics(folder, {metrics});
  TrainResult result;
  result.epochs = 1;
  result.best_epoch = 1;
  write_train_result(folder, result);
  finish_run(workspace.database(), record.id, RunStatus::kDone);
}

inline Workspace FinishedStudies::finished(
    const Study& study, const std::function<void(Workspace&, const study::CaseSet&)>& change) {
  Workspace workspace = Workspace::open_or_create(folder_.path() / "w");
  study::import_data(workspace, study, job_);
  study::CaseSet set = study::assign_roles(workspace, study, job_);
  const study::PictureTable pictures = study::load_pictures(workspace, study, set, job_);
  study::write_notes(workspace, study, set, false, job_);
  if (change) change(workspace, set);
  for (const StudyRun& run : study.runs) {
    for (const std::int64_t seed : run.seeds) leave_run(workspace, study, run, set, pictures, seed);
  }
  return workspace;
}

}  // namespace epicrisis::test
