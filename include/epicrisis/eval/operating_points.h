#pragma once

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "epicrisis/eval/classification.h"

namespace epicrisis {

// A threshold on the score of a two-class question: who is at or above it is called positive.
struct OperatingPoint {
  double threshold = 0;  // infinite where nobody is called
  double sensitivity = 0;
  double specificity = 0;
};

// The ROC curve of a score, ties as one step. One positive and one negative at least.
class RocCurve {
 public:
  // `positive`: 1 or 0 a sample. UsageError for unequal lengths, scores that are not finite, or
  // where one side is missing.
  RocCurve(std::span<const int> positive, std::span<const double> scores);

  // From "nobody is called" to "all are"; sensitivity ascends, specificity descends.
  const std::vector<OperatingPoint>& points() const { return points_; }

  // Of the points that reach it, the one that has most of the other. `at_least` in [0, 1].
  OperatingPoint at_specificity(double at_least) const;
  OperatingPoint at_sensitivity(double at_least) const;

  // The area below the curve (trapezoids) that lies above a sensitivity: at most 1 - `sensitivity`;
  // above 0.8 it is the score of the ISIC 2024 challenge (Kurtansky et al., 2024).
  double area_above_sensitivity(double sensitivity) const;

 private:
  friend class RankedScores;
  explicit RocCurve(std::vector<OperatingPoint> points) : points_(std::move(points)) {}
  std::vector<OperatingPoint> points_;
};

// As functions of a resample; NaN in one that lacks a side. Errors as RocCurve, also for a lacking
// side of the samples themselves.
ResampleStatistic sensitivity_at_specificity(std::span<const int> positive,
                                             std::span<const double> scores, double at_least);
ResampleStatistic area_above_sensitivity(std::span<const int> positive,
                                         std::span<const double> scores, double sensitivity);

// Of those called positive (negative), the share that is, where `prevalence` of all are. NaN where
// nobody is called so.
struct PredictiveValues {
  double positive = 0;
  double negative = 0;
};
PredictiveValues predictive_values(const OperatingPoint& point, double prevalence);

// Net benefit of treating who has a probability of at least `threshold`, in true positives a person
// (Vickers, Elkin, Med. Decis. Making 26, 2006): TP/n - FP/n threshold/(1 - threshold). To treat
// all is a score of 1 for each, to treat nobody is 0. UsageError for unequal lengths, no sample or
// a threshold outside (0, 1).
double net_benefit(std::span<const int> positive, std::span<const double> probabilities,
                   double threshold);

// The area under the curve of risk and coverage: the mean over k of the share of wrong answers
// among the k surest (El-Yaniv, Wiener, J. Mach. Learn. Res. 11, 2010). Equal confidence in
// random order. UsageError for unequal lengths, a confidence that is not finite or no sample.
double risk_coverage_area(std::span<const int> right, std::span<const double> confidence);

}  // namespace epicrisis
