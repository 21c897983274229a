#include "terminal_watcher.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "epicrisis/core/clock.h"
#include "epicrisis/core/strings.h"
#include "message_lines.h"
#include "output.h"
#include "progress_format.h"

namespace epicrisis::cli {
namespace {

constexpr std::size_t kMaxLabel = 40;
constexpr std::size_t kMaxNote = 60;
constexpr double kLineEvery = 60;  // seconds, in a log

bool is_terminal() { return isatty(STDERR_FILENO) == 1; }

std::size_t terminal_width() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

// What was printed before goes out before, where both are sent to one file.
void put(std::string_view text) {
  flush_output();
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

struct LevelName {
  std::string_view name;
  std::string_view colour;
};
LevelName name_of(LogLevel level) {
  switch (level) {
    case LogLevel::kInfo:
      return {"info", "\033[32m"};
    case LogLevel::kWarning:
      return {"warning", "\033[33m\033[1m"};
    case LogLevel::kError:
      break;
  }
  return {"error", "\033[31m\033[1m"};
}

// What this step did itself.
std::uint64_t worked(const JobStep& step) { return step.done - std::min(step.before, step.done); }

std::string counted_unit(const JobStep& step) {
  const std::uint64_t count = step.total > 0 && step.done != step.total ? step.total : step.done;
  return clean_text(unit_of(count, step.unit), kMaxLabel);
}

}  // namespace

void TerminalWatcher::erase_bar() {
  if (!bar_on_screen_) return;
  put("\r\033[K");
  bar_on_screen_ = false;
}

double TerminalWatcher::now() const { return Seconds(clock_->monotonic()).count(); }

// How far a step is, in a log.
void TerminalWatcher::put_line(Shown& shown, const JobStep& step) const {
  const double time = now();
  if (time - shown.last_line < kLineEvery) return;
  shown.last_line = time;
  std::string line = fmt::format("{}: {}", clean_text(step.label, kMaxLabel), step.done);
  if (step.total > 0) line += fmt::format(" of {}", step.total);
  line += " " + counted_unit(step);
  if (worked(step) > 0 && step.total > step.done) {
    const double left = (time - shown.start) / static_cast<double>(worked(step)) *
                        static_cast<double>(step.total - step.done);
    line += fmt::format(", about {} left", format_duration(left));
  }
  const std::string note = clean_text(step.note, kMaxNote);
  put(line + (note.empty() ? "" : "  " + note) + "\n");
}

void TerminalWatcher::step_begun(const JobStep& step) {
  if (quiet_) return;
  Shown& shown = steps_[step.number];
  shown.on_terminal = is_terminal();
  shown.start = shown.last_time = shown.last_line = now();
  if (shown.on_terminal) return;
  const std::string label = clean_text(step.label, kMaxLabel);
  put(step.total > 0 ? fmt::format("{}: {} {}\n", label, step.total,
                                   clean_text(unit_of(step.total, step.unit), kMaxLabel))
                     : label + "\n");
}

void TerminalWatcher::step_moved(const JobStep& step) {
  const auto found = steps_.find(step.number);
  if (found == steps_.end()) return;
  Shown& shown = found->second;
  if (!shown.on_terminal) return put_line(shown, step);
  // The rate follows the last seconds, so that the time left does not hang on a slow start.
  const double time = now();
  const double passed = time - shown.last_time;
  const bool skipped_alone = worked(step) == shown.last_worked && step.before > shown.last_before;
  if (passed > 0 && !skipped_alone) {
    const double recent = static_cast<double>(worked(step) - shown.last_worked) / passed;
    const double weight = shown.rate > 0 ? 1 - std::exp(-passed / 3.0) : 1.0;
    shown.rate += weight * (recent - shown.rate);
  }
  if (passed > 0) {
    shown.last_time = time;
    shown.last_worked = worked(step);
    shown.last_before = step.before;
  }
  const std::string label = clean_text(step.label, kMaxLabel);
  const std::string unit = clean_text(step.unit, kMaxLabel);
  const std::string note = clean_text(step.note, kMaxNote);
  put("\r" +
      progress_line({label, step.done, step.total, unit, shown.rate, note}, terminal_width() - 1) +
      "\033[K");
  bar_on_screen_ = true;
}

void TerminalWatcher::step_ended(const JobStep& step) {
  const auto found = steps_.find(step.number);
  if (found == steps_.end()) return;
  const double seconds = now() - found->second.start;
  steps_.erase(found);
  erase_bar();
  std::string line = clean_text(step.label, kMaxLabel);
  line += step.total > 0 && step.done != step.total
              ? fmt::format(": {} of {}", step.done, step.total)
              : fmt::format(": {}", step.done);
  line += " " + counted_unit(step);
  if (step.before > 0) line += fmt::format(", {} of them before,", step.before);
  line += " in " + format_duration(seconds);
  if (seconds > 0 && worked(step) > 0) {
    line += fmt::format(" ({}/s)", format_rate(static_cast<double>(worked(step)) / seconds));
  }
  const std::string note = clean_text(step.note, kMaxNote);
  if (!note.empty()) line += "  " + note;
  put(line + "\n");
}

void TerminalWatcher::said(LogLevel level, std::string_view text) {
  if (quiet_ && level == LogLevel::kInfo) return;
  erase_bar();
  const auto [name, colour] = name_of(level);
  const std::string line = message_lines(wording_ ? wording_(text) : std::string(text));
  constexpr std::size_t kMaxWarnings = 1000;
  if (level == LogLevel::kWarning && warnings_.size() < kMaxWarnings) warnings_.push_back(line);
  // Asked anew for each line: standard error may be sent elsewhere meanwhile.
  const bool coloured = is_terminal() && std::getenv("NO_COLOR") == nullptr;
  put(coloured ? fmt::format("{}{}\033[m: {}\n", colour, name, line)
               : fmt::format("{}: {}\n", name, line));
}

}  // namespace epicrisis::cli
