#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/core/matrix.h"

namespace epicrisis {

// Counts of (truth, prediction) pairs over `classes` classes.
struct ConfusionMatrix {
  std::size_t classes = 0;
  std::vector<std::uint64_t> counts;  // classes * classes, row = truth, column = prediction

  ConfusionMatrix() = default;
  explicit ConfusionMatrix(std::size_t n) : classes(n), counts(n * n) {}
  std::uint64_t& at(std::size_t truth, std::size_t prediction) {
    return counts[truth * classes + prediction];
  }
  std::uint64_t at(std::size_t truth, std::size_t prediction) const {
    return counts[truth * classes + prediction];
  }
  std::uint64_t total() const;
};

// Predictions and truth are class indices in [0, classes); UsageError for others or unequal
// lengths.
ConfusionMatrix confusion_matrix(std::span<const int> truth, std::span<const int> predictions,
                                 std::size_t classes);

// Probabilities of a row of scores, of which there is one at least and all are finite.
std::vector<double> softmax(std::span<const float> scores);

// The column of the largest score of each row, the first of equal ones.
// UsageError if a score is not finite (a model that diverged) or there is no column.
std::vector<int> predicted_classes(const FloatMatrix& scores);

// The metrics below are those of scikit-learn with its defaults: a class counts if it occurs in the
// truth or in the predictions, a ratio 0/0 is 0 unless said otherwise. All are NaN for no samples;
// NaN means undefined, and an undefined number is never printed.
double accuracy(const ConfusionMatrix& confusion);
// Mean recall of the classes that occur in the truth.
double balanced_accuracy(const ConfusionMatrix& confusion);
// F1 = 2 TP / (2 TP + FP + FN), averaged with the classes' shares of the truth, or plainly over the
// classes that occur in truth or predictions.
double weighted_f1(const ConfusionMatrix& confusion);
double macro_f1(const ConfusionMatrix& confusion);
// Cohen's kappa with linear weights: 1 - sum |i-j| O_ij / sum |i-j| E_ij, E the product of the
// margins (Cohen 1968). i and j count the occurring classes only, in order. NaN if just one class
// occurs.
double linear_kappa(const ConfusionMatrix& confusion);

// The same of a resample of the samples of `all`, which says what the classes are: those that occur
// in all of them. Else the mean would be over other classes in each resample. The first two are NaN
// where a class of the truth is missing in the resample, as nothing is known of it there.
double balanced_accuracy(const ConfusionMatrix& resample, const ConfusionMatrix& all);
double macro_f1(const ConfusionMatrix& resample, const ConfusionMatrix& all);
double linear_kappa(const ConfusionMatrix& resample, const ConfusionMatrix& all);

// Area under the ROC curve, one class against the rest, of logits: samples are ranked by the
// log-odds of the class (the order of the softmax probability, without its rounding to 1). Ties
// count half. Two columns: the area of class 1. More: the mean over the classes that have both
// positives and negatives (scikit-learn refuses a set that lacks a class; here the others still
// count). NaN if there is no such class. Shapes: truth n, logits (n, classes). Errors as above.
double auroc(std::span<const int> truth, const FloatMatrix& logits);
// Per class, NaN where undefined.
std::vector<double> auroc_per_class(std::span<const int> truth, const FloatMatrix& logits);

struct ClassMetrics {
  double precision = 0;
  double recall = 0;
  double f1 = 0;
  std::uint64_t support = 0;  // samples of the class in the truth
};
std::vector<ClassMetrics> class_metrics(const ConfusionMatrix& confusion);

// How often each sample is in a resample (see statistics.h): one count a sample.
using SampleCounts = std::span<const std::uint32_t>;
// A statistic of a resample; all counts 1 is the sample itself.
using ResampleStatistic = std::function<double(SampleCounts)>;

// A metric that can be named in a study and is given with an interval. Exactly one of both
// functions is set.
struct ClassificationMetric {
  std::string name;   // "weighted_f1"
  std::string title;  // "Weighted F1"
  // Of a resample and of all samples (see macro_f1() of both).
  double (*of_confusion)(const ConfusionMatrix& resample, const ConfusionMatrix& all) = nullptr;
  // For metrics of the scores: prepares once (sorts), the result is then called for each resample.
  ResampleStatistic (*of_scores)(std::span<const int> truth, const FloatMatrix& logits) = nullptr;
  // A mean over the classes: undefined in a resample that lacks one of them.
  bool over_classes = false;
};

// The registry: weighted_f1, macro_f1, balanced_accuracy, accuracy, linear_kappa, auroc.
const std::vector<ClassificationMetric>& classification_metrics();
// UsageError naming the nearest one if there is none of that name.
const ClassificationMetric& classification_metric(std::string_view name);

// The metric as a function of a resample; its classes are those of all samples. The statistic keeps
// what it needs of its arguments.
// UsageError for labels outside the columns of `logits`, unequal lengths or scores that are not
// finite.
ResampleStatistic classification_statistic(const ClassificationMetric& metric,
                                           std::span<const int> truth, const FloatMatrix& logits);

}  // namespace epicrisis
