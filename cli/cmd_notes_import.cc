#include <fmt/format.h>

#include <memory>

#include "answer_counts.h"
#include "cmd_notes.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/notes/exchange/exchange.h"
#include "epicrisis/store/tables/samples.h"
#include "option_words.h"
#include "output.h"

namespace epicrisis::cli {

void add_notes_import(CLI::App& notes, Globals& globals) {
  struct Arguments {
    std::string workspace, source;
    NoteImportOptions options;
  };
  CLI::App* command = notes.add_subcommand("import", "Take in notes that were written elsewhere");
  auto arguments = std::make_shared<Arguments>();
  add_workspace_option(*command, arguments->workspace);
  takes(command->add_option(
            "SOURCE", arguments->source,
            "A .jsonl file, a table (.csv, .tsv, .json), a text tree or an imagefolder"),
        "FILE|DIR")
      ->required();
  takes(command->add_option("--dataset", arguments->options.dataset,
                            "Data set, where the file names none, or none that is here"),
        "NAME");
  takes(command->add_option("--strategy", arguments->options.strategy,
                            "Strategy, where the file names none; none of this program's"),
        "NAME");
  takes(command->add_option("--dataset-field", arguments->options.dataset_field,
                            "JSON key or column of the data set"),
        "KEY");
  takes(command->add_option("--key-field", arguments->options.key_field,
                            "JSON key or column of the sample's key"),
        "KEY");
  takes(command->add_option("--text-field", arguments->options.text_field,
                            "JSON key or column of the text"),
        "KEY");
  command->add_flag("--keep-doubtful", arguments->options.keep_doubtful,
                    "Take texts as they stand that look like a thought, a refusal or an error");
  add_global_options(*command, globals);
  add_examples(*command, {"epicrisis notes import notes.jsonl -w work --strategy mine"});
  command->callback([arguments, command, &globals] {
    Workspace workspace = Workspace::open(arguments->workspace);
    NoteImportReport report =
        import_notes(workspace, arguments->source, globals.job, arguments->options);
    if (report.written + report.unchanged == 0) {
      globals.exit_code = exit_status(ErrorKind::kInput);
    }
    if (report.rows == 0) globals.job.warn("{} holds no note", arguments->source);
    for (std::string& example : report.invalid_examples) example = with_options(example, *command);
    if (globals.json) {
      print_json(to_json(report));
      return;
    }
    print_line(
        fmt::format("{}: {} written, {} unchanged, {} conflicting, {} without a sample, "
                    "{} invalid",
                    counted(report.rows, "row"), counted(report.written, "note"), report.unchanged,
                    report.conflicting, report.unmatched, report.invalid));
    if (report.invalid > 0) print_line("  invalid: " + counts_in_words(report.invalid_reasons));
    print_dropped(report.dropped);
    if (!report.unknown_datasets.empty()) {
      const std::vector<std::string> known = dataset_names(workspace.database());
      print_line(
          fmt::format("  the workspace has no data set {}; it has {}",
                      join({report.unknown_datasets.begin(), report.unknown_datasets.end()}, ", "),
                      known.empty() ? "none" : join(known, ", ")));
    }
    constexpr std::size_t kShown = 20;
    print_examples(report.conflicting_examples, report.conflicting,
                   "  another text is there: ", kShown);
    print_examples(report.unmatched_examples, report.unmatched, "  no sample: ", kShown);
    print_examples(report.invalid_examples, report.invalid, "  invalid: ", kShown);
  });
}

}  // namespace epicrisis::cli
