#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <vector>

#include "audit/claim_words.h"
#include "epicrisis/text/lexicon.h"

namespace epicrisis::audit {

// Which part of a structured note a word stands in.
enum class Scope : std::uint8_t {
  kNone,
  kAsymmetry,
  kBorder,
  kColours,
  kStructures,
  kType,
  kDiagnosis
};

// A note cut into words, and these into sentences, clauses and phrases, with what they mention. A
// sentence ends at a full stop, a semicolon ends a clause; so do words such as "although". A phrase
// ends at any punctuation.
class NoteText {
 public:
  NoteText(std::string_view text, const ClaimWords& words);

  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  const ClaimWords& claim_words() const { return *claim_words_; }
  std::string_view text() const { return text_; }
  const std::vector<Word>& words() const { return reading_.words; }
  std::string_view word(std::size_t at) const { return reading_.words[at].folded; }
  std::size_t word_count() const { return reading_.words.size(); }

  std::size_t mention_count() const { return reading_.mentions.size(); }
  const ConceptMention& mention(std::size_t index) const { return reading_.mentions[index]; }
  Mark mark(std::size_t index) const { return claim_words_->mark(mention(index).concept_index); }
  // What kind of claim it makes: none where the note speaks of such cases in general.
  Kind kind(std::size_t index) const {
    return places_[mention(index).first_word].general
               ? Kind::kNone
               : claim_words_->kind(mention(index).concept_index);
  }
  Need need(std::size_t index) const { return claim_words_->need(mention(index).concept_index); }
  const Concept& entry(std::size_t index) const {
    return claim_words_->at(mention(index).concept_index);
  }
  // The mention that word `at` is part of; kNone if there is none.
  std::size_t mention_at(std::size_t at) const { return mention_at_[at]; }

  std::uint32_t sentence(std::size_t at) const { return places_[at].sentence; }
  std::uint32_t clause(std::size_t at) const { return places_[at].clause; }
  std::uint32_t phrase(std::size_t at) const { return places_[at].phrase; }
  Scope scope(std::size_t at) const { return places_[at].scope; }
  // Whether word `at` is said of such cases in general: "patients often need a biopsy".
  bool is_general(std::size_t at) const { return places_[at].general; }
  // Whether mention `index` is the heading of its scope.
  bool is_heading(std::size_t index) const { return headings_[index]; }
  bool begins_sentence(std::size_t at) const { return at == 0 || sentence(at) != sentence(at - 1); }
  bool begins_phrase(std::size_t at) const { return at == 0 || phrase(at) != phrase(at - 1); }
  bool ends_phrase(std::size_t end) const { return end >= word_count() || begins_phrase(end); }

  // The nearest mention with this mark left or right of mention `index`, in the same `level`
  // (clause, phrase, ...) and at most `reach` words away; kNone if there is none.
  enum class Within { kSentence, kClause, kPhrase };
  std::size_t left(std::size_t index, Mark mark, Within level, std::size_t reach) const;
  std::size_t right(std::size_t index, Mark mark, Within level, std::size_t reach) const;
  bool together(std::size_t a, std::size_t b, Within level) const;  // two words
  // Whether one of these words stands in the phrase of mention `index`, at most `reach` before it.
  bool follows_one_of(std::size_t index, std::size_t reach,
                      std::initializer_list<std::string_view> words) const;

 private:
  struct Place {
    std::uint32_t sentence = 0, clause = 0, phrase = 0;
    Scope scope = Scope::kNone;
    bool general = false;
  };
  std::optional<Scope> heading(std::size_t index) const;
  void mark_general();

  std::string_view text_;
  const ClaimWords* claim_words_;
  LexiconReading reading_;
  std::vector<std::size_t> mention_at_;
  std::vector<Place> places_;
  std::vector<bool> headings_;
};

bool is_preposition(std::string_view folded);  // "on", "at", "with", ...
bool is_joining(std::string_view folded);      // "and", "or", "to"
bool is_article(std::string_view folded);      // "the", "a", "his", ...
bool is_verb(std::string_view folded);         // "is", "shows", "has", ...: ends a noun's own words

}  // namespace epicrisis::audit
