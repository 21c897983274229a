#include "audit/note_text.h"

#include <algorithm>
#include <array>

namespace epicrisis::audit {
namespace {

template <std::size_t N>
bool one_of(std::string_view word, const std::array<std::string_view, N>& sorted) {
  return std::binary_search(sorted.begin(), sorted.end(), word);
}

}  // namespace

bool is_preposition(std::string_view folded) {
  static constexpr std::array<std::string_view, 27> kWords = {
      "across",  "against", "along", "among", "around", "at",      "behind",
      "beneath", "between", "by",    "from",  "in",     "inside",  "into",
      "near",    "of",      "on",    "onto",  "over",   "through", "throughout",
      "toward",  "towards", "under", "upon",  "with",   "within"};
  return one_of(folded, kWords);
}

bool is_joining(std::string_view folded) {
  return folded == "and" || folded == "or" || folded == "to";
}

bool is_article(std::string_view folded) {
  static constexpr std::array<std::string_view, 12> kWords = {
      "a", "an", "her", "his", "its", "left", "lower", "right", "the", "their", "this", "upper"};
  return one_of(folded, kWords);
}

bool is_verb(std::string_view folded) {
  static constexpr std::array<std::string_view, 27> kWords = {
      "appears", "are",  "be",    "blends", "can",  "covers", "cross", "crosses", "fades",
      "has",     "have", "is",    "lie",    "lies", "look",   "looks", "merges",  "run",
      "runs",    "show", "shows", "sit",    "sits", "that",   "was",   "were",    "which"};
  return one_of(folded, kWords);
}

NoteText::NoteText(std::string_view text, const ClaimWords& words)
    : text_(text),
      claim_words_(&words),
      reading_(words.lexicon().read(text)),
      mention_at_(reading_.words.size(), kNone),
      places_(reading_.words.size()),
      headings_(reading_.mentions.size()) {
  for (std::size_t i = 0; i < mention_count(); ++i) {
    for (std::size_t at = mention(i).first_word; at < mention(i).end_word; ++at) {
      mention_at_[at] = i;
    }
  }
  Place place;
  for (std::size_t at = 0; at < places_.size(); ++at) {
    const Word& word = this->words()[at];
    if (at > 0) {
      const bool stop = word.stop_depth <= word.depth;
      const bool breaks = mention_at_[at] != kNone && mention(mention_at_[at]).first_word == at &&
                          mark(mention_at_[at]) == Mark::kClauseBreak;
      if (stop && !word.semicolon) ++place.sentence;
      if (stop || breaks) ++place.clause;
      if (stop || breaks || word.comma || word.bracket || word.colon_depth <= word.depth) {
        ++place.phrase;
      }
    }
    places_[at] = place;
  }
  mark_general();
  // A scope lasts to the next heading or the end of the line.
  Scope scope = Scope::kNone;
  std::size_t from = 0;
  const auto fill = [&](std::size_t to) {
    for (; from < to; ++from) {
      if (this->words()[from].line) scope = Scope::kNone;
      places_[from].scope = scope;
    }
  };
  for (std::size_t i = 0; i < mention_count(); ++i) {
    const auto found = heading(i);
    if (!found) continue;
    headings_[i] = true;
    fill(mention(i).end_word);
    scope = *found;
  }
  fill(places_.size());
}

void NoteText::mark_general() {
  std::size_t marked = 0;  // words before it are done
  for (std::size_t i = 0; i < mention_count(); ++i) {
    const std::size_t first = mention(i).first_word;
    if (mark(i) != Mark::kGeneral || first < marked) continue;
    std::size_t begin = first;
    while (begin > marked && clause(begin - 1) == clause(first)) --begin;
    std::size_t end = first;
    while (end < word_count() && sentence(end) == sentence(first) &&
           (end == first || !words()[end].semicolon)) {
      ++end;
    }
    for (std::size_t at = begin; at < end; ++at) places_[at].general = true;
    marked = end;
  }
}

// What a mention that stands alone before a colon, or alone on its line, is the heading of.
std::optional<Scope> NoteText::heading(std::size_t index) const {
  Scope scope = Scope::kNone;
  switch (mark(index)) {
    case Mark::kBorderNoun:
      scope = Scope::kBorder;
      break;
    case Mark::kColourHeading:
      scope = Scope::kColours;
      break;
    case Mark::kStructureHeading:
      scope = Scope::kStructures;
      break;
    case Mark::kTypeHeading:
      scope = Scope::kType;
      break;
    case Mark::kDiagnosisHeading:
      scope = Scope::kDiagnosis;
      break;
    default:
      // "Asymmetric: an oval plaque" says it.
      if (kind(index) != Kind::kAsymmetry ||
          !word(mention(index).first_word).ends_with("symmetry")) {
        return std::nullopt;
      }
      scope = Scope::kAsymmetry;
  }
  // "B) Border of it:", "Asymmetry:", "Overall colour:"
  const std::size_t first = mention(index).first_word;
  std::size_t begin = first;
  while (begin > 0 && !begins_phrase(begin) && first - begin < 3) --begin;
  // "Marked asymmetry:" says it.
  if (scope == Scope::kAsymmetry) begin = first;
  if (!begins_sentence(begin)) return std::nullopt;
  const std::size_t end = mention(index).end_word;
  if (end >= word_count()) return std::nullopt;
  const Word& next = words()[end];
  if (next.colon_depth <= next.depth) return scope;
  if (next.line && begins_sentence(first) && (first == 0 || words()[first].line)) return scope;
  for (std::size_t at = end; at < word_count() && at < end + 4 && !begins_sentence(at); ++at) {
    if (at > end && words()[at].colon_depth <= words()[at].depth) {
      return word(end) == "of" || word(end) == "or" || word(end) == "and" ? std::optional(scope)
                                                                          : std::nullopt;
    }
    if (begins_phrase(at)) break;
  }
  return std::nullopt;
}

bool NoteText::together(std::size_t a, std::size_t b, Within level) const {
  switch (level) {
    case Within::kSentence:
      return sentence(a) == sentence(b);
    case Within::kClause:
      return clause(a) == clause(b);
    default:
      return phrase(a) == phrase(b);
  }
}

std::size_t NoteText::left(std::size_t index, Mark wanted, Within level, std::size_t reach) const {
  const std::size_t from = mention(index).first_word;
  for (std::size_t i = index; i > 0; --i) {
    const ConceptMention& other = mention(i - 1);
    if (from - other.end_word > reach || !together(other.end_word - 1, from, level)) break;
    if (mark(i - 1) == wanted) return i - 1;
  }
  return kNone;
}

std::size_t NoteText::right(std::size_t index, Mark wanted, Within level, std::size_t reach) const {
  const std::size_t from = mention(index).end_word - 1;
  for (std::size_t i = index + 1; i < mention_count(); ++i) {
    const ConceptMention& other = mention(i);
    if (other.first_word - from > reach + 1 || !together(other.first_word, from, level)) break;
    if (mark(i) == wanted) return i;
  }
  return kNone;
}

bool NoteText::follows_one_of(std::size_t index, std::size_t reach,
                              std::initializer_list<std::string_view> words) const {
  const std::size_t first = mention(index).first_word;
  for (std::size_t back = 1; back <= reach && back <= first; ++back) {
    if (phrase(first - back) != phrase(first)) return false;
    if (std::ranges::find(words, word(first - back)) != words.end()) return true;
  }
  return false;
}

}  // namespace epicrisis::audit
