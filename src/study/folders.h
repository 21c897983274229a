#pragma once

#include <cstdint>
#include <vector>

#include "epicrisis/core/files.h"

namespace epicrisis::study {

// What lies in a folder, by name; nothing where there is no folder.
std::vector<Path> entries_of(const Path& folder);

struct FolderSize {
  std::uint64_t bytes = 0;
  std::int64_t files = 0;
};
// Of all plain files below; links below it are not followed. Nothing where there is no folder.
FolderSize folder_size(const Path& folder);

}  // namespace epicrisis::study
