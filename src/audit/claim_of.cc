#include <algorithm>
#include <string>
#include <utility>

#include "audit/read_claims.h"

namespace epicrisis::audit {
namespace {

using Within = NoteText::Within;
constexpr std::size_t kNone = NoteText::kNone;

}  // namespace

Claim claim_of(const NoteText& text, std::size_t index) {
  const ConceptMention& mention = text.mention(index);
  Claim claim;
  claim.kind = text.claim_words().kind_name(text.kind(index));
  claim.value = text.entry(index).value;
  claim.denied = mention.negated;
  claim.hedged = is_hedged(text, index);
  claim.begin = mention.begin;
  claim.end = mention.end;
  claim.concept_index = mention.concept_index;
  claim.bracketed = text.words()[mention.first_word].depth > 0;
  switch (text.scope(mention.first_word)) {
    case Scope::kAsymmetry:
      claim.under = text.claim_words().kind_name(Kind::kAsymmetry);
      break;
    case Scope::kBorder:
      claim.under = text.claim_words().kind_name(Kind::kBorder);
      break;
    case Scope::kColours:
      claim.under = text.claim_words().kind_name(Kind::kColours);
      break;
    case Scope::kStructures:
      claim.under = text.claim_words().kind_name(Kind::kStructures);
      break;
    default:
      break;
  }
  return claim;
}

Claim asserted_claim_of(const NoteText& text, std::size_t index) {
  Claim claim = claim_of(text, index);
  claim.denied = false;
  return claim;
}

void add_claim(const NoteText& text, NoteReading& reading, Kind kind, std::string value,
               std::size_t first, std::size_t end) {
  if (text.is_general(first)) return;
  Claim claim;
  claim.kind = text.claim_words().kind_name(kind);
  claim.value = std::move(value);
  claim.begin = text.words()[first].begin;
  claim.end = text.words()[end - 1].end;
  reading.claims.push_back(std::move(claim));
}

void contradict(const NoteText& text, std::size_t a, std::size_t b, std::string rule, bool major,
                NoteReading& reading) {
  const ConceptMention& first = text.mention(std::min(a, b));
  const ConceptMention& second = text.mention(std::max(a, b));
  reading.self_contradictions.push_back(
      {first.begin, first.end, second.begin, second.end, std::move(rule), major});
}

bool is_hedged(const NoteText& text, std::size_t index) {
  constexpr std::size_t kHedgeReach = 8;
  const std::size_t first = text.mention(index).first_word;
  const Kind kind = text.kind(index);
  bool crossed = false;  // another claim stands between
  for (std::size_t i = index; i > 0; --i) {
    const ConceptMention& other = text.mention(i - 1);
    if (first - other.end_word > kHedgeReach ||
        !text.together(other.end_word - 1, first, Within::kPhrase)) {
      break;
    }
    // "The diagnosis is likely" and "it is likely grave".
    if (text.mark(i - 1) == Mark::kHedge || text.mark(i - 1) == Mark::kHedged) {
      if (!crossed) return true;
      // "appears raised and is grave": the doubt is of the former alone.
      bool verb = false;
      for (std::size_t at = other.end_word; at < first && !verb; ++at)
        verb = is_verb(text.word(at));
      return !verb;
    }
    crossed = crossed || (text.kind(i - 1) != Kind::kNone && text.kind(i - 1) != kind);
  }
  if (text.right(index, Mark::kHedged, Within::kPhrase, kHedgeReach) != kNone) return true;
  // "Pneumonia suspected." "Best guess: pneumonia."
  const std::size_t end = text.mention(index).end_word;
  const std::size_t after = end < text.word_count() ? text.mention_at(end) : kNone;
  if (after != kNone && !text.begins_phrase(end) && text.mark(after) == Mark::kHedge &&
      text.ends_phrase(text.mention(after).end_word)) {
    return true;
  }
  const std::size_t before = first > 0 ? text.mention_at(first - 1) : kNone;
  return before != kNone && text.mark(before) == Mark::kHedge &&
         text.words()[first].colon_depth <= text.words()[first].depth;
}

}  // namespace epicrisis::audit
