#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/audit/claims.h"
#include "epicrisis/core/json.h"
#include "epicrisis/corpus/finding_rules.h"
#include "epicrisis/data/field.h"
#include "epicrisis/data/sample.h"
#include "epicrisis/notes/strategy/strategy.h"

namespace epicrisis::audit {

// What is known of a sample, against which its notes are held. Empty where it is not known.
struct Facts {
  std::optional<ClassId> label;
  std::string grade;  // of the sample; where it has none, that of its class
  std::string diagnosis;
  std::string subclass;
  std::string age;  // "65", "45 years", "60-69"
  std::string sex;
  std::string site;
  std::vector<Finding> findings;          // all others: "diameter", "reported", ...
  std::vector<MeasuredFinding> measured;  // on the picture; those that may stand against a note
};
Facts facts_of(const Sample& sample, const Field& field);
// An object with label, the field's grade, diagnosis, subclass, age, sex, site, all optional; null
// is as good as nothing. InputError naming a member of another name or type, a class or grade that
// is none of the field's.
Facts parse_facts(const Json& json, const Field& field, std::string_view source);

enum class Verdict {
  kAgrees,
  kContradicts,
  kUndecidable,  // no fact speaks of it
  kUnknowable,   // nobody could know it from picture and metadata
};
std::string_view verdict_name(Verdict verdict);  // "agrees", "contradicts", ...

enum class Severity { kNone, kMinor, kMajor };
std::string_view severity_name(Severity severity);  // "", "minor", "major"

// What is measured on the picture, by rules of thumb, is weaker evidence than what is known; its
// verdicts are counted apart.
inline constexpr std::string_view kMeasuredRule = "measured";
// Of a claim as an audit is stored: docs/formats/audits.md.
inline bool is_measured(const Json& claim) { return claim.at("rule") == kMeasuredRule; }

struct JudgedClaim {
  Claim claim;
  Verdict verdict = Verdict::kUndecidable;
  std::string rule;      // which rule spoke: "class", "site", ..., kMeasuredRule
  std::string evidence;  // the fact it was held against: "label MEL"
  Severity severity = Severity::kNone;
};

// What is wrong with a note's form, and where.
struct FormFault {
  std::string rule;  // "refusal", "cut", "heading missing", "off list", "leak", "language", ...
  std::string detail;
  std::size_t begin = 0;
  std::size_t end = 0;
  Severity severity = Severity::kMinor;
};

enum class NoteVerdict { kPass, kWarn, kFail };
std::string_view note_verdict_name(NoteVerdict verdict);  // "pass", "warn", "fail"

struct AuditedNote {
  NoteReading reading;
  std::vector<JudgedClaim> claims;
  std::vector<std::string> wrong;       // of diagnosis, the grade's name, site, age, sex
  std::vector<std::string> unknowable;  // of size, symptoms, history, test results, advice, persons
  std::vector<std::string> omitted;     // of diagnosis, the grade's name, site, age, sex
  std::vector<std::string> unreadable;  // of site, age, sex: given in words that cannot be read
  std::vector<FormFault> form;
  NoteVerdict verdict = NoteVerdict::kPass;
};

// What a strategy asked for, as far as a note can be held against it.
struct Prompt {
  std::vector<std::string> fields;  // metadata that the model was given
  bool names_class = true;          // it was given the class, or asked for it
  int max_words = 0;                // 0: no limit
  // Headings of a structured note, and the values that may be chosen under each, by kind of claim.
  std::vector<std::string> headings;
  std::map<std::string, std::set<std::string>, std::less<>> options;
  // A sentence of the prompt is no sentence of a note; null: unknown.
  std::optional<Strategy> strategy;
};

// Holds notes of one field against facts and against what was asked for. Immutable; may be shared
// by threads.
class Auditor {
 public:
  explicit Auditor(const Field& field) : reader_(field) {}

  // `prompt`: what the note was asked for, if that is known; without it only what needs no prompt
  // is judged, and every fact counts as given.
  AuditedNote audit(std::string_view note, const Facts& facts, const Prompt* prompt) const;
  Prompt prompt_of(const Strategy& strategy) const;
  const ClaimReader& reader() const { return reader_; }

 private:
  ClaimReader reader_;
};

// claims, wrong, self_contradictions, off_list, unknowable, omitted, unreadable, form, read,
// verdict: docs/formats/audits.md. Spans are quoted from `note`.
Json to_json(const AuditedNote& audited, std::string_view note, const Field& field);

}  // namespace epicrisis::audit
