#include <fmt/format.h>

#include <memory>

#include "answer_counts.h"
#include "cmd_notes.h"
#include "epicrisis/audit/repair.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/notes/strategy/strategy.h"
#include "epicrisis/store/tables/fields.h"
#include "interrupted.h"
#include "output.h"
#include "synthesis_options.h"

namespace epicrisis::cli {
namespace {

struct RepairArguments {
  SynthesisArguments asking;  // its strategy is of kind revise
  std::string strategy, policy;
  std::int64_t accepted = -1;
  int concurrency = 0;
  std::string budget;
};

void print_report(const audit::RepairReport& report) {
  print_line(fmt::format("{}: {}, {} of them made before", report.strategy,
                         counted(report.notes, "note"), report.kept));
  if (report.remade > 0) {
    print_line(fmt::format("  made anew, as rules, facts or texts changed: {}", report.remade));
  }
  print_line(fmt::format("  accepted as they are: {}", report.accepted));
  print_line(
      fmt::format("  stripped: {} ({})", report.stripped, counted(report.sentences, "sentence")));
  if (report.asked > 0) print_line(fmt::format("  written again by a model: {}", report.asked));
  print_line(fmt::format("  replaced by a note of another strategy: {}", report.fell_back));
  std::int64_t rejected = 0;
  for (const auto& [reason, notes] : report.rejected) rejected += notes;
  print_line(fmt::format("  rejected: {}", rejected));
  for (const auto& [reason, notes] : report.rejected) {
    print_line(fmt::format("    {}: {}", reason, notes));
  }
  if (report.waiting > 0) {
    print_line(fmt::format("  waiting for a model to write them again: {}", report.waiting));
  }
  if (report.left > 0) print_line(fmt::format("  not taken up: {}", report.left));
}

void print_asked(const SynthesisReport& report, const CLI::App& command) {
  print_taken(report, "written");
  print_dropped(report.answers.dropped);
  print_requests(report);
  print_unknown_finish_reasons(report.answers.unknown_finish_reasons);
  print_stopped(report, command);
}

audit::RepairReport repair_asking(Workspace& workspace, const RepairArguments& arguments,
                                  const audit::Policy& policy, const audit::RepairOptions& options,
                                  const CLI::App& command, Globals& globals) {
  SynthesisJob task = job_of(arguments.asking);
  task.field = workspace_field(workspace.database());
  task.options.max_concurrency = arguments.concurrency;
  if (!arguments.budget.empty()) task.options.budget = parse_budget(arguments.budget);
  audit::RevisionReport report = telling_what_is_kept(
      globals.job, [] { return fmt::format("the notes made so far are kept; {}", kGoesOn); },
      [&] { return audit::run_revision(workspace, policy, options, task, globals.job); });
  globals.exit_code = exit_status(report.asked.error);
  if (globals.json) {
    print_json(to_json(report));
  } else {
    print_report(report.repair);
    print_asked(report.asked, command);
  }
  return std::move(report.repair);
}

void repair(const RepairArguments& arguments, const CLI::App& command, Globals& globals) {
  const audit::Policy policy = audit::load_policy(arguments.policy);
  Workspace workspace = Workspace::open(arguments.asking.workspace);
  audit::RepairOptions options;
  options.strategy = arguments.strategy;
  options.datasets = arguments.asking.datasets;
  options.accepted = arguments.accepted;
  audit::RepairReport report;
  if (policy.may_ask() && arguments.asking.choice.names_one()) {
    report = repair_asking(workspace, arguments, policy, options, command, globals);
  } else {
    report = telling_what_is_kept(
        globals.job, [] { return fmt::format("the notes made so far are kept; {}", kGoesOn); },
        [&] { return audit::repair_notes(workspace, policy, options, globals.job); });
    if (globals.json) {
      print_json(to_json(report));
    } else {
      print_report(report);
    }
    if (report.waiting > 0) {
      globals.job.warn("{} for a model to write again: name one (--provider)",
                       counted(report.waiting, "note waits", "notes wait"));
    }
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
  arguments->asking.strategy = "revise";
  add_workspace_option(*command, arguments->asking.workspace);
  takes(command->add_option("--strategy", arguments->strategy, "Of the notes to repair"), "NAME",
        [] { return built_in_strategies(); })
      ->required();
  takes(
      command->add_option("--policy", arguments->policy, "What is done about what an audit finds"),
      "NAME|FILE", [] { return audit::built_in_policies(); })
      ->required();
  takes(command->add_option("--dataset", arguments->asking.datasets, "Only these data sets"),
        "NAME");
  takes(command
            ->add_option("--accepted", arguments->accepted,
                         "Stop when so many derived notes are there")
            ->check(between(1, 1'000'000'000)),
        "N");
  add_model_options(*command, arguments->asking);
  takes(command->add_option("--revise", arguments->asking.strategy,
                            "What a model is asked where the policy asks again: a strategy of kind "
                            "revise"),
        "NAME|FILE")
      ->capture_default_str();
  add_retry_option(*command, arguments->asking);
  add_disclosure_options(*command, arguments->asking);
  add_request_options(*command, arguments->concurrency, arguments->budget);
  add_recording_options(*command, arguments->asking.choice);
  add_global_options(*command, globals);
  add_examples(*command,
               {"epicrisis notes repair -w work --strategy P3 --policy repair",
                "epicrisis notes repair -w work --strategy P3 --policy revise --vision \\",
                "  --endpoint http://127.0.0.1:8080/v1 --model qwen2.5-vl"});
  command->callback([arguments, command, &globals] { repair(*arguments, *command, globals); });
}

}  // namespace epicrisis::cli
