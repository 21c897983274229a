#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace epicrisis {

// What the program's exit status tells a caller.
enum class ExitCode : int {
  kOk = 0,
  kInternal = 1,      // a bug of ours
  kUsage = 2,         // wrong arguments or a wrong study file
  kLeakage = 3,       // splits overlap and --allow-leakage was not given
  kInput = 4,         // a file or an answer from outside is broken
  kSystem = 5,        // disk full, no permission, database locked, a service is down
  kInterrupted = 130  // Ctrl-C
};

// Thrown for what a caller cannot go on from. The message starts with what was tried, gives the
// place (file, line) and the value that was met, and says what to do where that is known.
class Error : public std::runtime_error {
 public:
  Error(ExitCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ExitCode code() const noexcept { return code_; }

 private:
  ExitCode code_;
};

class UsageError : public Error {
 public:
  template <typename... Args>
  explicit UsageError(fmt::format_string<Args...> format, Args&&... args)
      : Error(ExitCode::kUsage, fmt::format(format, std::forward<Args>(args)...)) {}
};

class InputError : public Error {
 public:
  template <typename... Args>
  explicit InputError(fmt::format_string<Args...> format, Args&&... args)
      : Error(ExitCode::kInput, fmt::format(format, std::forward<Args>(args)...)) {}
};

class SystemError : public Error {
 public:
  template <typename... Args>
  explicit SystemError(fmt::format_string<Args...> format, Args&&... args)
      : Error(ExitCode::kSystem, fmt::format(format, std::forward<Args>(args)...)) {}
};

class LeakageError : public Error {
 public:
  template <typename... Args>
  explicit LeakageError(fmt::format_string<Args...> format, Args&&... args)
      : Error(ExitCode::kLeakage, fmt::format(format, std::forward<Args>(args)...)) {}
};

class InternalError : public Error {
 public:
  template <typename... Args>
  explicit InternalError(fmt::format_string<Args...> format, Args&&... args)
      : Error(ExitCode::kInternal, fmt::format(format, std::forward<Args>(args)...)) {}
};

class Interrupted : public Error {
 public:
  Interrupted() : Error(ExitCode::kInterrupted, "interrupted") {}
};

}  // namespace epicrisis
