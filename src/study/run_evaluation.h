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
  std::string title;  // ResultRow::model: what sets the run apart
  std::vector<std::pair<std::string, std::string>> seeds;  // seed as text, run id
};

// The rows of one data set in the predictions of every run.
struct DatasetSlice {
  std::string name;
  std::string role;               // "internal" or "external"
  std::vector<std::size_t> rows;  // of Predictions
  std::vector<int> truth;
  std::vector<std::string> groups;
};

struct Evaluation {
  std::vector<ResultRow> rows;
  std::vector<Comparison> comparisons;
  std::vector<ReportConfusion> confusions;
};

// Test and external cases by data set, internal ones first; rows as `Predictions` has them.
std::vector<DatasetSlice> slice_by_dataset(const CaseSet& set, const Study& study);

// Measures every finished run on every data set. `runs_folder` holds
// runs/<id>/predictions.safetensors.
Evaluation evaluate_runs(const Study& study, const std::vector<TrainedRun>& runs,
                         const std::vector<DatasetSlice>& slices, const Path& runs_folder,
                         Job& job);

// The notes and pictures of one data set in one run's shared space.
RetrievalSet retrieval_set(const Predictions& predictions, const DatasetSlice& slice,
                           const StudyRun& run);

// The rows `slice.rows` of a matrix.
FloatMatrix select_rows(const FloatMatrix& matrix, const std::vector<std::size_t>& rows);

}  // namespace epicrisis::study
