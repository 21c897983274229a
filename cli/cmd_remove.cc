#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "command.h"
#include "epicrisis/core/cost.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/study/removal.h"
#include "output.h"
#include "removal_dialog.h"

namespace epicrisis::cli {
namespace {

struct RemoveArguments : RemovalArguments {
  std::string dataset;
  std::string study;
};

void print_dataset(const DatasetRemoval& removal, const std::string& gone) {
  const DatasetContent& content = removal.content;
  print_line(fmt::format("Data set {}: {}, {} and {} that gave none, {}, {} {}", removal.dataset,
                         counted(content.samples, "sample"), counted(content.written, "note"),
                         counted(content.notes - content.written, "request"),
                         cost_words(content.cost, content.unpriced, 2),
                         counted(content.prepared, "prepared picture"), gone));
  if (content.batched_out > 0) {
    print_line(
        fmt::format("{} out in batch files: what is answered will find no sample",
                    counted(content.batched_out, "request for it is", "requests for it are")));
  }
  if (!content.split_sets.empty()) {
    print_line("Split sets that lose samples, or go: " + join(content.split_sets, ", "));
  }
  std::vector<std::string> importing = removal.studies;
  std::erase_if(importing, [&](const std::string& study) {
    return std::ranges::count(removal.without_source, study) > 0;
  });
  if (!importing.empty()) {
    print_line("Studies that name it, whose next run imports it again: " + join(importing, ", "));
  }
  if (!removal.without_source.empty()) {
    print_line(fmt::format(
        "Studies that name it and not where to read it: {}; before their next run: epicrisis import "
        "{} '{}' --name {}",
        join(removal.without_source, ", "), removal.adapter, content.source, removal.dataset));
  }
  for (const DependentRun& run : removal.runs) {
    print_line(fmt::format("  run {} was {} it; it stays", run.run,
                           run.trained ? "trained on" : "tested on"));
  }
  if (!removal.unread.empty()) {
    print_line("Studies that may name it, their record cannot be read: " +
               join(removal.unread, ", "));
  }
  print_sweep(removal.sweep, gone);
  print_line(fmt::format("What lies in {} stays as it is", content.source));
  for (const UnusedFiles& files : removal.inside) {
    print_line(
        fmt::format("{} in {}, where {}; to be rid of that too, remove the folder and prepare "
                    "again",
                    counted(files.files, "picture of it stays", "pictures of it stay"), files.place,
                    files.what));
  }
}

void print_study(const StudyRemoval& removal, const std::string& gone) {
  print_line(fmt::format("Study {}: {}, {}, {} {}; data sets and notes stay", removal.study,
                         counted(removal.content.runs.size(), "run"),
                         counted(removal.content.results, "result row"),
                         counted(removal.content.split_sets.size(), "split set"), gone));
  for (const std::string& run : removal.content.runs) print_line("  run " + run);
  print_sweep(removal.sweep, gone);
}

}  // namespace

void add_remove_command(CLI::App& app, Globals& globals) {
  CLI::App* command = app.add_subcommand(
      "remove", "Take a data set or a study out of a workspace, and what nothing uses then");
  auto arguments = std::make_shared<RemoveArguments>();
  add_workspace_option(*command, arguments->workspace);
  CLI::Option* dataset = takes(
      command->add_option("--dataset", arguments->dataset,
                          "This data set: samples, notes, prepared pictures. Your own files stay"),
      "NAME");
  takes(command->add_option("--study", arguments->study,
                            "This study: runs, results, record, report. Data and notes stay"),
        "NAME")
      ->excludes(dataset);
  command->add_flag("--dry-run", arguments->dry_run, "Only say what would go");
  command->add_flag("--yes", arguments->yes, "Do not ask; needed where no terminal is");
  add_global_options(*command, globals);
  add_examples(*command, {"epicrisis remove -w work --dataset ham10000 --dry-run",
                          "epicrisis remove -w work --study first-try"});
  command->callback([arguments, &globals] {
    if (arguments->dataset.empty() && arguments->study.empty()) {
      throw UsageError("name what to remove: a data set by --dataset, or a study by --study");
    }
    const auto never = [](const auto&) { return false; };
    if (arguments->dataset.empty()) {
      return show_and_remove(
          *arguments, globals,
          [&](Workspace& workspace, const RemovalOptions& options) {
            return remove_study(workspace, arguments->study, options, globals.job);
          },
          print_study, never);
    }
    show_and_remove(
        *arguments, globals,
        [&](Workspace& workspace, const RemovalOptions& options) {
          return remove_dataset(workspace, arguments->dataset, options, globals.job);
        },
        print_dataset, never);
  });
}

}  // namespace epicrisis::cli
