#include "epicrisis/core/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>

#include "core/progress_format.h"
#include "core/terminal.h"
#include "core/utf8.h"
#include "epicrisis/core/clock.h"
#include "epicrisis/core/strings.h"

namespace epicrisis {
namespace {

constexpr double kDrawInterval = 0.1;  // seconds
constexpr std::size_t kMaxLabel = 40;
constexpr std::size_t kMaxNote = 60;

std::atomic<bool> enabled{true};

double seconds_now() { return Seconds(system_clock().monotonic()).count(); }

std::size_t terminal_width() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

void put(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

std::size_t character_count(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

// The first `count` characters.
std::string_view first_characters(std::string_view text, std::size_t count) {
  std::size_t end = 0;
  while (end < text.size() && count > 0) {
    end += decode_utf8(text, end).length;
    --count;
  }
  return text.substr(0, end);
}

}  // namespace

Terminal& terminal() {
  static Terminal* const instance = new Terminal;  // outlives every thread that logs
  return *instance;
}

void Terminal::erase_bar() {
  if (!bar_on_screen) return;
  put("\r\033[K");
  bar_on_screen = false;
}

std::string format_duration(double seconds) {
  if (!(seconds > 0)) return "0 s";
  if (seconds < 0.9995) return fmt::format("{:.0f} ms", std::max(1.0, seconds * 1000));
  if (seconds < 9.95) return fmt::format("{:.1f} s", seconds);
  if (seconds > 3.6e8) return "years";
  const auto whole = static_cast<std::uint64_t>(std::llround(seconds));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{}:{:02}", whole / 60, whole % 60);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

std::string format_rate(double items_per_second) {
  if (items_per_second < 9.995) return fmt::format("{:.2f}", items_per_second);
  if (items_per_second < 99.95) return fmt::format("{:.1f}", items_per_second);
  return fmt::format("{:.0f}", items_per_second);
}

std::string progress_line(const ProgressView& view, std::size_t width) {
  std::string tail;
  if (view.total > 0) {
    tail += fmt::format(" {}/{} {}", view.done, view.total, view.unit);
  } else {
    tail += fmt::format(" {} {}", view.done, view.unit);
  }
  if (view.rate > 0) {
    tail += fmt::format("  {}/s", format_rate(view.rate));
    if (view.total > view.done) {
      const double left = static_cast<double>(view.total - view.done) / view.rate;
      tail += fmt::format("  {} left", format_duration(left));
    }
  }
  if (!view.note.empty()) tail += fmt::format("  {}", view.note);

  std::string line(view.label);
  const std::size_t used = character_count(line) + character_count(tail);
  if (view.total > 0 && used + 8 < width) {
    const std::size_t bar = std::min<std::size_t>(30, width - used - 4);
    const double share =
        std::min(1.0, static_cast<double>(view.done) / static_cast<double>(view.total));
    const auto filled = static_cast<std::size_t>(share * static_cast<double>(bar));
    line += fmt::format(" [{}{}]", std::string(filled, '#'), std::string(bar - filled, '.'));
  }
  line += tail;
  return std::string(first_characters(line, width));
}

struct Progress::State {
  std::string label;
  std::string unit;
  std::uint64_t total = 0;
  bool active = false;
  bool on_terminal = false;
  double start = 0;
  std::atomic<std::uint64_t> done{0};
  std::atomic<double> next_draw{0};
  // Under terminal().mutex:
  std::string note;
  bool finished = false;
  double rate = 0;  // smoothed
  double last_time = 0;
  std::uint64_t last_done = 0;

  // Under the lock. The rate follows the last seconds, so that the time left does not hang on a
  // slow start.
  void update_rate(double now) {
    const double passed = now - last_time;
    if (passed <= 0) return;
    const std::uint64_t count = done.load();
    const double recent = static_cast<double>(count - last_done) / passed;
    const double weight = rate > 0 ? 1 - std::exp(-passed / 3.0) : 1.0;
    rate += weight * (recent - rate);
    last_time = now;
    last_done = count;
  }

  void draw(double now) {
    update_rate(now);
    const std::string line = progress_line(
        {label, done.load(), total, unit, now - start, rate, note}, terminal_width() - 1);
    put("\r" + line + "\033[K");
    terminal().bar_on_screen = true;
  }
};

Progress::Progress(std::string_view label, std::uint64_t total, std::string_view unit)
    : state_(std::make_unique<State>()) {
  State& state = *state_;
  state.label = clean_text(label, kMaxLabel);
  state.unit = clean_text(unit, kMaxLabel);
  state.total = total;
  state.active = enabled;
  if (!state.active) return;
  state.on_terminal = isatty(STDERR_FILENO) == 1;
  state.start = state.last_time = seconds_now();
  state.next_draw = state.start + kDrawInterval;
  if (state.on_terminal) return;
  const std::lock_guard lock(terminal().mutex);
  put(total > 0 ? fmt::format("{}: {} {}\n", state.label, total, state.unit)
                : fmt::format("{}\n", state.label));
}

Progress::~Progress() { finish(); }

void Progress::add(std::uint64_t items) {
  State& state = *state_;
  state.done.fetch_add(items, std::memory_order_relaxed);
  if (!state.active || !state.on_terminal) return;
  const double now = seconds_now();
  double due = state.next_draw.load(std::memory_order_relaxed);
  // One of the threads that find the drawing due gets to do it.
  if (now < due || !state.next_draw.compare_exchange_strong(due, now + kDrawInterval)) return;
  const std::lock_guard lock(terminal().mutex);
  if (!state.finished) state.draw(now);
}

void Progress::note(std::string_view text) {
  if (!state_->active) return;
  std::string cleaned = clean_text(text, kMaxNote);
  const std::lock_guard lock(terminal().mutex);
  state_->note = std::move(cleaned);
}

void Progress::finish() {
  State& state = *state_;
  if (!state.active) return;
  const std::lock_guard lock(terminal().mutex);
  if (state.finished) return;
  state.finished = true;
  terminal().erase_bar();
  const double seconds = seconds_now() - state.start;
  const std::uint64_t done = state.done.load();
  std::string line =
      state.total > 0 && done != state.total
          ? fmt::format("{}: {} of {} {}", state.label, done, state.total, state.unit)
          : fmt::format("{}: {} {}", state.label, done, state.unit);
  line += fmt::format(" in {}", format_duration(seconds));
  if (seconds > 0 && done > 0) {
    line += fmt::format(" ({}/s)", format_rate(static_cast<double>(done) / seconds));
  }
  if (!state.note.empty()) line += fmt::format("  {}", state.note);
  put(line + "\n");
}

void set_progress_enabled(bool value) { enabled = value; }

}  // namespace epicrisis
