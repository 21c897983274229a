#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "epicrisis/data/field.h"
#include "epicrisis/text/lexicon.h"

namespace epicrisis::audit {

// What a concept of the group "mark" does to what stands near it; kNone for other concepts. The
// names are those of taxonomy/claims.toml.
enum class Mark {
  kNone,
  kHedge,
  kHedged,
  kAlternativesFollow,
  kAlternativesBefore,
  kLike,
  kGround,
  kSubject,
  kBackground,
  kSurrounding,
  kBeside,
  kPicture,
  kCast,
  kInk,
  kDark,
  kLight,
  kMedium,
  kBorderNoun,
  kAreaNoun,
  kPartly,
  kPlace,
  kOverall,
  kClauseBreak,
  kCondition,
  kGeneral,
  kOrigin,
  kColourHeading,
  kStructureHeading,
  kTypeHeading,
  kDiagnosisHeading,
  kYear,
  kAged,
  kDecade,
  kReport,
  kResult,
  kWanted,
  kMonth,
  kUnit,
  kUnassessed,
  kNoneOfOthers,
  kBystander,
  kAroundIt,
  kOther,  // of the file, but nothing that the rules ask for
};

// The kind of claim that a concept makes.
enum class Kind {
  kNone,
  kDiagnosis,
  kOtherDisease,  // none of the classes
  kGrade,
  kAsymmetry,
  kBorder,
  kColours,
  kStructures,
  kElevation,
  kSite,
  kAge,
  kSex,
  kSize,
  kSymptoms,
  kHistory,
  kAdvice,
  kTestResults,
  kPersons,
};

// What a concept needs near it to mean what it says.
enum class Need {
  kNone,
  kBorder,
  kArea,
  kType,
  kNoun,
  kPlace,
  kAlone,
  kReport,
  kResult,
  kName,
  kNothingElse,
  kNever
};

// The words of claims of one field: the lexicon and what the rules ask of its concepts. Immutable.
class ClaimWords {
 public:
  // taxonomy/claims.toml, and for a field that has them the lexicon and
  // taxonomy/claims_FIELD.toml; else the classes' own words.
  explicit ClaimWords(const Field& field);

  const Lexicon& lexicon() const { return lexicon_; }
  const Field& field() const { return field_; }
  const Concept& at(std::size_t concept_index) const { return lexicon_.concepts()[concept_index]; }
  Mark mark(std::size_t concept_index) const { return marks_[concept_index]; }
  Kind kind(std::size_t concept_index) const { return kinds_[concept_index]; }
  Need need(std::size_t concept_index) const { return needs_[concept_index]; }
  // "diagnosis", "colours"; the grade's own name for kGrade.
  std::string_view kind_name(Kind kind) const;

  // 0 to 99 in words or digits, up to 3 of them; nothing for other words.
  std::optional<int> number(std::string_view folded) const;
  // "sixties" and "60s": 60.
  std::optional<int> decade(std::string_view folded) const;
  // "months", "weeks" or "days" for a word that stands for it: "mo"; "" for others.
  std::string_view age_unit(std::string_view folded) const;

  // Whether the one is the other or lies within it, or the other way round: "cheek" and "face".
  bool same_line(std::size_t a, std::size_t b) const;
  // Whether `inner` is `outer` or lies within it.
  bool within(std::size_t inner, std::size_t outer) const;

  // "light brown" for "brown" and kLight; "" where the file names none.
  std::string_view shade(std::string_view value, Mark mark) const;
  // Whether `value` is a colour with shades, or one of its shades.
  std::string_view shade_base(std::string_view value) const;

  // What "none of the others" denies, of a kind: values. Empty where the file names none.
  const std::vector<std::string>& others(Kind kind) const;

  // Whether a word is one that every text of another language holds: "der", "una", "les".
  bool is_foreign(std::string_view folded) const { return foreign_.contains(folded); }

  std::string hash() const { return hash_; }  // of all that it is made of

 private:
  Field field_;
  Lexicon lexicon_;
  std::vector<Mark> marks_;
  std::vector<Kind> kinds_;
  std::vector<Need> needs_;
  std::vector<std::vector<std::size_t>> coarser_;  // of each concept, all of them
  std::map<std::string, std::pair<std::string, std::string>, std::less<>> shades_;
  std::map<Kind, std::vector<std::string>> others_;
  std::set<std::string, std::less<>> foreign_;
  std::unordered_map<std::string, int> numbers_;
  std::unordered_map<std::string, int> decades_;
  std::map<std::string, std::string, std::less<>> age_units_;  // by its words
  std::string hash_;
};

}  // namespace epicrisis::audit
