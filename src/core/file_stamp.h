#pragma once

#include <cstdint>
#include <string>

namespace epicrisis {

// Size and time of a file, by which a change is told. A missing file has size and time 0.
struct FileStamp {
  std::int64_t size = 0;  // bytes
  std::int64_t time = 0;  // of the last change, nanoseconds
  bool operator==(const FileStamp&) const = default;
};
FileStamp file_stamp(const std::string& path);

}  // namespace epicrisis
