#include <fmt/format.h>

#include <memory>

#include "cmd_notes.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/notes/exchange/exchange.h"
#include "epicrisis/notes/strategy/strategy.h"
#include "interrupted.h"
#include "output.h"
#include "output_file.h"

namespace epicrisis::cli {

void add_notes_export(CLI::App& notes, Globals& globals) {
  struct Arguments {
    std::string workspace, format = "jsonl", output, split_set;
    std::vector<std::string> strategies, datasets, providers, models;
    bool pictures = false, replace = false;
  };
  CLI::App* command =
      notes.add_subcommand("export", "Write notes as JSONL, a text tree or an imagefolder");
  auto arguments = std::make_shared<Arguments>();
  add_workspace_option(*command, arguments->workspace);
  takes(command->add_option("--format", arguments->format, "jsonl, tree or imagefolder"), "FORMAT",
        [] {
          return std::vector<std::string>{"jsonl", "tree", "imagefolder"};
        })
      ->capture_default_str();
  takes(command->add_option("-o,--output", arguments->output, "File (jsonl) or folder"), "FILE|DIR")
      ->required();
  takes(command->add_option("--strategy", arguments->strategies, "Only these strategies"), "NAME",
        [] { return built_in_strategies(); });
  takes(command->add_option("--dataset", arguments->datasets, "Only these data sets"), "NAME");
  takes(command->add_option("--provider", arguments->providers, "Only notes of these providers"),
        "NAME");
  takes(command->add_option("--model", arguments->models, "Only notes of these models"), "NAME");
  takes(command->add_option("--split-set", arguments->split_set,
                            "imagefolder: whose roles name the folders"),
        "NAME");
  command->add_flag("--pictures", arguments->pictures, "imagefolder: copy the pictures too");
  command->add_flag("--replace", arguments->replace,
                    "tree, imagefolder: in place of an earlier export in the folder");
  add_global_options(*command, globals);
  add_examples(*command, {"epicrisis notes export -w work -o notes.jsonl",
                          "epicrisis notes export -w work --format imagefolder -o set --pictures"});
  command->callback([arguments, &globals] {
    const NoteFormat format = parse_note_format(arguments->format);
    if (format == NoteFormat::kJsonl) require_output(arguments->output, OutputKind::kNotes);
    Workspace workspace = Workspace::open_to_read(arguments->workspace);
    NoteExportOptions options;
    options.filter.strategies = expand_note_sets(arguments->strategies);
    options.filter.datasets = arguments->datasets;
    options.filter.providers = arguments->providers;
    options.filter.models = arguments->models;
    options.split_set = arguments->split_set;
    options.pictures = arguments->pictures;
    options.replace = arguments->replace;
    const auto kept = [&] {
      return fmt::format("{} was not written; what was there before is as it was",
                         arguments->output);
    };
    const NoteExportReport report = telling_what_is_kept(globals.job, kept, [&] {
      return export_notes(workspace, format, arguments->output, globals.job, options);
    });
    if (globals.json) {
      print_json(to_json(report));
    } else {
      print_line(fmt::format("{} written to {}, {} skipped", counted(report.written, "note"),
                             arguments->output, report.skipped));
      print_examples(report.skipped_examples, report.skipped_cases, "  skipped: ");
      if (format == NoteFormat::kImageFolder && !arguments->pictures) {
        print_line(
            "The pictures are not there, so load_dataset cannot load it: --pictures puts them there");
      }
    }
  });
}

}  // namespace epicrisis::cli
