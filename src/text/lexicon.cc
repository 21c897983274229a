#include "epicrisis/text/lexicon.h"

#include <algorithm>
#include <functional>
#include <map>

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/core/toml.h"
#include "epicrisis/text/words.h"
#include "text/phrases.h"
#include "text/resources.h"

namespace epicrisis {
namespace {

constexpr std::size_t kScope = 40;     // words that a denial reaches
constexpr std::size_t kMaxWords = 12;  // of one form
constexpr std::size_t kMaxForms = 100'000;
constexpr std::string_view kMarkGroup = "mark";

std::vector<std::string> words_of(std::string_view phrase) {
  std::vector<std::string> words;
  for (Word& word : split_words(phrase)) words.push_back(std::move(word.folded));
  return words;
}

std::string plural(const std::string& word) {
  const auto ends = [&](std::string_view end) { return word.ends_with(end); };
  if (ends("s") || ends("x") || ends("z") || ends("ch") || ends("sh")) return word + "es";
  if (ends("y") && word.size() > 1 &&
      std::string_view("aeiou").find(word[word.size() - 2]) == std::string_view::npos) {
    return word.substr(0, word.size() - 1) + "ies";
  }
  return word + "s";
}

// A phrase of the lexicon that was met in a text.
struct Item {
  std::size_t begin = 0;  // words [begin, end)
  std::size_t end = 0;
  const Meaning* meaning = nullptr;
  bool negated = false;
};

// One text: its words, the phrases in them, and what they deny.
class Reading {
 public:
  Reading(std::string_view text, const Phrases& phrases)
      : words_(split_words(text)), item_at_(words_.size(), kNone) {
    const std::vector<Phrases::WordId> ids = phrases.word_ids(words_);
    for (std::size_t at = 0; at < words_.size();) {
      const Phrases::Match match = phrases.longest(words_, ids, at);
      if (match.words == 0) {
        ++at;
        continue;
      }
      for (std::size_t i = 0; i < match.words; ++i) item_at_[at + i] = items_.size();
      items_.push_back({at, at + match.words, match.meaning});
      at += match.words;
    }
    for (const Item& item : items_) deny_from(item);
  }

  const std::vector<Word>& words() const { return words_; }
  std::vector<Word> take_words() { return std::move(words_); }
  const std::vector<Item>& items() const { return items_; }

  // Whether the sentence goes on from word `from` (which follows a colon) to one of `wanted`.
  bool sentence_has(std::size_t from, const std::function<bool(const Meaning&)>& wanted) const {
    for (std::size_t i = from; i < words_.size() && i < from + kScope; ++i) {
      if (i > from && words_[i].stop_depth <= words_[from].depth) return false;
      if (item_at_[i] != kNone && wanted(*items_[item_at_[i]].meaning)) return true;
    }
    return false;
  }

 private:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  bool begins_clause(std::size_t at) const {
    return at == 0 || words_[at].stop_depth <= words_[at].depth ||
           words_[at].colon_depth <= words_[at].depth || words_[at].bracket;
  }

  void deny_from(const Item& cue) {
    const Meaning& meaning = *cue.meaning;
    if (meaning.prefix) {
      deny_next(cue);
    } else if (meaning.before && meaning.after) {
      begins_clause(cue.begin) && !follows_colon(cue) ? deny_right(cue) : deny_left(cue);
    } else if (meaning.before) {
      // "Network: no."
      follows_colon(cue) && ends_clause(cue) ? deny_left(cue) : deny_right(cue);
    } else if (meaning.after) {
      deny_left(cue);
    }
  }

  bool follows_colon(const Item& item) const {
    const Word& word = words_[item.begin];
    return item.begin > 0 && word.colon_depth <= word.depth && word.stop_depth > word.depth;
  }

  bool ends_clause(const Item& item) const {
    return item.end == words_.size() || words_[item.end].stop_depth <= words_[item.begin].depth;
  }

  void deny_next(const Item& cue) {
    if (cue.end < words_.size() && words_[cue.end].joined) deny(cue.end);
  }

  // Denies the concept whose phrase word `at` is part of; false if there is none.
  bool deny(std::size_t at) {
    if (item_at_[at] == kNone || !items_[item_at_[at]].meaning->concept_index) return false;
    items_[item_at_[at]].negated = true;
    return true;
  }

  bool ends_denial(std::size_t at) const {
    return item_at_[at] != kNone && items_[item_at_[at]].meaning->ends;
  }

  void deny_right(const Item& cue) {
    const int depth = words_[cue.begin].depth;
    for (std::size_t i = cue.end; i < words_.size() && i < cue.end + kScope; ++i) {
      const Word& word = words_[i];
      if (word.stop_depth <= depth || word.lowest_depth < depth) return;
      if (cue.meaning->briefly && word.comma && word.depth == depth) return;
      // "Absent: dots."
      const bool own_colon = i == cue.end && begins_clause(cue.begin);
      if (word.colon_depth <= depth && !own_colon) return;
      if (word.depth > depth) continue;  // what stands in brackets is no part of the list
      if (ends_denial(i)) return;
      deny(i);
    }
  }

  void deny_left(const Item& cue) {
    const int depth = words_[cue.begin].depth;
    bool denied = false;
    for (std::size_t i = cue.begin; i > 0 && i + kScope > cue.begin; --i) {
      const Word& gap = words_[i];  // what stands between word i - 1 and word i
      if (gap.stop_depth <= depth || gap.lowest_depth < depth) return;
      if (gap.colon_depth <= depth && i != cue.begin) return;  // "Dots: absent."
      const std::size_t left = i - 1;
      if (words_[left].depth > depth) continue;
      const bool is_link = item_at_[left] != kNone && items_[item_at_[left]].meaning->link;
      if (ends_denial(left) && (denied || !is_link)) return;
      denied = deny(left) || denied;
    }
  }

  std::vector<Word> words_;
  std::vector<Item> items_;
  std::vector<std::size_t> item_at_;  // of each word
};

}  // namespace

struct Lexicon::State {
  std::vector<Concept> concepts;
  std::map<std::string, std::size_t, std::less<>> by_id;
  Phrases phrases;
  Phrases headings;
  std::size_t forms = 0;

  void add_spellings(const TomlTable& file);
  void add_negation(const TomlTable& file);
  void add_concept(const TomlTable& table);
  void add_plurals();
  void add_cues(const TomlTable& table, const char* key, bool Meaning::*kind);

  // Words of a phrase that a key of the file lists.
  static std::vector<std::string> phrase(const TomlTable& table, const char* key,
                                         const std::string& text) {
    std::vector<std::string> words = words_of(text);
    if (words.empty() || words.size() > kMaxWords) {
      throw UsageError("{}: {}: '{}' has {} words; 1 to {} are allowed", table.place(key), key,
                       text, words.size(), kMaxWords);
    }
    return words;
  }
};

void Lexicon::State::add_concept(const TomlTable& table) {
  Concept entry;
  entry.id = table.string("id");
  entry.group = table.string("group");
  entry.label = table.string_or("label", "");
  entry.value = table.string_or("value", entry.id);
  entry.within = table.strings_or("within", {});
  entry.implies = table.strings_or("implies", {});
  entry.asserted_only = table.boolean_or("asserted_only", false);
  entry.needs = table.string_or("needs", "");
  entry.forms = table.strings_or("forms", {});
  if (entry.forms.empty()) throw UsageError("{}: '{}' has no forms", table.place(), entry.id);
  const std::size_t index = concepts.size();
  if (!by_id.emplace(entry.id, index).second) {
    throw UsageError("{}: two concepts are called '{}'", table.place("id"), entry.id);
  }
  for (const std::string& form : entry.forms) {
    Meaning& meaning = phrases.add(phrase(table, "forms", form));
    if (meaning.concept_index && *meaning.concept_index != index) {
      throw UsageError("{}: '{}' is a form of '{}' already", table.place("forms"), form,
                       concepts[*meaning.concept_index].id);
    }
    meaning.concept_index = index;
  }
  forms += entry.forms.size();
  if (forms > kMaxForms) throw UsageError("{}: more than {} forms", table.place(), kMaxForms);
  concepts.push_back(std::move(entry));
}

void Lexicon::State::add_spellings(const TomlTable& file) {
  const auto table = file.table_if("spelling");
  if (!table) return;
  for (const std::string& word : table->keys()) {
    for (const std::string& variant : table->strings_or(word, {})) {
      if (words_of(word).size() != 1 || words_of(variant).size() != 1 ||
          !phrases.add_spelling(words_of(variant).front(), words_of(word).front())) {
        throw UsageError("{}: '{}' for '{}': a spelling is one word, and stands for one word",
                         table->place(word), variant, word);
      }
    }
  }
}

void Lexicon::State::add_negation(const TomlTable& file) {
  const auto negation = file.table_if("negation");
  if (!negation) return;
  add_cues(*negation, "before", &Meaning::before);
  add_cues(*negation, "briefly", &Meaning::before);
  add_cues(*negation, "briefly", &Meaning::briefly);
  add_cues(*negation, "prefix", &Meaning::prefix);
  add_cues(*negation, "after", &Meaning::after);
  add_cues(*negation, "ends", &Meaning::ends);
  add_cues(*negation, "links", &Meaning::ends);
  add_cues(*negation, "links", &Meaning::link);
  add_cues(*negation, "never", nullptr);
  for (const std::string& text : negation->strings_or("not", {})) {
    phrases.add_not(phrase(*negation, "not", text));
  }
  for (const std::string& text : negation->strings_or("between", {})) {
    for (const std::string& word : phrase(*negation, "between", text)) phrases.add_filler(word);
  }
}

// After all forms are known: a form that is listed means what its own concept says.
void Lexicon::State::add_plurals() {
  for (std::size_t index = 0; index < concepts.size(); ++index) {
    for (const std::string& form : concepts[index].forms) {
      std::vector<std::string> words = words_of(form);
      words.back() = plural(words.back());
      if (phrases.find(words) == nullptr) phrases.add(words).concept_index = index;
    }
  }
}

void Lexicon::State::add_cues(const TomlTable& table, const char* key, bool Meaning::*kind) {
  for (const std::string& text : table.strings_or(key, {})) {
    Meaning& meaning = phrases.add(phrase(table, key, text));
    // Marks may be words that deny or end a denial too: "cannot be excluded", "less likely".
    if (meaning.concept_index && concepts[*meaning.concept_index].group != kMarkGroup) {
      throw UsageError("{}: {}: '{}' is a form of '{}'", table.place(key), key, text,
                       concepts[*meaning.concept_index].id);
    }
    if (kind != nullptr) meaning.*kind = true;
  }
}

const Lexicon& Lexicon::built_in() {
  static const Lexicon lexicon =
      parse(text_resources().get("taxonomy/lexicon.toml"), "taxonomy/lexicon.toml");
  return lexicon;
}

Lexicon Lexicon::parse(std::string_view toml, std::string_view source) {
  const TomlTable file = TomlTable::parse(toml, std::string(source));
  Lexicon lexicon = of({file});
  file.finish();
  return lexicon;
}

Lexicon Lexicon::of(const std::vector<TomlTable>& files) {
  auto state = std::make_shared<State>();
  for (const TomlTable& file : files) state->add_spellings(file);
  for (const TomlTable& file : files) {
    for (const TomlTable& table : file.tables_or_empty("concept")) state->add_concept(table);
  }
  for (const TomlTable& file : files) state->add_negation(file);
  for (const TomlTable& file : files) {
    if (const auto other = file.table_if("other_meanings")) {
      state->add_cues(*other, "words", nullptr);
    }
    if (const auto headings = file.table_if("headings")) {
      for (const std::string& text : headings->strings_or("words", {})) {
        state->headings.add(State::phrase(*headings, "words", text));
      }
    }
  }
  state->add_plurals();
  return Lexicon(std::move(state));
}

const std::vector<Concept>& Lexicon::concepts() const { return state_->concepts; }

std::optional<std::size_t> Lexicon::index_of(std::string_view id) const {
  const auto found = state_->by_id.find(id);
  if (found == state_->by_id.end()) return std::nullopt;
  return found->second;
}

std::vector<ConceptMention> Lexicon::mentions(std::string_view text) const {
  return read(text).mentions;
}

LexiconReading Lexicon::read(std::string_view text) const {
  Reading reading(text, state_->phrases);
  const std::vector<Word>& words = reading.words();
  const std::vector<Phrases::WordId> heading_ids = state_->headings.word_ids(words);
  std::vector<ConceptMention> found;
  std::size_t heading_end = 0;  // word after the heading that was met last
  for (const Item& item : reading.items()) {
    if (!item.meaning->concept_index) continue;
    if (item.begin >= heading_end) {
      const std::size_t length = state_->headings.longest(words, heading_ids, item.begin).words;
      const std::size_t next = item.begin + length;
      if (length > 0 && next < words.size() && words[next].colon_depth <= words[next].depth) {
        heading_end = next;
      }
    }
    const std::size_t concept_index = *item.meaning->concept_index;
    if (item.begin < heading_end) {
      const std::string& group = state_->concepts[concept_index].group;
      const bool answered = reading.sentence_has(heading_end, [&](const Meaning& meaning) {
        return meaning.concept_index && state_->concepts[*meaning.concept_index].group == group;
      });
      if (answered) continue;
    }
    found.push_back({concept_index, words[item.begin].begin, words[item.end - 1].end, item.negated,
                     item.begin, item.end});
  }
  return {reading.take_words(), std::move(found)};
}

std::vector<FoundConcept> Lexicon::find_concepts(std::string_view text) const {
  std::map<std::size_t, bool> negated;
  for (const ConceptMention& mention : mentions(text)) {
    const auto entry = negated.try_emplace(mention.concept_index, true).first;
    entry->second = entry->second && mention.negated;
  }
  std::vector<FoundConcept> found;
  found.reserve(negated.size());
  for (const auto& [index, is_negated] : negated) found.push_back({index, is_negated});
  return found;
}

}  // namespace epicrisis
