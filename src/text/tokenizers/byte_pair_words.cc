#include "text/tokenizers/byte_pair_words.h"

#include <utf8proc.h>

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "text/unicode.h"

namespace epicrisis {
namespace {

enum class Class { kLetter, kDigit, kSpace, kOther };

// Unicode's property White_Space.
bool is_white(std::int32_t code) {
  if ((code >= 0x09 && code <= 0x0d) || code == 0x85) return true;
  return unicode::is_white_space(code);
}

Class class_of(std::int32_t code) {
  if (is_white(code)) return Class::kSpace;
  const auto category = utf8proc_category(code);
  if (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO) return Class::kLetter;
  if (category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO) return Class::kDigit;
  return Class::kOther;
}

// Valid UTF-8.
std::string repaired(std::string_view text) {
  std::string valid;
  valid.reserve(text.size());
  while (!text.empty()) {
    const unicode::Decoded decoded = unicode::decode(text);
    unicode::append(valid, decoded.code);
    text.remove_prefix(decoded.length);
  }
  return valid;
}

std::string lowered(std::string_view text) {
  constexpr std::int32_t kCapitalIWithDot = 0x130;  // the one whose small letter is two characters
  std::string lower;
  lower.reserve(text.size());
  while (!text.empty()) {
    const unicode::Decoded decoded = unicode::decode(text);
    if (decoded.code == kCapitalIWithDot) {
      lower += "i\xcc\x87";
    } else {
      unicode::append(lower, utf8proc_tolower(decoded.code));
    }
    text.remove_prefix(decoded.length);
  }
  return lower;
}

// The length of a contraction at the beginning of a text, 0 for none.
std::size_t contraction(std::string_view text) {
  constexpr std::array<std::string_view, 7> kContractions = {"'s", "'t",  "'re", "'ve",
                                                             "'m", "'ll", "'d"};
  for (const std::string_view form : kContractions) {
    if (text.starts_with(form)) return form.size();
  }
  return 0;
}

// Bytes of the characters of one class at the beginning of a text; of one character at most where
// `single`. 0 where the text begins with another class.
std::size_t run_of(std::string_view text, Class wanted, bool single = false) {
  std::size_t length = 0;
  while (length < text.size()) {
    const unicode::Decoded decoded = unicode::decode(text.substr(length));
    if (class_of(decoded.code) != wanted) break;
    length += decoded.length;
    if (single) break;
  }
  return length;
}

// Bytes of the last character.
std::size_t last_length(std::string_view text) {
  std::size_t length = 1;
  while (length < text.size() &&
         (static_cast<unsigned char>(text[text.size() - length]) & 0xc0U) == 0x80U) {
    ++length;
  }
  return length;
}

}  // namespace

void for_clip_words(std::string_view text, const std::function<void(std::string_view)>& word) {
  const std::string normal = lowered(unicode::composed(repaired(text)));
  std::string_view rest = normal;
  while (!rest.empty()) {
    std::size_t length = run_of(rest, Class::kSpace);
    if (length == 0) {
      length = contraction(rest);
      if (length == 0) length = run_of(rest, Class::kLetter);
      if (length == 0) length = run_of(rest, Class::kDigit, true);
      if (length == 0) length = run_of(rest, Class::kOther);
      word(rest.substr(0, length));
    }
    rest.remove_prefix(length);
  }
}

void for_gpt_words(std::string_view text, bool space_before,
                   const std::function<void(std::string_view)>& word) {
  std::string valid = repaired(text);
  if (space_before && !valid.empty() && valid.front() != ' ') valid.insert(0, " ");
  std::string_view rest = valid;
  while (!rest.empty()) {
    std::size_t length = contraction(rest);
    if (length == 0) {
      const std::size_t space = rest.front() == ' ' ? 1 : 0;
      for (const Class kind : {Class::kLetter, Class::kDigit, Class::kOther}) {
        const std::size_t run = run_of(rest.substr(space), kind);
        if (run == 0) continue;
        length = space + run;
        break;
      }
    }
    if (length == 0) {
      length = run_of(rest, Class::kSpace);
      // The last one goes with the word after it, or alone.
      const std::size_t last = last_length(rest.substr(0, length));
      if (length < rest.size() && length > last) length -= last;
    }
    word(rest.substr(0, length));
    rest.remove_prefix(length);
  }
}

}  // namespace epicrisis
