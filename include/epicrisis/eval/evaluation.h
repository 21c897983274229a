#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/core/job.h"
#include "epicrisis/eval/classification.h"
#include "epicrisis/eval/distance.h"
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

// Recall ("recall/MEL": the share of a class's samples that are called by it) and specificity
// ("specificity/MEL": the share of the other samples that are not) of each class that has samples
// to measure it on, in the order of `classes`, the short names of the columns of the logits. n
// counts those samples alone. Seeds, intervals and errors as above.
std::vector<ResultRow> class_rows(const ResultRow& identity, std::span<const int> truth,
                                  std::span<const SeedScores> runs,
                                  const std::vector<std::string>& classes,
                                  const BootstrapOptions& options, const Job& job);

// What a classifier that has learned nothing would reach on a data set. It follows from the counts
// of the classes, so it has no interval.
struct ReferenceValue {
  std::string name;    // kMajority or kChance
  std::string metric;  // of classification_metrics(); undefined ones are left out
  double value = 0;
};
inline constexpr const char* kMajority = "always the most frequent class";  // of the set itself
inline constexpr const char* kChance = "chance";  // each of `classes` called equally often
// UsageError for labels outside `classes`.
std::vector<ReferenceValue> reference_values(std::span<const int> truth, std::size_t classes);

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

// The mean distances of images and notes ("own_notes", "other_notes", "margin"; distance.h) of each
// training and over all, by image, resampled by `options.groups`. n counts the images that have
// one. UsageError for trainings that measured other numbers of images, or without one.
struct SeedDistances {
  std::string seed;
  NoteDistances distances;
};
std::vector<ResultRow> distance_rows(const ResultRow& identity, std::span<const SeedDistances> runs,
                                     const BootstrapOptions& options);

// Two models on one data set: candidate minus baseline in the named metric.
PairedDifference compare_classification(std::string_view metric, std::span<const int> truth,
                                        std::span<const SeedScores> baseline,
                                        std::span<const SeedScores> candidate,
                                        const BootstrapOptions& options);

}  // namespace epicrisis
