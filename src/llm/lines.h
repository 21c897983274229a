#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace epicrisis::llm {

constexpr std::size_t kMaxHeading = 40;                               // bytes
constexpr std::string_view kDecoration = " \t#*_>=~`-([.\"@%$|+^:!";  // before a heading
constexpr std::string_view kAfterHeading = " \t*_#:=~`-.)]\n";
constexpr std::string_view kRule = " \t#*_=~-";  // of a line that is nothing else

// The heading at the beginning of a line of a folded text.
struct Heading {
  std::string name;
  std::size_t end = 0;  // of it with its colon and decoration, from the line's beginning
  bool alone = false;   // nothing follows in the line
  bool marked = false;  // by a colon or decoration
  bool colon = false;   // one follows the name, or a '='
};

// "**Thinking process:** ..." or a line that is nothing else. Empty if the line is too long for one
// or says more.
std::optional<Heading> heading_of(std::string_view line);

// A heading's name without its number: "thought" of "thought 1" and of "thought (2".
std::string_view without_number(std::string_view name);

// Where the words of a folded line begin: behind decoration, small pictures and tags of HTML
// ("💭 <b>Thinking").
std::size_t words_begin(std::string_view line);

// [begin, end) of a text, without the line feed.
struct Line {
  std::size_t begin = 0;
  std::size_t end = 0;
};
// The line that begins at `from`; none behind the text.
std::optional<Line> next_line(std::string_view text, std::size_t from);

}  // namespace epicrisis::llm
