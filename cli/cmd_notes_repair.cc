#include <memory>

#include "cmd_notes.h"
#include "epicrisis/audit/repair.h"
#include "epicrisis/notes/strategy/strategy.h"
#include "output.h"

namespace epicrisis::cli {
namespace {

struct RepairArguments {
  std::string workspace, strategy, policy;
  std::vector<std::string> datasets;
  std::int64_t accepted = -1;
};

void print_report(const audit::RepairReport& report) {
  print_line(fmt::format("{}: {} notes, {} of them made before", report.strategy, report.notes,
                         report.kept));
  if (report.remade > 0) {
    print_line(fmt::format("  made anew, as rules, facts or texts changed: {}", report.remade));
  }
  print_line(fmt::format("  accepted as they are: {}", report.accepted));
  print_line(fmt::format("  stripped: {} ({} sentences)", report.stripped, report.sentences));
  print_line(fmt::format("  replaced by a note of another strategy: {}", report.fell_back));
  std::int64_t rejected = 0;
  for (const auto& [reason, notes] : report.rejected) rejected += notes;
  print_line(fmt::format("  rejected: {}", rejected));
  for (const auto& [reason, notes] : report.rejected) {
    print_line(fmt::format("    {}: {}", reason, notes));
  }
  if (report.left > 0) print_line(fmt::format("  not taken up: {}", report.left));
}

void repair(const RepairArguments& arguments, const Globals& globals) {
  const audit::Policy policy = audit::load_policy(arguments.policy);
  Workspace workspace = Workspace::open(arguments.workspace);
  audit::RepairOptions options;
  options.strategy = arguments.strategy;
  options.datasets = arguments.datasets;
  options.accepted = arguments.accepted;
  const audit::RepairReport report = audit::repair_notes(workspace, policy, options, globals.job);
  if (globals.json) {
    print_json(to_json(report));
  } else {
    print_report(report);
  }
  if (arguments.accepted > report.derived()) {
    globals.job.warn("{} accepted notes were wanted, {} are there: there is no further note of {}",
                     arguments.accepted, report.derived(), arguments.strategy);
  }
}

}  // namespace

void add_notes_repair(CLI::App& notes, Globals& globals) {
  CLI::App* command = notes.add_subcommand(
      "repair", "Make notes of others that hold what a policy asks; the others stay as they are");
  auto arguments = std::make_shared<RepairArguments>();
  add_workspace_option(*command, arguments->workspace);
  takes(command->add_option("--strategy", arguments->strategy, "Of the notes to repair"), "NAME",
        [] { return built_in_strategies(); })
      ->required();
  takes(
      command->add_option("--policy", arguments->policy, "What is done about what an audit finds"),
      "NAME|FILE", [] { return audit::built_in_policies(); })
      ->required();
  takes(command->add_option("--dataset", arguments->datasets, "Only these data sets"), "NAME");
  takes(command
            ->add_option("--accepted", arguments->accepted,
                         "Stop when so many derived notes are there")
            ->check(CLI::PositiveNumber),
        "N");
  add_global_options(*command, globals);
  add_examples(*command,
               {"epicrisis notes repair -w work --strategy P3 --policy repair",
                "epicrisis notes repair -w work --strategy P3 --policy mine.toml --json"});
  command->callback([arguments, &globals] { repair(*arguments, globals); });
}

}  // namespace epicrisis::cli
