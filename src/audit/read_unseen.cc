#include <algorithm>
#include <string_view>

#include "audit/read_claims.h"
#include "epicrisis/core/strings.h"

namespace epicrisis::audit {
namespace {

using Within = NoteText::Within;
constexpr std::size_t kNone = NoteText::kNone;

void add_size(const NoteText& text, std::size_t first, std::size_t end, NoteReading& reading) {
  const std::size_t begin = text.words()[first].begin;
  add_claim(text, reading, Kind::kSize,
            std::string(text.text().substr(begin, text.words()[end - 1].end - begin)), first, end);
}

// "8.0 x 5.0 mm": the numbers before a unit.
void read_size(const NoteText& text, std::size_t index, NoteReading& reading) {
  constexpr std::size_t kReach = 8;
  const std::size_t unit = text.mention(index).first_word;
  std::size_t first = unit;
  bool number = false;
  while (first > 0 && unit - first < kReach && !text.begins_sentence(first)) {
    const std::string_view word = text.word(first - 1);
    const bool is_number = is_digit(word[0]) || text.claim_words().number(word).has_value();
    if (!is_number && !(number && (word == "x" || word == "by" || word == "to"))) break;
    number = number || is_number;
    --first;
  }
  while (first < unit && !is_digit(text.word(first)[0]) &&
         !text.claim_words().number(text.word(first))) {
    ++first;
  }
  if (number) add_size(text, first, text.mention(index).end_word, reading);
}

// Units grown together with their number: "5mm".
bool is_measure(std::string_view word) {
  std::size_t digits = 0;
  while (digits < word.size() && is_digit(word[digits])) ++digits;
  const std::string_view unit = word.substr(digits);
  return digits > 0 && (unit == "mm" || unit == "cm");
}

// Whether what may be a fact is one, and no condition or wish: "unless it bleeds".
bool is_conditional(const NoteText& text, std::size_t index) {
  return text.left(index, Mark::kCondition, Within::kClause, 14) != kNone;
}

// Whether what may be advice was done already: "was treated", "been successfully removed".
bool is_past(const NoteText& text, std::size_t index) {
  return text.follows_one_of(index, 2, {"was", "were", "been"});
}

bool meets_need(const NoteText& text, std::size_t index) {
  switch (text.need(index)) {
    case Need::kReport:
      if (text.mention(index).negated) return true;  // "growth was not reported"
      // "reports growth", "with itch, growth and bleeding"
      for (const std::size_t beside : {index - 1, index + 1}) {
        if (beside >= text.mention_count() || text.kind(beside) != Kind::kSymptoms) continue;
        const ConceptMention& one = text.mention(std::min(index, beside));
        const ConceptMention& other = text.mention(std::max(index, beside));
        if (other.first_word - one.end_word <= 2) return true;
      }
      return text.left(index, Mark::kReport, Within::kPhrase, 1) != kNone ||
             text.right(index, Mark::kReport, Within::kPhrase, 3) != kNone;
    case Need::kResult:
      return text.left(index, Mark::kResult, Within::kClause, 8) != kNone ||
             text.right(index, Mark::kResult, Within::kClause, 8) != kNone ||
             text.left(index, Mark::kReport, Within::kClause, 4) != kNone;
    default:
      return true;
  }
}

void read_test(const NoteText& text, std::size_t index, NoteReading& reading) {
  bool wanted = text.left(index, Mark::kWanted, Within::kClause, 8) != kNone ||
                text.right(index, Mark::kWanted, Within::kClause, 8) != kNone;
  const std::size_t first = text.mention(index).first_word;
  for (std::size_t back = 1; back <= 12 && back <= first && !wanted; ++back) {
    if (text.clause(first - back) != text.clause(first)) break;
    wanted = text.word(first - back) == "should" || text.word(first - back) == "must";
  }
  if (wanted) {
    Claim claim = asserted_claim_of(text, index);
    claim.kind = text.claim_words().kind_name(Kind::kAdvice);
    reading.claims.push_back(std::move(claim));
  } else if (meets_need(text, index)) {
    reading.claims.push_back(claim_of(text, index));
  }
}

}  // namespace

void read_unseen(const NoteText& text, NoteReading& reading) {
  for (std::size_t i = 0; i < text.mention_count(); ++i) {
    if (text.mark(i) == Mark::kUnit) {
      read_size(text, i, reading);
      continue;
    }
    switch (text.kind(i)) {
      case Kind::kSymptoms:
        if (!is_conditional(text, i) && meets_need(text, i)) {
          reading.claims.push_back(claim_of(text, i));
        }
        break;
      case Kind::kHistory:
        if (!is_conditional(text, i)) reading.claims.push_back(claim_of(text, i));
        break;
      case Kind::kAdvice: {
        Claim claim = asserted_claim_of(text, i);  // "no treatment is needed" is advice
        // "has been removed"
        if (is_past(text, i)) claim.kind = text.claim_words().kind_name(Kind::kHistory);
        reading.claims.push_back(std::move(claim));
        break;
      }
      case Kind::kTestResults:
        read_test(text, i, reading);
        break;
      default:
        break;
    }
  }
  for (std::size_t at = 0; at < text.word_count(); ++at) {
    if (!is_digit(text.word(at)[0]) || !is_measure(text.word(at))) continue;
    // "3.5cm" is two words.
    const bool fraction = at > 0 && is_digit(text.word(at - 1)[0]) &&
                          text.words()[at].begin == text.words()[at - 1].end + 1;
    add_size(text, at - (fraction ? 1 : 0), at + 1, reading);
  }
}

}  // namespace epicrisis::audit
