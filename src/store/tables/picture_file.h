#pragma once

#include <cstdint>
#include <string>

#include "core/file_stamp.h"

namespace epicrisis {

// The picture of a sample that a row is about, as its file was when the row was made.
struct PictureFile {
  std::int64_t sample_id = 0;
  std::string path;
  FileStamp stamp;
};

}  // namespace epicrisis
