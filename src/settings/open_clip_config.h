#pragma once

#include <string_view>

#include "epicrisis/core/json.h"
#include "epicrisis/settings/image_encoder_config.h"

namespace epicrisis {

// Whether a configuration is open_clip's of a whole model: with `vision_cfg` and `text_cfg`, as in
// open_clip_config.json's `model_cfg` or alone.
bool is_open_clip_config(const Json& json);
// The object that holds `vision_cfg` and `text_cfg`; the keys that are null left out.
Json open_clip_model(const Json& json);

// Whether its image encoder is PanDerm's: such a configuration alone has `pretrain_path`. That
// tower's tokens are normed, their mean over patches is normed by the same norm again, and its head
// is the projection.
bool is_panderm_tower(const Json& json);

// Its image encoder: the transformer that `vision_cfg` gives the sizes of, or timm's of
// `timm_model_name`. InputError with key and value for other kinds of towers and poolings.
ImageEncoderConfig parse_open_clip_vision(const Json& json, std::string_view source);

}  // namespace epicrisis
