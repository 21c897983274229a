#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "epicrisis/core/files.h"

namespace epicrisis::cli {

// A table or a list that a command writes row by row, beside the file until finish(). What an
// earlier command wrote there stays until there is something whole to put in its place. Errors are
// SystemError. The caller asks require_output() before.
class KeptTable {
 public:
  // `header` counts as no row; "" for a file without one.
  KeptTable(Path file, std::string_view header);

  void write(std::string_view row);
  // Puts it in place. Without `of_use` (no row says anything) an earlier file is left as it is.
  // Whether it was put there.
  bool finish(bool of_use);
  // Keeps the rows so far: under the file's name if nothing is there, else under a new name beside
  // it. Where they are; an empty path where there is no row.
  Path keep_part();

 private:
  Path file_;
  bool replaces_ = false;  // something is there
  Path part_;              // where it is written: a new name beside an earlier file, or `file_`
  std::optional<AtomicFileWriter> writer_;
  std::uint64_t header_bytes_ = 0;
};

}  // namespace epicrisis::cli
