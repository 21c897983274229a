#include "train/class_scores.h"

#include <cmath>
#include <cstddef>
#include <vector>

namespace epicrisis {

ClassScores class_scores(std::span<const int> truth, std::span<const int> predicted, int classes) {
  const auto n = static_cast<std::size_t>(classes);
  std::vector<double> hits(n);
  std::vector<double> support(n);
  std::vector<double> called(n);
  for (std::size_t i = 0; i < truth.size(); ++i) {
    const auto t = static_cast<std::size_t>(truth[i]);
    const auto p = static_cast<std::size_t>(predicted[i]);
    support[t] += 1;
    called[p] += 1;
    if (t == p) hits[t] += 1;
  }
  ClassScores scores;
  double present = 0;
  for (std::size_t c = 0; c < n; ++c) {
    if (support[c] == 0) continue;
    present += 1;
    scores.balanced_accuracy += hits[c] / support[c];
    // 2 TP / (2 TP + FP + FN); the denominator is not 0 as the class has samples.
    scores.weighted_f1 += 2 * hits[c] / (support[c] + called[c]) * support[c];
  }
  if (present == 0) return scores;
  scores.balanced_accuracy /= present;
  const auto samples = static_cast<double>(truth.size());
  scores.weighted_f1 /= samples;
  double right = 0;
  double both = 0;
  double true_square = 0;
  double called_square = 0;
  for (std::size_t c = 0; c < n; ++c) {
    right += hits[c];
    both += support[c] * called[c];
    true_square += support[c] * support[c];
    called_square += called[c] * called[c];
  }
  const double spread =
      std::sqrt((samples * samples - true_square) * (samples * samples - called_square));
  if (spread > 0) scores.mcc = (right * samples - both) / spread;
  return scores;
}

}  // namespace epicrisis
