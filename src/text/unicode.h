#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// Character classes as BERT's tokenizer defines them, over utf8proc's tables.
namespace epicrisis::unicode {

struct Decoded {
  std::int32_t code = 0xfffd;  // U+FFFD for invalid bytes
  std::size_t length = 1;      // bytes consumed, at least 1
};
Decoded decode(std::string_view text);  // the first character; text is not empty
void append(std::string& text, std::int32_t code);
void append_folded(std::string& text, std::int32_t code);  // without accents, in lower case

bool is_control(std::int32_t code);      // categories Cc Cf Co Cs, but for tab, line feed, return
bool is_white_space(std::int32_t code);  // category Z*
bool is_punctuation(std::int32_t code);  // ASCII signs, and category P*
bool is_ideograph(std::int32_t code);    // the CJK Unified Ideograph blocks
bool is_letter_or_digit(std::int32_t code);  // categories L*, M*, N*

}  // namespace epicrisis::unicode
