#pragma once

#include "epicrisis/core/files.h"

namespace epicrisis {

// The weight file of a model folder: model.safetensors, else pytorch_model.bin, else the only *.pth
// or *.pt. InputError that says what was looked for if there is none, or several.
Path weight_file_in(const Path& folder);

}  // namespace epicrisis
