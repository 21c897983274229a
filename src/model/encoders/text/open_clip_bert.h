#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "epicrisis/settings/model_folders.h"
#include "epicrisis/tensor/tensor_file.h"
#include "model/encoders/projection.h"
#include "settings/pooling_plan.h"

namespace epicrisis {

// open_clip's text encoder of a Hugging Face BERT, as `text_cfg` has it.
struct OpenClipBert {
  PoolingPlan pooling;
  std::size_t max_tokens = 77;
  std::string projection;      // "", "linear" or "mlp"
  std::int64_t embed_dim = 0;  // numbers of the shared space
};
// None where the configuration is not open_clip's. InputError for other poolings and
// projections.
std::optional<OpenClipBert> read_open_clip_bert(const ModelConfig& config);

// Of the whole model's weights. `width`: BERT's. InputError naming what is missing or misshapen.
Projection read_open_clip_projection(const TensorFile& file, const OpenClipBert& bert,
                                     std::int64_t width);

}  // namespace epicrisis
