#include "epicrisis/core/log.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>

#include "core/terminal.h"
#include "core/utf8.h"

namespace epicrisis {
namespace {

spdlog::level::level_enum level_of(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
    case LogLevel::kOff:
      break;
  }
  return spdlog::level::off;
}

struct Log {
  std::shared_ptr<spdlog::sinks::stderr_color_sink_st> sink =
      std::make_shared<spdlog::sinks::stderr_color_sink_st>();
  spdlog::logger logger{"epicrisis", sink};

  Log() {
    logger.set_pattern("%^%l%$: %v");
    logger.set_level(spdlog::level::info);
    logger.flush_on(spdlog::level::trace);
  }
};

Log& log() {
  static Log* const instance = new Log;  // outlives every thread that logs
  return *instance;
}

// Asked anew for each line: standard error may be sent elsewhere meanwhile.
spdlog::color_mode color_mode() {
  return isatty(STDERR_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr
             ? spdlog::color_mode::always
             : spdlog::color_mode::never;
}

std::string escape_controls(std::string_view message) {
  std::string text;
  text.reserve(message.size());
  for (std::size_t i = 0; i < message.size();) {
    const Utf8Step step = decode_utf8(message, i);
    if (!step.valid) {
      for (std::size_t k = 0; k < step.length; ++k) {
        text += fmt::format("\\x{:02x}", static_cast<unsigned char>(message[i + k]));
      }
    } else if (step.code == '\n') {
      text += "\\n";
    } else if (step.code == '\t') {
      text += ' ';
    } else if (step.code < 0x20 || (step.code >= 0x7F && step.code <= 0x9F)) {
      text += fmt::format("\\x{:02x}", static_cast<unsigned>(step.code));
    } else if (is_direction_mark(step.code) || step.code == 0x2028 || step.code == 0x2029) {
      text += fmt::format("\\u{:04x}", static_cast<unsigned>(step.code));
    } else {
      text += message.substr(i, step.length);
    }
    i += step.length;
  }
  return text;
}

}  // namespace

void set_log_level(LogLevel level) { log().logger.set_level(level_of(level)); }

void log_line(LogLevel level, std::string_view message) {
  if (level == LogLevel::kOff || !log().logger.should_log(level_of(level))) return;
  const std::string text = escape_controls(message);
  const std::lock_guard lock(terminal().mutex);
  terminal().erase_bar();
  log().sink->set_color_mode(color_mode());
  log().logger.log(level_of(level), text);
}

}  // namespace epicrisis
