#include <memory>

#include "command.h"
#include "epicrisis/study/study.h"
#include "interrupted.h"
#include "output.h"

namespace epicrisis::cli {

void add_evaluate_command(CLI::App& app, Globals& globals) {
  struct Arguments {
    std::string workspace;
    std::string study;
  };
  CLI::App* command =
      app.add_subcommand("evaluate", "Result rows of a study's finished runs, with intervals");
  auto arguments = std::make_shared<Arguments>();
  add_workspace_option(*command, arguments->workspace);
  takes(command->add_option("--study", arguments->study,
                            "Which study, where the workspace holds several"),
        "NAME");
  add_global_options(*command, globals);
  add_examples(*command, {"epicrisis evaluate -w work > results.csv"});
  command->callback([arguments, &globals] {
    Workspace workspace = Workspace::open_to_read(arguments->workspace);
    const std::vector<ResultRow> rows = telling_what_is_kept(
        globals.job,
        [] { return std::string("what was measured is not kept; the same command begins anew"); },
        [&] {
          return evaluate_study(workspace, load_study(workspace, arguments->study), globals.job);
        });
    if (globals.json) return print_json(to_json(rows));
    print_text(to_csv(rows));
  });
}

}  // namespace epicrisis::cli
