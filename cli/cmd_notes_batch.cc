#include <fmt/core.h>

#include <algorithm>
#include <memory>

#include "answer_counts.h"
#include "command.h"
#include "epicrisis/core/cost.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/json_list.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/llm/provider_choice.h"
#include "epicrisis/notes/batch/batch.h"
#include "epicrisis/store/tables/fields.h"
#include "interrupted.h"
#include "output.h"
#include "synthesis_options.h"

namespace epicrisis::cli {
namespace {

// What the commands that talk to the batch API of a provider have in common.
struct ApiArguments {
  std::string workspace;
  ProviderChoice choice;

  void add_to(CLI::App& command) {
    add_workspace_option(command, workspace);
    add_provider_options(command, choice);
    add_recording_options(command, choice);
  }
  std::unique_ptr<HttpTransport> transport(const Job& job) const { return choice.transport(job); }
};

void print_import(const BatchImportReport& report) {
  print_line(
      fmt::format("{}: {} written, {} rejected, {} unchanged, {} unknown, {} broken; "
                  "{} + {} tokens, {}",
                  counted(report.lines, "result"), counted(report.written, "note"), report.failed,
                  report.unchanged, report.unknown, report.broken, report.input_tokens,
                  report.output_tokens, cost_words(report.cost, report.unpriced)));
  for (const auto& [status, count] : report.rejected) {
    print_line(fmt::format("  {} {}", count, status));
  }
  print_dropped(report.answers.dropped);
  print_unknown_finish_reasons(report.answers.unknown_finish_reasons);
  constexpr std::size_t kShown = 20;
  print_examples(report.examples, report.unknown + report.broken, "  ", kShown);
}

void set_exit_code(const std::vector<BatchJob>& jobs, Globals& globals) {
  if (std::ranges::any_of(jobs, [](const BatchJob& job) { return !job.problem.empty(); })) {
    globals.exit_code = exit_status(ErrorKind::kSystem);
  }
}

void print_jobs(const std::vector<BatchJob>& jobs) {
  std::vector<std::vector<std::string>> rows;
  if (!jobs.empty()) rows = {{"job", "batch", "status", "done", "failed", "of", "fetched", "file"}};
  for (const BatchJob& job : jobs) {
    const BatchJobRow& row = job.row;
    rows.push_back({std::to_string(row.id), row.batch_id.empty() ? "not created" : row.batch_id,
                    row.status, std::to_string(row.completed), std::to_string(row.failed),
                    std::to_string(row.total), row.fetched ? "yes" : "no", job.file});
  }
  print_table(rows);
  for (const BatchJob& job : jobs) {
    if (!job.row.error.empty()) print_line(fmt::format("job {}: {}", job.row.id, job.row.error));
    if (!job.problem.empty()) print_line(fmt::format("job {}: {}", job.row.id, job.problem));
  }
}

void add_batch_export(CLI::App& batch, Globals& globals) {
  struct Arguments {
    SynthesisArguments common;
    std::string output, budget;
    bool again = false;
    BatchExportOptions batch;
  };
  CLI::App* command =
      batch.add_subcommand("export", "Write the missing notes' requests as batch files");
  auto arguments = std::make_shared<Arguments>();
  add_synthesis_options(*command, arguments->common)->required();
  in_group(*command, "Batch");
  takes(command->add_option("-o,--output", arguments->output, "Folder of the files"), "DIR")
      ->required();
  takes(
      command->add_option("--budget", arguments->budget, "'200000 tokens' or '2.50 USD', at most"),
      "AMOUNT");
  command->add_flag("--again", arguments->again, "Also requests that are out in a batch");
  takes(command->add_option("--file-requests", arguments->batch.file_requests, "At most, a file"),
        "N")
      ->check(between(1, 50'000))
      ->capture_default_str();
  add_global_options(*command, globals);
  add_examples(*command, {"epicrisis notes batch export -w work --strategy P2 --provider openai \\",
                          "  -o batches --budget '5 USD'"});
  command->callback([arguments, &globals] {
    SynthesisJob job = job_of(arguments->common);
    job.options.ask_batched = arguments->again;
    if (!arguments->budget.empty()) job.options.budget = parse_budget(arguments->budget);
    Workspace workspace = Workspace::open(arguments->common.workspace);
    job.field = workspace_field(workspace.database());
    const BatchExportReport report = export_batch(workspace, make_builder(job), job.options,
                                                  arguments->output, globals.job, arguments->batch);
    if (report.stopped == "interrupted") {
      globals.exit_code = exit_status(ErrorKind::kInterrupted);
    }
    if (globals.json) return print_json(to_json(report));
    print_line(fmt::format("{}: {} exported, {} skipped, {} left; at most {} + {} tokens, {}",
                           counted(report.notes, "note"), report.exported, report.skipped,
                           report.left, report.input_tokens, report.output_tokens,
                           cost_words(report.cost, report.unpriced)));
    for (const auto& [reason, count] : report.skips) {
      print_line(fmt::format("  {} skipped: {}", count, reason));
    }
    if (!report.stopped.empty()) print_line("stopped: " + report.stopped);
    for (const std::string& file : report.files) print_line(file);
  });
}

void add_batch_import(CLI::App& batch, Globals& globals) {
  CLI::App* command = batch.add_subcommand("import", "Take in result and error files, any order");
  auto workspace_folder = std::make_shared<std::string>();
  auto files = std::make_shared<std::vector<std::string>>();
  add_workspace_option(*command, *workspace_folder);
  takes(command->add_option("FILE", *files, "Files of OpenAI, Azure or `vllm run-batch`"), "FILE")
      ->check(no_folder("a result or error file"))
      ->required();
  add_global_options(*command, globals);
  add_examples(*command, {"epicrisis notes batch import results.jsonl errors.jsonl -w work"});
  command->callback([workspace_folder, files, &globals] {
    Workspace workspace = Workspace::open(*workspace_folder);
    const BatchImportReport report = telling_what_is_kept(
        globals.job, [] { return fmt::format("the notes taken in so far are kept; {}", kGoesOn); },
        [&] {
          return import_batch(workspace, {files->begin(), files->end()}, globals.job);
        });
    if (report.lines > 0 && report.broken + report.unknown == report.lines) {
      globals.exit_code = exit_status(ErrorKind::kInput);
    }
    if (globals.json) return print_json(to_json(report));
    print_import(report);
  });
}

void add_batch_submit(CLI::App& batch, Globals& globals) {
  struct Arguments {
    ApiArguments api;
    std::vector<std::string> files;
    bool allow_remote = false;
  };
  CLI::App* command = batch.add_subcommand("submit", "Upload exported files and start batches");
  auto arguments = std::make_shared<Arguments>();
  arguments->api.add_to(*command);
  takes(command->add_option("FILE", arguments->files, "Files of `notes batch export`"), "FILE")
      ->check(no_folder("the files in it"))
      ->required();
  command->add_flag("--allow-remote", arguments->allow_remote,
                    "Send to another machine; remembered by the workspace");
  add_global_options(*command, globals);
  add_examples(*command,
               {"epicrisis notes batch submit batches/*.jsonl -w work --provider openai"});
  command->callback([arguments, &globals] {
    const Provider provider = arguments->api.choice.resolve();
    Workspace workspace = Workspace::open(arguments->api.workspace);
    const auto transport = arguments->api.transport(globals.job);
    std::vector<BatchJob> jobs;
    telling_what_is_kept(
        globals.job,
        [&] {
          return fmt::format("{} submitted; {}", counted(jobs.size(), "file was", "files were"),
                             kGoesOn);
        },
        [&] {
          for (const std::string& file : arguments->files) {
            jobs.push_back(submit_batch(workspace, provider, file, arguments->allow_remote,
                                        *transport, globals.job));
          }
        });
    if (globals.json) return print_json(json_list(jobs));
    print_jobs(jobs);
  });
}

void add_batch_status(CLI::App& batch, Globals& globals) {
  CLI::App* command = batch.add_subcommand("status", "Ask how the submitted batches are");
  auto arguments = std::make_shared<ApiArguments>();
  arguments->add_to(*command);
  add_global_options(*command, globals);
  add_examples(*command, {"epicrisis notes batch status -w work --provider openai"});
  command->callback([arguments, &globals] {
    const Provider provider = arguments->choice.resolve();
    Workspace workspace = Workspace::open(arguments->workspace);
    const std::vector<BatchJob> jobs = telling_what_is_kept(
        globals.job, [] { return std::string("the batches go on as they are"); },
        [&] {
          return poll_batches(workspace, provider, *arguments->transport(globals.job), globals.job);
        });
    set_exit_code(jobs, globals);
    if (globals.json) return print_json(json_list(jobs));
    print_jobs(jobs);
  });
}

void add_batch_fetch(CLI::App& batch, Globals& globals) {
  CLI::App* command =
      batch.add_subcommand("fetch", "Download and import the batches that have ended");
  auto arguments = std::make_shared<ApiArguments>();
  arguments->add_to(*command);
  add_global_options(*command, globals);
  add_examples(*command, {"epicrisis notes batch fetch -w work --provider openai"});
  command->callback([arguments, &globals] {
    const Provider provider = arguments->choice.resolve();
    Workspace workspace = Workspace::open(arguments->workspace);
    const BatchFetchReport report = telling_what_is_kept(
        globals.job, [] { return fmt::format("the notes taken in so far are kept; {}", kGoesOn); },
        [&] {
          return fetch_batches(workspace, provider, *arguments->transport(globals.job),
                               globals.job);
        });
    set_exit_code(report.jobs, globals);
    if (globals.json) return print_json(to_json(report));
    print_jobs(report.jobs);
    print_import(report.imported);
    print_line(fmt::format("{} fetched; {} without an answer",
                           counted(report.fetched, "batch", "batches"),
                           counted(report.closed, "request ended", "requests ended")));
  });
}

}  // namespace

void add_notes_batch_command(CLI::App& notes, Globals& globals) {
  CLI::App* batch =
      notes.add_subcommand("batch", "Notes through files of requests, at batch prices");
  batch->require_subcommand(1);
  add_batch_export(*batch, globals);
  add_batch_import(*batch, globals);
  add_batch_submit(*batch, globals);
  add_batch_status(*batch, globals);
  add_batch_fetch(*batch, globals);
}

}  // namespace epicrisis::cli
