#include "study/folders.h"

#include <algorithm>
#include <system_error>

namespace epicrisis::study {

std::vector<Path> entries_of(const Path& folder) {
  std::vector<Path> paths;
  std::error_code error;
  for (std::filesystem::directory_iterator item(folder, error), end; !error && item != end;
       item.increment(error)) {
    paths.push_back(item->path());
  }
  std::ranges::sort(paths);
  return paths;
}

FolderSize folder_size(const Path& folder) {
  FolderSize size;
  std::error_code error;
  std::filesystem::recursive_directory_iterator item(
      folder, std::filesystem::directory_options::skip_permission_denied, error);
  const std::filesystem::recursive_directory_iterator end;
  for (; !error && item != end; item.increment(error)) {
    std::error_code gone;  // a file that another process removes counts nothing
    if (item->is_symlink(gone) || !item->is_regular_file(gone)) continue;
    const std::uintmax_t bytes = item->file_size(gone);
    if (gone) continue;
    size.bytes += bytes;
    ++size.files;
  }
  return size;
}

}  // namespace epicrisis::study
