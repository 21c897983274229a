#include <memory>

#include "command.h"
#include "epicrisis/study/study.h"
#include "output.h"

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
      run_study(workspace, study, globals.job,
                {.allow_leakage = arguments.allow_leakage, .allow_remote = arguments.allow_remote});
  if (globals.json) {
    Json result = {{"study", study.name}};
    result.update(to_json(outcome));
    return print_json(result);
  }
  print_text(outcome.headline + "\n");
  print_line(fmt::format("{} runs trained, {} were there already", outcome.trained, outcome.kept));
  print_line(fmt::format("Report: {}", outcome.report.string()));
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
