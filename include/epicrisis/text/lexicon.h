#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "epicrisis/core/toml.h"
#include "epicrisis/text/words.h"

namespace epicrisis {

// A thing that notes speak of, and the words for it.
struct Concept {
  std::string id;     // "pigment network"; also the words that stand for it
  std::string group;  // "asymmetry", "border", "colour", "structure", "diagnosis", ...
  std::string label;  // group "diagnosis": short name of the class, "MEL"; else ""
  std::vector<std::string> forms;
  // What the concept is called where claims are compared; the id where the file gives none.
  std::string value = {};
  std::vector<std::string> within = {};   // ids of coarser concepts: "cheek" is within "face"
  std::vector<std::string> implies = {};  // ids of concepts that it states too
  bool asserted_only = false;             // its denial denies no more than this word
  std::string needs = {};  // what has to stand near it for it to mean this; docs/formats/lexicon.md
};

struct ConceptMention {
  std::size_t concept_index = 0;  // into Lexicon::concepts()
  std::size_t begin = 0;          // bytes of the text, [begin, end)
  std::size_t end = 0;
  bool negated = false;
  std::size_t first_word = 0;  // words of the text, [first_word, end_word)
  std::size_t end_word = 0;
};

// A text's words and what they mention.
struct LexiconReading {
  std::vector<Word> words;
  std::vector<ConceptMention> mentions;
};

// A concept of a text with all its mentions taken together.
struct FoundConcept {
  std::size_t concept_index = 0;
  bool negated = false;  // every mention is
};

// Finds concepts in English text. Words are runs of letters and digits, compared without case and
// accents; hyphens, slashes and apostrophes between the words of a form are as good as spaces.
// The longest form that begins at a word wins, and mentions do not overlap.
//
// A mention is negated if a denying word of the lexicon stands in its clause, at most 40 words
// away, and no word that ends a denial lies between (after Chapman et al. 2001, NegEx, with words
// of this field). A clause ends at . ; : ! ? a line break and the bracket that it stands in; a
// heading's "dots: absent" and "absent: dots" are one clause. It is a rule of thumb: it reads lists
// ("no network, dots or globules"; "dots and globules are absent"), not doubt and not irony. What
// is said of a denied thing counts as denied too: "no atypical network" denies the network.
//
// A heading of a structured note ("Asymmetry: symmetric") is no mention where a concept of its
// group follows in the sentence.
//
// Immutable; may be shared by threads. Cost: linear in the text.
class Lexicon {
 public:
  // taxonomy/lexicon.toml; lives as long as the program.
  static const Lexicon& built_in();
  // UsageError with file and line: a concept without forms, two concepts of one id, a form that
  // two concepts have, a form without a word.
  static Lexicon parse(std::string_view toml, std::string_view source);
  // The same of several files together. Reads a lexicon's keys of each and no others, and leaves
  // finish() to the caller.
  static Lexicon of(const std::vector<TomlTable>& files);

  const std::vector<Concept>& concepts() const;
  std::optional<std::size_t> index_of(std::string_view id) const;

  // In order of the text. Any bytes may be given; invalid UTF-8 separates words.
  std::vector<ConceptMention> mentions(std::string_view text) const;
  LexiconReading read(std::string_view text) const;
  // Each concept once, in order of its index.
  std::vector<FoundConcept> find_concepts(std::string_view text) const;

 private:
  struct State;
  explicit Lexicon(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

}  // namespace epicrisis
