#include "train/class_scores.h"

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
  scores.weighted_f1 /= static_cast<double>(truth.size());
  return scores;
}

}  // namespace epicrisis
