#pragma once

#include <cstdint>
#include <string>

#include "epicrisis/core/files.h"

namespace epicrisis::llm {

// "data:image/jpeg;base64,...": the picture upright, its longer side at most `side` pixels, encoded
// anew, so that nothing of the file but its pixels is in it. InputError or SystemError naming the
// file if it cannot be read.
std::string image_data_uri(const Path& path, int side, int quality);

// What image/measure.h says of the picture: "asymmetry: symmetric; border: sharp"; "" where no
// subject was surely found. Errors as above.
std::string measured_words(const Path& path);

// The most tokens that a picture can count as, by OpenAI's published rule of 2024 for GPT-4o (guide
// "Images and vision"): 85 with low detail; else 85 and 170 for each tile of 512 pixels, after the
// picture was fitted into 2048 x 2048 and its shorter side into 768. The size is not known before
// the file is opened, only its longer side: the most over all shapes. Other models count otherwise.
std::int64_t image_tokens(const std::string& detail, int side);

}  // namespace epicrisis::llm
