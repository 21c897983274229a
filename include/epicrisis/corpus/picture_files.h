#pragma once

#include <string>
#include <vector>

#include "epicrisis/core/files.h"

namespace epicrisis {

// The pictures that files, folders (with those below) and tables (".csv" with a column picture,
// image, image_path, path or file; relative to the table) name, in that order; those of a folder by
// name. Pictures are told from other files of a folder by their names. UsageError for what does not
// exist and for "-", InputError for a folder or a table without pictures and for a folder below
// that cannot be read.
std::vector<Path> list_pictures(const std::vector<std::string>& places);

}  // namespace epicrisis
