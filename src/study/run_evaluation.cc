#include "study/run_evaluation.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "epicrisis/core/hash.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/core/version.h"
#include "epicrisis/eval/zero_shot.h"
#include "epicrisis/notes/strategy/strategy.h"
#include "epicrisis/report/tables.h"
#include "study/run_differences.h"

namespace epicrisis::study {
namespace {

// Predictions of one seed of a run for a data set.
struct SeedPredictions {
  std::string seed;
  Predictions predictions;
};

ResultRow identity_of(const TrainedRun& trained, const DatasetSlice& slice, const char* task) {
  ResultRow row;
  row.run = trained.run->name;
  row.model = trained.title;
  row.mode = std::string(mode_name(trained.run->train.mode));
  row.notes = join(trained.run->notes, "+");
  row.dataset = slice.name;
  row.role = slice.role;
  row.task = task;
  return row;
}

void append(std::vector<ResultRow>& rows, const std::vector<ResultRow>& more) {
  rows.insert(rows.end(), more.begin(), more.end());
}

FloatMatrix rows_of(const FloatMatrix& matrix, const std::vector<std::size_t>& rows) {
  FloatMatrix part(rows.size(), matrix.columns);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::ranges::copy(matrix.row(rows[i]), part.row(i).begin());
  }
  return part;
}

std::vector<SeedPredictions> read_seeds(const TrainedRun& run, const DatasetSlice& slice,
                                        const Path& runs_folder) {
  std::vector<SeedPredictions> seeds;
  for (const auto& [seed, id] : run.seeds) {
    seeds.push_back({seed, read_predictions(predictions_file(runs_folder / id, slice.name))});
  }
  return seeds;
}

// Trainings of one run have the same notes.
MeasuredSlice measured_slice(const std::vector<SeedPredictions>& seeds, Mode mode) {
  MeasuredSlice measured;
  measured.rows = predicted_rows(seeds.front().predictions, mode);
  for (const SeedPredictions& entry : seeds) {
    measured.scores.push_back({entry.seed, rows_of(entry.predictions.logits, measured.rows)});
  }
  return measured;
}

// To be raised when other rows are measured of equal predictions within one version.
constexpr int kRows = 5;

// Everything that the rows of a run on a data set depend on.
std::string key_of(const Study& study, const TrainedRun& run, const DatasetSlice& slice,
                   const std::vector<SeedPredictions>& seeds) {
  std::string all = fmt::format(
      "{} {}\n{}\n{} {} {} {}", kVersion, kRows, measured_name(identity_of(run, slice, "")),
      study.bootstrap, study.split_seed, join(class_names(study), ","), run.run->notes_name_label);
  for (const SeedPredictions& entry : seeds) {
    all += fmt::format("\n{} {} {}", entry.seed, entry.predictions.identity,
                       entry.predictions.checksum);
  }
  for (std::size_t i = 0; i < slice.truth.size(); ++i) {
    all += fmt::format("\n{} {}", slice.truth[i], slice.groups[i]);
  }
  // Earlier rows of this mode were measured on samples without a note too.
  if (run.run->train.mode == Mode::kText) all += "\nwith a note";
  return sha256_hex(all);
}

ReportConfusion confusion_of(const TrainedRun& trained, const DatasetSlice& slice,
                             const std::vector<SeedScores>& scores, std::size_t classes) {
  const ResultRow identity = identity_of(trained, slice, "classification");
  ReportConfusion confusion;
  confusion.run = identity.run;
  confusion.role = slice.role;
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

// Whether z_img and z_txt of this run lie in one space.
bool aligns(Mode mode) { return mode != Mode::kImage && mode != Mode::kText; }

void evaluate_shared_space(const Study& study, const TrainedRun& trained, const DatasetSlice& slice,
                           const std::vector<SeedPredictions>& seeds, std::vector<ResultRow>& rows,
                           const Job& job) {
  const BootstrapOptions options = bootstrap_options(study, slice);
  std::vector<SeedRetrieval> retrieval;
  std::vector<SeedScores> zero_shot;
  std::vector<SeedDistances> distances;
  std::vector<int> prompt_classes;
  for (int i = 0; i < static_cast<int>(study.classes.size()); ++i) prompt_classes.push_back(i);
  for (const SeedPredictions& entry : seeds) {
    job.check();
    const RetrievalSet set = retrieval_set(entry.predictions, slice, *trained.run);
    SeedRetrieval measured{entry.seed, {}};
    if (set.notes.rows > 0) {
      measured.results = evaluate_retrieval(set, job);
      distances.push_back({entry.seed, note_distances(set)});
    } else {
      measured.results.push_back(evaluate_retrieval(set, Direction::kImageToImage, false, job));
    }
    retrieval.push_back(std::move(measured));
    // The classes' prompts are enough for it: no sample needs a note.
    if (entry.predictions.prompts.rows > 0) {
      zero_shot.push_back(
          {entry.seed, zero_shot_similarities(set.images, entry.predictions.prompts, prompt_classes,
                                              study.classes.size())});
    }
  }
  append(rows, retrieval_rows(identity_of(trained, slice, "retrieval"), retrieval, slice.groups,
                              options, job));
  if (!distances.empty()) {
    append(rows, distance_rows(identity_of(trained, slice, "distance"), distances, options));
  }
  if (!zero_shot.empty()) {
    append(rows, classification_rows(identity_of(trained, slice, "zero-shot"), slice.truth,
                                     zero_shot, options, job));
  }
}

// The run that a candidate is held against: the study's own choice, else the image-only run of the
// same encoder that differs least from it in its settings (of an image-only run one before it),
// else the first image-only run. Null for the first image-only run of an encoder.
const TrainedRun* baseline_for(const Study& study, const std::vector<TrainedRun>& runs,
                               const TrainedRun& candidate) {
  if (!study.baseline.empty()) {
    const auto chosen = std::ranges::find(runs, study.baseline,
                                          [](const TrainedRun& run) { return run.run->name; });
    return chosen == runs.end() ? nullptr : &*chosen;
  }
  const TrainedRun* first = nullptr;
  const TrainedRun* nearest = nullptr;
  std::size_t least = 0;
  for (const TrainedRun& run : runs) {
    if (run.run->train.mode != Mode::kImage) continue;
    if (&run == &candidate) return nearest;
    if (first == nullptr) first = &run;
    if (run.run->image_encoder.model != candidate.run->image_encoder.model ||
        run.run->image_encoder.frozen != candidate.run->image_encoder.frozen) {
      continue;
    }
    const std::size_t differences = differences_besides_notes(*candidate.run, *run.run).size();
    if (nearest != nullptr && differences >= least) continue;
    nearest = &run;
    least = differences;
  }
  return nearest != nullptr ? nearest : first;
}

// Tells which samples of a slice a run cannot be measured on.
void note_left_out(const TrainedRun& trained, const DatasetSlice& slice, std::size_t measured,
                   Evaluation& evaluation, const Job& job) {
  if (measured == slice.cases.size()) return;
  evaluation.without_note.push_back({trained.run->name, slice.name, slice.role,
                                     slice.cases.size() - measured, slice.cases.size()});
  job.warn("{}", left_out_words(evaluation.without_note.back()));
}

// The rows of a run on the part of a data set that it was measured on.
std::vector<ResultRow> measure(const Study& study, const TrainedRun& trained,
                               const DatasetSlice& slice, const std::vector<SeedScores>& scores,
                               const std::vector<SeedPredictions>& seeds, const Job& job) {
  const ResultRow identity = identity_of(trained, slice, "classification");
  const BootstrapOptions options = bootstrap_options(study, slice);
  std::vector<ResultRow> rows = classification_rows(identity, slice.truth, scores, options, job);
  append(rows, class_rows(identity, slice.truth, scores, class_names(study), options, job));
  if (aligns(trained.run->train.mode) || trained.run->train.mode == Mode::kImage) {
    evaluate_shared_space(study, trained, slice, seeds, rows, job);
  }
  return rows;
}

}  // namespace

BootstrapOptions bootstrap_options(const Study& study, const DatasetSlice& slice) {
  BootstrapOptions options;
  options.replicates = static_cast<std::size_t>(study.bootstrap);
  options.seed = study.split_seed;
  options.groups = slice.groups;
  return options;
}

DatasetSlice part_of(const DatasetSlice& slice, const std::vector<std::size_t>& rows) {
  DatasetSlice part{slice.name, slice.role, {}, {}, {}};
  for (const std::size_t row : rows) {
    part.cases.push_back(slice.cases[row]);
    part.truth.push_back(slice.truth[row]);
    part.groups.push_back(slice.groups[row]);
  }
  return part;
}

std::vector<SeedScores> scores_of(const MeasuredSlice& measured,
                                  const std::vector<std::size_t>& rows) {
  if (rows.size() == measured.rows.size()) return measured.scores;
  std::vector<std::size_t> places;
  for (const std::size_t row : rows) {
    places.push_back(static_cast<std::size_t>(std::ranges::lower_bound(measured.rows, row) -
                                              measured.rows.begin()));
  }
  std::vector<SeedScores> scores;
  for (const SeedScores& one : measured.scores) {
    scores.push_back({one.seed, rows_of(one.logits, places)});
  }
  return scores;
}

MeasuredSlice measured_slice(const TrainedRun& run, const DatasetSlice& slice,
                             const Path& runs_folder) {
  return measured_slice(read_seeds(run, slice, runs_folder), run.run->train.mode);
}

std::string measured_name(const ResultRow& row) {
  return fmt::format("{}|{}|{}|{}|{}|{}", row.run, row.model, row.mode, row.notes, row.dataset,
                     row.role);
}

std::vector<DatasetSlice> slice_by_dataset(const CaseSet& set, const Study& study) {
  std::vector<DatasetSlice> slices;
  for (const bool external : {false, true}) {
    for (const StudyData& data : study.data) {
      if (data.external == external)
        slices.push_back({data.name, external ? "external" : "internal", {}, {}, {}});
    }
  }
  for (std::size_t i = 0; i < set.cases.size(); ++i) {
    const Case& entry = set.cases[i];
    if (entry.role != Role::kTest && entry.role != Role::kExternal) continue;
    const auto slice = std::ranges::find(slices, entry.dataset, &DatasetSlice::name);
    slice->cases.push_back(i);
    slice->truth.push_back(entry.label);
    slice->groups.push_back(entry.group);
  }
  std::erase_if(slices, [](const DatasetSlice& slice) { return slice.cases.empty(); });
  return slices;
}

RetrievalSet retrieval_set(const Predictions& predictions, const DatasetSlice& slice,
                           const StudyRun& run) {
  RetrievalSet set;
  set.images = predictions.images;
  set.image_labels = slice.truth;
  set.image_groups = slice.groups;
  set.notes_from_labels = run.notes_name_label;
  set.notes = predictions.notes;
  for (std::size_t i = 0; i < predictions.note_cases.size(); ++i) {
    set.note_images.push_back(static_cast<std::size_t>(predictions.note_cases[i]));
    set.note_texts.push_back(static_cast<std::size_t>(predictions.note_texts[i]));
  }
  return set;
}

Evaluation evaluate_runs(const Study& study, const std::vector<TrainedRun>& runs,
                         const std::vector<DatasetSlice>& slices, const Path& runs_folder,
                         const MeasuredRows& known, Job& job) {
  Evaluation evaluation;
  Meter progress = job.meter("evaluation", runs.size(), "runs");
  evaluation.measured.resize(runs.size());
  for (std::size_t r = 0; r < runs.size(); ++r) {
    for (const DatasetSlice& slice : slices) {
      job.check();
      const std::vector<SeedPredictions> seeds = read_seeds(runs[r], slice, runs_folder);
      const MeasuredSlice& measured =
          evaluation.measured[r].emplace_back(measured_slice(seeds, runs[r].run->train.mode));
      note_left_out(runs[r], slice, measured.rows.size(), evaluation, job);
      if (measured.rows.empty()) continue;
      const DatasetSlice part = part_of(slice, measured.rows);
      evaluation.confusions.push_back(
          confusion_of(runs[r], part, measured.scores, study.classes.size()));
      const std::string name = measured_name(identity_of(runs[r], slice, ""));
      const std::string key = key_of(study, runs[r], slice, seeds);
      evaluation.keys[name] = key;
      const auto before = known.keys.find(name);
      append(evaluation.rows, before != known.keys.end() && before->second == key
                                  ? known.rows.at(name)
                                  : measure(study, runs[r], part, measured.scores, seeds, job));
    }
    progress.add();
  }
  return evaluation;
}

void compare_runs(const Study& study, const std::vector<TrainedRun>& runs,
                  const std::vector<DatasetSlice>& slices, Evaluation& evaluation, const Job& job) {
  for (std::size_t r = 0; r < runs.size(); ++r) {
    const TrainedRun* baseline = baseline_for(study, runs, runs[r]);
    if (baseline == nullptr || baseline == &runs[r]) continue;
    const auto b = static_cast<std::size_t>(baseline - runs.data());
    const std::vector<std::string> differences =
        differences_besides_notes(*runs[r].run, *baseline->run);
    for (std::size_t s = 0; s < slices.size(); ++s) {
      job.check();
      const MeasuredSlice& own = evaluation.measured[r][s];
      const MeasuredSlice& other = evaluation.measured[b][s];
      std::vector<std::size_t> common;
      std::ranges::set_intersection(own.rows, other.rows, std::back_inserter(common));
      if (common.empty()) continue;
      const DatasetSlice part = part_of(slices[s], common);
      const std::vector<SeedScores> baseline_scores = scores_of(other, common);
      const std::vector<SeedScores> scores = scores_of(own, common);
      for (const char* metric : {"weighted_f1", "balanced_accuracy"}) {
        Comparison comparison;
        comparison.run = runs[r].run->name;
        comparison.baseline_run = baseline->run->name;
        comparison.differences = differences;
        comparison.model = runs[r].title;
        comparison.baseline = std::string(mode_name(baseline->run->train.mode));
        comparison.candidate = std::string(mode_name(runs[r].run->train.mode));
        comparison.candidate_notes = join(runs[r].run->notes, "+");
        comparison.dataset = slices[s].name;
        comparison.role = slices[s].role;
        comparison.metric = metric;
        comparison.result = compare_classification(metric, part.truth, baseline_scores, scores,
                                                   bootstrap_options(study, part));
        evaluation.comparisons.push_back(std::move(comparison));
      }
    }
  }
}

}  // namespace epicrisis::study
