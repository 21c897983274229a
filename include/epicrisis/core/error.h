#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace epicrisis {

// Whose fault an error is. The edges of the program turn it into what their callers understand: an
// exit status, an HTTP status.
enum class ErrorKind {
  kInternal,    // a bug of ours
  kUsage,       // wrong arguments or a wrong study file
  kLeakage,     // splits overlap and that was not allowed
  kInput,       // a file or an answer from outside is broken
  kSystem,      // disk full, no permission, database locked, a service is down
  kInterrupted  // cancelled
};

// Thrown for what a caller cannot go on from. The message starts with what was tried, gives the
// place (file, line) and the value that was met, and says what to do where that is known.
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
  ErrorKind kind() const noexcept { return kind_; }

 private:
  ErrorKind kind_;
};

class UsageError : public Error {
 public:
  template <typename... Args>
  explicit UsageError(fmt::format_string<Args...> format, Args&&... args)
      : Error(ErrorKind::kUsage, fmt::format(format, std::forward<Args>(args)...)) {}
};

class InputError : public Error {
 public:
  template <typename... Args>
  explicit InputError(fmt::format_string<Args...> format, Args&&... args)
      : Error(ErrorKind::kInput, fmt::format(format, std::forward<Args>(args)...)) {}
};

class SystemError : public Error {
 public:
  template <typename... Args>
  explicit SystemError(fmt::format_string<Args...> format, Args&&... args)
      : Error(ErrorKind::kSystem, fmt::format(format, std::forward<Args>(args)...)) {}
};

class LeakageError : public Error {
 public:
  template <typename... Args>
  explicit LeakageError(fmt::format_string<Args...> format, Args&&... args)
      : Error(ErrorKind::kLeakage, fmt::format(format, std::forward<Args>(args)...)) {}
};

class InternalError : public Error {
 public:
  template <typename... Args>
  explicit InternalError(fmt::format_string<Args...> format, Args&&... args)
      : Error(ErrorKind::kInternal, fmt::format(format, std::forward<Args>(args)...)) {}
};

class Interrupted : public Error {
 public:
  Interrupted() : Error(ErrorKind::kInterrupted, "interrupted") {}
};

}  // namespace epicrisis
