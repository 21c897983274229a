#include <fmt/format.h>

#include <memory>

#include "command.h"
#include "epicrisis/core/json_list.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/study/removal.h"
#include "epicrisis/study/run_list.h"
#include "output.h"
#include "removal_dialog.h"

namespace epicrisis::cli {
namespace {

struct RunsArguments : RemovalArguments {
  std::string study;
  bool prune = false;
};

std::string size_words(const ListedRun& run) {
  std::string size = bytes_words(run.bytes);
  if (run.shared_bytes == 0) return size;
  return fmt::format("{}, {} of it shared", size, bytes_words(run.shared_bytes));
}

void print_runs(const std::vector<ListedRun>& runs) {
  if (runs.empty()) return print_line("No run yet.");
  std::vector<std::vector<std::string>> rows = {
      {"run", "study", "name", "seed", "status", "started", "size", "use"}};
  for (const ListedRun& run : runs) {
    std::string status(run_status_name(run.status));
    if (run.status == RunStatus::kRunning && !run.at_work) status = "broken off";
    std::string use = fmt::format("{}: {}", run_use_name(run.use), run.why);
    if (!run.changed.empty()) {
      use += fmt::format("; stale: {} changed since it was trained", join(run.changed, ", "));
    }
    rows.push_back({run.id, run.study, run.name, run.seed ? std::to_string(*run.seed) : "?",
                    std::move(status), run.started_at, size_words(run), std::move(use)});
  }
  print_table(rows);
  for (const ListedRun& run : runs) {
    if (!run.error.empty()) print_line(fmt::format("{}: {}", run.id, run.error));
  }
}

void print_pruning(const RunPruning& pruning, const std::string& gone) {
  print_line(fmt::format("{} {}", counted(pruning.runs.size(), "run"), gone));
  for (const ListedRun& run : pruning.runs) {
    print_line(fmt::format("  {} ({}): {}", run.id, size_words(run), run.why));
  }
  print_sweep(pruning.sweep, gone);
}

void prune(const RunsArguments& arguments, const Globals& globals) {
  show_and_remove(
      arguments, globals,
      [&](Workspace& workspace, const RemovalOptions& options) {
        return prune_runs(workspace, arguments.study, options, globals.job);
      },
      print_pruning,
      [](const RunPruning& planned) { return planned.runs.empty() && planned.sweep.gone.empty(); });
}

}  // namespace

void add_runs_command(CLI::App& app, Globals& globals) {
  CLI::App* command = app.add_subcommand(
      "runs", "List the trainings of a workspace, or remove those nothing needs");
  auto arguments = std::make_shared<RunsArguments>();
  add_workspace_option(*command, arguments->workspace);
  takes(command->add_option("--study", arguments->study, "Only those of this study"), "NAME");
  CLI::Option* prune_flag = command->add_flag(
      "--prune", arguments->prune,
      "Remove runs that were trained again since or that no study has, and files nothing uses");
  command->add_flag("--dry-run", arguments->dry_run, "With --prune: only say what would go")
      ->needs(prune_flag);
  command
      ->add_flag("--yes", arguments->yes, "With --prune: do not ask; needed where no terminal is")
      ->needs(prune_flag);
  add_global_options(*command, globals);
  add_examples(*command, {"epicrisis runs -w work", "epicrisis runs -w work --prune --dry-run"});
  command->callback([arguments, &globals] {
    if (arguments->prune) return prune(*arguments, globals);
    Workspace workspace = Workspace::open_to_read(arguments->workspace);
    const std::vector<ListedRun> runs = list_workspace_runs(workspace, arguments->study);
    if (globals.json) return print_json(json_list(runs));
    print_runs(runs);
  });
}

}  // namespace epicrisis::cli
