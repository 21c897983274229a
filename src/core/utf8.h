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

// The zero-width joiner and non-joiner, which Persian, the scripts of India and pictograms need
// between two of their characters.
bool is_joiner(char32_t code);

// Characters that show nothing and are no white space: soft hyphen, zero-width space, word joiner,
// fillers, variation selectors, tags and the like (default ignorable in Unicode 15, without the
// joiners, and with the blank braille pattern). They hide words from a reader, not from a model.
bool is_invisible(char32_t code);

// Marks that change the direction in which the text around them is shown.
bool is_direction_mark(char32_t code);

}  // namespace epicrisis
