#include <fmt/format.h>

#include <memory>

#include "answer_counts.h"
#include "cmd_notes.h"
#include "epicrisis/audit/judge.h"
#include "epicrisis/store/tables/fields.h"
#include "interrupted.h"
#include "output.h"
#include "synthesis_options.h"

namespace epicrisis::cli {
namespace {

struct JudgeArguments {
  SynthesisArguments common;
  std::vector<std::string> notes;
  int concurrency = 0;
  std::string budget;
  bool preview = false;
};

void print_report(const audit::JudgeReport& report, const CLI::App& command) {
  print_taken(report, "judged");
  print_line("Claims: " + (report.verdicts.empty() ? "none" : counts_in_words(report.verdicts)));
  print_requests(report);
  print_unknown_finish_reasons(report.answers.unknown_finish_reasons);
  print_stopped(report, command);
  if (report.done > 0) print_line("`epicrisis notes audit` shows them beside the rules.");
}

void judge(const JudgeArguments& arguments, const CLI::App& command, Globals& globals) {
  SynthesisJob task = job_of(arguments.common);
  const std::vector<std::string> strategies = expand_note_sets(arguments.notes);
  Workspace workspace = arguments.preview ? Workspace::open_to_read(arguments.common.workspace)
                                          : Workspace::open(arguments.common.workspace);
  task.field = workspace_field(workspace.database());
  if (arguments.preview) {
    const RequestBuilder builder = make_builder(task);
    const SynthesisPreview preview = telling_what_is_kept(globals.job, nothing_is_changed, [&] {
      return audit::preview_judge(workspace, builder, {task.options, strategies}, globals.job);
    });
    if (globals.json) return print_json(to_json(preview));
    return print_preview(preview, builder.model());
  }
  task.options.max_concurrency = arguments.concurrency;
  if (!arguments.budget.empty()) task.options.budget = parse_budget(arguments.budget);
  const audit::JudgeReport report = telling_what_is_kept(
      globals.job, [] { return fmt::format("the verdicts given so far are kept; {}", kGoesOn); },
      [&] { return audit::run_judge(workspace, task, strategies, globals.job); });
  globals.exit_code = exit_status(report.error);
  if (globals.json) return print_json(to_json(report));
  print_report(report, command);
}

}  // namespace

void add_notes_judge(CLI::App& notes, Globals& globals) {
  CLI::App* command = notes.add_subcommand(
      "judge", "Have a language model give a verdict on each claim of the notes there are");
  auto arguments = std::make_shared<JudgeArguments>();
  arguments->common.strategy = "judge";
  add_synthesis_options(*command, arguments->common);
  in_group(*command, "What is judged");
  takes(command->add_option("--notes", arguments->notes, "Only notes of these strategies"), "NAME",
        [] { return built_in_strategies(); });
  command->add_flag("--preview", arguments->preview,
                    "Show a request and what all would cost; sends nothing");
  add_request_options(*command, arguments->concurrency, arguments->budget);
  add_recording_options(*command, arguments->common.choice);
  add_global_options(*command, globals);
  add_examples(*command, {"epicrisis notes judge -w work --notes P3 --preview --provider openai",
                          "epicrisis notes judge -w work --notes P3 --vision \\",
                          "  --endpoint http://127.0.0.1:8080/v1 --model qwen2.5-vl"});
  command->callback([arguments, command, &globals] { judge(*arguments, *command, globals); });
}

}  // namespace epicrisis::cli
