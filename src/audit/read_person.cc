#include <fmt/format.h>

#include <algorithm>

#include "audit/read_claims.h"
#include "epicrisis/core/strings.h"

namespace epicrisis::audit {
namespace {

using Within = NoteText::Within;
constexpr std::size_t kNone = NoteText::kNone;

// A number that ends before word `end`, in digits or words: "65", "sixty-five". `begin` is set to
// its first word.
std::optional<int> number_before(const NoteText& text, std::size_t end, std::size_t& begin) {
  if (end == 0) return std::nullopt;
  const ClaimWords& words = text.claim_words();
  const auto last = words.number(text.word(end - 1));
  if (!last) return std::nullopt;
  begin = end - 1;
  if (end >= 2 && *last < 10 && !is_digit(text.word(end - 1)[0]) && text.words()[end - 1].joined) {
    const auto tens = words.number(text.word(end - 2));
    if (tens && *tens >= 20 && *tens < 100 && *tens % 10 == 0) {
      begin = end - 2;
      return *tens + *last;
    }
  }
  return last;
}

// A number from word `begin` on; `end` is set behind it.
std::optional<int> number_at(const NoteText& text, std::size_t begin, std::size_t& end) {
  if (begin >= text.word_count()) return std::nullopt;
  const ClaimWords& words = text.claim_words();
  const auto first = words.number(text.word(begin));
  if (!first) return std::nullopt;
  end = begin + 1;
  if (*first >= 20 && *first < 100 && *first % 10 == 0 && !is_digit(text.word(begin)[0]) &&
      end < text.word_count() && text.words()[end].joined) {
    const auto unit = words.number(text.word(end));
    if (unit && *unit > 0 && *unit < 10) {
      ++end;
      return *first + *unit;
    }
  }
  return first;
}

void add(const NoteText& text, NoteReading& reading, Kind kind, std::string value,
         std::size_t first, std::size_t end, std::optional<std::size_t> concept_index = {}) {
  if (kind == Kind::kAge && text.is_general(first)) return;
  Claim claim;
  claim.kind = text.claim_words().kind_name(kind);
  claim.value = std::move(value);
  claim.begin = text.words()[first].begin;
  claim.end = text.words()[end - 1].end;
  claim.concept_index = concept_index;
  reading.claims.push_back(std::move(claim));
}

bool mentions_person(const NoteText& text, std::size_t word) {
  const std::size_t at = text.mention_at(word);
  return at != kNone && (text.kind(at) == Kind::kSex || text.word(word) == "patient");
}

// "65-year-old", "man of 65 years", "65 yo".
void read_year(const NoteText& text, std::size_t index, NoteReading& reading) {
  const ConceptMention& mention = text.mention(index);
  std::size_t begin = 0;
  const auto number = number_before(text, mention.first_word, begin);
  if (!number || *number > 120) return;
  const std::string_view last = text.word(mention.end_word - 1);
  const bool old = last == "old" || last == "olds" || last == "age" || last == "yo" || last == "o";
  const bool of_person = begin >= 2 &&
                         (text.word(begin - 1) == "of" || text.word(begin - 1) == "aged") &&
                         mentions_person(text, begin - 2);
  const std::size_t before = begin > 0 ? text.mention_at(begin - 1) : kNone;
  const bool aged = before != kNone && text.mark(before) == Mark::kAged;
  if (!old && !of_person && !aged) return;
  add(text, reading, Kind::kAge, std::to_string(*number), begin, mention.end_word);
}

// "aged 65", "age: 65".
void read_aged(const NoteText& text, std::size_t index, NoteReading& reading) {
  const std::size_t from = text.mention(index).end_word;
  for (std::size_t at = from; at < from + 3 && at < text.word_count(); ++at) {
    if (at > from && text.begins_sentence(at)) return;
    std::size_t end = 0;
    const auto number = number_at(text, at, end);
    if (!number) continue;
    // "aged 65 years" is read from its end.
    const std::size_t next = end < text.word_count() ? text.mention_at(end) : kNone;
    if (next != kNone && text.mark(next) == Mark::kYear) return;
    if (next != kNone && text.mark(next) == Mark::kUnit) return;
    if (*number <= 120) add(text, reading, Kind::kAge, std::to_string(*number), at, end);
    return;
  }
}

// "a man of 65", "woman, 65".
void read_bare_age(const NoteText& text, std::size_t index, NoteReading& reading) {
  std::size_t at = text.mention(index).end_word;
  if (at >= text.word_count()) return;
  const bool of = text.word(at) == "of" || text.word(at) == "about";
  if (of) ++at;
  if (!of && !(text.words()[at].comma)) return;
  std::size_t end = 0;
  const auto number = number_at(text, at, end);
  if (!number || *number > 120 || text.begins_sentence(at)) return;
  if (!of && !text.ends_phrase(end)) return;
  const std::size_t next = end < text.word_count() ? text.mention_at(end) : kNone;
  if (next != kNone && text.sentence(end) == text.sentence(at) &&
      (text.mark(next) == Mark::kYear || text.mark(next) == Mark::kUnit)) {
    return;
  }
  add(text, reading, Kind::kAge, std::to_string(*number), at, end);
}

void add_decade(const NoteText& text, std::size_t at, int decade, NoteReading& reading) {
  // "in her sixties": a pronoun and "in" before it, perhaps "early" between.
  bool personal = false;
  for (std::size_t back = 1; back <= 4 && back <= at; ++back) {
    const std::string_view word = text.word(at - back);
    personal = personal || word == "in" || word == "his" || word == "her" || word == "their";
  }
  if (!personal) return;
  add(text, reading, Kind::kAge, fmt::format("{}-{}", decade, decade + 9), at, at + 1);
}

bool stands_as_place(const NoteText& text, std::size_t index) {
  const ConceptMention& mention = text.mention(index);
  const std::size_t end = mention.end_word;
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
        word == "from" || word == "near" || word == "upon" || word == "to") {
      return true;
    }
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
  if (!text.begins_phrase(first)) return false;
  // Alone between commas or brackets, or before what is there: "scalp tumour".
  if (text.ends_phrase(end)) return true;
  const std::size_t next = text.mention_at(end);
  return next != kNone &&
         (text.mark(next) == Mark::kSubject || text.mark(next) == Mark::kGround ||
          text.kind(next) == Kind::kElevation || text.kind(next) == Kind::kDiagnosis);
}

bool is_capital(const NoteText& text, std::size_t at) {
  if (at >= text.word_count()) return false;
  const char c = text.text()[text.words()[at].begin];
  return c >= 'A' && c <= 'Z';
}

// Dates, identifiers, names: who the patient or the doctor is.
void read_identity(const NoteText& text, std::size_t index, NoteReading& reading) {
  const ConceptMention& mention = text.mention(index);
  if (text.need(index) == Need::kName) {
    if (!is_capital(text, mention.end_word)) return;
    add(text, reading, Kind::kPersons, "name", mention.first_word, mention.end_word + 1);
    return;
  }
  const std::size_t end = mention.end_word;
  if (end >= text.word_count() || text.begins_sentence(end)) return;
  add(text, reading, Kind::kPersons, text.entry(index).value, mention.first_word, end);
}

void read_title(const NoteText& text, std::size_t index, NoteReading& reading) {
  const std::string_view word = text.word(text.mention(index).first_word);
  if (word != "mr" && word != "mrs" && word != "ms") return;
  const std::size_t end = text.mention(index).end_word;
  // "Ms" alone may be anything.
  if (!is_capital(text, end) || !is_capital(text, end - 1)) return;
  add(text, reading, Kind::kPersons, "name", text.mention(index).first_word, end + 1);
}

void read_month(const NoteText& text, std::size_t index, NoteReading& reading) {
  const std::size_t first = text.mention(index).first_word;
  const std::size_t end = text.mention(index).end_word;
  const auto is_day = [&](std::size_t at) {
    return at < text.word_count() && is_digit(text.word(at)[0]) && text.word(at).size() <= 4;
  };
  const bool before = first > 0 && is_day(first - 1) && text.words()[first].joined;
  const bool after = is_day(end) && text.sentence(end) == text.sentence(first);
  const bool year = end < text.word_count() && text.word(end).size() == 4 && is_day(end);
  if (!year && !(before && is_capital(text, first)) && !(after && is_capital(text, first))) return;
  add(text, reading, Kind::kPersons, "date", before ? first - 1 : first, after ? end + 1 : end);
}

// "12/03/2020", "2021-03-04", "a.b@c.d", long numbers.
void read_digits(const NoteText& text, NoteReading& reading) {
  const std::string_view bytes = text.text();
  for (std::size_t at = 0; at < text.word_count(); ++at) {
    const std::string_view word = text.word(at);
    if (at > 0 && text.words()[at].begin == text.words()[at - 1].end + 1 &&
        bytes[text.words()[at].begin - 1] == '@') {
      add(text, reading, Kind::kPersons, "address", at - 1, at + 1);
      continue;
    }
    if (!is_digit(word[0])) continue;
    std::size_t digits = 0;
    for (const char c : word) digits += is_digit(c) ? 1 : 0;
    if (digits != word.size()) continue;
    if (digits >= 6) {
      add(text, reading, Kind::kPersons, "identifier", at, at + 1);
      continue;
    }
    const auto part = [&](std::size_t next, std::size_t least, std::size_t most) {
      if (next >= text.word_count() || text.words()[next].begin != text.words()[next - 1].end + 1) {
        return false;
      }
      const char sign = bytes[text.words()[next].begin - 1];
      const std::string_view more = text.word(next);
      return (sign == '/' || sign == '-' || sign == '.') && is_digit(more[0]) &&
             more.size() >= least && more.size() <= most;
    };
    const bool date = digits == 4 ? part(at + 1, 1, 2) && part(at + 2, 1, 2)
                                  : digits <= 2 && part(at + 1, 1, 2) && part(at + 2, 4, 4);
    if (date) {
      add(text, reading, Kind::kPersons, "date", at, at + 3);
      at += 2;
    }
  }
}

}  // namespace

void read_person(const NoteText& text, NoteReading& reading) {
  const ClaimWords& words = text.claim_words();
  for (std::size_t i = 0; i < text.mention_count(); ++i) {
    const ConceptMention& mention = text.mention(i);
    switch (text.mark(i)) {
      case Mark::kYear:
        read_year(text, i, reading);
        break;
      case Mark::kAged:
        read_aged(text, i, reading);
        break;
      case Mark::kDecade:
        if (const auto decade = words.decade(text.word(mention.first_word))) {
          add_decade(text, mention.first_word, *decade, reading);
        }
        break;
      case Mark::kMonth:
        read_month(text, i, reading);
        break;
      default:
        break;
    }
    switch (text.kind(i)) {
      case Kind::kSex:
        if (!mention.negated) reading.claims.push_back(claim_of(text, i));
        read_bare_age(text, i, reading);
        read_title(text, i, reading);
        break;
      case Kind::kAge:
        if (!mention.negated) reading.claims.push_back(claim_of(text, i));
        break;
      case Kind::kSite:
        if (!mention.negated && stands_as_place(text, i) &&
            text.left(i, Mark::kSurrounding, Within::kPhrase, 2) == kNone) {
          reading.claims.push_back(claim_of(text, i));
        }
        break;
      case Kind::kPersons:
        read_identity(text, i, reading);
        break;
      default:
        break;
    }
  }
  for (std::size_t at = 0; at < text.word_count(); ++at) {
    // "in his 60s"
    const std::string_view word = text.word(at);
    if (word.size() == 3 && is_digit(word[0]) && word[2] == 's') {
      if (const auto decade = words.decade(word)) add_decade(text, at, *decade, reading);
    }
  }
  read_digits(text, reading);
}

}  // namespace epicrisis::audit
