#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "epicrisis/audit/policy.h"
#include "epicrisis/audit/repair.h"
#include "epicrisis/core/job.h"
#include "epicrisis/core/json.h"
#include "epicrisis/store/workspace.h"

namespace epicrisis::audit {

// A text that a model has to write again before its note can be derived.
struct WaitingNote {
  std::int64_t sample_id = 0;
  int variant = 0;
  Json provenance;  // kDerived of what the model will write
  std::string id;   // of sample, text and faults
  std::string text;
  std::string faults;
};

struct PassOptions {
  RepairOptions repair;
  // Collects so many waiting notes, and takes up no more than may be wanted with these; 0: none is
  // collected.
  std::size_t most_waiting = 0;
  std::set<std::string> asked;  // ids, in this run: not collected again
  bool retry_rejected = false;  // where a model gave no note before, it is asked again
};

struct RepairPass {
  RepairReport report;
  std::vector<WaitingNote> waiting;
};

// repair_notes() without the audits and the lock.
RepairPass repair_pass(Workspace& workspace, const Policy& policy, const PassOptions& options,
                       Job& job);

}  // namespace epicrisis::audit
