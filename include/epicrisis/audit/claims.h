#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/core/json.h"
#include "epicrisis/data/field.h"

namespace epicrisis::audit {

class ClaimWords;

// One thing that a note says. docs/formats/claims.md lists kinds and values.
struct Claim {
  std::string kind;   // "diagnosis", "colours", ...; the field's own name for the grade
  std::string value;  // short name of the class, "dark brown", "65", "60-69", ...
  bool denied = false;
  bool hedged = false;
  std::size_t begin = 0;  // bytes of the note, [begin, end)
  std::size_t end = 0;
  std::string_view under;  // the heading it stands under: "border", "colours", ..., or ""
  bool bracketed = false;
  // The lexicon's concept behind it, for who holds it against facts; none for numbers.
  std::optional<std::size_t> concept_index;
};

// Two places of a note that cannot both be so.
struct SelfContradiction {
  std::size_t first_begin = 0, first_end = 0;
  std::size_t second_begin = 0, second_end = 0;
  std::string rule;   // "two classes", "class and grade", "two ages", ...
  bool major = true;  // of class or grade
};

// What a note claims, and what it settles for where it says several things.
struct NoteReading {
  std::vector<Claim> claims;  // in order of the text
  std::optional<ClassId> diagnosis;
  bool diagnosis_hedged = false;
  std::string grade;  // "" if the note gives none
  bool grade_hedged = false;
  std::vector<SelfContradiction> self_contradictions;
  std::size_t words = 0;
  // Articles, prepositions, auxiliaries: what English is full of. Counted only where claims are
  // few.
  std::size_t common_words = 0;
  std::size_t foreign_words = 0;  // those of other languages
};

// Reads notes of one field, in English. Rules of thumb on top of the lexicon: docs/audit.md says
// how well they do. Any bytes may be given; the cost is linear in the text. Immutable; may be
// shared by threads.
class ClaimReader {
 public:
  explicit ClaimReader(const Field& field);

  NoteReading read(std::string_view note) const;
  const ClaimWords& words() const { return *words_; }
  // Of the rules and of all words that they use: what was read under another version may read
  // differently now.
  std::string version() const;

 private:
  std::shared_ptr<const ClaimWords> words_;
};

// The reading in the keys of the annotation guide: diagnosis, diagnosis_hedged, diagnoses_other,
// diagnoses_denied, ..., colours, colours_denied, ..., size_asserted, advice.
Json guide_keys(const NoteReading& reading, const Field& field);

}  // namespace epicrisis::audit
