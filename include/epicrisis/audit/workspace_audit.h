#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/audit/audit.h"
#include "epicrisis/core/files.h"
#include "epicrisis/core/job.h"
#include "epicrisis/core/json.h"
#include "epicrisis/store/tables/notes.h"
#include "epicrisis/store/workspace.h"

namespace epicrisis::audit {

// What a judge said of claims, against the rules. Those of its verdicts that can be compared, where
// both agree or contradict, are in the four numbers in the middle.
struct JudgeCounts {
  std::int64_t notes = 0;
  std::int64_t claims = 0;
  std::map<std::string, std::int64_t>
      verdicts;  // claims, by "agrees", "contradicts", "cannot tell"
  std::int64_t both_agree = 0, both_contradict = 0;
  std::int64_t rules_alone = 0, judge_alone = 0;  // find a contradiction
  std::int64_t stale_notes = 0;                   // revised since they were judged
  std::int64_t stale_claims = 0;                  // not read any more as they were then

  double kappa() const;  // Cohen's, of the four; NaN where it is not defined
};
Json to_json(const JudgeCounts& counts);

// What was found in the notes of one data set, strategy, provider and model.
struct AuditCounts {
  std::string dataset, strategy, provider, model;
  std::int64_t notes = 0;
  std::int64_t pass = 0, warn = 0, fail = 0;
  std::int64_t claims = 0;
  std::int64_t agree = 0, contradict = 0;  // claims, with what is known
  std::int64_t major = 0;                  // claims that contradict it, and matter
  std::int64_t unknowable = 0;             // claims
  // Claims that nothing known speaks of, with what was measured on the picture.
  std::int64_t measured_agree = 0, measured_contradict = 0;
  // Claims of notes beside others of the same sample and strategy (variants, other models), and of
  // these those that fewer than half of the others make too.
  std::int64_t with_others = 0, unshared = 0;
  std::int64_t contradicted_notes = 0;           // by what is known
  std::int64_t measured_contradicted_notes = 0;  // by measures; may be of those too
  std::int64_t self_contradicting_notes = 0;
  std::map<std::string, std::int64_t> wrong;            // notes, by what is wrong
  std::map<std::string, std::int64_t> unknowable_kind;  // notes, by kind
  std::map<std::string, std::int64_t> omitted;          // notes, by what is missing
  std::map<std::string, std::int64_t> unreadable;       // notes, by what they were given
  std::map<std::string, std::int64_t> form;             // notes, by rule
  std::map<std::string, JudgeCounts> judges;            // by judge, provider and model
};
Json to_json(const AuditCounts& counts);

struct AuditReport {
  std::int64_t notes = 0;   // = judged + kept
  std::int64_t judged = 0;  // in this call
  std::int64_t kept = 0;    // judged before, by the same rules on the same facts
  std::vector<AuditCounts> counts;
};
Json to_json(const AuditReport& report);

struct AuditOptions {
  std::vector<std::string> strategies;  // empty: all
  std::vector<std::string> datasets;
  std::optional<Path> output;  // JSON lines, an object a note: docs/formats/audits.md
};

// Judges the written notes of a workspace that were not judged yet by the same rules on the same
// facts, and stores what was found; never changes a note. What is done when the job is cancelled
// stays done; the output appears whole or not at all. One audit of a workspace at a time.
AuditReport audit_notes(Workspace& workspace, const AuditOptions& options, Job& job);

// One note with what an audit finds in it, made anew.
struct ExplainedNote {
  NoteRecord note;
  Sample sample;
  Facts facts;
  AuditedNote audited;
};
// Of all written notes of the sample. UsageError if there is none.
std::vector<ExplainedNote> explain_notes(Workspace& workspace, std::string_view key,
                                         const AuditOptions& options);
Json to_json(const ExplainedNote& explained, const Field& field);

}  // namespace epicrisis::audit
