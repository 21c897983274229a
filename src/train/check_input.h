#pragma once

#include "epicrisis/train/trainer.h"

namespace epicrisis {

// UsageError for an input that the config cannot be trained on; says which example or matrix.
void check_train_input(const TrainConfig& config, const TrainInput& input);

}  // namespace epicrisis
