#include <fmt/format.h>

#include <map>
#include <memory>

#include "cmd_notes.h"
#include "epicrisis/core/json_list.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/notes/failed_notes.h"
#include "epicrisis/notes/strategy/strategy.h"
#include "epicrisis/store/workspace.h"
#include "output.h"

namespace epicrisis::cli {
namespace {

struct FailedArguments {
  std::string workspace;
  std::vector<std::string> strategies;
  std::vector<std::string> statuses;
};

constexpr std::size_t kShownReason = 120;  // bytes, in the table

void print_failed(const FailedArguments& arguments, const Globals& globals) {
  Workspace workspace = Workspace::open_to_read(arguments.workspace);
  const std::vector<FailedNote> failed =
      list_failed_notes(workspace.database(), arguments.strategies, arguments.statuses);
  if (globals.json) return print_json(json_list(failed));
  std::map<std::string, int> counts;
  std::vector<std::vector<std::string>> rows = {
      {"sample", "strategy", "model", "status", "reason"}};
  for (const FailedNote& one : failed) {
    const std::string status(note_status_name(one.note.status));
    ++counts[status];
    rows.push_back({one.dataset + "/" + one.key, one.note.strategy, one.note.model, status,
                    clean_text(one.note.reason, kShownReason)});
  }
  if (rows.size() > 1) print_table(rows);
  std::string summary;
  for (const auto& [status, count] : counts) summary += fmt::format("{} {}, ", count, status);
  print_line(summary.empty() ? "No note failed." : summary.substr(0, summary.size() - 2));
}

}  // namespace

void add_notes_failed(CLI::App& notes, Globals& globals) {
  CLI::App* command =
      notes.add_subcommand("failed", "List the requests that gave no note, with status and reason");
  auto arguments = std::make_shared<FailedArguments>();
  add_workspace_option(*command, arguments->workspace);
  takes(command->add_option("--strategy", arguments->strategies, "Only these strategies"), "NAME",
        [] { return built_in_strategies(); });
  takes(command->add_option("--status", arguments->statuses,
                            "Only these: truncated, refused, filtered, empty, invalid, failed"),
        "STATUS", failed_status_names);
  add_global_options(*command, globals);
  add_examples(*command, {"epicrisis notes failed -w work --status refused"});
  command->callback([arguments, &globals] { print_failed(*arguments, globals); });
}

}  // namespace epicrisis::cli
