#include "epicrisis/core/strings.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "core/utf8.h"

namespace epicrisis {
namespace {

constexpr std::string_view kWhiteSpace = " \t\n\v\f\r";

// A leading '+', which std::from_chars does not take.
std::string_view without_plus(std::string_view text) {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-' && text[1] != '+') text.remove_prefix(1);
  return text;
}

bool is_space(char32_t code) {
  return code == ' ' || (code >= 0x09 && code <= 0x0D) || code == 0x85 || code == 0xA0 ||
         code == 0x1680 || (code >= 0x2000 && code <= 0x200A) || code == 0x2028 || code == 0x2029 ||
         code == 0x202F || code == 0x205F || code == 0x3000;
}

bool is_line_end(char32_t code) {
  return code == '\n' || code == 0x85 || code == 0x2028 || code == 0x2029;
}

bool is_unwanted(char32_t code) {
  return code < 0x20 || (code >= 0x7F && code <= 0x9F) || is_direction_mark(code) ||
         is_invisible(code);
}

// Whether a joiner at `next` - 3 stands between two characters that it may join: a letter beyond
// ASCII before it, and one right behind it.
bool joins(std::string_view before, std::string_view text, std::size_t next) {
  const bool wide_before = !before.empty() && static_cast<unsigned char>(before.back()) >= 0x80;
  if (!wide_before || next >= text.size()) return false;
  const Utf8Step step = decode_utf8(text, next);
  return step.valid && step.code >= 0x80 && !is_space(step.code) && !is_unwanted(step.code) &&
         !is_joiner(step.code);
}

std::string clean(std::string_view text, std::size_t max_bytes, bool keep_lines) {
  std::string result;
  result.reserve(std::min(text.size(), max_bytes));
  bool space = false;     // white space was met since the last character written
  std::size_t lines = 0;  // line ends met since then
  for (std::size_t i = 0; i < text.size();) {
    // Most of most texts: characters of ASCII within a word.
    if (const char c = text[i]; !space && c > ' ' && c < 0x7f && result.size() < max_bytes) {
      result += c;
      ++i;
      continue;
    }
    const Utf8Step step = decode_utf8(text, i);
    i += step.length;
    if (is_space(step.code)) {
      space = true;
      if (keep_lines && is_line_end(step.code)) ++lines;
      continue;
    }
    if (is_unwanted(step.code)) continue;
    if (is_joiner(step.code) && (space || !joins(result, text, i))) continue;
    std::string piece;
    if (space && !result.empty()) {
      // No more line ends than fit: the count comes from outside.
      if (lines > 0) {
        if (lines > max_bytes - result.size()) break;
        piece.assign(lines, '\n');
      } else {
        piece = " ";
      }
    }
    space = false;
    lines = 0;
    append_utf8(piece, step.code);
    if (piece.size() > max_bytes - result.size()) break;
    result += piece;
  }
  return result;
}

// How many letters must be put in, left out, changed or swapped with the next one to get from `a`
// to `b` (optimal string alignment), ASCII case ignored.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before;  // row i - 2
  std::vector<std::size_t> above;   // row i - 1
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  const auto same = [&](std::size_t i, std::size_t j) {
    return lower_letter(a[i]) == lower_letter(b[j]);
  };
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before = std::exchange(above, row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = above[j - 1] + (same(i - 1, j - 1) ? 0 : 1);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, change});
      if (i > 1 && j > 1 && same(i - 1, j - 2) && same(i - 2, j - 1)) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
  }
  return row[b.size()];
}

}  // namespace

std::string_view trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kWhiteSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kWhiteSpace) - begin + 1);
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string result;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) result += separator;
    result += parts[i];
  }
  return result;
}

std::string join_words(const std::vector<std::string>& words, std::string_view last) {
  if (words.size() < 2) return words.empty() ? std::string() : words[0];
  return fmt::format("{} {} {}", join({words.begin(), words.end() - 1}, ", "), last, words.back());
}

std::string ascii_lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), lower_letter);
  return result;
}

std::string loose_name(std::string_view name) {
  std::string loose;
  for (const char c : name) {
    if (c != ' ' && c != '_' && c != '-' && c != '.') loose += lower_letter(c);
  }
  return loose;
}

bool starts_with_ignoring_case(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() &&
         std::equal(prefix.begin(), prefix.end(), text.begin(),
                    [](char a, char b) { return lower_letter(a) == lower_letter(b); });
}

std::optional<double> parse_number(std::string_view text) {
  text = without_plus(text);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return {};
  return value;
}

std::optional<long long> parse_integer(std::string_view text) {
  text = without_plus(text);
  long long value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return {};
  return value;
}

bool is_valid_utf8(std::string_view text) { return valid_utf8_prefix(text) == text.size(); }

std::string_view utf8_beginning(std::string_view text, std::size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  while (max_bytes > 0 && (static_cast<unsigned char>(text[max_bytes]) & 0xC0U) == 0x80U)
    --max_bytes;
  return text.substr(0, max_bytes);
}

std::string clean_text(std::string_view text, std::size_t max_bytes) {
  return clean(text, max_bytes, false);
}

std::string clean_multiline_text(std::string_view text, std::size_t max_bytes) {
  return clean(text, max_bytes, true);
}

std::string escape_controls(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const Utf8Step step = decode_utf8(text, i);
    if (!step.valid) {
      for (std::size_t k = 0; k < step.length; ++k) {
        result += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[i + k]));
      }
    } else if (step.code == '\n') {
      result += "\\n";
    } else if (step.code == '\t') {
      result += ' ';
    } else if (step.code < 0x20 || (step.code >= 0x7F && step.code <= 0x9F)) {
      result += fmt::format("\\x{:02x}", static_cast<unsigned>(step.code));
    } else if (is_direction_mark(step.code) || step.code == 0x2028 || step.code == 0x2029) {
      result += fmt::format("\\u{:04x}", static_cast<unsigned>(step.code));
    } else {
      result += text.substr(i, step.length);
    }
    i += step.length;
  }
  return result;
}

bool is_safe_id(std::string_view id) {
  if (id.empty() || id.size() > 128 || id.front() == '.' || id.front() == '-' ||
      id.front() == ' ' || id.back() == ' ') {
    return false;
  }
  return std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || is_digit(c) || c == '.' ||
           c == '_' || c == '-' || c == ' ';
  });
}

bool is_safe_name(std::string_view name) {
  return is_safe_id(name) && name.find(' ') == std::string_view::npos;
}

std::string escape_html(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      case '\'':
        result += "&#39;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

std::string counted_number(std::int64_t count, std::string_view one, std::string_view many) {
  if (count == 1) return fmt::format("1 {}", one);
  return many.empty() ? fmt::format("{} {}s", count, one) : fmt::format("{} {}", count, many);
}

std::optional<std::string> nearest_name(std::string_view word,
                                        const std::vector<std::string>& candidates) {
  constexpr std::size_t kLongest = 64;  // longer words are no slips, and the cost is quadratic
  if (word.empty() || word.size() > kLongest) return {};
  const std::string* best = nullptr;
  std::size_t best_distance = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    if (candidate.empty() || candidate.size() > kLongest) continue;
    const std::size_t distance = edit_distance(word, candidate);
    // A short candidate is near to everything; it must share at least one letter.
    if (distance < best_distance && distance < std::max(word.size(), candidate.size())) {
      best = &candidate;
      best_distance = distance;
    }
  }
  if (best == nullptr) return {};
  return *best;
}

}  // namespace epicrisis
