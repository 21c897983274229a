#pragma once

#include <string_view>

#include "epicrisis/core/files.h"
#include "epicrisis/core/json.h"
#include "epicrisis/image/resample.h"

namespace epicrisis {

// How the checkpoint in a folder has pictures made into its input: by preprocessor_config.json
// (Hugging Face), `preprocess_cfg` (open_clip), `pretrained_cfg` (timm) or `input` (ours), and
// where they are silent what the publisher's program takes then. What would be no square is cut to
// one. InputError with file, key and value for what is not read, such as nearest neighbours.
PictureFit read_picture_fit(const Path& folder);
Json to_json(const PictureFit& fit);

}  // namespace epicrisis
