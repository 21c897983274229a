#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "epicrisis/core/matrix.h"
#include "epicrisis/eval/classification.h"

namespace epicrisis {

// The samples whose largest probability lies in one of equally wide bins of (0, 1].
struct ReliabilityBin {
  std::size_t n = 0;
  double confidence = 0;  // mean largest probability; NaN for n = 0
  double right = 0;       // share that is of the class it is for; NaN for n = 0
};
// Of the softmax of `logits` [n, classes]. UsageError as classification_statistic(), or for no bin.
std::vector<ReliabilityBin> reliability(std::span<const int> truth, const FloatMatrix& logits,
                                        std::size_t bins = 15);

// As functions of a resample, of the softmax of `logits`. The lower, the better. Errors as above.
// Expected calibration error: the mean distance of confidence and share of right ones over the
// bins, weighted by their samples (Guo et al., ICML 2017).
ResampleStatistic ece_statistic(std::span<const int> truth, const FloatMatrix& logits,
                                std::size_t bins = 15);
// Brier score: the mean over samples of the squared distances of the probabilities to 1 for the
// class of the sample and 0 for the others, summed over the classes (Brier 1950); 0 to 2.
ResampleStatistic brier_statistic(std::span<const int> truth, const FloatMatrix& logits);
// Log loss: the mean of -log of the probability of the class of the sample.
ResampleStatistic log_loss_statistic(std::span<const int> truth, const FloatMatrix& logits);

}  // namespace epicrisis
