#pragma once

#include <memory>

#include "epicrisis/model/encoders/text/text_encoder.h"
#include "epicrisis/settings/model_folders.h"

namespace epicrisis {

// The text encoder of a CLIP (Radford et al. 2021): Hugging Face's clip or clip_text_model, or
// open_clip's; see load_text_encoder(). Its vectors are those of the last token, projected into the
// space of the pictures where the model has a projection.
std::unique_ptr<TextEncoder> load_clip_text_encoder(const Path& folder, const ModelConfig& model,
                                                    const TextEncoderOptions& options);

}  // namespace epicrisis
