#include <fmt/format.h>

#include <memory>

#include "command.h"
#include "epicrisis/report/tables.h"
#include "epicrisis/study/study.h"
#include "interrupted.h"
#include "output.h"
#include "output_file.h"

namespace epicrisis::cli {

void add_report_command(CLI::App& app, Globals& globals) {
  struct Arguments {
    std::string workspace;
    std::string study;
    std::string output;
  };
  CLI::App* command = app.add_subcommand(
      "report",
      "Write a study's report: one HTML file, and its numbers as CSV, JSON and LaTeX beside it");
  auto arguments = std::make_shared<Arguments>();
  add_workspace_option(*command, arguments->workspace);
  takes(command->add_option("--study", arguments->study,
                            "Which study, where the workspace holds several"),
        "NAME");
  takes(command->add_option("-o,--output", arguments->output, "The HTML file"), "FILE")->required();
  add_global_options(*command, globals);
  add_examples(*command, {"epicrisis report -w work -o report.html"});
  command->callback([arguments, &globals] {
    require_report_output(arguments->output);
    Workspace workspace = Workspace::open_to_read(arguments->workspace);
    const auto kept = [&] {
      return fmt::format("{} was not written; the same command begins anew", arguments->output);
    };
    const ReportData report = telling_what_is_kept(globals.job, kept, [&] {
      return write_study_report(workspace, load_study(workspace, arguments->study),
                                arguments->output, globals.job);
    });
    if (globals.json) return print_json(to_json(report));
    print_text(report_text(report) + "\n");
    print_line(fmt::format("Report: {}", arguments->output));
  });
}

}  // namespace epicrisis::cli
