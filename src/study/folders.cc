#include "study/folders.h"

#include <sys/stat.h>

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

LinkedFiles::Met LinkedFiles::meet(const Path& file) {
  struct stat facts {};
  if (lstat(file.c_str(), &facts) != 0) return {};
  const auto names = static_cast<std::uint64_t>(facts.st_nlink);
  const std::pair key{static_cast<std::uint64_t>(facts.st_dev),
                      static_cast<std::uint64_t>(facts.st_ino)};
  const auto found = met_.find(key);
  if (found != met_.end()) {
    ++found->second.times;
    return found->second;
  }
  const Met met{names, 1};
  if (names > 1) met_.emplace(key, met);
  return met;
}

FolderSize folder_size(const Path& folder) {
  FolderSize size;
  LinkedFiles linked;
  std::error_code error;
  std::filesystem::recursive_directory_iterator item(
      folder, std::filesystem::directory_options::skip_permission_denied, error);
  const std::filesystem::recursive_directory_iterator end;
  for (; !error && item != end; item.increment(error)) {
    std::error_code gone;  // a file that another process removes counts nothing
    if (item->is_symlink(gone) || !item->is_regular_file(gone)) continue;
    const std::uintmax_t bytes = item->file_size(gone);
    if (gone) continue;
    const LinkedFiles::Met met = linked.meet(item->path());
    if (met.times == 1) size.bytes += bytes;
    if (met.times == 1 && met.names > 1) size.shared += bytes;
    if (met.times > 1 && met.times == met.names) size.shared -= bytes;  // all its names are here
    ++size.files;
  }
  return size;
}

}  // namespace epicrisis::study
