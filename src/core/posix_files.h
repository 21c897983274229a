#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "epicrisis/core/files.h"

namespace epicrisis {

// Throws SystemError "cannot <tried> '<path>': <text of errno>", and what to do where that is
// known.
[[noreturn]] void throw_errno(std::string_view tried, const Path& path, int number);

// An open file descriptor, closed at the end of its life.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  int get() const { return number_; }

 private:
  int number_;
};

// InputError for a named pipe, a device or a socket, which a reader would wait for or never come to
// the end of; SystemError for a folder. What a shell makes of <(...) is read.
Descriptor open_to_read(const Path& path);

// UsageError with what is near where a path that a person gave is not there.
void require_given(const Path& path);

// Bytes read into `buffer`, 0 at the end of the file.
std::size_t read_some(int descriptor, char* buffer, std::size_t size, const Path& path);

}  // namespace epicrisis
