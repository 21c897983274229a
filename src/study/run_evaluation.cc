#include "study/run_evaluation.h"

#include <algorithm>
#include <set>

#include "epicrisis/core/strings.h"
#include "epicrisis/eval/zero_shot.h"
#include "epicrisis/notes/strategy/strategy.h"

namespace epicrisis::study {
namespace {

// Predictions of all seeds of one run, cut to one data set where needed.
struct SeedPredictions {
  std::string seed;
  Predictions predictions;
};

ResultRow identity_of(const TrainedRun& trained, const DatasetSlice& slice, const char* task) {
  ResultRow row;
  row.model = trained.title;
  row.mode = std::string(mode_name(trained.run->train.mode));
  row.notes = join(trained.run->notes, "+");
  row.dataset = slice.name;
  row.role = slice.role;
  row.task = task;
  return row;
}

BootstrapOptions bootstrap_options(const Study& study, const DatasetSlice& slice) {
  BootstrapOptions options;
  options.replicates = static_cast<std::size_t>(study.bootstrap);
  options.seed = study.split_seed;
  options.groups = slice.groups;
  return options;
}

void append(std::vector<ResultRow>& rows, const std::vector<ResultRow>& more) {
  rows.insert(rows.end(), more.begin(), more.end());
}

std::vector<SeedScores> class_scores(const std::vector<SeedPredictions>& seeds,
                                     const DatasetSlice& slice) {
  std::vector<SeedScores> scores;
  for (const SeedPredictions& entry : seeds) {
    scores.push_back({entry.seed, select_rows(entry.predictions.logits, slice.rows)});
  }
  return scores;
}

ReportConfusion confusion_of(const TrainedRun& trained, const DatasetSlice& slice,
                             const std::vector<SeedScores>& scores, std::size_t classes) {
  const ResultRow identity = identity_of(trained, slice, "classification");
  ReportConfusion confusion;
  confusion.model = identity.model;
  confusion.mode = identity.mode;
  confusion.notes = identity.notes;
  confusion.dataset = slice.name;
  confusion.seeds = scores.size();
  confusion.counts = ConfusionMatrix(classes);
  for (const SeedScores& entry : scores) {
    const ConfusionMatrix one =
        confusion_matrix(slice.truth, predicted_classes(entry.logits), classes);
    for (std::size_t i = 0; i < one.counts.size(); ++i) confusion.counts.counts[i] += one.counts[i];
  }
  return confusion;
}

// Whether z_img and z_txt of this run lie in one trained space.
bool aligns(Mode mode) {
  return mode == Mode::kMultimodal || mode == Mode::kContrastive || mode == Mode::kContrastiveAlign;
}

void evaluate_shared_space(const Study& study, const TrainedRun& trained, const DatasetSlice& slice,
                           const std::vector<SeedPredictions>& seeds, std::vector<ResultRow>& rows,
                           const Job& job) {
  const BootstrapOptions options = bootstrap_options(study, slice);
  std::vector<SeedRetrieval> retrieval;
  std::vector<SeedScores> zero_shot;
  std::vector<int> prompt_classes;
  for (int i = 0; i < static_cast<int>(study.classes.size()); ++i) prompt_classes.push_back(i);
  for (const SeedPredictions& entry : seeds) {
    job.check();
    const RetrievalSet set = retrieval_set(entry.predictions, slice, *trained.run);
    SeedRetrieval measured{entry.seed, {}};
    if (set.notes.rows > 0) {
      measured.results = evaluate_retrieval(set, job);
      zero_shot.push_back(
          {entry.seed, zero_shot_similarities(set.images, entry.predictions.prompts, prompt_classes,
                                              study.classes.size())});
    } else {
      measured.results.push_back(evaluate_retrieval(set, Direction::kImageToImage, false, job));
    }
    retrieval.push_back(std::move(measured));
  }
  append(rows, retrieval_rows(identity_of(trained, slice, "retrieval"), retrieval, slice.groups,
                              options, job));
  if (!zero_shot.empty()) {
    append(rows, classification_rows(identity_of(trained, slice, "zero-shot"), slice.truth,
                                     zero_shot, options, job));
  }
}

// The run that others with the same image encoder are held against: the study's own choice, else
// the first image-only run of that encoder, else the first image-only run.
const TrainedRun* baseline_for(const Study& study, const std::vector<TrainedRun>& runs,
                               const TrainedRun& candidate) {
  const TrainedRun* found = nullptr;
  for (const TrainedRun& run : runs) {
    if (!study.baseline.empty()) {
      if (run.run->name == study.baseline) return &run;
    } else if (run.run->train.mode == Mode::kImage) {
      const bool same = run.run->image_encoder.model == candidate.run->image_encoder.model &&
                        run.run->image_encoder.frozen == candidate.run->image_encoder.frozen;
      if (same) return &run;
      if (found == nullptr) found = &run;
    }
  }
  return found;
}

}  // namespace

FloatMatrix select_rows(const FloatMatrix& matrix, const std::vector<std::size_t>& rows) {
  FloatMatrix selected(rows.size(), matrix.columns);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::ranges::copy(matrix.row(rows[i]), selected.row(i).begin());
  }
  return selected;
}

std::vector<DatasetSlice> slice_by_dataset(const CaseSet& set, const Study& study) {
  std::vector<DatasetSlice> slices;
  for (const bool external : {false, true}) {
    for (const StudyData& data : study.data) {
      if (data.external == external)
        slices.push_back({data.name, external ? "external" : "internal", {}, {}, {}});
    }
  }
  std::size_t row = 0;
  for (const Case& entry : set.cases) {
    if (entry.role != Role::kTest && entry.role != Role::kExternal) continue;
    const auto slice = std::ranges::find(slices, entry.dataset, &DatasetSlice::name);
    slice->rows.push_back(row++);
    slice->truth.push_back(entry.label);
    slice->groups.push_back(entry.group);
  }
  std::erase_if(slices, [](const DatasetSlice& slice) { return slice.rows.empty(); });
  return slices;
}

RetrievalSet retrieval_set(const Predictions& predictions, const DatasetSlice& slice,
                           const StudyRun& run) {
  RetrievalSet set;
  set.images = select_rows(predictions.images, slice.rows);
  set.image_labels = slice.truth;
  set.image_groups = slice.groups;
  set.notes_from_labels = run.notes_name_label;
  std::vector<std::size_t> position(predictions.sample_ids.size(), SIZE_MAX);
  for (std::size_t i = 0; i < slice.rows.size(); ++i) position[slice.rows[i]] = i;
  std::vector<std::size_t> notes;
  for (std::size_t i = 0; i < predictions.note_cases.size(); ++i) {
    const std::size_t image = position[static_cast<std::size_t>(predictions.note_cases[i])];
    if (image == SIZE_MAX) continue;
    notes.push_back(i);
    set.note_images.push_back(image);
    set.note_texts.push_back(static_cast<std::size_t>(predictions.note_texts[i]));
  }
  set.notes = select_rows(predictions.notes, notes);
  return set;
}

Evaluation evaluate_runs(const Study& study, const std::vector<TrainedRun>& runs,
                         const std::vector<DatasetSlice>& slices, const Path& runs_folder,
                         Job& job) {
  Evaluation evaluation;
  Meter progress = job.meter("evaluation", runs.size() * slices.size(), "data sets");
  std::vector<std::vector<std::vector<SeedScores>>> scores(runs.size());  // [run][slice][seed]
  for (std::size_t r = 0; r < runs.size(); ++r) {
    std::vector<SeedPredictions> seeds;
    for (const auto& [seed, id] : runs[r].seeds) {
      seeds.push_back({seed, read_predictions(runs_folder / id / "predictions.safetensors")});
    }
    for (const DatasetSlice& slice : slices) {
      job.check();
      scores[r].push_back(class_scores(seeds, slice));
      append(evaluation.rows,
             classification_rows(identity_of(runs[r], slice, "classification"), slice.truth,
                                 scores[r].back(), bootstrap_options(study, slice), job));
      evaluation.confusions.push_back(
          confusion_of(runs[r], slice, scores[r].back(), study.classes.size()));
      if (aligns(runs[r].run->train.mode) || runs[r].run->train.mode == Mode::kImage) {
        evaluate_shared_space(study, runs[r], slice, seeds, evaluation.rows, job);
      }
      progress.add();
    }
  }
  for (std::size_t r = 0; r < runs.size(); ++r) {
    const TrainedRun* baseline = baseline_for(study, runs, runs[r]);
    if (baseline == nullptr || baseline == &runs[r]) continue;
    const auto b = static_cast<std::size_t>(baseline - runs.data());
    for (std::size_t s = 0; s < slices.size(); ++s) {
      job.check();
      for (const char* metric : {"weighted_f1", "balanced_accuracy"}) {
        Comparison comparison;
        comparison.model = runs[r].title;
        comparison.baseline = std::string(mode_name(baseline->run->train.mode));
        comparison.candidate = std::string(mode_name(runs[r].run->train.mode));
        comparison.candidate_notes = join(runs[r].run->notes, "+");
        comparison.dataset = slices[s].name;
        comparison.role = slices[s].role;
        comparison.metric = metric;
        comparison.result =
            compare_classification(metric, slices[s].truth, scores[b][s], scores[r][s],
                                   bootstrap_options(study, slices[s]));
        evaluation.comparisons.push_back(std::move(comparison));
      }
    }
  }
  return evaluation;
}

}  // namespace epicrisis::study
