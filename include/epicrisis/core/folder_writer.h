#pragma once

#include <set>
#include <string>
#include <string_view>

#include "epicrisis/core/files.h"

namespace epicrisis {

// A folder of many files that appears whole: they are written to a folder beside it (inside it,
// where it is there already), which commit() puts in place. Without commit() the destructor takes
// all of it away. A process that is killed leaves a folder of the name ".*.part" behind, which is
// in nobody's way.
//
// The folder is a new or an empty one. With `replace` it may also hold what an earlier
// FolderWriter wrote, and that alone: its list of files, kFolderList, tells each with its size.
// Errors are SystemError; UsageError where the folder is a file, or holds anything else.
class FolderWriter {
 public:
  FolderWriter(const Path& folder, bool replace);
  ~FolderWriter();
  FolderWriter(const FolderWriter&) = delete;
  FolderWriter& operator=(const FolderWriter&) = delete;

  // Where everything is written until then.
  const Path& staging() const { return staging_; }
  // Where to write the file `relative`, which is below the folder; its parents are made.
  Path file(const Path& relative) const;
  void write(const Path& relative, std::string_view bytes) const;
  // A copy of the bytes of `from`, with the rights of a new file. Returns why `from` could not be
  // read, and leaves nothing of it then; "" if it was.
  std::string copy(const Path& from, const Path& relative) const;

  // Syncs the disk once, for all files. Looks again whether the folder still holds nothing but what
  // may be replaced.
  void commit();

 private:
  void replace_content();

  Path folder_;
  Path staging_;
  bool replace_ = false;
  bool inside_ = false;  // the folder was there
};

// "epicrisis files 1", then a line a file: its size in bytes, a tab, its path from the folder.
inline constexpr std::string_view kFolderList = ".epicrisis-files";
// What a FolderWriter wrote to the folder and is there in the same size, by its path from the
// folder ("train/metadata.jsonl"). Empty where there is no such list. SystemError where the folder
// cannot be read.
std::set<std::string> files_left_as_written(const Path& folder);

}  // namespace epicrisis
