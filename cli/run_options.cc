#include "run_options.h"

#include "command.h"
#include "epicrisis/core/error.h"
#include "epicrisis/study/run_folder.h"

namespace epicrisis::cli {

void add_run_options(CLI::App& command, RunArguments& arguments,
                     const std::string& workspace_is_for) {
  takes(command.add_option(
            "RUN", arguments.run,
            "Run folder, or its name within the workspace (below runs/), or how that begins"),
        "RUN|DIR")
      ->required();
  takes(command.add_option("-w,--workspace", arguments.workspace, workspace_is_for), "DIR")
      ->envname("EPICRISIS_WORKSPACE")
      ->each(share_as);
}

Path run_folder(const RunArguments& arguments) {
  return find_run_folder(arguments.run, arguments.workspace);
}

Workspace workspace_of(const RunArguments& arguments, const Path& run_folder) {
  if (!arguments.workspace.empty()) return Workspace::open_to_read(arguments.workspace);
  const Path around = workspace_around(run_folder);
  if (around.empty()) {
    throw UsageError(
        "{}: the run lies in no workspace; give the one with the samples as `workspace`",
        run_folder.string());
  }
  share_as(around.string());
  return Workspace::open_to_read(around);
}

void add_selection_options(CLI::App& command, SampleSelection& selection) {
  takes(command.add_option("--dataset", selection.datasets, "Only samples of these data sets"),
        "NAME");
  takes(command.add_option(
            "--split", selection.splits,
            "Only samples that the run's study has in these parts: train, validation, test, "
            "external"),
        "PART", [] { return sample_parts(); });
}

}  // namespace epicrisis::cli
