#include "audit/unreadable.h"

#include <algorithm>
#include <vector>

#include "epicrisis/core/strings.h"
#include "epicrisis/text/words.h"

namespace epicrisis::audit {

bool stands_in(std::string_view text, std::string_view value) {
  const std::vector<Word> words = split_words(text);
  const std::vector<Word> wanted = split_words(value);
  const auto same = [](const Word& a, const Word& b) { return a.folded == b.folded; };
  return !wanted.empty() && !std::ranges::search(words, wanted, same).empty();
}

bool is_read(const ClaimWords& words, Kind kind, std::string_view value) {
  if (kind == Kind::kAge) return std::ranges::any_of(value, is_digit);
  if (kind == Kind::kSex && (ascii_lower(value) == "f" || ascii_lower(value) == "m")) return true;
  return std::ranges::any_of(words.lexicon().mentions(value), [&](const ConceptMention& mention) {
    return words.kind(mention.concept_index) == kind;
  });
}

}  // namespace epicrisis::audit
