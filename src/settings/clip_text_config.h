#pragma once

#include <cstdint>
#include <string_view>

#include "epicrisis/core/json.h"
#include "epicrisis/settings/image_encoder_config.h"
#include "epicrisis/tensor/tensor_file.h"
#include "epicrisis/tensor/weight_fit.h"

namespace epicrisis {

// The sizes of CLIP's text encoder (Radford et al. 2021): a transformer in which a token sees those
// before it.
struct ClipTextConfig {
  std::int64_t layers = 12;
  std::int64_t width = 512;
  std::int64_t heads = 8;      // divide the width
  std::int64_t hidden = 2048;  // width between the two linear maps of a layer
  std::int64_t vocabulary = 49408;
  std::int64_t positions = 77;
  std::int64_t projection = 0;  // numbers of the space shared with pictures; 0: no projection
  double norm_epsilon = 1e-5;
  VitActivation activation = VitActivation::kQuickGelu;
};

// Of Hugging Face's config.json with `model_type` clip or clip_text_model, or of open_clip's.
// InputError naming key and value for sizes outside their ranges and other forms of the tower.
ClipTextConfig parse_clip_text_config(const Json& json, std::string_view source);

// How the tensors fit the configuration: names of clip_text_tensors().
WeightFit clip_text_fit(const ClipTextConfig& config, const TensorFile& file);
// InputError that lists what the configuration asks for and clip_text_tensors() lacks, or has in
// another shape, and what no text encoder of a CLIP has.
void require_clip_text_tensors(const ClipTextConfig& config, const TensorFile& file);

}  // namespace epicrisis
