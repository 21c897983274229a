#include "epicrisis/core/shell_word.h"

#include <algorithm>

#include "epicrisis/core/strings.h"

namespace epicrisis {
namespace {

// Letters beyond ASCII are plain too.
bool is_plain(char c) {
  constexpr std::string_view kPlain = "/._-+:,@%=";
  const bool beyond = static_cast<unsigned char>(c) >= 0x80;
  return beyond || is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         kPlain.find(c) != std::string_view::npos;
}

}  // namespace

std::string shell_word(std::string_view text) {
  if (!text.empty() && std::ranges::all_of(text, is_plain)) return std::string(text);
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word + "'";
}

}  // namespace epicrisis
