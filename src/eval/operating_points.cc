#include "epicrisis/eval/operating_points.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <utility>

#include "epicrisis/core/error.h"

namespace epicrisis {
namespace {

constexpr double kInfinite = std::numeric_limits<double>::infinity();
constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

double share(std::uint64_t part, std::uint64_t all) {
  return static_cast<double>(part) / static_cast<double>(all);
}

std::vector<std::size_t> descending(std::span<const double> values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) { return values[a] > values[b]; });
  return order;
}

void require_scores(const char* what, std::size_t answers, std::span<const double> scores) {
  if (answers != scores.size()) {
    throw UsageError("{}: {} answers, {} scores", what, answers, scores.size());
  }
  for (const double score : scores) {
    if (!std::isfinite(score)) throw UsageError("{}: a score is {}", what, score);
  }
}

}  // namespace

// Scores, sorted once for many resamples.
class RankedScores {
 public:
  RankedScores(std::span<const int> positive, std::span<const double> scores) {
    require_scores("ROC curve", positive.size(), scores);
    for (const std::size_t i : descending(scores)) {
      entries_.push_back({i, positive[i] != 0, scores[i]});
    }
  }

  // Without a point where a side is missing.
  RocCurve curve(SampleCounts counts) const {
    std::uint64_t positives = 0;
    std::uint64_t negatives = 0;
    for (const Entry& entry : entries_) {
      (entry.positive ? positives : negatives) += counts[entry.sample];
    }
    std::vector<OperatingPoint> points;
    if (positives == 0 || negatives == 0) return RocCurve(std::move(points));
    points.push_back({kInfinite, 0, 1});
    std::uint64_t rightly = 0;
    std::uint64_t wrongly = 0;
    for (std::size_t k = 0; k < entries_.size(); ++k) {
      (entries_[k].positive ? rightly : wrongly) += counts[entries_[k].sample];
      if (k + 1 < entries_.size() && entries_[k + 1].score == entries_[k].score) continue;
      points.push_back(
          {entries_[k].score, share(rightly, positives), share(negatives - wrongly, negatives)});
    }
    return RocCurve(std::move(points));
  }

 private:
  struct Entry {
    std::size_t sample;
    bool positive;
    double score;
  };
  std::vector<Entry> entries_;  // highest score first
};

namespace {

// What `of_curve` says of the curve of a resample.
template <typename OfCurve>
ResampleStatistic curve_statistic(std::span<const int> positive, std::span<const double> scores,
                                  const OfCurve& of_curve) {
  [[maybe_unused]] const RocCurve whole(positive, scores);  // refuses what lacks a side
  return [ranked = RankedScores(positive, scores), of_curve](SampleCounts counts) {
    const RocCurve curve = ranked.curve(counts);
    return curve.points().empty() ? kUndefined : of_curve(curve);
  };
}

}  // namespace

RocCurve::RocCurve(std::span<const int> positive, std::span<const double> scores) {
  const RankedScores ranked(positive, scores);
  const std::vector<std::uint32_t> ones(positive.size(), 1);
  points_ = ranked.curve(ones).points_;
  if (points_.empty()) {
    const auto positives = std::ranges::count_if(positive, [](int one) { return one != 0; });
    throw UsageError("ROC curve: {} of {} samples are positive; there must be both kinds",
                     positives, positive.size());
  }
}

OperatingPoint RocCurve::at_specificity(double at_least) const {
  // The last one that reaches it; the first point always does.
  const auto past = std::ranges::find_if(
      points_, [&](const OperatingPoint& point) { return point.specificity < at_least; });
  OperatingPoint best = *std::prev(past);
  // Of equal sensitivity the one before, which calls fewer.
  for (auto point = std::prev(past); point->sensitivity == best.sensitivity; --point) {
    best = *point;
    if (point == points_.begin()) break;
  }
  return best;
}

OperatingPoint RocCurve::at_sensitivity(double at_least) const {
  return *std::ranges::find_if(
      points_, [&](const OperatingPoint& point) { return point.sensitivity >= at_least; });
}

double RocCurve::area_above_sensitivity(double sensitivity) const {
  double area = 0;
  for (std::size_t i = 1; i < points_.size(); ++i) {
    const OperatingPoint& from = points_[i - 1];
    const OperatingPoint& to = points_[i];
    const double width = from.specificity - to.specificity;
    const double low = from.sensitivity - sensitivity;
    const double high = to.sensitivity - sensitivity;
    if (high <= 0) continue;
    // Where the line crosses the sensitivity, the triangle above it.
    area += low >= 0 ? width * (low + high) / 2 : width * high / (high - low) * high / 2;
  }
  return area;
}

ResampleStatistic sensitivity_at_specificity(std::span<const int> positive,
                                             std::span<const double> scores, double at_least) {
  return curve_statistic(positive, scores, [at_least](const RocCurve& curve) {
    return curve.at_specificity(at_least).sensitivity;
  });
}

ResampleStatistic area_above_sensitivity(std::span<const int> positive,
                                         std::span<const double> scores, double sensitivity) {
  return curve_statistic(positive, scores, [sensitivity](const RocCurve& curve) {
    return curve.area_above_sensitivity(sensitivity);
  });
}

PredictiveValues predictive_values(const OperatingPoint& point, double prevalence) {
  const double called = point.sensitivity * prevalence + (1 - point.specificity) * (1 - prevalence);
  return {called > 0 ? point.sensitivity * prevalence / called : kUndefined,
          called < 1 ? point.specificity * (1 - prevalence) / (1 - called) : kUndefined};
}

double net_benefit(std::span<const int> positive, std::span<const double> probabilities,
                   double threshold) {
  require_scores("net benefit", positive.size(), probabilities);
  if (positive.empty()) throw UsageError("net benefit: there is no sample");
  if (!(threshold > 0 && threshold < 1)) {
    throw UsageError("net benefit: a threshold of {} is not between 0 and 1", threshold);
  }
  std::size_t rightly = 0;
  std::size_t wrongly = 0;
  for (std::size_t i = 0; i < positive.size(); ++i) {
    if (probabilities[i] >= threshold) ++(positive[i] != 0 ? rightly : wrongly);
  }
  return share(rightly, positive.size()) -
         share(wrongly, positive.size()) * threshold / (1 - threshold);
}

double risk_coverage_area(std::span<const int> right, std::span<const double> confidence) {
  require_scores("risk and coverage", right.size(), confidence);
  if (right.empty()) throw UsageError("risk and coverage: there is no sample");
  const std::vector<std::size_t> order = descending(confidence);
  double area = 0;
  double wrong = 0;  // among those before the tie
  for (std::size_t begin = 0; begin < order.size();) {
    std::size_t end = begin;
    double tied = 0;
    while (end < order.size() && confidence[order[end]] == confidence[order[begin]]) {
      tied += right[order[end]] == 0 ? 1 : 0;
      ++end;
    }
    const double each = tied / static_cast<double>(end - begin);
    for (std::size_t k = begin; k < end; ++k) {
      wrong += each;
      area += wrong / static_cast<double>(k + 1);
    }
    begin = end;
  }
  return area / static_cast<double>(order.size());
}

}  // namespace epicrisis
