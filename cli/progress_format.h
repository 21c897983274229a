#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace epicrisis::cli {

// "850 ms", "12 s", "3:05", "1:02:03".
std::string format_duration(double seconds);

// "0.52", "12.3", "1250": a rate with about three digits.
std::string format_rate(double items_per_second);

// The unit of this number of items: "images", and "image" of one. `unit` is the plural of a word
// whose plural ends in an s of its own.
std::string_view unit_of(std::uint64_t count, std::string_view unit);

struct ProgressView {
  std::string_view label;
  std::uint64_t done = 0;
  std::uint64_t total = 0;  // 0: unknown
  std::string_view unit;
  double rate = 0;  // items a second; 0: not known yet
  std::string_view note;
};

// One line of at most `width` characters: label, bar, count, rate, time left, note. The texts are
// valid UTF-8.
std::string progress_line(const ProgressView& view, std::size_t width);

}  // namespace epicrisis::cli
