#pragma once

#include <map>
#include <string>

#include "epicrisis/core/job.h"
#include "epicrisis/study/removal.h"

namespace epicrisis::study {

// All locks that were ever taken in a workspace, while it lives: nobody else is at work there.
class IdleWorkspace {
 public:
  // SystemError that names the process at work.
  explicit IdleWorkspace(const Workspace& workspace);
  // Takes one more, if it is not there yet; false if another process has it.
  bool also(const std::string& lock);

 private:
  const Workspace& workspace_;
  std::map<std::string, WorkspaceLock> locks_;
};

// Removes the files of a workspace that its database does not name and nothing uses; see removal.h.
SweepReport sweep(Workspace& workspace, IdleWorkspace& idle, const RemovalOptions& options,
                  Job& job);

// Removes record and report of a study, if the database has no row of it.
void sweep_study(Workspace& workspace, const std::string& study, const RemovalOptions& options,
                 SweepReport& report);

}  // namespace epicrisis::study
