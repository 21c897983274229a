#include "epicrisis/eval/evaluation.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/core/parallel.h"

namespace epicrisis {
namespace {

std::optional<double> if_defined(double value) {
  return std::isnan(value) ? std::nullopt : std::optional(value);
}

ResultRow row_of(const ResultRow& identity, std::string seed, std::string metric,
                 const Estimate& estimate) {
  ResultRow row = identity;
  row.seed = std::move(seed);
  row.metric = std::move(metric);
  row.value = estimate.value;
  row.lo = if_defined(estimate.lo);
  row.hi = if_defined(estimate.hi);
  row.n = estimate.n;
  row.seeds = estimate.seeds;
  return row;
}

// A row for each training and one over all, without the undefined ones.
std::vector<ResultRow> rows_of(const ResultRow& identity, const std::string& metric,
                               const std::vector<std::string>& seeds,
                               const std::vector<ResampleStatistic>& statistics, std::size_t n,
                               const BootstrapOptions& options) {
  std::vector<ResultRow> rows;
  for (std::size_t s = 0; s < seeds.size(); ++s) {
    rows.push_back(row_of(identity, seeds[s], metric, bootstrap(n, statistics[s], options)));
  }
  if (seeds.size() > 1) {
    rows.push_back(row_of(identity, "all", metric, bootstrap_over_seeds(n, statistics, options)));
  }
  std::erase_if(rows, [](const ResultRow& row) { return !std::isfinite(row.value); });
  return rows;
}

std::vector<ResultRow> joined(const std::vector<std::vector<ResultRow>>& parts) {
  std::vector<ResultRow> rows;
  for (const std::vector<ResultRow>& part : parts) {
    rows.insert(rows.end(), part.begin(), part.end());
  }
  return rows;
}

std::vector<ResampleStatistic> statistics_of(const ClassificationMetric& metric,
                                             std::span<const int> truth,
                                             std::span<const SeedScores> runs) {
  std::vector<ResampleStatistic> statistics;
  for (const SeedScores& run : runs) {
    statistics.push_back(classification_statistic(metric, truth, run.logits));
  }
  return statistics;
}

// The group of each query: its image's, or the image itself.
std::vector<std::string> query_groups(const std::vector<std::size_t>& query_images,
                                      const std::vector<std::string>& image_groups) {
  std::vector<std::string> groups;
  groups.reserve(query_images.size());
  for (const std::size_t image : query_images) {
    if (!image_groups.empty() && image >= image_groups.size()) {
      throw UsageError("retrieval results: a query of image {}, but {} image groups", image,
                       image_groups.size());
    }
    const bool grouped = !image_groups.empty() && !image_groups[image].empty();
    groups.push_back(grouped ? "group " + image_groups[image] : fmt::format("image {}", image));
  }
  return groups;
}

// What was measured, then what chance would give.
const RetrievalMetric& metric_at(const RetrievalResult& result, std::size_t m) {
  return m < result.metrics.size() ? result.metrics[m] : result.chance[m - result.metrics.size()];
}

void require_same(std::span<const SeedRetrieval> runs) {
  for (const SeedRetrieval& run : runs) {
    const auto& first = runs.front().results;
    bool same = run.results.size() == first.size();
    for (std::size_t r = 0; same && r < first.size(); ++r) {
      same = run.results[r].direction == first[r].direction &&
             run.results[r].pair_in == first[r].pair_in &&
             run.results[r].query_images == first[r].query_images &&
             run.results[r].metrics.size() == first[r].metrics.size() &&
             run.results[r].chance.size() == first[r].chance.size();
      for (std::size_t m = 0; same && m < first[r].metrics.size(); ++m) {
        same = run.results[r].metrics[m].name == first[r].metrics[m].name;
      }
    }
    if (!same) {
      throw UsageError(
          "retrieval results: seed {} and seed {} measured different sets or metrics and cannot be "
          "averaged",
          runs.front().seed, run.seed);
    }
  }
}

}  // namespace

std::vector<ResultRow> classification_rows(const ResultRow& identity, std::span<const int> truth,
                                           std::span<const SeedScores> runs,
                                           const BootstrapOptions& options, const Job& job) {
  if (runs.empty()) {
    throw UsageError("results of {} on {}: there is no training to measure", identity.model,
                     identity.dataset);
  }
  std::vector<std::string> seeds;
  for (const SeedScores& run : runs) seeds.push_back(run.seed);
  const auto& metrics = classification_metrics();
  std::vector<std::vector<ResultRow>> parts(metrics.size());
  parallel_for(metrics.size(), 0, job, [&](std::size_t m) {
    // Similarities to prompts are no log-odds.
    if (identity.task == "zero-shot" && metrics[m].of_scores != nullptr) return;
    parts[m] = rows_of(identity, metrics[m].name, seeds, statistics_of(metrics[m], truth, runs),
                       truth.size(), options);
  });
  return joined(parts);
}

std::vector<ResultRow> class_rows(const ResultRow& identity, std::span<const int> truth,
                                  std::span<const SeedScores> runs,
                                  const std::vector<std::string>& classes,
                                  const BootstrapOptions& options, const Job& job) {
  if (runs.empty()) {
    throw UsageError("results of {} on {}: there is no training to measure", identity.model,
                     identity.dataset);
  }
  std::vector<std::string> seeds;
  std::vector<std::vector<int>> predicted;
  for (const SeedScores& run : runs) {
    if (run.logits.rows != truth.size() || run.logits.columns != classes.size()) {
      throw UsageError("results of {} on {}: {} rows of {} scores for {} labels and {} classes",
                       identity.model, identity.dataset, run.logits.rows, run.logits.columns,
                       truth.size(), classes.size());
    }
    seeds.push_back(run.seed);
    predicted.push_back(predicted_classes(run.logits));
  }
  std::vector<std::vector<ResultRow>> parts(2 * classes.size());
  parallel_for(parts.size(), 0, job, [&](std::size_t part) {
    const int label = static_cast<int>(part / 2);
    const bool recall = part % 2 == 0;
    std::size_t measured = 0;
    for (const int one : truth) measured += (one == label) == recall;
    if (measured == 0) return;
    std::vector<ResampleStatistic> statistics;
    for (const std::vector<int>& called : predicted) {
      std::vector<double> right(truth.size(), std::numeric_limits<double>::quiet_NaN());
      for (std::size_t i = 0; i < truth.size(); ++i) {
        if ((truth[i] == label) != recall) continue;
        right[i] = (called[i] == label) == recall ? 1 : 0;
      }
      statistics.push_back(mean_statistic(std::move(right)));
    }
    parts[part] = rows_of(identity, (recall ? "recall/" : "specificity/") + classes[part / 2],
                          seeds, statistics, truth.size(), options);
    for (ResultRow& row : parts[part]) row.n = measured;
  });
  return joined(parts);
}

std::vector<ReferenceValue> reference_values(std::span<const int> truth, std::size_t classes) {
  // Checks the labels too.
  const ConfusionMatrix right = confusion_matrix(truth, truth, classes);
  std::size_t most = 0;
  for (std::size_t c = 1; c < classes; ++c) {
    if (right.at(c, c) > right.at(most, most)) most = c;
  }
  ConfusionMatrix majority(classes);
  ConfusionMatrix chance(classes);  // expected counts times the number of classes
  for (std::size_t t = 0; t < classes; ++t) {
    majority.at(t, most) = right.at(t, t);
    for (std::size_t p = 0; p < classes; ++p) chance.at(t, p) = right.at(t, t);
  }
  const double area = auroc(truth, FloatMatrix(truth.size(), classes));  // of equal scores
  std::vector<ReferenceValue> values;
  for (const ClassificationMetric& metric : classification_metrics()) {
    const auto add = [&](const char* name, const ConfusionMatrix& confusion) {
      const double value =
          metric.of_confusion != nullptr ? metric.of_confusion(confusion, confusion) : area;
      if (std::isfinite(value)) values.push_back({name, metric.name, value});
    };
    add(kMajority, majority);
    add(kChance, chance);
  }
  return values;
}

std::vector<ResultRow> retrieval_rows(const ResultRow& identity,
                                      std::span<const SeedRetrieval> runs,
                                      const std::vector<std::string>& image_groups,
                                      const BootstrapOptions& options, const Job& job) {
  if (runs.empty()) {
    throw UsageError("retrieval results of {} on {}: there is no training to measure",
                     identity.model, identity.dataset);
  }
  require_same(runs);
  std::vector<std::string> seeds;
  for (const SeedRetrieval& run : runs) seeds.push_back(run.seed);
  std::vector<std::pair<std::size_t, std::size_t>> cells;  // (result, metric)
  const auto& first = runs.front().results;
  for (std::size_t r = 0; r < first.size(); ++r) {
    const std::size_t metrics = first[r].metrics.size() + first[r].chance.size();
    for (std::size_t m = 0; m < metrics; ++m) cells.emplace_back(r, m);
  }
  std::vector<std::vector<ResultRow>> parts(cells.size());
  parallel_for(cells.size(), 0, job, [&](std::size_t c) {
    const auto [r, m] = cells[c];
    BootstrapOptions by_image = options;
    by_image.groups = query_groups(first[r].query_images, image_groups);
    by_image.strata.clear();
    std::vector<ResampleStatistic> statistics;
    for (const SeedRetrieval& run : runs) {
      statistics.push_back(metric_at(run.results[r], m).statistic());
    }
    const RetrievalMetric& metric = metric_at(first[r], m);
    parts[c] = rows_of(identity, first[r].metric_name(metric), seeds, statistics,
                       first[r].query_images.size(), by_image);
    // A query without a value (its label is not in the pool) is not among those measured.
    const std::vector<double>& values = metric.per_query;
    const auto measured = std::count_if(values.begin(), values.end(),
                                        [](double value) { return !std::isnan(value); });
    for (ResultRow& row : parts[c]) row.n = static_cast<std::size_t>(measured);
  });
  return joined(parts);
}

std::vector<ResultRow> distance_rows(const ResultRow& identity, std::span<const SeedDistances> runs,
                                     const BootstrapOptions& options) {
  if (runs.empty()) {
    throw UsageError("distances of {} on {}: there is no training to measure", identity.model,
                     identity.dataset);
  }
  constexpr std::array<std::pair<const char*, std::vector<double> NoteDistances::*>, 3> kMetrics = {
      {{"own_notes", &NoteDistances::own},
       {"other_notes", &NoteDistances::others},
       {"margin", &NoteDistances::margin}}};
  const std::size_t images = runs.front().distances.own.size();
  std::vector<std::string> seeds;
  for (const SeedDistances& run : runs) {
    seeds.push_back(run.seed);
    if (run.distances.own.size() == images) continue;
    throw UsageError("distances of {} on {}: seed {} measured {} images, seed {} {}",
                     identity.model, identity.dataset, runs.front().seed, images, run.seed,
                     run.distances.own.size());
  }
  std::vector<ResultRow> rows;
  for (const auto& [name, values] : kMetrics) {
    std::vector<ResampleStatistic> statistics;
    for (const SeedDistances& run : runs)
      statistics.push_back(mean_statistic(run.distances.*values));
    const std::vector<double>& first = runs.front().distances.*values;
    const auto measured =
        std::ranges::count_if(first, [](double value) { return !std::isnan(value); });
    for (ResultRow& row : rows_of(identity, name, seeds, statistics, images, options)) {
      row.n = static_cast<std::size_t>(measured);
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

PairedDifference compare_classification(std::string_view metric, std::span<const int> truth,
                                        std::span<const SeedScores> baseline,
                                        std::span<const SeedScores> candidate,
                                        const BootstrapOptions& options) {
  const ClassificationMetric& known = classification_metric(metric);
  return paired_bootstrap(truth.size(), statistics_of(known, truth, baseline),
                          statistics_of(known, truth, candidate), options);
}

}  // namespace epicrisis
