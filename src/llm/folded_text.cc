#include "llm/folded_text.h"

#include <algorithm>
#include <array>
#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "text/unicode.h"

namespace epicrisis::llm {
namespace {

// As they stand in a text, the longest of a beginning first.
constexpr std::array<std::pair<std::string_view, char>, 17> kEscapes = {{{"&amp;lt;", '<'},
                                                                         {"&amp;gt;", '>'},
                                                                         {"&lt;", '<'},
                                                                         {"&gt;", '>'},
                                                                         {"&#60;", '<'},
                                                                         {"&#62;", '>'},
                                                                         {"&#x3c;", '<'},
                                                                         {"&#x3e;", '>'},
                                                                         {"&#91;", '['},
                                                                         {"&#93;", ']'},
                                                                         {"&#124;", '|'},
                                                                         {"&#47;", '/'},
                                                                         {"\\u003c", '<'},
                                                                         {"\\u003e", '>'},
                                                                         {"%3c", '<'},
                                                                         {"%3e", '>'},
                                                                         {"%2f", '/'}}};

struct Alike {
  std::int32_t code;
  char ascii;
};
constexpr std::array<Alike, 42> kAlike = {
    {{0x00a0, ' '},
     {0x3000, ' '},
     {0x2028, '\n'},
     {0x2029, '\n'},
     {0x25c1, '<'},
     {0x25c0, '<'},
     {0x2039, '<'},
     {0x27e8, '<'},
     {0x2329, '<'},
     {0x3008, '<'},
     {0x300a, '<'},
     {0xfe64, '<'},
     {0x25b7, '>'},
     {0x25b6, '>'},
     {0x203a, '>'},
     {0x27e9, '>'},
     {0x232a, '>'},
     {0x3009, '>'},
     {0x300b, '>'},
     {0xfe65, '>'},
     {0x3010, '['},
     {0x3011, ']'},
     {0x2581, '_'},
     {0x2215, '/'},
     {0x2044, '/'},
     {0x2223, '|'},
     {0x2758, '|'},
     {0x01c0, '|'},
     {0x2502, '|'},
     {0x2018, '\''},
     {0x2019, '\''},
     {0x201c, '"'},
     {0x201d, '"'},
     {0x2026, '.'},
     {0x300c, '['},
     {0x300d, ']'},
     {0x300e, '['},
     {0x300f, ']'},
     {0x3014, '['},
     {0x3015, ']'},
     // Quotation marks of many languages: braces are told from words by a slash alone.
     {0x00ab, '{'},
     {0x00bb, '}'}}};

}  // namespace

void FoldedText::add(char c, std::size_t at) {
  text_ += c;
  at_.push_back(static_cast<std::uint32_t>(at));
}

FoldedText::FoldedText(std::string_view text) {
  if (text.size() >= UINT32_MAX) throw InputError("a text of {} bytes", text.size());
  text_.reserve(text.size());
  at_.reserve(text.size() + 1);
  bool escaped = false;  // the backslash before is part of the next character
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80) {
      const unicode::Decoded character = unicode::decode(text.substr(i));
      const auto* const alike = std::ranges::find(kAlike, character.code, &Alike::code);
      if (alike != kAlike.end()) {
        add(alike->ascii, i);
      } else if (character.code >= 0xff01 && character.code <= 0xff5e) {
        add(lower_letter(static_cast<char>(character.code - 0xfee0)), i);
      } else if (!unicode::is_unseen(character.code)) {
        for (std::size_t k = 0; k < character.length; ++k) add(text[i + k], i);
      }
      i += character.length;
      continue;
    }
    if (c == '&' || c == '\\' || c == '%') {
      const auto* const escape = std::ranges::find_if(kEscapes, [&](const auto& entry) {
        return starts_with_ignoring_case(text.substr(i, entry.first.size()), entry.first);
      });
      if (escape != kEscapes.end()) {
        add(escape->second, i);
        i += escape->first.size();
        continue;
      }
    }
    const bool escapes = c == '\\' && i + 1 < text.size() &&
                         std::string_view("<>[]/_|*#").find(text[i + 1]) != std::string_view::npos;
    const bool unseen = (byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7f;
    if (!escapes && !unseen) add(c == '\t' ? ' ' : lower_letter(c), escaped ? i - 1 : i);
    escaped = escapes;
    ++i;
  }
  at_.push_back(static_cast<std::uint32_t>(text.size()));
}

std::vector<std::string> folded(std::vector<std::string> words) {
  for (std::string& word : words) word = FoldedText(word).text();
  return words;
}

bool begins_with_any(std::string_view text, const std::vector<std::string>& words) {
  return std::ranges::any_of(words,
                             [&](const std::string& word) { return text.starts_with(word); });
}

}  // namespace epicrisis::llm
