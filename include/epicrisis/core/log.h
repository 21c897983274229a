#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

namespace epicrisis {

enum class LogLevel { kDebug, kInfo, kWarning, kError, kOff };

// One process-wide log on standard error; lines carry level and message. Control characters of the
// message are escaped: it may quote input from outside. Thread-safe.
void set_log_level(LogLevel level);
void log_line(LogLevel level, std::string_view message);

template <typename... Args>
void log_info(fmt::format_string<Args...> format, Args&&... args) {
  log_line(LogLevel::kInfo, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void log_warning(fmt::format_string<Args...> format, Args&&... args) {
  log_line(LogLevel::kWarning, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void log_debug(fmt::format_string<Args...> format, Args&&... args) {
  log_line(LogLevel::kDebug, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace epicrisis
