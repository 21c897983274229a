#include "epicrisis/net/retry_after.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "epicrisis/core/strings.h"

namespace epicrisis {
namespace {

// A wait above this (some 30 years) is told as this, so that no sum with a time overflows.
constexpr double kLongest = 1e9;

constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> kDays = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                                   "Friday", "Saturday", "Sunday"};

bool all_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// A number of digits of a length within [low, high].
std::optional<int> digits(std::string_view text, std::size_t low, std::size_t high) {
  if (text.size() < low || text.size() > high || !all_digits(text)) return {};
  int value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::optional<unsigned> month(std::string_view name) {
  const auto found = std::ranges::find(kMonths, name);
  if (found == kMonths.end()) return {};
  return static_cast<unsigned>(found - kMonths.begin()) + 1;
}

bool is_day_name(std::string_view name, bool whole) {
  return std::ranges::any_of(
      kDays, [&](std::string_view day) { return name == (whole ? day : day.substr(0, 3)); });
}

struct Date {
  std::optional<int> year;
  std::optional<unsigned> month;
  std::optional<int> day;
  std::string_view time;  // "08:49:37"
};

// Seconds since 1970, UTC.
std::optional<std::int64_t> seconds_of(const Date& date) {
  if (!date.year || !date.month || !date.day || date.time.size() != 8 || date.time[2] != ':' ||
      date.time[5] != ':') {
    return {};
  }
  const auto hour = digits(date.time.substr(0, 2), 2, 2);
  const auto minute = digits(date.time.substr(3, 2), 2, 2);
  const auto second = digits(date.time.substr(6, 2), 2, 2);
  const std::chrono::year_month_day day(std::chrono::year(*date.year),
                                        std::chrono::month(*date.month),
                                        std::chrono::day(static_cast<unsigned>(*date.day)));
  // 60 is a leap second.
  if (!day.ok() || !hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 60) {
    return {};
  }
  const std::int64_t days = std::chrono::sys_days(day).time_since_epoch().count();
  return ((days * 24 + *hour) * 60 + *minute) * 60 + *second;
}

// The three forms of RFC 9110, 5.6.7: "Sun, 06 Nov 1994 08:49:37 GMT",
// "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994". That the day of the week fits the
// date is not asked for.
std::optional<std::int64_t> read_http_date(std::string_view text, int year_now) {
  std::vector<std::string> words = split(text, ' ');
  if (words.size() == 6 && words[0].size() == 4 && words[0].back() == ',') {
    if (!is_day_name(std::string_view(words[0]).substr(0, 3), false) || words[5] != "GMT")
      return {};
    return seconds_of({digits(words[3], 4, 4), month(words[2]), digits(words[1], 2, 2), words[4]});
  }
  if (words.size() == 4 && words[0].ends_with(',')) {
    const std::string_view name = std::string_view(words[0]).substr(0, words[0].size() - 1);
    const std::vector<std::string> parts = split(words[1], '-');
    if (!is_day_name(name, true) || words[3] != "GMT" || parts.size() != 3) return {};
    auto year = digits(parts[2], 2, 2);
    if (!year) return {};
    // A year that looks more than 50 years ahead is the last one with these digits.
    *year += year_now - year_now % 100;
    if (*year > year_now + 50) *year -= 100;
    return seconds_of({year, month(parts[1]), digits(parts[0], 2, 2), words[2]});
  }
  if (words.size() == 6 && words[2].empty()) words.erase(words.begin() + 2);
  if (words.size() == 5) {
    if (!is_day_name(words[0], false)) return {};
    return seconds_of({digits(words[4], 4, 4), month(words[1]), digits(words[2], 1, 2), words[3]});
  }
  return {};
}

std::optional<Seconds> read_number(std::string_view text, double unit) {
  // More digits than a number holds are a long wait still.
  if (text.size() > 300 && all_digits(text)) return Seconds(kLongest);
  const auto value = parse_number(text);
  if (!value || std::signbit(*value)) return {};
  return Seconds(std::min(*value * unit, kLongest));
}

}  // namespace

std::optional<Seconds> read_retry_after(const HttpAnswer& answer,
                                        std::chrono::system_clock::time_point now) {
  const std::string_view milliseconds = trim(answer.header("retry-after-ms"));
  if (const auto wait = read_number(milliseconds, 0.001)) return wait;
  const std::string_view text = trim(answer.header("retry-after"));
  if (text.size() > 1000) return {};
  if (const auto wait = read_number(text, 1)) return wait;
  const auto today = std::chrono::floor<std::chrono::days>(now);
  const auto date =
      read_http_date(text, static_cast<int>(std::chrono::year_month_day(today).year()));
  if (!date) return {};
  const double wait = static_cast<double>(*date) - Seconds(now.time_since_epoch()).count();
  if (wait < 0) return {};
  return Seconds(std::min(wait, kLongest));
}

}  // namespace epicrisis
