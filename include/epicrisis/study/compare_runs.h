#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "epicrisis/core/job.h"
#include "epicrisis/core/json.h"
#include "epicrisis/eval/paired_difference.h"
#include "epicrisis/eval/paired_tests.h"
#include "epicrisis/eval/statistics.h"
#include "epicrisis/store/workspace.h"

namespace epicrisis {

// What two runs of one study reach in one metric on one data set.
struct MetricComparison {
  std::string metric;  // "weighted_f1", "brier", or of the grade: "<grade>/auroc"
  bool lower_is_better = false;
  Estimate first;
  Estimate second;
  PairedTest test;                     // second less first; undefined numbers are NaN
  double adjusted_p = 1;               // by Holm, over all metrics and data sets of the comparison
  std::optional<Wilcoxon> over_seeds;  // of the differences at equal seeds, where there are two
};

// Of one training of each, with equal seeds where both have it. The tests take samples to be
// independent, and say nothing of another training.
struct TrainingComparison {
  std::string first_seed;
  std::string second_seed;
  McNemar answers;
  std::optional<DeLong> grade;  // AUROC of RunComparison::grade against the rest
};

struct SetComparison {
  std::string dataset;
  std::string role;        // "internal", "external"
  std::size_t n = 0;       // samples that both were measured on
  std::size_t groups = 0;  // patients or cases among them; a sample without one is its own
  std::vector<MetricComparison> metrics;
  std::vector<TrainingComparison> trainings;
};

struct RunComparison {
  std::string study;
  std::string first;  // names of runs
  std::string second;
  std::vector<std::string> first_seeds;
  std::vector<std::string> second_seeds;
  // What sets them apart besides mode and notes: "epochs: 20, not 100".
  std::vector<std::string> differences;
  std::string grade;  // of the field, that classes are held against the others by; "" where none is
  double margin = 0;
  double confidence = 0;
  std::size_t replicates = 0;
  std::vector<SetComparison> sets;
  std::size_t tests = 0;  // that Holm's correction counted
};
Json to_json(const MetricComparison& metric);
Json to_json(const TrainingComparison& training);
Json to_json(const SetComparison& set);
Json to_json(const RunComparison& comparison);

struct CompareOptions {
  std::string study;     // which, where the workspace has several
  double margin = 0.02;  // within which runs are equivalent
  // Of the bootstrap. A p-value is at least 2 of these and one more: with a thousand, Holm's
  // correction for 36 tests would leave nothing below .05.
  std::size_t replicates = 10'000;
};

// Holds `second` against `first`, each the name of a run of a study with all its trainings, or the
// id of one training, or how that begins. On every data set of the study, on the samples that both
// were measured on. UsageError for a name that is none, two runs of different studies, a run
// against itself, a margin outside (0, 1), or where nothing was measured on the same samples; else
// as evaluate_study().
RunComparison compare_two_runs(Workspace& workspace, const std::string& first,
                               const std::string& second, const CompareOptions& options, Job& job);

}  // namespace epicrisis
