#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "epicrisis/core/files.h"

namespace epicrisis {

// One line of metrics.jsonl.
struct EpochMetrics {
  int epoch = 0;                                      // from 1
  double train_loss = 0;                              // mean over steps of the sum of all terms
  std::vector<std::pair<std::string, double>> parts;  // its terms, weighted: "image", "text",
                                                      // "cosine", "l1", "contrastive", "probe"
  double validation_loss = 0;  // mean cross-entropy of the image branch (text mode: of the text
                               // branch over samples with a note); NaN without validation samples
  double validation_weighted_f1 = 0;
  double validation_balanced_accuracy = 0;  // mean recall over the classes that occur
  double validation_mcc = 0;  // Matthews' correlation; NaN of runs of earlier versions
  double learning_rate = 0;   // of the heads, at the epoch's last step
  double seconds = 0;
  double images_per_second = 0;  // training steps alone
  bool best = false;             // the best by TrainConfig::best_by so far
};

struct TrainResult {
  int best_epoch = 0;
  int epochs = 0;  // run in all, those before a resume included
  bool stopped_early = false;
  double seconds = 0;  // sum over epochs
  double images_per_second = 0;
  double steps_per_second = 0;
  std::vector<EpochMetrics> history;

  const EpochMetrics& best() const;  // the epoch whose weights were kept
};

// The result of a finished run folder; nothing if it is not finished. InputError if it is broken.
std::optional<TrainResult> read_train_result(const Path& run_folder);

}  // namespace epicrisis
