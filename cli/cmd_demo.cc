#include <fmt/format.h>

#include <memory>

#include "command.h"
#include "epicrisis/core/folder_writer.h"
#include "epicrisis/demo/demo_corpus.h"
#include "epicrisis/study/study.h"
#include "interrupted.h"
#include "output.h"

namespace epicrisis::cli {

void add_demo_command(CLI::App& app, Globals& globals) {
  CLI::App* command = app.add_subcommand(
      "demo", "Draw a small corpus of lesions, run a study on it and say where the report is");
  auto folder = std::make_shared<std::string>("epicrisis-demo");
  auto corpus_only = std::make_shared<bool>(false);
  takes(command->add_option("--folder", *folder, "Where the corpus and the workspace go"), "DIR")
      ->capture_default_str();
  command->add_flag("--corpus-only", *corpus_only, "Draw the corpus and stop");
  add_global_options(*command, globals);
  add_examples(*command, {"epicrisis demo --folder demo"});
  command->callback([folder, corpus_only, &globals] {
    const Path root = *folder;
    const Path corpus = root / "corpus";
    if (!std::filesystem::exists(corpus / "phone" / "columns.toml")) {
      globals.job.info("drawing lesions in {}", corpus.string());
      telling_what_is_kept(
          globals.job, [] { return std::string("no corpus was written"); },
          [&] {
            FolderWriter folder(corpus, false);
            write_demo_corpus(folder.staging(), globals.job);
            folder.commit();
          });
    }
    if (*corpus_only) return;
    Workspace workspace = Workspace::open_or_create(root / "workspace");
    const Study study = built_in_study("demo", corpus);
    const StudyOutcome outcome = telling_what_is_kept(
        globals.job, [] { return fmt::format("what is done is kept; {}", kGoesOn); },
        [&] { return run_study(workspace, study, globals.job); });
    if (globals.json) {
      print_json(to_json(outcome.rows));
    } else {
      print_text(outcome.headline + "\n");
      print_line(fmt::format("Report: {}", std::filesystem::absolute(outcome.report).string()));
    }
  });
}

}  // namespace epicrisis::cli
