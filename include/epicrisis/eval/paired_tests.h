#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace epicrisis {

// The areas under the ROC curves of two scores of the same samples, and their difference (DeLong,
// DeLong, Clarke-Pearson, Biometrics 44, 1988; by mid-ranks as Sun, Xu, IEEE Signal Process. Lett.
// 21, 2014: n log n). Samples are taken to be independent: where several belong to one patient, the
// paired bootstrap by patient is the one to go by. NaN where an area or its variance is undefined.
struct DeLong {
  double first = 0;
  double second = 0;
  double difference = 0;  // second less first
  double standard_error = 0;
  double lo = 0;  // normal interval
  double hi = 0;
  double p_value = 1;  // two-sided; 1 where the scores rank all alike
  std::size_t positives = 0;
  std::size_t negatives = 0;
};
// `positive`: 1 or 0 a sample. UsageError for unequal lengths, scores that are not finite or a
// confidence outside (0, 1).
DeLong delong(std::span<const int> positive, std::span<const double> first,
              std::span<const double> second, double confidence = 0.95);

// Wilcoxon's signed-rank test of differences (Biometrics Bull. 1, 1945): two-sided, zeros left out,
// ties with their mean rank. Exact up to 50 differences, by all signs, else by the normal
// approximation with the correction for ties (as scipy.stats.wilcoxon, which is approximate at ties
// always).
struct Wilcoxon {
  std::size_t n = 0;          // differences that are not 0
  double positive_ranks = 0;  // sum of the ranks of those above 0
  double negative_ranks = 0;
  double rank_biserial = 0;  // (positive - negative) / both; NaN where n is 0
  double p_value = 1;
};
// UsageError for a difference that is not finite.
Wilcoxon wilcoxon_signed_rank(std::span<const double> differences);

// P-values adjusted for their number, in the order given (Holm, Scand. J. Statist. 6, 1979): below
// .05, the difference stands though so many were looked at. NaN entries are not tests: they stay
// and do not count. UsageError for others outside [0, 1].
std::vector<double> holm(std::span<const double> p_values);

}  // namespace epicrisis
