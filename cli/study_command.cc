#include "study_command.h"

#include <fmt/format.h>

#include <filesystem>

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/study/run_list.h"
#include "interrupted.h"
#include "option_words.h"
#include "output.h"

namespace epicrisis::cli {
namespace {

StudyCheck check_if_possible(const StudyArguments& arguments, const Globals& globals) {
  try {
    return check_study_of(arguments, globals);
  } catch (const SystemError& error) {
    globals.job.warn("the study could not be checked beforehand: {}", error.what());
    return {};
  }
}

}  // namespace

std::optional<Path> data_root_of(const StudyArguments& arguments) {
  if (arguments.data_root.empty()) return std::nullopt;
  return Path(arguments.data_root);
}

StudyCheck check_study_of(const StudyArguments& arguments, const Globals& globals) {
  std::error_code error;
  if (std::filesystem::is_directory(arguments.file, error)) {
    StudyCheck found;
    StudyFinding& finding = found.findings.emplace_back();
    finding.place = arguments.file;
    finding.text = "is a folder; name a study file";
    return found;
  }
  return telling_what_is_kept(globals.job, nothing_is_changed, [&] {
    return check_study(arguments.file,
                       {.data_root = data_root_of(arguments),
                        .workspace = arguments.workspace,
                        .allow_leakage = arguments.allow_leakage,
                        .allow_remote = arguments.allow_remote},
                       globals.job);
  });
}

void print_findings(const StudyCheck& check, const CLI::App& command) {
  for (const StudyFinding& finding : check.findings) {
    print_line(fmt::format("{}: {}: {}", finding.place,
                           finding.level == FindingLevel::kError ? "error" : "warning",
                           with_options(finding.text, command)));
  }
}

void add_study_file(CLI::App& command, StudyArguments& arguments) {
  takes(
      command.add_option("FILE", arguments.file, "Study file (TOML; docs/formats/study-files.md)"),
      "FILE")
      ->required();
}

void add_data_root(CLI::App& command, StudyArguments& arguments) {
  takes(command.add_option(
            "--data-root", arguments.data_root,
            "Folder that relative data paths of the study start from, in place of the file's own"),
        "DIR");
}

void add_permissions(CLI::App& command, StudyArguments& arguments) {
  command.add_flag("--allow-leakage", arguments.allow_leakage,
                   "Go on although splits overlap; the report states it");
  command.add_flag("--allow-remote", arguments.allow_remote,
                   "Let prompts and pictures go to a provider that is not on this machine");
}

std::optional<StudyCheck> check_before_run(const StudyArguments& arguments, const CLI::App& command,
                                           Globals& globals) {
  StudyCheck found = check_if_possible(arguments, globals);
  for (const StudyFinding& finding : found.findings) {
    if (finding.level != FindingLevel::kError) continue;
    if (finding.kind == ErrorKind::kSystem) {
      globals.job.warn("{}: {}", finding.place, finding.text);
      continue;
    }
    globals.exit_code = exit_status(finding.kind);
    if (globals.json) {
      print_json(to_json(found));
    } else {
      print_findings(found, command);
      print_line("Nothing was done: the study cannot run like this");
    }
    return {};
  }
  return found;
}

StudyOptions options_of(const StudyArguments& arguments) {
  StudyOptions options;
  options.allow_leakage = arguments.allow_leakage;
  options.allow_remote = arguments.allow_remote;
  return options;
}

void tell_what_is_kept(Workspace& workspace, const std::string& study, const Job& job) {
  try {
    for (const StudyProgress& progress : list_study_progress(workspace)) {
      if (progress.name != study) continue;
      job.warn(
          "{} of {} done{}; all data, notes and trainings so far are kept, and "
          "the same command goes on from there",
          progress.done, counted(progress.runs, "training"),
          progress.interrupted > 0 ? fmt::format(" and {} begun", progress.interrupted)
                                   : std::string());
    }
  } catch (const Error&) {  // the interrupt is what is told
  }
}

}  // namespace epicrisis::cli
