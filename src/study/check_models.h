#pragma once

#include <string>

#include "epicrisis/settings/image_encoder_config.h"
#include "study/findings.h"

namespace epicrisis::study {

// Whether encoders are there and of the right kind, with weights that fit their configuration, and
// whether the device may be there. Interrupted when the job is cancelled.
void check_models(const Study& study, Findings& findings, const Job& job);

// Of an image encoder as a study names it: a model, or "random:" and an architecture.
ImageEncoderConfig encoder_config(const std::string& model);

}  // namespace epicrisis::study
