#include "progress_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace epicrisis::cli {
namespace {

bool begins_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

std::size_t character_count(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_character));
}

std::string_view first_characters(std::string_view text, std::size_t count) {
  std::size_t end = 0;
  while (end < text.size() && (!begins_character(text[end]) || count-- > 0)) ++end;
  return text.substr(0, end);
}

}  // namespace

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

std::string_view unit_of(std::uint64_t count, std::string_view unit) {
  return count == 1 && unit.ends_with('s') ? unit.substr(0, unit.size() - 1) : unit;
}

std::string progress_line(const ProgressView& view, std::size_t width) {
  std::string tail;
  if (view.total > 0) {
    tail += fmt::format(" {}/{} {}", view.done, view.total, unit_of(view.total, view.unit));
  } else {
    tail += fmt::format(" {} {}", view.done, unit_of(view.done, view.unit));
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

}  // namespace epicrisis::cli
