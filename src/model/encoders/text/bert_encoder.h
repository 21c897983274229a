#pragma once

#include <memory>

#include "epicrisis/model/encoders/text/text_encoder.h"
#include "epicrisis/settings/model_folders.h"

namespace epicrisis {

// A Hugging Face folder of the BERT family; see load_text_encoder().
std::unique_ptr<TextEncoder> load_bert_encoder(const Path& folder, const ModelConfig& model,
                                               const TextEncoderOptions& options);

}  // namespace epicrisis
