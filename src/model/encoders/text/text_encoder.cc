#include "epicrisis/model/encoders/text/text_encoder.h"

#include "epicrisis/core/error.h"
#include "epicrisis/settings/model_folders.h"
#include "model/encoders/text/bert_encoder.h"

namespace epicrisis {

std::unique_ptr<TextEncoder> load_text_encoder(std::string_view model, TextEncoderOptions options) {
  if (model == kTrainedTokens) {
    throw UsageError(
        "Text encoder '{}': its token embeddings are trained with a run, there is nothing to load; "
        "embed texts with the trained run, or name a model",
        model);
  }
  return load_bert_encoder(find_model(model), options);
}

}  // namespace epicrisis
