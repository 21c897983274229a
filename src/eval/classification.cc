#include "epicrisis/eval/classification.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"

namespace epicrisis {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

// Row and column sums of a confusion matrix.
struct Margins {
  std::vector<std::uint64_t> truth;
  std::vector<std::uint64_t> predicted;
  std::uint64_t total = 0;
};

Margins margins(const ConfusionMatrix& confusion) {
  Margins sums{std::vector<std::uint64_t>(confusion.classes),
               std::vector<std::uint64_t>(confusion.classes), 0};
  for (std::size_t t = 0; t < confusion.classes; ++t) {
    for (std::size_t p = 0; p < confusion.classes; ++p) {
      const std::uint64_t count = confusion.at(t, p);
      sums.truth[t] += count;
      sums.predicted[p] += count;
      sums.total += count;
    }
  }
  return sums;
}

double ratio(std::uint64_t numerator, std::uint64_t denominator) {
  return denominator == 0 ? 0.0 : static_cast<double>(numerator) / static_cast<double>(denominator);
}

void require_finite(const FloatMatrix& scores) {
  for (std::size_t i = 0; i < scores.rows; ++i) {
    const std::span<const float> row = scores.row(i);
    for (std::size_t c = 0; c < row.size(); ++c) {
      if (!std::isfinite(row[c])) {
        throw UsageError(
            "evaluating scores: row {} column {} is {}; a model that diverged cannot be measured",
            i, c, row[c]);
      }
    }
  }
}

void require_truth(std::span<const int> truth, std::size_t rows, std::size_t classes) {
  if (truth.size() != rows) {
    throw UsageError("evaluating scores: {} labels for {} rows of scores", truth.size(), rows);
  }
  for (std::size_t i = 0; i < truth.size(); ++i) {
    if (truth[i] < 0 || static_cast<std::size_t>(truth[i]) >= classes) {
      throw UsageError("evaluating scores: label {} of sample {} is not one of {} classes",
                       truth[i], i, classes);
    }
  }
}

// z_c - log sum_{j != c} exp z_j. The others are summed in order of size, so that rows that are
// permutations of each other tie exactly.
double log_odds(std::span<const float> row, std::size_t c, std::vector<double>& scratch) {
  scratch.clear();
  for (std::size_t j = 0; j < row.size(); ++j) {
    if (j != c) scratch.push_back(static_cast<double>(row[j]));
  }
  std::sort(scratch.begin(), scratch.end());
  double sum = 0;
  for (const double other : scratch) sum += std::exp(other - scratch.back());
  return static_cast<double>(row[c]) - scratch.back() - std::log(sum);
}

// The samples in rising order of one class's score.
struct Ranking {
  struct Entry {
    std::uint32_t sample;
    bool positive;
    bool opens_tie;  // its score differs from the one before
  };
  std::vector<Entry> entries;

  // Area under the curve = P(score of a positive > score of a negative) + half of P(equal)
  // (Hanley, McNeil 1982), by one walk.
  double area(SampleCounts counts) const {
    double below = 0;  // negatives of lower score
    double tied_negatives = 0;
    double tied_positives = 0;
    double positives = 0;
    double wins = 0;
    const auto close_tie = [&] {
      wins += tied_positives * (below + 0.5 * tied_negatives);
      below += tied_negatives;
      positives += tied_positives;
      tied_negatives = tied_positives = 0;
    };
    for (const Entry& entry : entries) {
      if (entry.opens_tie) close_tie();
      (entry.positive ? tied_positives : tied_negatives) += counts[entry.sample];
    }
    close_tie();
    return positives == 0 || below == 0 ? kUndefined : wins / (positives * below);
  }
};

std::vector<Ranking> rankings(std::span<const int> truth, const FloatMatrix& logits) {
  require_truth(truth, logits.rows, logits.columns);
  require_finite(logits);
  std::vector<Ranking> result;
  if (logits.columns < 2) return result;
  std::vector<double> scores(logits.rows);
  std::vector<double> scratch;
  std::vector<std::uint32_t> order(logits.rows);
  for (std::size_t c = 0; c < logits.columns; ++c) {
    for (std::size_t i = 0; i < logits.rows; ++i) scores[i] = log_odds(logits.row(i), c, scratch);
    std::iota(order.begin(), order.end(), 0U);
    std::sort(order.begin(), order.end(),
              [&](std::uint32_t a, std::uint32_t b) { return scores[a] < scores[b]; });
    Ranking ranking;
    ranking.entries.reserve(order.size());
    for (std::size_t k = 0; k < order.size(); ++k) {
      const std::uint32_t i = order[k];
      ranking.entries.push_back(
          {i, truth[i] == static_cast<int>(c), k > 0 && scores[order[k - 1]] != scores[i]});
    }
    result.push_back(std::move(ranking));
  }
  return result;
}

// Those of the classes that count: with two columns class 1, else those with positives and
// negatives.
std::vector<Ranking> counting_rankings(std::span<const int> truth, const FloatMatrix& logits) {
  std::vector<Ranking> ranked = rankings(truth, logits);
  if (ranked.size() == 2) {
    ranked.erase(ranked.begin());
    return ranked;
  }
  const std::vector<std::uint32_t> ones(truth.size(), 1);
  std::erase_if(ranked, [&](const Ranking& ranking) { return std::isnan(ranking.area(ones)); });
  return ranked;
}

// NaN where one of them is undefined.
double mean_area(const std::vector<Ranking>& ranked, SampleCounts counts) {
  double sum = 0;
  for (const Ranking& ranking : ranked) sum += ranking.area(counts);
  return ranked.empty() ? kUndefined : sum / static_cast<double>(ranked.size());
}

ResampleStatistic auroc_statistic(std::span<const int> truth, const FloatMatrix& logits) {
  return [ranked = counting_rankings(truth, logits)](SampleCounts counts) {
    return mean_area(ranked, counts);
  };
}

}  // namespace

std::uint64_t ConfusionMatrix::total() const {
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

ConfusionMatrix confusion_matrix(std::span<const int> truth, std::span<const int> predictions,
                                 std::size_t classes) {
  require_truth(truth, predictions.size(), classes);
  require_truth(predictions, truth.size(), classes);
  ConfusionMatrix confusion(classes);
  for (std::size_t i = 0; i < truth.size(); ++i) {
    ++confusion.at(static_cast<std::size_t>(truth[i]), static_cast<std::size_t>(predictions[i]));
  }
  return confusion;
}

std::vector<double> softmax(std::span<const float> scores) {
  const auto most = static_cast<double>(*std::ranges::max_element(scores));
  std::vector<double> result;
  double sum = 0;
  for (const float score : scores) {
    result.push_back(std::exp(static_cast<double>(score) - most));
    sum += result.back();
  }
  for (double& one : result) one /= sum;
  return result;
}

std::vector<int> predicted_classes(const FloatMatrix& scores) {
  if (scores.columns == 0 && scores.rows > 0) {
    throw UsageError("evaluating scores: {} rows without a column", scores.rows);
  }
  require_finite(scores);
  std::vector<int> predictions(scores.rows);
  for (std::size_t i = 0; i < scores.rows; ++i) {
    const std::span<const float> row = scores.row(i);
    predictions[i] = static_cast<int>(std::max_element(row.begin(), row.end()) - row.begin());
  }
  return predictions;
}

double accuracy(const ConfusionMatrix& confusion) {
  std::uint64_t right = 0;
  for (std::size_t c = 0; c < confusion.classes; ++c) right += confusion.at(c, c);
  const std::uint64_t total = confusion.total();
  return total == 0 ? kUndefined : ratio(right, total);
}

double balanced_accuracy(const ConfusionMatrix& confusion) {
  return balanced_accuracy(confusion, confusion);
}

double balanced_accuracy(const ConfusionMatrix& resample, const ConfusionMatrix& all) {
  const Margins sums = margins(resample);
  const Margins known = margins(all);
  double recall = 0;
  std::size_t classes = 0;
  for (std::size_t c = 0; c < all.classes; ++c) {
    if (known.truth[c] == 0) continue;
    if (sums.truth[c] == 0) return kUndefined;
    recall += ratio(resample.at(c, c), sums.truth[c]);
    ++classes;
  }
  return classes == 0 ? kUndefined : recall / static_cast<double>(classes);
}

double weighted_f1(const ConfusionMatrix& confusion) {
  const Margins sums = margins(confusion);
  if (sums.total == 0) return kUndefined;
  double f1 = 0;
  for (std::size_t c = 0; c < confusion.classes; ++c) {
    f1 += static_cast<double>(sums.truth[c]) *
          ratio(2 * confusion.at(c, c), sums.truth[c] + sums.predicted[c]);
  }
  return f1 / static_cast<double>(sums.total);
}

double macro_f1(const ConfusionMatrix& confusion) { return macro_f1(confusion, confusion); }

double macro_f1(const ConfusionMatrix& resample, const ConfusionMatrix& all) {
  const Margins sums = margins(resample);
  const Margins known = margins(all);
  double f1 = 0;
  std::size_t classes = 0;
  for (std::size_t c = 0; c < all.classes; ++c) {
    if (known.truth[c] + known.predicted[c] == 0) continue;
    if (known.truth[c] > 0 && sums.truth[c] == 0) return kUndefined;
    f1 += ratio(2 * resample.at(c, c), sums.truth[c] + sums.predicted[c]);
    ++classes;
  }
  return classes == 0 ? kUndefined : f1 / static_cast<double>(classes);
}

double linear_kappa(const ConfusionMatrix& confusion) { return linear_kappa(confusion, confusion); }

double linear_kappa(const ConfusionMatrix& resample, const ConfusionMatrix& all) {
  const Margins sums = margins(resample);
  const Margins known = margins(all);
  std::vector<std::size_t> occurring;
  for (std::size_t c = 0; c < all.classes; ++c) {
    if (known.truth[c] + known.predicted[c] > 0) occurring.push_back(c);
  }
  double observed = 0;
  double expected = 0;
  for (std::size_t i = 0; i < occurring.size(); ++i) {
    for (std::size_t j = 0; j < occurring.size(); ++j) {
      const double distance = static_cast<double>(i > j ? i - j : j - i);
      observed += distance * static_cast<double>(resample.at(occurring[i], occurring[j]));
      expected += distance * static_cast<double>(sums.truth[occurring[i]]) *
                  static_cast<double>(sums.predicted[occurring[j]]);
    }
  }
  if (expected == 0) return kUndefined;
  return 1 - observed * static_cast<double>(sums.total) / expected;
}

double auroc(std::span<const int> truth, const FloatMatrix& logits) {
  const std::vector<std::uint32_t> ones(truth.size(), 1);
  return mean_area(counting_rankings(truth, logits), ones);
}

std::vector<double> auroc_per_class(std::span<const int> truth, const FloatMatrix& logits) {
  const std::vector<std::uint32_t> ones(truth.size(), 1);
  std::vector<double> areas;
  for (const Ranking& ranking : rankings(truth, logits)) areas.push_back(ranking.area(ones));
  areas.resize(logits.columns, kUndefined);
  return areas;
}

std::vector<ClassMetrics> class_metrics(const ConfusionMatrix& confusion) {
  const Margins sums = margins(confusion);
  std::vector<ClassMetrics> result(confusion.classes);
  for (std::size_t c = 0; c < confusion.classes; ++c) {
    const std::uint64_t right = confusion.at(c, c);
    result[c] = {ratio(right, sums.predicted[c]), ratio(right, sums.truth[c]),
                 ratio(2 * right, sums.truth[c] + sums.predicted[c]), sums.truth[c]};
  }
  return result;
}

const std::vector<ClassificationMetric>& classification_metrics() {
  // A sample counts by itself in these two: no class set has to be held.
  const auto weighted = [](const ConfusionMatrix& resample, const ConfusionMatrix&) {
    return weighted_f1(resample);
  };
  const auto right = [](const ConfusionMatrix& resample, const ConfusionMatrix&) {
    return accuracy(resample);
  };
  static const std::vector<ClassificationMetric> registry = {
      {"weighted_f1", "Weighted F1", weighted, nullptr, false},
      {"macro_f1", "Macro F1", macro_f1, nullptr, true},
      {"balanced_accuracy", "Balanced accuracy", balanced_accuracy, nullptr, true},
      {"accuracy", "Accuracy", right, nullptr, false},
      {"linear_kappa", "Linear-weighted kappa", linear_kappa, nullptr, false},
      {"auroc", "AUROC", nullptr, auroc_statistic, true},
  };
  return registry;
}

const ClassificationMetric& classification_metric(std::string_view name) {
  std::vector<std::string> names;
  for (const ClassificationMetric& metric : classification_metrics()) {
    if (metric.name == name) return metric;
    names.push_back(metric.name);
  }
  if (const auto near = nearest_name(name, names)) {
    throw UsageError("looking for a metric: there is no '{}'; did you mean '{}'?", name, *near);
  }
  throw UsageError("looking for a metric: there is no '{}'; there are {}", name, join(names, ", "));
}

ResampleStatistic classification_statistic(const ClassificationMetric& metric,
                                           std::span<const int> truth, const FloatMatrix& logits) {
  if (metric.of_scores != nullptr) return metric.of_scores(truth, logits);
  require_truth(truth, logits.rows, logits.columns);
  const std::vector<int> predictions = predicted_classes(logits);
  const std::size_t classes = logits.columns;
  std::vector<std::uint32_t> cells(truth.size());
  for (std::size_t i = 0; i < truth.size(); ++i) {
    cells[i] = static_cast<std::uint32_t>(static_cast<std::size_t>(truth[i]) * classes +
                                          static_cast<std::size_t>(predictions[i]));
  }
  ConfusionMatrix all(classes);
  for (const std::uint32_t cell : cells) ++all.counts[cell];
  return [cells = std::move(cells), all = std::move(all),
          of = metric.of_confusion](SampleCounts counts) {
    ConfusionMatrix resample(all.classes);
    for (std::size_t i = 0; i < cells.size(); ++i) resample.counts[cells[i]] += counts[i];
    return of(resample, all);
  };
}

}  // namespace epicrisis
