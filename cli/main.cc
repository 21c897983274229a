#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <exception>

#include "command.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/interrupt.h"
#include "epicrisis/core/log.h"
#include "epicrisis/core/progress.h"
#include "epicrisis/core/version.h"
#include "option_words.h"

namespace epicrisis::cli {

int exit_status(std::optional<ErrorKind> error) {
  if (!error) return 0;
  switch (*error) {
    case ErrorKind::kInternal:
      break;
    case ErrorKind::kUsage:
      return 2;
    case ErrorKind::kLeakage:
      return 3;
    case ErrorKind::kInput:
      return 4;
    case ErrorKind::kSystem:
      return 5;
    case ErrorKind::kInterrupted:
      return 130;
  }
  return 1;
}

void add_global_options(CLI::App& command, Globals& globals) {
  command.add_flag("--json", globals.json, "Print the result as JSON");
  command.add_flag("--quiet", globals.quiet, "No progress bars, only warnings and errors");
  command.parse_complete_callback([&globals] {
    set_progress_enabled(!globals.quiet);
    if (globals.quiet) set_log_level(LogLevel::kWarning);
  });
}

void add_workspace_option(CLI::App& command, std::string& workspace) {
  command.add_option("-w,--workspace", workspace, "Workspace folder")->required();
}

namespace {

class LogWatcher : public JobWatcher {
 public:
  void said(LogLevel level, std::string_view text) override { log_line(level, text); }
};

Job* program_job = nullptr;

void handle_signal(int) {
  if (interrupted()) _exit(130);
  set_interrupted(true);
  program_job->cancel();
}

void cancel_on_signals(Job& job) {
  program_job = &job;
  struct sigaction action {};
  action.sa_handler = handle_signal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

// A word in the place of a command is what is wrong, not that there is no command.
int report_parse_error(const CLI::App& app, const CLI::ParseError& error) {
  const std::vector<std::string> unknown = app.remaining(true);
  const bool no_command = dynamic_cast<const CLI::RequiredError*>(&error) != nullptr;
  if (no_command && !unknown.empty()) {
    log_line(LogLevel::kError,
             fmt::format("there is no command '{}'; --help lists them", unknown.front()));
    return exit_status(ErrorKind::kUsage);
  }
  return app.exit(error) == 0 ? 0 : exit_status(ErrorKind::kUsage);
}

int run(int argc, char** argv, Job& job) {
  CLI::App app{
      "Epicrisis: image-text data sets from labels and metadata, models trained on them, "
      "and what the text bought.",
      "epicrisis"};
  app.set_version_flag("--version", kVersion);
  app.require_subcommand(1);
  app.option_defaults()->always_capture_default();
  Globals globals{job};
  add_init_command(app, globals);
  add_import_command(app, globals);
  add_check_command(app, globals);
  add_prepare_command(app, globals);
  add_notes_command(app, globals);
#ifdef EPICRISIS_WITH_TORCH
  add_models_command(app, globals);
  add_study_command(app, globals);
  add_evaluate_command(app, globals);
  add_report_command(app, globals);
  add_demo_command(app, globals);
#endif
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return report_parse_error(app, error);
  } catch (const Error& error) {
    log_line(LogLevel::kError, with_options(error.what(), given_command(app)));
    return exit_status(error.kind());
  }
  return globals.exit_code;
}

}  // namespace
}  // namespace epicrisis::cli

int main(int argc, char** argv) {
  using epicrisis::cli::exit_status;
  epicrisis::cli::LogWatcher watcher;
  epicrisis::Job job(watcher);
  epicrisis::cli::cancel_on_signals(job);
  std::signal(SIGXFSZ, SIG_IGN);  // a file at its limit is an error that tells its name
  try {
    return epicrisis::cli::run(argc, argv, job);
  } catch (const std::exception& error) {
    epicrisis::log_line(epicrisis::LogLevel::kError,
                        fmt::format("internal error: {}", error.what()));
    return exit_status(epicrisis::ErrorKind::kInternal);
  }
}
