#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "epicrisis/settings/model_folders.h"
#include "epicrisis/tensor/tensor_file.h"
#include "settings/pooling_plan.h"

namespace epicrisis {

// Linear maps without bias, GELU between them, into the space that is shared with pictures.
struct TextProjection {
  std::vector<torch::Tensor> maps;  // float32 [out, in]

  torch::Tensor apply(torch::Tensor x) const;  // [B, in] -> [B, out]
  // What vectors of `width` numbers become.
  std::int64_t width(std::int64_t width) const {
    return maps.empty() ? width : maps.back().size(0);
  }
};

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
TextProjection read_open_clip_projection(const TensorFile& file, const OpenClipBert& bert,
                                         std::int64_t width);

}  // namespace epicrisis
