#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/core/job.h"
#include "epicrisis/eval/classification.h"
#include "epicrisis/eval/result_row.h"
#include "epicrisis/eval/retrieval.h"
#include "epicrisis/eval/statistics.h"

namespace epicrisis {

// What one training gave for a data set.
struct SeedScores {
  std::string seed;    // "1"
  FloatMatrix logits;  // (samples, classes), rows in the order of `truth`
};

// The rows of every registered metric for each seed, and with two seeds or more for seed "all".
// `identity` gives model, mode, notes, dataset, role and task ("classification" or "zero-shot",
// where AUROC is left out). Undefined metrics (NaN value) are left out. UsageError as
// classification_statistic(), or without a run.
std::vector<ResultRow> classification_rows(const ResultRow& identity, std::span<const int> truth,
                                           std::span<const SeedScores> runs,
                                           const BootstrapOptions& options, const Job& job);

// The same of retrieval: for each seed what evaluate_retrieval() gave of the same set, in the same
// order. Queries are resampled by the group of their image (`image_groups`: as RetrievalSet;
// without groups by image, as several notes of one are not independent); the pool stays as it is.
// `options.groups` and `options.strata` are not used.
struct SeedRetrieval {
  std::string seed;
  std::vector<RetrievalResult> results;
};
std::vector<ResultRow> retrieval_rows(const ResultRow& identity,
                                      std::span<const SeedRetrieval> runs,
                                      const std::vector<std::string>& image_groups,
                                      const BootstrapOptions& options, const Job& job);

// Two models on one data set: candidate minus baseline in the named metric.
PairedDifference compare_classification(std::string_view metric, std::span<const int> truth,
                                        std::span<const SeedScores> baseline,
                                        std::span<const SeedScores> candidate,
                                        const BootstrapOptions& options);

}  // namespace epicrisis
