#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "audit/read_claims.h"
#include "epicrisis/core/strings.h"

namespace epicrisis::audit {
namespace {

constexpr std::size_t kNone = NoteText::kNone;

// Where the whole number before word `end` ends: before the fraction of "2.5", "2 1/2" and "two and
// a half".
std::size_t without_fraction(const NoteText& text, std::size_t end) {
  const auto between = [&](std::size_t word) {
    const std::size_t from = text.words()[word - 1].end;
    return text.text().substr(from, text.words()[word].begin - from);
  };
  const auto has_digits = [&](std::size_t word) { return is_digit(text.word(word)[0]); };
  if (end >= 4 && text.word(end - 1) == "half" && text.word(end - 2) == "a" &&
      text.word(end - 3) == "and") {
    return end - 3;
  }
  if (end < 2 || !has_digits(end - 1) || !has_digits(end - 2)) return end;
  if (between(end - 1) == "." || between(end - 1) == ",") return end - 1;
  const bool halves = end >= 3 && has_digits(end - 3) && between(end - 1) == "/" &&
                      (between(end - 2) == " " || between(end - 2) == "-");
  return halves ? end - 2 : end;
}

// Behind the fraction that begins at word `begin`, if one does.
std::size_t behind_fraction(const NoteText& text, std::size_t begin) {
  for (std::size_t end = begin + 1; end <= begin + 3 && end <= text.word_count(); ++end) {
    if (without_fraction(text, end) == begin) return end;
  }
  return begin;
}

// A number that ends before word `end`, in digits or words: "65", "sixty-five"; of "2.5" the whole
// number, 2. `begin` is set to its first word.
std::optional<int> number_before(const NoteText& text, std::size_t end, std::size_t& begin) {
  end = without_fraction(text, end);
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

// A number from word `begin` on, without its fraction; `end` is set behind both.
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
  end = behind_fraction(text, end);
  return first;
}

// What `number`, which begins at word `begin`, says of an age: "65", or a band where "over",
// "under" or a first number stands before it ("between 60 and 70"). `begin` is set to its first
// word.
std::string age_value(const NoteText& text, int number, std::size_t& begin) {
  constexpr int kOldest = 120;
  if (begin == 0) return std::to_string(number);
  const std::string_view before = text.word(begin - 1);
  std::size_t first = 0;
  if (before == "and" || before == "to") {
    const auto least = number_before(text, begin - 1, first);
    const bool between = first > 0 && text.word(first - 1) == "between";
    if (least && *least < number && (before == "to" || between)) {
      begin = first;
      return fmt::format("{}-{}", *least, number);
    }
  }
  const bool than = before == "than" && begin > 1;
  const std::string_view word = than ? text.word(begin - 2) : before;
  if (word == "over" || word == "above" || word == "older") {
    return fmt::format("{}-{}", number, kOldest);
  }
  if (word == "under" || word == "below" || word == "younger") return fmt::format("0-{}", number);
  return std::to_string(number);
}

// Whether word `at` is a unit of less than a year, in which another reader takes the age.
bool is_part_of_year(const NoteText& text, std::size_t at) {
  return at < text.word_count() && !text.claim_words().age_unit(text.word(at)).empty();
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
  std::string value = age_value(text, *number, begin);
  add_claim(text, reading, Kind::kAge, std::move(value), begin, mention.end_word);
}

// "aged 65", "age: 65".
void read_aged(const NoteText& text, std::size_t index, NoteReading& reading) {
  const std::size_t first = text.mention(index).first_word;
  // "present since age 10"
  if (first > 0 && (text.word(first - 1) == "since" || text.word(first - 1) == "from")) return;
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
    if (is_part_of_year(text, end)) return;
    // "aged between 60 and 70"
    std::size_t last = end;
    std::size_t begin = at;
    auto most = number;
    if (end + 1 < text.word_count() && (text.word(end) == "and" || text.word(end) == "to")) {
      if (const auto second = number_at(text, end + 1, last)) {
        most = second;
        begin = end + 1;
      } else {
        last = end;
      }
    }
    if (is_part_of_year(text, last)) return;
    std::string value = age_value(text, *most, begin);
    if (*most <= 120) add_claim(text, reading, Kind::kAge, std::move(value), begin, last);
    return;
  }
}

// "a man of 65", "woman, 65".
void read_bare_age(const NoteText& text, std::size_t index, NoteReading& reading) {
  std::size_t at = text.mention(index).end_word;
  if (at >= text.word_count()) return;
  const std::string_view word = text.word(at);
  const bool of = word == "of" || word == "about" || word == "over" || word == "under" ||
                  word == "above" || word == "below";
  if (of) ++at;
  if (!of && !(text.words()[at].comma)) return;
  std::size_t end = 0;
  const auto number = number_at(text, at, end);
  if (!number || *number > 120 || text.begins_sentence(at)) return;
  if ((!of && !text.ends_phrase(end)) || is_part_of_year(text, end)) return;
  const std::size_t next = end < text.word_count() ? text.mention_at(end) : kNone;
  if (next != kNone && text.sentence(end) == text.sentence(at) &&
      (text.mark(next) == Mark::kYear || text.mark(next) == Mark::kUnit)) {
    return;
  }
  std::string value = age_value(text, *number, at);
  add_claim(text, reading, Kind::kAge, std::move(value), at, end);
}

// ---- ages of less than a year, and in parts of one ----

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

bool is_person(const NoteText& text, std::size_t word) {
  const std::size_t at = text.mention_at(word);
  return mentions_person(text, word) || (at != kNone && text.kind(at) == Kind::kAge);
}

// Whether a person is said to be what begins at word `begin`: "the boy is ...", "girl, ...".
bool is_said_of_person(const NoteText& text, std::size_t begin) {
  if (begin == 0) return false;
  if (is_person(text, begin - 1)) return true;
  return begin >= 2 && is_one_of(text.word(begin - 1), {"is", "was", "at", "of"}) &&
         is_person(text, begin - 2);
}

// Whether "old" at word `old` ends an age of a person: "9-month-old boy", "a 9-month-old with"; a
// scar may be as old.
bool is_old_person(const NoteText& text, std::size_t begin, std::size_t old) {
  const std::size_t next = old + 1;
  for (std::size_t at = next; at < next + 2 && at < text.word_count(); ++at) {
    if (text.begins_phrase(at) || is_preposition(text.word(at))) break;
    if (is_person(text, at)) return true;
  }
  if (is_said_of_person(text, begin)) return true;
  const bool is_noun = text.text()[text.words()[old].begin - 1] == '-';
  const bool is_first =
      text.begins_phrase(begin) || is_one_of(text.word(begin - 1), {"a", "an", "the", "this"});
  return is_noun && is_first &&
         (text.ends_phrase(next) || is_one_of(text.word(next), {"with", "who", "presenting"}));
}

// Whether words [begin, end), a number of parts of a year, are the age of a person and no while:
// "aged 9 months", "9-month-old boy", not "for 9 months".
bool is_young_age(const NoteText& text, std::size_t begin, std::size_t end) {
  while (begin > 0 && is_one_of(text.word(begin - 1),
                                {"about", "approximately", "around", "nearly", "almost", "only",
                                 "between", "over", "under", "than", "older", "younger"})) {
    // "age about" is one word for the audit.
    const std::size_t said = text.mention_at(begin - 1);
    if (said != kNone && text.mark(said) == Mark::kAged) break;
    --begin;
  }
  const std::size_t before = begin > 0 ? text.mention_at(begin - 1) : kNone;
  if (before != kNone && text.mark(before) == Mark::kAged) {
    const std::size_t first = text.mention(before).first_word;
    return first == 0 || !is_one_of(text.word(first - 1), {"since", "from"});
  }
  if (begin >= 2 && text.word(begin - 1) == "of" && is_person(text, begin - 2)) return true;
  if (end >= text.word_count()) return false;
  if (is_one_of(text.word(end), {"old", "olds"})) return is_old_person(text, begin, end);
  return text.word(end) == "of" && end + 1 < text.word_count() && text.word(end + 1) == "age" &&
         is_said_of_person(text, begin);
}

// The years before a number at word `begin`, "1 year and" of "1 year and 3 months", and their first
// word; years are -1 where they belong to another phrase.
struct YearsBefore {
  int years = 0;
  std::size_t first = 0;
};

std::optional<YearsBefore> years_before(const NoteText& text, std::size_t begin) {
  std::size_t end = begin;
  if (end > 0 && text.word(end - 1) == "and") end -= 1;
  const std::size_t year = end > 0 ? text.mention_at(end - 1) : kNone;
  if (year == kNone || text.mark(year) != Mark::kYear) return std::nullopt;
  std::size_t first = 0;
  const auto years = number_before(text, text.mention(year).first_word, first);
  if (!years || text.phrase(first) != text.phrase(begin)) return YearsBefore{-1, begin};
  return YearsBefore{*years, first};
}

// "9 months", "6-9 months", "over 6 weeks"
std::string young_value(std::string value, std::string_view unit, int number) {
  if (value.ends_with("-120")) value = fmt::format("over {}", number);
  if (value == "1") unit.remove_suffix(1);
  return fmt::format("{} {}", value, unit);
}

// "aged 9 months", "6-week-old girl", "9mo old", "1 year and 3 months": with its unit.
void read_young_age(const NoteText& text, std::size_t at, NoteReading& reading) {
  constexpr int kLongest = 400;  // of a unit; more is no age that is told in it
  const ClaimWords& words = text.claim_words();
  const std::string_view word = text.word(at);
  std::size_t begin = at;
  std::string_view unit = words.age_unit(word);
  std::optional<int> number;
  if (!unit.empty()) {
    number = number_before(text, at, begin);
  } else if (is_digit(word[0])) {
    const std::size_t digits = std::min(word.find_first_not_of("0123456789"), word.size());
    unit = words.age_unit(word.substr(digits));
    number = words.number(word.substr(0, digits));
  }
  if (unit.empty() || !number || *number > kLongest) return;
  // "2 months and 3 weeks": the longer unit says it.
  const std::size_t joined = begin > 0 && text.word(begin - 1) == "and" ? begin - 1 : begin;
  if (joined > 0 && is_part_of_year(text, joined - 1)) return;
  constexpr int kMonths = 12;
  std::string value;
  if (const auto years = years_before(text, begin)) {
    // "aged 40 years, 6 months ago" is 40.
    if (years->years < 0 || unit != "months" || *number >= kMonths) return;
    begin = years->first;
    value = std::to_string(years->years * kMonths + *number);
  } else {
    value = age_value(text, *number, begin);
  }
  if (!is_young_age(text, begin, at + 1)) return;
  add_claim(text, reading, Kind::kAge, young_value(std::move(value), unit, *number), begin, at + 1);
}

void add_decade(const NoteText& text, std::size_t at, int decade, NoteReading& reading) {
  // "in her sixties": a pronoun and "in" before it, perhaps "early" between.
  bool personal = false;
  for (std::size_t back = 1; back <= 4 && back <= at; ++back) {
    const std::string_view word = text.word(at - back);
    personal = personal || word == "in" || word == "his" || word == "her" || word == "their";
  }
  if (!personal) return;
  add_claim(text, reading, Kind::kAge, fmt::format("{}-{}", decade, decade + 9), at, at + 1);
}

// "70yo", "Sex: F"
void read_short(const NoteText& text, std::size_t at, NoteReading& reading) {
  const std::string_view word = text.word(at);
  int years = 0;
  const auto parsed = std::from_chars(word.data(), word.data() + word.size(), years);
  const std::string_view unit(parsed.ptr, word.data() + word.size());
  if (parsed.ec == std::errc() && years <= 120 && (unit == "yo" || unit == "y")) {
    add_claim(text, reading, Kind::kAge, std::to_string(years), at, at + 1);
  }
  const bool heads = at > 0 && (text.word(at - 1) == "sex" || text.word(at - 1) == "gender") &&
                     text.words()[at].colon_depth <= text.words()[at].depth;
  if (heads && (word == "f" || word == "m")) {
    add_claim(text, reading, Kind::kSex, word == "f" ? "female" : "male", at, at + 1);
  }
}

// "elderly", "a young woman", which says her sex too; "a young woman of 30" has the age of 30.
void read_band(const NoteText& text, std::size_t index, NoteReading& reading) {
  const ConceptMention& mention = text.mention(index);
  const std::string_view last = text.word(mention.end_word - 1);
  const bool woman = last == "woman" || last == "lady";
  if (woman || last == "man" || last == "gentleman") {
    add_claim(text, reading, Kind::kSex, woman ? "female" : "male", mention.end_word - 1,
              mention.end_word);
  }
  const std::size_t before = reading.claims.size();
  read_bare_age(text, index, reading);
  if (reading.claims.size() == before) reading.claims.push_back(asserted_claim_of(text, index));
}

// "A man. ... She": two sexes; two ages that are none of a band.
void contradict_persons(NoteReading& reading, const ClaimWords& words) {
  for (const Kind kind : {Kind::kSex, Kind::kAge}) {
    const Claim* first = nullptr;
    for (const Claim& one : reading.claims) {
      if (one.kind != words.kind_name(kind) || one.denied || one.hedged) continue;
      if (kind == Kind::kAge && !std::ranges::all_of(one.value, is_digit)) continue;
      if (first == nullptr) first = &one;
      if (one.value == first->value) continue;
      reading.self_contradictions.push_back(
          {std::min(first->begin, one.begin), std::min(first->end, one.end),
           std::max(first->begin, one.begin), std::max(first->end, one.end),
           kind == Kind::kSex ? "two sexes" : "two ages", false});
      break;
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
      case Mark::kReport:
        // "a patient over 80"
        if (text.word(mention.first_word) == "patient") read_bare_age(text, i, reading);
        break;
      default:
        break;
    }
    switch (text.kind(i)) {
      case Kind::kSex:
        reading.claims.push_back(asserted_claim_of(text, i));
        read_bare_age(text, i, reading);
        break;
      case Kind::kAge:
        read_band(text, i, reading);
        break;
      default:
        break;
    }
  }
  for (std::size_t at = 0; at < text.word_count(); ++at) {
    const std::string_view word = text.word(at);
    read_short(text, at, reading);
    read_young_age(text, at, reading);
    // "in his 60s"
    if (word.size() == 3 && is_digit(word[0]) && word[2] == 's') {
      if (const auto decade = words.decade(word)) add_decade(text, at, *decade, reading);
    }
  }
  contradict_persons(reading, words);
}

}  // namespace epicrisis::audit
