#include <fmt/format.h>

#include <memory>

#include "answer_counts.h"
#include "cmd_notes.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/notes/strategy/strategy.h"
#include "epicrisis/notes/strategy/template_notes.h"
#include "epicrisis/store/tables/fields.h"
#include "interrupted.h"
#include "output.h"
#include "synthesis_options.h"

namespace epicrisis::cli {
namespace {

struct WriteArguments {
  SynthesisArguments common;
  int concurrency = 0;
  std::string budget;
};

void write_templates(Workspace& workspace, const WriteArguments& arguments,
                     const Strategy& strategy, const Globals& globals) {
  WriteNotesOptions options;
  options.filter = job_of(arguments.common).options.filter;
  const WriteNotesReport report = telling_what_is_kept(
      globals.job, [] { return fmt::format("the notes written so far are kept; {}", kGoesOn); },
      [&] { return write_template_notes(workspace, strategy, globals.job, options); });
  if (globals.json) {
    print_json(to_json(report));
    return;
  }
  print_line(fmt::format("{}: {}, {} written, {} revised, {} unchanged, {} skipped (no class)",
                         report.strategy, counted(report.samples, "sample"),
                         counted(report.written, "note"), report.revised, report.unchanged,
                         report.skipped));
}

std::string in_brackets(const std::string& words) {
  return words.empty() ? "" : " (" + words + ")";
}

void print_report(const SynthesisReport& report, const CLI::App& command) {
  print_line(fmt::format("{}{} by {}, {}: {} = {} written + {} failed{} + {} skipped{}{}",
                         report.replayed ? "Replayed: " : "", report.strategy, report.model,
                         report.provider, counted(report.taken, "note"), report.done, report.failed,
                         in_brackets(counts_in_words(report.rejected)), report.skipped,
                         in_brackets(counts_in_words(report.skips)),
                         report.left > 0 ? fmt::format(" + {} left", report.left) : ""));
  print_requests(report);
  print_dropped(report.answers.dropped);
  print_unknown_finish_reasons(report.answers.unknown_finish_reasons);
  if (report.requests > 0 && report.replayed) {
    print_line("Nothing was sent: tokens and costs are those of the recorded run.");
  } else if (report.requests > 0) {
    std::string fields;
    for (const std::string& field : report.fields_sent) fields += " " + field;
    print_line(fmt::format("Sent: {}{}", report.images_sent ? "pictures," : "no pictures,",
                           fields.empty() ? " no metadata" : fields));
  }
  print_stopped(report, command);
  if (report.failed > 0) print_line("`epicrisis notes failed` lists what failed and why.");
}

void write(const WriteArguments& arguments, const CLI::App& command, Globals& globals) {
  SynthesisJob job = job_of(arguments.common);
  Workspace workspace = Workspace::open(arguments.common.workspace);
  job.field = workspace_field(workspace.database());
  const Strategy strategy = load_strategy(job.strategy, job.field);
  if (strategy.kind == StrategyKind::kTemplate) {
    write_templates(workspace, arguments, strategy, globals);
    return;
  }
  job.options.max_concurrency = arguments.concurrency;
  if (!arguments.budget.empty()) job.options.budget = parse_budget(arguments.budget);
  const SynthesisReport report = telling_what_is_kept(
      globals.job,
      [] { return fmt::format("what was measured and written so far is kept; {}", kGoesOn); },
      [&] { return run_synthesis(workspace, job, globals.job); });
  globals.exit_code = exit_status(report.error);
  if (globals.json) {
    print_json(to_json(report));
  } else {
    print_report(report, command);
  }
}

}  // namespace

void add_notes_write(CLI::App& notes, Globals& globals) {
  CLI::App* command = notes.add_subcommand(
      "write", "Write the missing notes of a strategy, by a template or a language model");
  auto arguments = std::make_shared<WriteArguments>();
  arguments->common.strategy = "M";
  add_synthesis_options(*command, arguments->common)->capture_default_str();
  add_request_options(*command, arguments->concurrency, arguments->budget);
  add_recording_options(*command, arguments->common.choice);
  add_global_options(*command, globals);
  add_examples(*command, {"epicrisis notes write -w work --strategy M",
                          "epicrisis notes write -w work --strategy P2 --vision \\",
                          "  --endpoint http://127.0.0.1:8080/v1 --model qwen2.5-vl"});
  command->callback([arguments, command, &globals] { write(*arguments, *command, globals); });
}

}  // namespace epicrisis::cli
