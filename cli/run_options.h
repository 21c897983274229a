#pragma once

#include <CLI/App.hpp>
#include <string>

#include "epicrisis/core/files.h"
#include "epicrisis/store/workspace.h"
#include "epicrisis/study/sample_selection.h"

namespace epicrisis::cli {

// Which run a command uses.
struct RunArguments {
  std::string run;
  std::string workspace;
};

// Adds RUN and --workspace, which `workspace_is_for` says the purpose of.
void add_run_options(CLI::App& command, RunArguments& arguments,
                     const std::string& workspace_is_for);
Path run_folder(const RunArguments& arguments);
// The workspace whose samples are meant: that of --workspace, or the one in which the run lies.
// UsageError where there is none.
Workspace workspace_of(const RunArguments& arguments, const Path& run_folder);

// Adds --dataset and --split.
void add_selection_options(CLI::App& command, SampleSelection& selection);

}  // namespace epicrisis::cli
