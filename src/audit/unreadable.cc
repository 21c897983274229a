#include "audit/unreadable.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "epicrisis/core/strings.h"
#include "epicrisis/text/words.h"

namespace epicrisis::audit {
namespace {

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

}  // namespace

void settle_unreadable(AuditedNote& audited, std::string_view note, const Facts& facts,
                       const ClaimWords& words) {
  struct Given {
    Kind kind;
    const std::string& value;
  };
  const std::array<Given, 4> kGiven = {{{Kind::kDiagnosis, facts.diagnosis},
                                        {Kind::kSite, facts.site},
                                        {Kind::kAge, facts.age},
                                        {Kind::kSex, facts.sex}}};
  for (const Given& given : kGiven) {
    const auto omitted = std::ranges::find(audited.omitted, words.kind_name(given.kind));
    if (omitted == audited.omitted.end() || is_read(words, given.kind, given.value)) continue;
    // The words of a class are known, whatever those of the diagnosis are.
    const bool said = stands_in(note, given.value);
    if (!said && given.kind == Kind::kDiagnosis) continue;
    if (!said) audited.unreadable.push_back(*omitted);
    audited.omitted.erase(omitted);
  }
}

}  // namespace epicrisis::audit
