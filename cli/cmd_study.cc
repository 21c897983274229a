#include <fmt/core.h>

#include <memory>

#include "command.h"
#include "epicrisis/core/json.h"
#include "epicrisis/study/study.h"

namespace epicrisis::cli {
namespace {

struct StudyArguments {
  std::string file;
  std::string workspace;
  std::string data_root;
  bool allow_leakage = false;
  bool allow_remote = false;
};

void run(const StudyArguments& arguments, const Globals& globals) {
  const Study study = read_study(arguments.file, arguments.data_root.empty()
                                                     ? std::optional<Path>()
                                                     : std::optional<Path>(arguments.data_root));
  Workspace workspace = Workspace::open_or_create(arguments.workspace);
  const StudyOutcome outcome =
      run_study(workspace, study,
                {.allow_leakage = arguments.allow_leakage, .allow_remote = arguments.allow_remote});
  if (globals.json) {
    const Json result = {{"study", study.name},
                         {"runs_trained", outcome.trained},
                         {"runs_kept", outcome.kept},
                         {"report", outcome.report.string()},
                         {"results", to_json(outcome.rows)}};
    fmt::print("{}\n", dump_json(result, 1));
    return;
  }
  fmt::print("{}\n{} runs trained, {} were there already\nReport: {}\n", outcome.headline,
             outcome.trained, outcome.kept, outcome.report.string());
}

}  // namespace

void add_study_command(CLI::App& app, Globals& globals) {
  CLI::App* study = app.add_subcommand("study", "Everything that one study file names");
  study->require_subcommand(1);
  CLI::App* command = study->add_subcommand(
      "run",
      "Import, check, prepare, write notes, train, evaluate and report; only what is missing");
  auto arguments = std::make_shared<StudyArguments>();
  takes(command->add_option("FILE", arguments->file,
                            "Study file (TOML; docs/formats/study-files.md)"),
        "FILE")
      ->required();
  add_workspace_option(*command, arguments->workspace);
  takes(command->add_option(
            "--data-root", arguments->data_root,
            "Folder that relative data paths of the study start from, in place of the file's own"),
        "DIR");
  command->add_flag("--allow-leakage", arguments->allow_leakage,
                    "Go on although splits overlap; the report states it");
  command->add_flag("--allow-remote", arguments->allow_remote,
                    "Let prompts and pictures go to a provider that is not on this machine");
  add_global_options(*command, globals);
  add_examples(*command, {"epicrisis study run studies/ham-to-external.toml -w work"});
  command->callback([arguments, &globals] { run(*arguments, globals); });
}

}  // namespace epicrisis::cli
