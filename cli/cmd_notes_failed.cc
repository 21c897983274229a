#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>

#include "cmd_notes.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/notes/strategy/strategy.h"
#include "epicrisis/store/tables/notes.h"
#include "epicrisis/store/tables/samples.h"
#include "epicrisis/store/workspace.h"
#include "output.h"

namespace epicrisis::cli {
namespace {

void check_status(const std::string& status) {
  std::vector<std::string> known;
  for (const NoteStatus one : {NoteStatus::kTruncated, NoteStatus::kRefused, NoteStatus::kFiltered,
                               NoteStatus::kEmpty, NoteStatus::kInvalid, NoteStatus::kFailed}) {
    known.emplace_back(note_status_name(one));
  }
  if (std::ranges::find(known, status) == known.end()) {
    throw UsageError("--status {}: there are {}", clean_text(status, 60), join(known, ", "));
  }
}

struct FailedArguments {
  std::string workspace;
  std::vector<std::string> strategies;
  std::vector<std::string> statuses;
};

constexpr std::size_t kShownReason = 120;  // bytes, in the table

void print_failed(const FailedArguments& arguments, const Globals& globals) {
  Workspace workspace = Workspace::open(arguments.workspace);
  Database& database = workspace.database();
  NoteFilter filter;
  filter.strategies = arguments.strategies;
  filter.status.reset();
  for (const std::string& status : arguments.statuses) check_status(status);
  Json list = Json::array();
  std::map<std::string, int> counts;
  std::vector<std::vector<std::string>> rows = {
      {"sample", "strategy", "model", "status", "reason"}};
  for_each_note(database, filter, [&](const NoteRecord& note) {
    if (note.status == NoteStatus::kWritten) return true;
    const std::string status(note_status_name(note.status));
    const auto& wanted = arguments.statuses;
    if (!wanted.empty() && std::ranges::find(wanted, status) == wanted.end()) return true;
    ++counts[status];
    const Sample sample = sample_by_id(database, note.sample_id);
    if (globals.json) {
      list.push_back({{"dataset", sample.dataset},
                      {"key", sample.key},
                      {"strategy", note.strategy},
                      {"provider", note.provider},
                      {"model", note.model},
                      {"variant", note.variant},
                      {"status", status},
                      {"reason", note.reason},
                      {"text", note.text},
                      {"attempts", note.attempts}});
    } else {
      rows.push_back({sample.dataset + "/" + sample.key, note.strategy, note.model, status,
                      clean_text(note.reason, kShownReason)});
    }
    return true;
  });
  if (globals.json) {
    print_json(list);
    return;
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
        built_in_strategies);
  takes(command->add_option("--status", arguments->statuses,
                            "Only these: truncated, refused, filtered, empty, invalid, failed"),
        "STATUS", [] {
          return std::vector<std::string>{"truncated", "refused", "filtered",
                                          "empty",     "invalid", "failed"};
        });
  add_global_options(*command, globals);
  add_examples(*command, {"epicrisis notes failed -w work --status refused"});
  command->callback([arguments, &globals] { print_failed(*arguments, globals); });
}

}  // namespace epicrisis::cli
