#include <fmt/format.h>

#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "command.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/shell_word.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/settings/model_folders.h"
#include "epicrisis/study/run_list.h"
#include "epicrisis/study/study.h"
#include "epicrisis/study/study_check.h"
#include "epicrisis/study/study_skeleton.h"
#include "option_words.h"
#include "output.h"
#include "output_file.h"
#include "study_command.h"
#include "terminal_watcher.h"

namespace epicrisis::cli {
namespace {

struct InitArguments {
  std::string workspace;
  std::string output;
  std::string name;
  bool replace = false;
};

void print_plan(const StudyCheck& check) {
  for (const std::string& line : plan_lines(check.plan)) print_line(line);
}

void run_check(const StudyArguments& arguments, const CLI::App& command, Globals& globals) {
  const StudyCheck found = check_study_of(arguments, globals);
  if (!found.sound()) globals.exit_code = exit_status(ErrorKind::kUsage);
  if (globals.json) return print_json(to_json(found));
  print_findings(found, command);
  if (!found.plan.runs.empty()) {
    if (!found.findings.empty()) print_line("");
    print_plan(found);
  }
  std::size_t errors = 0;
  for (const StudyFinding& one : found.findings) errors += one.level == FindingLevel::kError;
  print_line(
      errors > 0
          ? fmt::format("{}, {}: the study cannot run like this", counted(errors, "error"),
                        counted(found.findings.size() - errors, "warning"))
          : fmt::format("Nothing is wrong with it, {}", counted(found.findings.size(), "warning")));
}

void run(const StudyArguments& arguments, const CLI::App& command, Globals& globals) {
  const std::optional<StudyCheck> checked = check_before_run(arguments, command, globals);
  if (!checked) return;
  const StudyCheck& found = *checked;
  if (!globals.json && !globals.quiet && !found.plan.runs.empty()) {
    print_findings(found, command);
    print_plan(found);
    flush_output();  // before hours of work
  }
  const Study study = read_study(arguments.file, data_root_of(arguments));
  const StudyOutcome outcome =
      on_workspace(arguments, study, globals.job, [&](Workspace& workspace) {
        return run_study(workspace, study, globals.job, options_of(arguments));
      });
  if (globals.json) {
    Json result = {{"study", study.name}};
    result.update(to_json(outcome));
    const Json plan = to_json(found);
    result["plan"] = plan["plan"];
    result["findings"] = plan["findings"];
    result["warnings"] = globals.watcher.warnings();
    return print_json(result);
  }
  print_text(outcome.headline + "\n");
  print_line(
      fmt::format("{} trained, {} there already", counted(outcome.trained, "run"), outcome.kept));
  print_line(fmt::format("Report: {}", outcome.report.string()));
  if (!outcome.earlier_report.empty()) {
    print_line(fmt::format("The study was changed; the report of before is kept: {}",
                           outcome.earlier_report.string()));
  }
}

void warn_without_weights(const Job& job) {
  std::vector<std::string> searched;
  for (const Path& folder : model_search_folders()) searched.push_back(folder.string());
  job.warn(
      "no image encoder with weights is in {} (EPICRISIS_MODELS says where to look), so the study "
      "has one of random weights, whose results mean nothing; './run models' fetches one",
      join(searched, ", "));
}

void init(const InitArguments& arguments, const Globals& globals) {
  Workspace workspace = Workspace::open_to_read(arguments.workspace);
  std::string name = arguments.name;
  if (name.empty())
    name = arguments.output.empty() ? "study" : Path(arguments.output).stem().string();
  const auto [text, has_weights] = study_skeleton(workspace, name);
  if (!has_weights) warn_without_weights(globals.job);
  if (arguments.output.empty()) {
    if (globals.json) return print_json({{"study", name}, {"text", text}, {"written", ""}});
    return print_text(text);
  }
  if (std::filesystem::exists(arguments.output) && !arguments.replace) {
    throw UsageError("{} is there already; --replace writes over it", arguments.output);
  }
  require_output(arguments.output, OutputKind::kStudyFile);
  write_file(arguments.output, text);
  if (globals.json) {
    return print_json({{"study", name}, {"text", text}, {"written", arguments.output}});
  }
  const char* known = std::getenv("EPICRISIS_WORKSPACE");
  print_line(fmt::format("Wrote {}; look it through, then: epicrisis study check {}{}",
                         arguments.output, shell_word(arguments.output),
                         known != nullptr && known == arguments.workspace
                             ? ""
                             : " -w " + shell_word(arguments.workspace)));
}

void add_run(CLI::App& study, Globals& globals) {
  CLI::App* command = study.add_subcommand(
      "run",
      "Import, check, prepare, write notes, train, evaluate and report; only what is missing");
  auto arguments = std::make_shared<StudyArguments>();
  add_study_file(*command, *arguments);
  add_workspace_option(*command, arguments->workspace);
  add_data_root(*command, *arguments);
  add_permissions(*command, *arguments);
  add_global_options(*command, globals);
  add_examples(*command, {"epicrisis study run studies/ham-to-external.toml -w work"});
  command->callback([arguments, command, &globals] { run(*arguments, *command, globals); });
}

void add_check(CLI::App& study, Globals& globals) {
  CLI::App* command = study.add_subcommand(
      "check", "Say what is wrong with a study file, and what a run would do; changes nothing");
  auto arguments = std::make_shared<StudyArguments>();
  add_study_file(*command, *arguments);
  add_workspace_option(*command, arguments->workspace)
      ->required(false)
      ->description("Workspace the study would run in; a new one if not given");
  add_data_root(*command, *arguments);
  add_permissions(*command, *arguments);
  add_global_options(*command, globals);
  add_examples(*command, {"epicrisis study check study.toml -w work"});
  command->callback([arguments, command, &globals] { run_check(*arguments, *command, globals); });
}

void add_init(CLI::App& study, Globals& globals) {
  CLI::App* command = study.add_subcommand(
      "init", "Make a study file from what is in a workspace, with comments, to go on from");
  auto arguments = std::make_shared<InitArguments>();
  add_workspace_option(*command, arguments->workspace);
  takes(command->add_option("-o,--output", arguments->output,
                            "Write it to this file; printed if not given"),
        "FILE");
  takes(command->add_option("--name", arguments->name, "Its name; the file's if not given"),
        "NAME");
  command->add_flag("--replace", arguments->replace, "Write over a file that is there");
  add_global_options(*command, globals);
  add_examples(*command, {"epicrisis study init -w work -o study.toml"});
  command->callback([arguments, &globals] { init(*arguments, globals); });
}

}  // namespace

void add_study_command(CLI::App& app, Globals& globals) {
  CLI::App* study =
      app.add_subcommand("study", "Everything that one study file names: make, check and run it");
  study->require_subcommand(1);
  add_init(*study, globals);
  add_check(*study, globals);
  add_run(*study, globals);
}

}  // namespace epicrisis::cli
