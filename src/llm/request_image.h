#pragma once

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

}  // namespace epicrisis::llm
