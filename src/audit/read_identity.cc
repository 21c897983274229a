#include "audit/read_claims.h"
#include "epicrisis/core/strings.h"

namespace epicrisis::audit {
namespace {

bool is_capital(const NoteText& text, std::size_t at) {
  if (at >= text.word_count()) return false;
  const char c = text.text()[text.words()[at].begin];
  return c >= 'A' && c <= 'Z';
}

// "Dr. Smith", "patient id".
void read_named(const NoteText& text, std::size_t index, NoteReading& reading) {
  const ConceptMention& mention = text.mention(index);
  if (text.need(index) == Need::kName) {
    if (!is_capital(text, mention.end_word)) return;
    add_claim(text, reading, Kind::kPersons, "name", mention.first_word, mention.end_word + 1);
    return;
  }
  const std::size_t end = mention.end_word;
  if (end >= text.word_count() || text.begins_sentence(end)) return;
  add_claim(text, reading, Kind::kPersons, text.entry(index).value, mention.first_word, end);
}

void read_title(const NoteText& text, std::size_t index, NoteReading& reading) {
  const std::string_view word = text.word(text.mention(index).first_word);
  if (word != "mr" && word != "mrs" && word != "ms") return;
  const std::size_t end = text.mention(index).end_word;
  // "Ms" alone may be anything.
  if (!is_capital(text, end) || !is_capital(text, end - 1)) return;
  add_claim(text, reading, Kind::kPersons, "name", text.mention(index).first_word, end + 1);
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
  add_claim(text, reading, Kind::kPersons, "date", before ? first - 1 : first,
            after ? end + 1 : end);
}

// "12/03/2020", "2021-03-04", "a.b@c.d", long numbers.
void read_digits(const NoteText& text, NoteReading& reading) {
  const std::string_view bytes = text.text();
  for (std::size_t at = 0; at < text.word_count(); ++at) {
    const std::string_view word = text.word(at);
    if (at > 0 && text.words()[at].begin == text.words()[at - 1].end + 1 &&
        bytes[text.words()[at].begin - 1] == '@') {
      add_claim(text, reading, Kind::kPersons, "address", at - 1, at + 1);
      continue;
    }
    if (!is_digit(word[0])) continue;
    std::size_t digits = 0;
    for (const char c : word) digits += is_digit(c) ? 1 : 0;
    if (digits != word.size()) continue;
    if (digits >= 6) {
      add_claim(text, reading, Kind::kPersons, "identifier", at, at + 1);
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
      add_claim(text, reading, Kind::kPersons, "date", at, at + 3);
      at += 2;
    }
  }
}

}  // namespace

void read_identity(const NoteText& text, NoteReading& reading) {
  for (std::size_t i = 0; i < text.mention_count(); ++i) {
    if (text.mark(i) == Mark::kMonth) read_month(text, i, reading);
    if (text.kind(i) == Kind::kSex) read_title(text, i, reading);
    if (text.kind(i) == Kind::kPersons) read_named(text, i, reading);
  }
  read_digits(text, reading);
}

}  // namespace epicrisis::audit
