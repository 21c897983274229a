#include "audit/unreadable.h"

#include <algorithm>
#include <vector>

#include "audit/known.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/text/words.h"

namespace epicrisis::audit {

bool stands_in(std::string_view text, std::string_view value) {
  const std::vector<Word> words = split_words(text);
  const std::vector<Word> wanted = split_words(value);
  const auto same = [](const Word& a, const Word& b) { return a.folded == b.folded; };
  return !wanted.empty() &&
         std::search(words.begin(), words.end(), wanted.begin(), wanted.end(), same) != words.end();
}

bool is_read(const ClaimWords& words, Kind kind, std::string_view value) {
  if (kind == Kind::kAge) return std::ranges::any_of(value, is_digit);
  if (kind == Kind::kSex && (ascii_lower(value) == "f" || ascii_lower(value) == "m")) return true;
  return !mentions_in(words, value, kind).empty();
}

}  // namespace epicrisis::audit
