#pragma once

#include <CLI/App.hpp>
#include <optional>
#include <string>

#include "command.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/files.h"
#include "epicrisis/core/job.h"
#include "epicrisis/store/workspace.h"
#include "epicrisis/study/study.h"
#include "epicrisis/study/study_check.h"

namespace epicrisis::cli {

// What every command is given that runs or checks a study file.
struct StudyArguments {
  std::string file;
  std::string workspace;
  std::string data_root;
  bool allow_leakage = false;
  bool allow_remote = false;
};
std::optional<Path> data_root_of(const StudyArguments& arguments);

void add_study_file(CLI::App& command, StudyArguments& arguments);  // FILE
void add_data_root(CLI::App& command, StudyArguments& arguments);
void add_permissions(CLI::App& command, StudyArguments& arguments);

// A folder in a file's place is a finding as any file that is no study, so that --json has it too.
StudyCheck check_study_of(const StudyArguments& arguments, const Globals& globals);
void print_findings(const StudyCheck& check, const CLI::App& command);
// Nothing where the study cannot run: that is printed then, and the exit code set. What the system
// refused to the check, room for a copy of the database for one, the study may not need.
std::optional<StudyCheck> check_before_run(const StudyArguments& arguments, const CLI::App& command,
                                           Globals& globals);

// Warns of what an interrupted study leaves, and how it goes on.
void tell_what_is_kept(Workspace& workspace, const std::string& study, const Job& job);

// What the arguments let a study do.
StudyOptions options_of(const StudyArguments& arguments);
// What `act` makes of the study and its workspace, which is made where there is none.
template <typename Act>
auto on_workspace(const StudyArguments& arguments, const Study& study, const Job& job,
                  const Act& act) {
  Workspace workspace = Workspace::open_or_create(arguments.workspace);
  try {
    return act(workspace);
  } catch (const Interrupted&) {
    tell_what_is_kept(workspace, study.name, job);
    throw;
  }
}

}  // namespace epicrisis::cli
