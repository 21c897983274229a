#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/posix_files.h"

namespace epicrisis {

// Reads a text file line by line; memory is the longest line that is taken and a block. SystemError
// if the file cannot be read.
class LineReader {
 public:
  LineReader(const Path& path, std::size_t max_line);

  // Goes to the next line; false at the end of the file. A last line without a line feed counts, if
  // it is not empty.
  bool next();

  const std::string& line() const { return line_; }  // without line feed and carriage return
  std::int64_t number() const { return number_; }    // from 1
  std::uint64_t offset() const { return offset_; }   // of its first byte in the file
  bool whole() const { return whole_; }              // false: longer than max_line, and cut
  bool terminated() const { return terminated_; }    // a line feed ends it

 private:
  Path path_;
  Descriptor file_;
  std::size_t max_line_;
  std::string block_;
  std::size_t begin_ = 0;  // of what is unread in block_
  std::size_t end_ = 0;
  std::string line_;
  std::int64_t number_ = 0;
  std::uint64_t offset_ = 0;
  std::uint64_t position_ = 0;  // of the first unread byte in the file
  bool whole_ = true;
  bool terminated_ = false;
};

}  // namespace epicrisis
