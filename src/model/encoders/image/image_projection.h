#pragma once

#include <cstdint>

#include "epicrisis/settings/model_folders.h"
#include "epicrisis/tensor/tensor_file.h"
#include "model/encoders/projection.h"

namespace epicrisis {

// Of a CLIP, Hugging Face's or open_clip's, what maps features of `width` numbers into the space
// that its pictures and texts share; no maps for other models and for a CLIP's tower alone.
// `weights` are the whole model's. InputError naming what is missing or misshapen.
Projection read_image_projection(const ModelConfig& config, const TensorFile& weights,
                                 std::int64_t width);

}  // namespace epicrisis
