#include "epicrisis/model/encoders/text/text_encoder.h"

#include "epicrisis/core/error.h"
#include "epicrisis/settings/model_folders.h"
#include "model/encoders/text/bert_encoder.h"
#include "model/encoders/text/clip_text.h"

namespace epicrisis {

std::unique_ptr<TextEncoder> load_text_encoder(std::string_view model, TextEncoderOptions options) {
  if (model == kTrainedTokens) {
    throw UsageError(
        "Text encoder '{}': its token embeddings are trained with a run, there is nothing to load; "
        "embed texts with the trained run, or name a model",
        model);
  }
  const Path folder = find_model(model);
  const ModelConfig config = read_model_config(folder);
  const bool clip = text_model_type(config.json, config.source) == kClipText;
  return clip ? load_clip_text_encoder(folder, config, options)
              : load_bert_encoder(folder, config, options);
}

}  // namespace epicrisis
