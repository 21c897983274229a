#include <algorithm>
#include <iterator>
#include <string_view>

#include "audit/read_claims.h"

namespace epicrisis::audit {
namespace {

using Within = NoteText::Within;
constexpr std::size_t kNone = NoteText::kNone;

// "the patient's", "her": whose the place is.
bool is_possessive(const NoteText& text, std::size_t at) {
  const std::string_view word = text.word(at);
  if (word == "his" || word == "her") return true;
  const std::string_view bytes = text.text();
  const std::size_t end = text.words()[at].end;
  const std::string_view tail = bytes.substr(0, end);
  return tail.ends_with("'s") || tail.ends_with("\u2019s");
}

bool stands_as_place(const NoteText& text, std::size_t index) {
  const ConceptMention& mention = text.mention(index);
  const std::size_t end = mention.end_word;
  // "at its foot", "freckles flank it", "scalp-like"
  if (mention.first_word > 0 && text.word(mention.first_word - 1) == "its") return false;
  if (!text.ends_phrase(end) && (text.word(end) == "it" || text.word(end) == "like")) return false;
  // "back of the spot"
  if (end + 2 < text.word_count() && text.word(end) == "of") {
    const std::size_t of_what = text.mention_at(std::min(end + 2, text.word_count() - 1));
    if (of_what != kNone &&
        (text.mark(of_what) == Mark::kSubject || text.mark(of_what) == Mark::kPicture)) {
      return false;
    }
  }
  std::size_t first = mention.first_word;
  // The words between it and a preposition: an article, a side, an adjective or two.
  for (std::size_t back = 1; back <= 5 && back <= first; ++back) {
    const std::size_t at = first - back;
    if (text.begins_phrase(at + 1)) break;
    const std::string_view word = text.word(at);
    if (word == "on" || word == "at" || word == "of" || word == "in" || word == "over" ||
        word == "from" || word == "near" || word == "upon" || word == "to" || word == "across" ||
        word == "behind" || word == "between" || word == "above" || word == "below" ||
        word == "under") {
      return true;
    }
    // "a woman's face"
    if (is_possessive(text, at)) return true;
    if (is_verb(word) || is_preposition(word)) break;
    const std::size_t other = text.mention_at(at);
    // "face or nose", "head and neck"
    if (other != kNone && text.kind(other) == Kind::kSite) return stands_as_place(text, other);
  }
  while (first > 0 && !text.begins_phrase(first)) {
    const std::size_t other = text.mention_at(first - 1);
    const bool hedge = other != kNone && text.mark(other) == Mark::kHedge;
    if (!is_article(text.word(first - 1)) && !hedge) break;
    --first;
  }
  // Before what is there: "facial area", "a brown scalp tumour".
  if (!text.ends_phrase(end)) {
    const std::size_t next = text.mention_at(end);
    return next != kNone &&
           (text.mark(next) == Mark::kSubject || text.mark(next) == Mark::kGround ||
            text.kind(next) == Kind::kElevation || text.kind(next) == Kind::kDiagnosis ||
            text.word(end) == "area" || text.word(end) == "region");
  }
  return text.begins_phrase(first);  // alone between commas or brackets
}

// "not on the face"
bool is_denied_place(const NoteText& text, std::size_t index) {
  return text.follows_one_of(index, 4, {"not"});
}

// "near the elbow", "beside the ear lobe"
bool is_near(const NoteText& text, std::size_t index) {
  return text.follows_one_of(index, 3, {"near", "beside", "next", "close", "adjacent"});
}

}  // namespace

void read_sites(const NoteText& text, NoteReading& reading) {
  std::vector<Claim> near;  // sites that it is near to
  bool placed = false;
  for (std::size_t i = 0; i < text.mention_count(); ++i) {
    if (text.kind(i) != Kind::kSite || is_denied_place(text, i) || !stands_as_place(text, i) ||
        text.left(i, Mark::kSurrounding, Within::kPhrase, 2) != kNone) {
      continue;
    }
    const bool beside = is_near(text, i);
    placed = placed || !beside;
    (beside ? near : reading.claims).push_back(asserted_claim_of(text, i));
  }
  // "on the arm near the elbow" is on the arm.
  if (!placed) std::ranges::move(near, std::back_inserter(reading.claims));
}

}  // namespace epicrisis::audit
