#pragma once

#include <string>

#include "epicrisis/settings/image_encoder_config.h"
#include "study/findings.h"

namespace epicrisis::study {

// Whether encoders are there and of the right kind, with weights whose header can be read.
void check_models(const Study& study, Findings& findings);

// Holds an image encoder's weights against what the configuration says, in a build with LibTorch,
// whose code alone knows the encoders' tensors. InputError where they do not fit. Interrupted when
// the job is cancelled.
void check_image_weights(const std::string& model, const Job& job);

// Of an image encoder as a study names it: a model, or "random:" and an architecture.
ImageEncoderConfig encoder_config(const std::string& model);

}  // namespace epicrisis::study
