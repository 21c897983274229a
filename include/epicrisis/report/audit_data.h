#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "epicrisis/core/json.h"
#include "epicrisis/eval/classification.h"
#include "epicrisis/eval/statistics.h"

namespace epicrisis {

// What is measured of audited notes: shares, with intervals over patients or pictures.
struct AuditMeasure {
  std::string_view name;   // "contradicted_notes"
  std::string_view title;  // of a column
  std::string_view words;  // what it means, for below a table
};
inline constexpr std::array<AuditMeasure, 11> kAuditMeasures = {{
    {"contradicted_notes", "Contradicted",
     "of the notes, the share with at least one claim that contradicts what is known"},
    {"major_contradicted_notes", "Major",
     "of the notes, the share with such a claim that would change class, grade or side"},
    {"contradicted_claims", "Claims contradicted",
     "of the claims that what is known speaks of, the share that contradicts it"},
    {"major_contradicted_claims", "major",
     "of the same claims, the share that contradicts it and would change class, grade or side"},
    {"measured_contradicted_notes", "Against measures",
     "of the notes, the share with a claim that contradicts what was measured on the picture, which "
     "is weaker evidence and never major"},
    {"measured_contradicted_claims", "Claims against measures",
     "of the claims that a measure speaks of and nothing that is known, the share that contradicts "
     "it"},
    {"self_contradicting_notes", "Contradict themselves",
     "of the notes, the share with two claims that cannot both be true"},
    {"omitting_notes", "Leave out",
     "of the notes, the share that does not state a fact that it was given"},
    {"unknowable_claims", "Unknowable",
     "of all claims, the share of what nobody could know from picture and metadata: history, sizes, "
     "test results"},
    {"off_list_notes", "Off the list",
     "of the notes, the share with something outside the options of the prompt"},
    {"coverage", "Decided",
     "of all claims, the share that something known or measured speaks of; of the others it cannot "
     "be said whether they are right"},
}};

struct AuditRow {
  std::string dataset, strategy, provider;  // provider with its model
  std::string label;                        // short name of a class; "": all
  std::size_t notes = 0;
  std::size_t pictures = 0;  // that they are of
  // Patients, which intervals are over. As many as pictures: the data set tells of no patients, or
  // each has one picture.
  std::size_t groups = 0;
  bool knows_patients() const { return groups < pictures; }
  std::array<Estimate, kAuditMeasures.size()> measures;
};

// Bytes of a note, and what is wrong with them.
enum class AuditMark {
  kWrong,       // contradicts what is known
  kMeasured,    // contradicts what was measured on the picture
  kUnknowable,  // nobody could know it, or it is a fault of form
};
struct AuditSpan {
  std::size_t begin = 0;
  std::size_t end = 0;
  AuditMark mark = AuditMark::kUnknowable;
  std::string why;  // "diagnosis: label MEL"
};

struct AuditExample {
  std::string dataset, key, strategy, label, verdict;
  std::string text;
  std::vector<AuditSpan> spans;  // may overlap, in any order
};

struct AuditConfusion {
  std::string dataset, strategy, provider;
  // Row: the class that is known; column: the one that the note settles for. The last of both is
  // none of the study's classes: another, or no one.
  ConfusionMatrix counts;
};

struct AuditSection {
  std::size_t without_audit = 0;  // notes that were not audited, and so are not in here
  std::size_t not_of_study = 0;   // notes of samples that the study leaves out, which neither are
  std::vector<AuditRow> rows;
  std::vector<AuditExample> examples;
  std::vector<AuditConfusion> confusions;
};

// Dataset, strategy, provider, class, measure, value, lo, hi, notes, pictures, patients; a line a
// number that has an interval. With a header. Patients are empty (in JSON null) where the intervals
// are over pictures.
std::string audit_csv(const AuditSection& section);
Json to_json(const AuditSection& section);

}  // namespace epicrisis
