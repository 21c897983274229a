#pragma once

#include <string>
#include <vector>

#include "epicrisis/core/files.h"

namespace epicrisis {

// The tables of a folder, else those just below it, as paths below the folder, sorted.
std::vector<std::string> tables_in(const Path& folder);

}  // namespace epicrisis
