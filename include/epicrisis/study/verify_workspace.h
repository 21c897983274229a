#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "epicrisis/core/job.h"
#include "epicrisis/core/json.h"
#include "epicrisis/store/workspace.h"

namespace epicrisis {

// Something in a workspace that is damaged or gone.
struct WorkspaceFault {
  std::string place;   // a file or folder below the workspace
  std::string what;    // what is wrong with it
  std::string remedy;  // what to do
};

// What was held against its checksum. A file without one, as earlier versions wrote, is read as far
// as its form can be checked.
struct VerifyTally {
  std::string kind;  // "database", "prepared pictures", "feature files", "runs", "studies"
  std::int64_t checked = 0;
  std::int64_t damaged = 0;     // of those checked
  std::int64_t unverified = 0;  // of those checked: they carry no checksum
};

struct VerifyReport {
  std::vector<VerifyTally> tallies;
  std::vector<WorkspaceFault> faults;
  std::vector<std::string> left_over;  // files that the database does not name

  bool sound() const { return faults.empty(); }
};
Json to_json(const VerifyReport& report);

// Reads everything that a workspace holds and holds it against its checksums. Changes nothing.
// Interrupted when the job is cancelled.
VerifyReport verify_workspace(Workspace& workspace, Job& job);

}  // namespace epicrisis
