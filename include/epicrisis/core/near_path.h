#pragma once

#include <string>

#include "epicrisis/core/files.h"

namespace epicrisis {

// For the end of a message that a path, which a person gave, is not there: "; did you mean
// 'data/photos'?" where the folder that it should be in has a name that it may be a slip of (letter
// case and suffix apart, or a letter or two), "; there is no folder 'data' either" where that is
// missing and nothing is near it. "" else, and where the path is there. At most 10,000 entries of
// a folder are looked at, so the call is for a path at a time, not for every row of a table.
std::string near_path_words(const Path& path);

// Whole file of a path that a person gave: as read_file(), but a UsageError that says what is near
// where there is none.
std::string read_given_file(const Path& path, std::uint64_t max_bytes = kMaxTextFile);

}  // namespace epicrisis
