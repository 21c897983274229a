#include "epicrisis/net/retry_after.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "epicrisis/core/strings.h"

namespace epicrisis {
namespace {

// A wait above this (some 30 years) is told as this, so that no sum with a time overflows.
constexpr double kLongest = 1e9;
// A number from here on (the year 2001) is a time in seconds since 1970, and no wait.
constexpr double kFirstTime = 1e9;

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

// From now until a time in seconds since 1970; none if it is past.
std::optional<Seconds> until(double time, std::chrono::system_clock::time_point now) {
  const double wait = time - Seconds(now.time_since_epoch()).count();
  if (!(wait >= 0)) return {};
  return Seconds(std::min(wait, kLongest));
}

std::optional<Seconds> read_number(std::string_view text, double unit) {
  // More digits than a number holds are a long wait still.
  if (text.size() > 300 && all_digits(text)) return Seconds(kLongest);
  const auto value = parse_number(text);
  if (!value || std::signbit(*value)) return {};
  return Seconds(std::min(*value * unit, kLongest));
}

// Seconds, or a time: seconds or milliseconds since 1970.
std::optional<Seconds> read_number_or_time(std::string_view text,
                                           std::chrono::system_clock::time_point now) {
  const auto value = parse_number(text);
  if (value && *value >= kFirstTime && *value < kFirstTime * 100) return until(*value, now);
  if (value && *value >= kFirstTime * 1000 && *value < kFirstTime * 100'000) {
    return until(*value / 1000, now);
  }
  return read_number(text, 1);
}

// Units of "1m26.4s" and of words, "20 seconds", "3秒"; the longer before what it begins with.
struct Unit {
  std::string_view name;
  double seconds = 0;
};
constexpr auto kUnits = std::to_array<Unit>({
    {"milliseconds", 1e-3},
    {"millisecond", 1e-3},
    {"msec", 1e-3},
    {"ms", 1e-3},
    {"minutes", 60},
    {"minuten", 60},
    {"minute", 60},
    {"minutos", 60},
    {"minuto", 60},
    {"minuti", 60},
    {"mins", 60},
    {"min", 60},
    {"m", 60},
    {"seconds", 1},
    {"secondes", 1},
    {"seconde", 1},
    {"secondi", 1},
    {"secondo", 1},
    {"second", 1},
    {"segundos", 1},
    {"segundo", 1},
    {"sekunden", 1},
    {"sekunde", 1},
    {"sekund", 1},
    {"seconden", 1},
    {"saniye", 1},
    {"sek", 1},
    {"secs", 1},
    {"sec", 1},
    {"seg", 1},
    {"s", 1},
    {"hours", 3600},
    {"hour", 3600},
    {"heures", 3600},
    {"heure", 3600},
    {"horas", 3600},
    {"hora", 3600},
    {"stunden", 3600},
    {"stunde", 3600},
    {"hrs", 3600},
    {"hr", 3600},
    {"h", 3600},
    {"days", 86400},
    {"day", 86400},
    {"d", 86400},
    {"секунды", 1},
    {"секунду", 1},
    {"секунд", 1},
    {"сек", 1},
    {"минуты", 60},
    {"минуту", 60},
    {"минут", 60},
    {"秒钟", 1},
    {"秒鐘", 1},
    {"秒", 1},
    {"分钟", 60},
    {"分鐘", 60},
    {"分", 60},
    {"小时", 3600},
    {"小時", 3600},
    {"時間", 3600},
    {"초", 1},
    {"분", 60},
    {"시간", 3600},
});

// The unit at the beginning of a text, with its length; small letters.
std::optional<std::pair<std::size_t, double>> unit_at(std::string_view text) {
  const std::size_t spaces = text.starts_with(' ') ? 1 : 0;
  text.remove_prefix(spaces);
  const auto ends = [&](std::size_t size) {
    return size == text.size() || !(text[size] >= 'a' && text[size] <= 'z');
  };
  for (const Unit& unit : kUnits) {
    if (text.starts_with(unit.name) && ends(unit.name.size())) {
      return {{spaces + unit.name.size(), unit.seconds}};
    }
  }
  for (const std::string_view micro : {"us", "\xC2\xB5s", "\xCE\xBCs", "ns"}) {
    if (text.starts_with(micro)) return {{spaces + micro.size(), 1e-6}};
  }
  return {};
}

// The duration at the beginning of a text in small letters: "6m0s", "1.5s", "20ms", "1 h 2 min",
// "26 seconds". Sets `used` to its length; 0 if there is none.
std::optional<Seconds> duration_at(std::string_view text, std::size_t& used) {
  used = 0;
  double sum = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t end = at;
    while (end < text.size() && ((text[end] >= '0' && text[end] <= '9') || text[end] == '.')) ++end;
    const auto value = parse_number(text.substr(at, end - at));
    const auto unit = end == at || !value ? std::nullopt : unit_at(text.substr(end));
    if (!unit) break;
    sum += *value * unit->second;
    used = end + unit->first;
    at = used;
    if (text.substr(at).starts_with(", ")) at += 2;
    if (text.substr(at).starts_with(" and ")) at += 5;
    if (text.substr(at).starts_with(' ')) ++at;
  }
  if (used == 0) return {};
  return Seconds(std::min(sum, kLongest));
}

// "2026-05-01T12:00:00Z", with a fraction, a space for the T, an offset for the Z.
std::optional<Seconds> read_iso_time(std::string_view text,
                                     std::chrono::system_clock::time_point now) {
  if (text.size() < 19 || text[4] != '-' || text[7] != '-' ||
      (text[10] != 'T' && text[10] != 't' && text[10] != ' ')) {
    return {};
  }
  const auto month_number = digits(text.substr(5, 2), 2, 2);
  if (!month_number) return {};
  const auto seconds =
      seconds_of({digits(text.substr(0, 4), 4, 4), static_cast<unsigned>(*month_number),
                  digits(text.substr(8, 2), 2, 2), text.substr(11, 8)});
  if (!seconds) return {};
  std::string_view rest = text.substr(19);
  double fraction = 0;
  if (rest.starts_with('.')) {
    const std::size_t end = std::min(rest.find_first_not_of("0123456789", 1), rest.size());
    fraction = parse_number(fmt::format("0{}", rest.substr(0, end))).value_or(0);
    rest.remove_prefix(end);
  }
  int offset = 0;  // minutes
  if (rest.size() >= 5 && (rest[0] == '+' || rest[0] == '-')) {
    const auto hours = digits(rest.substr(1, 2), 2, 2);
    const auto minutes = digits(rest.substr(rest[3] == ':' ? 4 : 3), 2, 2);
    if (!hours || !minutes) return {};
    offset = (*hours * 60 + *minutes) * (rest[0] == '-' ? -1 : 1);
  } else if (!rest.empty() && rest != "Z" && rest != "z") {
    return {};
  }
  return until(static_cast<double>(*seconds) + fraction - offset * 60.0, now);
}

// A wait in any of the forms in which servers write one.
std::optional<Seconds> read_wait(std::string_view text, std::chrono::system_clock::time_point now) {
  text = trim(text);
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
    text = text.substr(1, text.size() - 2);
  }
  if (text.empty() || text.size() > 1000) return {};
  if (const auto wait = read_number_or_time(text, now)) return wait;
  const std::string small = ascii_lower(text);
  std::size_t used = 0;
  const auto duration = duration_at(small, used);
  if (duration && used == small.size()) return duration;
  if (const auto wait = read_iso_time(text, now)) return wait;
  const auto today = std::chrono::floor<std::chrono::days>(now);
  const auto date =
      read_http_date(text, static_cast<int>(std::chrono::year_month_day(today).year()));
  if (!date) return {};
  return until(static_cast<double>(*date), now);
}

// What stands before a wait in the body of an error, in small letters: fields of JSON (Google's
// RetryInfo, Discord's, OpenRouter's headers) and words of messages.
constexpr auto kBefore = std::to_array<std::string_view>(
    {"retry_after_ms",  "retrydelay",         "retry_delay",     "retry_after",  "retry-after",
     "retryafter",      "retry_in",           "try again in",    "retry in",     "retry after",
     "try again after", "x-ratelimit-reset",  "please wait for", "please wait",  "wait for",
     "wait ",           "retry-in",           "come back in",    "available in", "resets in",
     "reset in",        "available again in", "erneut in",       "wieder in",    "warten sie",
     "nouveau dans",    "essayez dans",       "essayer dans",    "nuevo en",     "dentro de",
     "riprova tra",     "riprovare tra",      "novamente em",    "через",        "请等待",
     "请稍等"});

// What stands after a wait with its unit.
constexpr auto kAfter =
    std::to_array<std::string_view>({"后", "後", "之后", "之後", "以后", "以後", "후", "뒤",
                                     "erneut", "noch einmal", "nochmal", "wieder"});

// The wait that follows such words.
std::optional<Seconds> wait_after(std::string_view rest, bool milliseconds,
                                  std::chrono::system_clock::time_point now) {
  // Quotes, a colon, "about", the object {"seconds": "34"}: no digit among it.
  constexpr std::size_t kMostBetween = 24;
  const std::size_t begin = rest.substr(0, kMostBetween).find_first_of("0123456789");
  if (begin == std::string_view::npos) return {};
  if (rest.substr(0, begin).find_first_of(".!?-,") != std::string_view::npos) return {};
  rest.remove_prefix(begin);
  std::size_t used = 0;
  if (const auto duration = duration_at(rest, used)) return duration;
  const std::size_t end = std::min(rest.find_first_not_of("0123456789."), rest.size());
  std::string_view number = rest.substr(0, end);
  while (number.ends_with('.')) number.remove_suffix(1);
  if (end < rest.size() && (rest[end] == '-' || rest[end] == ':' || rest[end] == '/')) {
    return read_iso_time(ascii_lower(rest.substr(0, rest.find_first_of("\"' ,}"))), now);
  }
  return milliseconds ? read_number(number, 0.001) : read_number_or_time(number, now);
}

// The wait that stands before such words: "in 3 Sekunden erneut".
std::optional<Seconds> wait_before(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789";
  while (!text.empty()) {
    text.remove_prefix(std::min(text.find_first_of(kDigits), text.size()));
    std::size_t used = 0;
    const auto duration = duration_at(text, used);
    if (!duration) used = text.find_first_not_of(kDigits);
    text.remove_prefix(std::min(used, text.size()));
    const std::string_view rest = text.substr(text.starts_with(' ') ? 1 : 0);
    const bool told = std::ranges::any_of(
        kAfter, [&](std::string_view words) { return rest.starts_with(words); });
    if (duration && told) return duration;
  }
  return {};
}

std::optional<Seconds> wait_in_body(std::string_view body,
                                    std::chrono::system_clock::time_point now) {
  constexpr std::size_t kMostLooked = 65536;
  const std::string text = ascii_lower(body.substr(0, kMostLooked));
  for (const std::string_view words : kBefore) {
    for (std::size_t at = text.find(words); at != std::string::npos;
         at = text.find(words, at + 1)) {
      const auto wait =
          wait_after(std::string_view(text).substr(at + words.size()), words.ends_with("_ms"), now);
      if (wait) return wait;
    }
  }
  return wait_before(text);
}

// "limit=100, remaining=0, reset=50" and "\"default\";r=0;t=50": two drafts of the IETF.
std::optional<Seconds> wait_in_rate_limit(std::string_view text) {
  std::optional<Seconds> reset;
  std::string small = ascii_lower(text);
  std::ranges::replace(small, ';', ',');
  for (const std::string& part : split(small, ',')) {
    const std::string_view entry = trim(part);
    for (const std::string_view name : {"reset=", "t="}) {
      if (entry.starts_with(name)) reset = read_number(entry.substr(name.size()), 1);
    }
    if ((entry.starts_with("remaining=") || entry.starts_with("r=")) &&
        parse_number(entry.substr(entry.find('=') + 1)).value_or(0) > 0) {
      return {};
    }
  }
  return reset;
}

// Of the limits that are told in headers, when the last of those that are used up is renewed.
std::optional<Seconds> wait_of_limits(const HttpAnswer& answer,
                                      std::chrono::system_clock::time_point now) {
  std::optional<Seconds> longest;
  const auto take = [&](std::optional<Seconds> wait) {
    if (wait && (!longest || *wait > *longest)) longest = wait;
  };
  for (const auto& [name, value] : answer.headers) {
    if (name == "ratelimit") take(wait_in_rate_limit(value));
    const bool limit =
        name.find("ratelimit") != std::string::npos || name.find("rate-limit") != std::string::npos;
    const std::size_t reset = name.find("reset");
    if (!limit || reset == std::string::npos) continue;
    std::string other = name;
    other.replace(reset, 5, "remaining");
    const auto left = parse_number(trim(answer.header(other)));
    if (!left || *left <= 0) take(read_wait(value, now));
  }
  return longest;
}

}  // namespace

std::optional<Seconds> read_retry_after(const HttpAnswer& answer,
                                        std::chrono::system_clock::time_point now) {
  for (const std::string_view name : {"retry-after-ms", "x-ms-retry-after-ms"}) {
    if (const auto wait = read_number(trim(answer.header(name)), 0.001)) return wait;
  }
  if (const auto wait = read_wait(answer.header("retry-after"), now)) return wait;
  if (answer.status >= 400) {
    if (const auto wait = wait_in_body(answer.body, now)) return wait;
  }
  // Other answers tell the same limits, though none is used up.
  if (answer.status != 429 && answer.status != 503) return {};
  return wait_of_limits(answer, now);
}

}  // namespace epicrisis
