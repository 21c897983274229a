#pragma once

#include <cstddef>
#include <limits>
#include <vector>

#include "epicrisis/core/random.h"
#include "epicrisis/train/trainer.h"

namespace epicrisis {

inline constexpr std::size_t kNoNote = std::numeric_limits<std::size_t>::max();

// One sample of a step.
struct Draw {
  std::size_t example = 0;     // index into the training examples
  std::size_t note = kNoNote;  // row of the note embeddings
  std::size_t copy = 0;        // feature copy, 0: the plain picture
};

// Decides what every step of an epoch sees. An epoch's draws depend on (config.seed, epoch) alone,
// so a checkpoint needs the number of the epoch and step and no state of a generator. Samples,
// notes and copies come from three streams: runs of one seed in different modes see the same
// samples.
class EpochSampler {
 public:
  // Keeps references. In modes without a term of the image alone (all but kImage and kMultimodal)
  // only examples with a note are drawn.
  EpochSampler(const TrainConfig& config, const std::vector<TrainExample>& examples);

  std::size_t pool_size() const { return pool_.size(); }  // examples that can be drawn
  std::size_t steps_per_epoch() const;
  // All draws of an epoch (from 1), `batch` a step; the last step may be short if not balanced.
  std::vector<Draw> epoch(int number) const;

 private:
  std::size_t draw_class(Random& random) const;

  const TrainConfig& config_;
  const std::vector<TrainExample>& examples_;
  std::vector<std::size_t> pool_;
  // Of the pool, classes that occur; a class has its groups, one for all unless group_aware.
  std::vector<std::vector<std::vector<std::size_t>>> classes_;
  std::vector<double> class_ends_;  // sums of the classes' weights up to each; empty: all alike
};

}  // namespace epicrisis
