#pragma once

#include <span>

namespace epicrisis {

struct ClassScores {
  double weighted_f1 = 0;        // F1 of each class, 0 where undefined, weighted by its samples
  double balanced_accuracy = 0;  // mean recall over the classes that have samples
  double mcc = 0;  // Matthews' correlation of several classes (Gorodkin, 2004); 0 where undefined
};

// For the line of an epoch; the eval part, which lies above, has the metrics that are reported.
// truth and predicted are of one length, with values in [0, classes); all 0 for no samples.
ClassScores class_scores(std::span<const int> truth, std::span<const int> predicted, int classes);

}  // namespace epicrisis
