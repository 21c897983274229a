#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "epicrisis/audit/policy.h"
#include "epicrisis/core/job.h"
#include "epicrisis/core/json.h"
#include "epicrisis/notes/synthesis/synthesis_job.h"
#include "epicrisis/store/workspace.h"

namespace epicrisis::audit {

struct RepairOptions {
  std::string strategy;  // whose notes; may be a derived one itself
  std::vector<std::string> datasets;
  std::int64_t accepted = -1;  // stop when there are so many derived notes; -1: all
};

struct RepairReport {
  std::string strategy;  // of the derived notes: "P3.repair"
  std::string policy;
  // Taken up = accepted + stripped + asked + fell back + rejected + waiting = made + kept +
  // waiting.
  std::int64_t notes = 0;
  std::int64_t made = 0;    // in this call
  std::int64_t remade = 0;  // of these, in the place of an older one: rules, facts or text changed
  std::int64_t kept = 0;    // made before, by the same rules
  std::int64_t left = 0;    // not taken up: enough were accepted
  std::int64_t accepted = 0;                     // as they are
  std::int64_t stripped = 0;                     // and accepted
  std::int64_t asked = 0;                        // written again by a model, and accepted
  std::int64_t sentences = 0;                    // taken out of those that stayed
  std::int64_t fell_back = 0;                    // to the note of another strategy
  std::map<std::string, std::int64_t> rejected;  // by reason
  std::int64_t waiting = 0;  // for a model to be asked; there is no note of them
  std::int64_t derived() const { return accepted + stripped + asked + fell_back; }
};
Json to_json(const RepairReport& report);

// Does to the written notes of a strategy what a policy says, and stores the outcome of each as a
// note of the strategy "STRATEGY.POLICY"; the notes themselves are never changed. Both are audited
// and stored as by audit_notes(). What was made before by the same rules stays. What is done when
// the job is cancelled stays done. UsageError if there is no note of the strategy, or the policy
// writes a strategy that is no template and of which there are no notes.
// Where the policy asks a model again, its answers of before are used; what was not asked waits.
RepairReport repair_notes(Workspace& workspace, const Policy& policy, const RepairOptions& options,
                          Job& job);

struct RevisionReport {
  RepairReport repair;
  SynthesisReport asked;  // of all requests; a note is one that was asked for again
};
Json to_json(const RevisionReport& report);

// The same, and has the model of `builder`, whose strategy is of kind "revise", write those again
// that wait for it, until none does or the run ends early (synthesize()). With `accepted` only so
// many are asked about as may still be wanted. What the model writes is kept as notes of the
// strategy "STRATEGY.POLICY.revised". Of the asking options the filter and the fraction do not
// count. UsageError if the policy asks nothing.
RevisionReport revise_notes(Workspace& workspace, const Policy& policy,
                            const RepairOptions& options, const RequestBuilder& builder,
                            const SynthesisOptions& asking, HttpTransport& transport, Job& job);
// The same with the provider and the transport that the task names.
RevisionReport run_revision(Workspace& workspace, const Policy& policy,
                            const RepairOptions& options, const SynthesisJob& task, Job& job);

}  // namespace epicrisis::audit
