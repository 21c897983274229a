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
bool is_mark(std::int32_t code);             // category M*: joins the letter before
bool is_space(std::int32_t code);            // category Zs
// Control, format, private and surrogate characters, ends of lines, and what no font draws.
bool is_unseen(std::int32_t code);

// Valid UTF-8 in the normal form C of Unicode; the second without difference of case as well.
std::string composed(std::string_view text);
std::string case_folded(std::string_view text);

}  // namespace epicrisis::unicode
