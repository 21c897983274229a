#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "epicrisis/core/job.h"
#include "epicrisis/eval/evaluation.h"
#include "epicrisis/report/report_data.h"
#include "study/predictions.h"
#include "study/study_inputs.h"

namespace epicrisis::study {

// A run of the study with one entry a finished seed.
struct TrainedRun {
  const StudyRun* run = nullptr;
  // ResultRow::model: its image encoder; of mode `text` its text encoder
  std::string title;
  std::vector<std::pair<std::string, std::string>> seeds;  // seed as text, run id
};

// The test or external cases of one data set; a run's predictions have a row for each.
struct DatasetSlice {
  std::string name;
  std::string role;                // "internal" or "external"
  std::vector<std::size_t> cases;  // of CaseSet
  std::vector<int> truth;
  std::vector<std::string> groups;
};

// The rows of each run on each data set, and what they depend on, by the name of both.
struct MeasuredRows {
  std::map<std::string, std::string> keys;
  std::map<std::string, std::vector<ResultRow>> rows;
};
// Names the run and the data set that a row is of.
std::string measured_name(const ResultRow& row);

// What one run says of one data set, for those of its cases that the run has something to go by of:
// all, but in mode `text` those with a note.
struct MeasuredSlice {
  std::vector<std::size_t> rows;   // of the slice, ascending
  std::vector<SeedScores> scores;  // a row each
};

// Reads the predictions of all its trainings; `runs_folder` holds <id>/predictions/.
MeasuredSlice measured_slice(const TrainedRun& run, const DatasetSlice& slice,
                             const Path& runs_folder);
// Of those that were measured, the ones of `rows`, a part of theirs.
std::vector<SeedScores> scores_of(const MeasuredSlice& measured,
                                  const std::vector<std::size_t>& rows);
DatasetSlice part_of(const DatasetSlice& slice, const std::vector<std::size_t>& rows);
// How often, and in which groups, the samples of a slice are drawn.
BootstrapOptions bootstrap_options(const Study& study, const DatasetSlice& slice);

struct Evaluation {
  std::vector<ResultRow> rows;
  std::map<std::string, std::string> keys;  // as MeasuredRows has them
  std::vector<ReportConfusion> confusions;
  std::vector<std::vector<MeasuredSlice>> measured;  // [run][slice]
  std::vector<SamplesWithoutNote> without_note;      // of the runs of mode `text`
  std::vector<Comparison> comparisons;               // by compare_runs()
};

// Test and external cases by data set, internal ones first; rows as `Predictions` has them.
std::vector<DatasetSlice> slice_by_dataset(const CaseSet& set, const Study& study);

// Measures every finished run on every data set, but for what is among `known` and depends on the
// same as then. `runs_folder` holds <id>/predictions/. Warns of what is left out of a run.
Evaluation evaluate_runs(const Study& study, const std::vector<TrainedRun>& runs,
                         const std::vector<DatasetSlice>& slices, const Path& runs_folder,
                         const MeasuredRows& known, Job& job);
// Holds the runs against their baselines, on the cases that both were measured on.
void compare_runs(const Study& study, const std::vector<TrainedRun>& runs,
                  const std::vector<DatasetSlice>& slices, Evaluation& evaluation, const Job& job);

// The notes and pictures of one data set in one run's shared space.
RetrievalSet retrieval_set(const Predictions& predictions, const DatasetSlice& slice,
                           const StudyRun& run);

}  // namespace epicrisis::study
