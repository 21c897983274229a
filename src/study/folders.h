#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "epicrisis/core/files.h"

namespace epicrisis::study {

// What lies in a folder, by name; nothing where there is no folder.
std::vector<Path> entries_of(const Path& folder);

// The files of several names (hard links) that were met, and how often each.
class LinkedFiles {
 public:
  struct Met {
    std::uint64_t names = 1;  // that the file has, or had when it was met first
    std::uint64_t times = 1;  // now included
  };
  // Of a plain file; one that is gone has one name and is met once.
  Met meet(const Path& file);

 private:
  std::map<std::pair<std::uint64_t, std::uint64_t>, Met> met_;  // by device and inode
};

struct FolderSize {
  std::uint64_t bytes = 0;
  std::uint64_t shared =
      0;  // of them, in files that have names elsewhere too: they stay with those
  std::int64_t files = 0;
};
// Of all plain files below, one of several names once; links below it are not followed. Nothing
// where there is no folder.
FolderSize folder_size(const Path& folder);

}  // namespace epicrisis::study
