#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include "command_table.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/job.h"

namespace epicrisis {
class Workspace;
}

namespace epicrisis::cli {

class TerminalWatcher;

// What every command is given, and the options that all have.
struct Globals {
  Job& job;  // the program's own: a signal cancels it, the terminal watches it
  TerminalWatcher& watcher;
  bool json = false;   // the result as one JSON document on standard output
  bool quiet = false;  // no progress, warnings and errors only
  int exit_code = 0;   // what main returns when no exception was thrown
};

// The exit status that tells a caller of an error; 0 for none.
int exit_status(std::optional<ErrorKind> error);

// Each command lives in one file, cmd_<name>.cc, with one function that adds it to the program. Its
// callback parses, calls the library and prints; it holds no logic. One line here and one in
// main.cc.

void add_compare_command(CLI::App& app, Globals& globals);
void add_completion_command(CLI::App& app, Globals& globals);
void add_demo_command(CLI::App& app, Globals& globals);
void add_embed_command(CLI::App& app, Globals& globals);
void add_evaluate_command(CLI::App& app, Globals& globals);
void add_findings_command(CLI::App& app, Globals& globals);
void add_models_command(CLI::App& app, Globals& globals);
void add_notes_command(CLI::App& app, Globals& globals);
void add_notes_batch_command(CLI::App& notes, Globals& globals);  // `notes batch`
void add_predict_command(CLI::App& app, Globals& globals);
void add_remove_command(CLI::App& app, Globals& globals);
void add_report_command(CLI::App& app, Globals& globals);
void add_runs_command(CLI::App& app, Globals& globals);
void add_search_command(CLI::App& app, Globals& globals);
void add_split_command(CLI::App& app, Globals& globals);
void add_status_command(CLI::App& app, Globals& globals);
void add_study_command(CLI::App& app, Globals& globals);
void add_train_command(CLI::App& app, Globals& globals);
void add_workspace_command(CLI::App& app, Globals& globals);

// Adds --json and --quiet to a command.
void add_global_options(CLI::App& command, Globals& globals);
// --quiet alone, for what prints a text for other programs that is no JSON.
void add_quiet_option(CLI::App& command, Globals& globals);
// Adds the required option --workspace DIR, which EPICRISIS_WORKSPACE gives too.
CLI::Option* add_workspace_option(CLI::App& command, std::string& workspace);
// Adds --threads N.
CLI::Option* add_threads_option(CLI::App& command, unsigned& threads);
// For numbers without an upper end: refuses what is not made of digits alone.
CLI::Validator whole_number();
// Says that what was found is not stored, where the workspace takes nothing.
void warn_if_not_kept(const Workspace& workspace, const Job& job);
// What the program writes may hold patients' data. Files are for their owner alone, from the start;
// where there is a workspace already, for all whom its folder lets in.
void be_private();
void share_as(const std::string& workspace);
// The heading in the help for options that are added from here on.
void in_group(CLI::App& command, const std::string& heading);

void add_init_command(CLI::App& app, Globals& globals);
void add_import_command(CLI::App& app, Globals& globals);
void add_check_command(CLI::App& app, Globals& globals);
void add_prepare_command(CLI::App& app, Globals& globals);

}  // namespace epicrisis::cli
