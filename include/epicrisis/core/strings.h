#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace epicrisis {

std::string_view trim(std::string_view text);  // ASCII white space
// Keeps empty parts: "a,,b" has three, "" has one.
std::vector<std::string> split(std::string_view text, char separator);
std::string join(const std::vector<std::string>& parts, std::string_view separator);
// "a", "a and b", "a, b and c", with `last` for the "and".
std::string join_words(const std::vector<std::string>& words, std::string_view last);
std::string ascii_lower(std::string_view text);
constexpr char lower_letter(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
// A name as people write it more or less alike: ASCII letters in small, without " _-.".
std::string loose_name(std::string_view name);
bool starts_with_ignoring_case(std::string_view text, std::string_view prefix);
// Decimal, the whole text, finite; a leading '+' is taken, white space is not.
std::optional<double> parse_number(std::string_view text);
std::optional<long long> parse_integer(std::string_view text);

bool is_valid_utf8(std::string_view text);
// The longest beginning of a UTF-8 text of at most max_bytes that cuts no character.
std::string_view utf8_beginning(std::string_view text, std::size_t max_bytes);
// Text from outside made fit to store and show: invalid UTF-8 replaced, C0/C1 control characters,
// bidirectional marks and invisible tag characters removed, white space runs (of Unicode) folded to
// one space and dropped at both ends, cut to max_bytes at a character.
std::string clean_text(std::string_view text, std::size_t max_bytes);
// The same, but line feeds stay (model answers, notes), without spaces beside them; CRLF becomes
// one.
std::string clean_multiline_text(std::string_view text, std::size_t max_bytes);
// Text from outside on one line of a terminal, with nothing taken away: control characters, marks
// of direction and invalid bytes stand as \n, \x1b, \u202e.
std::string escape_controls(std::string_view text);

// An identifier that may become part of a file name: 1 to 128 of [A-Za-z0-9._-] and, inside, space;
// not starting with '.' or '-'.
bool is_safe_id(std::string_view id);
// The same without space, for names that people type.
bool is_safe_name(std::string_view name);

// "1 picture", "2 pictures"; "1 box", "2 boxes" where `many` says how several are called.
std::string counted_number(std::int64_t count, std::string_view one, std::string_view many);
template <std::integral Count>
std::string counted(Count count, std::string_view one, std::string_view many = "") {
  return counted_number(static_cast<std::int64_t>(count), one, many);
}

std::string escape_html(std::string_view text);  // & < > " '

// The candidate nearest to `word` by edit distance, if it is near enough to be a slip.
std::optional<std::string> nearest_name(std::string_view word,
                                        const std::vector<std::string>& candidates);

}  // namespace epicrisis
