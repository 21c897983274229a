#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "epicrisis/audit/policy.h"
#include "epicrisis/core/job.h"
#include "epicrisis/core/json.h"
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
  std::int64_t notes = 0;   // taken up = accepted + stripped + fell back + rejected = made + kept
  std::int64_t made = 0;    // in this call
  std::int64_t remade = 0;  // of these, in the place of an older one: rules, facts or text changed
  std::int64_t kept = 0;    // made before, by the same rules
  std::int64_t left = 0;    // not taken up: enough were accepted
  std::int64_t accepted = 0;                     // as they are
  std::int64_t stripped = 0;                     // and accepted
  std::int64_t sentences = 0;                    // taken out of these
  std::int64_t fell_back = 0;                    // to the note of another strategy
  std::map<std::string, std::int64_t> rejected;  // by reason
  std::int64_t derived() const { return accepted + stripped + fell_back; }
};
Json to_json(const RepairReport& report);

// Does to the written notes of a strategy what a policy says, and stores the outcome of each as a
// note of the strategy "STRATEGY.POLICY"; the notes themselves are never changed. Both are audited
// and stored as by audit_notes(). What was made before by the same rules stays. What is done when
// the job is cancelled stays done. UsageError if there is no note of the strategy, or the policy
// writes a strategy that is no template and of which there are no notes.
RepairReport repair_notes(Workspace& workspace, const Policy& policy, const RepairOptions& options,
                          Job& job);

}  // namespace epicrisis::audit
