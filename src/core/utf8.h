#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace epicrisis {

inline constexpr char32_t kReplacementCharacter = 0xFFFD;

struct Utf8Step {
  char32_t code = kReplacementCharacter;
  std::size_t length = 1;  // bytes to go on by, at least 1
  bool valid = false;
};

// The character at `position` (< text.size()). Of an invalid sequence, the longest part that could
// have begun a character counts as one (Unicode 15, section 3.9, "substitution of maximal
// subparts").
Utf8Step decode_utf8(std::string_view text, std::size_t position);

void append_utf8(std::string& text, char32_t code);

// Bytes of the longest prefix of `text` that is valid; text.size() if all of it is.
std::size_t valid_utf8_prefix(std::string_view text);

// Marks that change the direction in which the text around them is shown.
bool is_direction_mark(char32_t code);

}  // namespace epicrisis
