#include "cmd_notes.h"

#include <fmt/core.h>

#include <memory>

#include "epicrisis/core/error.h"
#include "epicrisis/core/json.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/notes/exchange/exchange.h"
#include "epicrisis/notes/strategy/strategy.h"
#include "epicrisis/store/tables/notes.h"
#include "epicrisis/store/tables/samples.h"
#include "epicrisis/store/workspace.h"
#include "option_words.h"
#include "output.h"

namespace epicrisis::cli {
namespace {

void add_strategies(CLI::App& notes, Globals& globals) {
  CLI::App* command =
      notes.add_subcommand("strategies", "List the strategies, or check strategy files");
  auto files = std::make_shared<std::vector<std::string>>();
  takes(command->add_option("FILE", *files, "Strategy files to read and check"), "FILE");
  add_global_options(*command, globals);
  add_examples(*command, {"epicrisis notes strategies", "epicrisis notes strategies mine.toml"});
  command->callback([files, &globals] {
    Json list = Json::array();
    std::vector<std::string> faults;
    for (const std::string& name : files->empty() ? built_in_strategies() : *files) {
      Strategy strategy;
      try {
        strategy = load_strategy(name);
      } catch (const Error& error) {
        faults.emplace_back(error.what());
        continue;
      }
      list.push_back({{"name", strategy.name},
                      {"version", strategy.version},
                      {"kind", strategy_kind_name(strategy.kind)},
                      {"title", strategy.title},
                      {"image", strategy.image},
                      {"fields", strategy.fields},
                      {"names_label", strategy.names_label}});
      if (globals.json) continue;
      fmt::print("{:<6} {:<9} sees {}{}\n       {}\n", strategy.name,
                 strategy_kind_name(strategy.kind), strategy.image ? "the image, " : "",
                 join(strategy.fields, ", "), strategy.title);
    }
    if (globals.json) {
      print_json(list);
    } else if (files->empty()) {
      for (const auto& [name, members] : note_sets())
        fmt::print("{:<6} set       {}\n", name, join(members, " + "));
    }
    if (!faults.empty()) throw UsageError("{}", join(faults, "\n"));
  });
}

void add_export(CLI::App& notes, Globals& globals) {
  struct Arguments {
    std::string workspace, format = "jsonl", output, split_set;
    std::vector<std::string> strategies, datasets, providers, models;
    bool pictures = false;
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
        built_in_strategies);
  takes(command->add_option("--dataset", arguments->datasets, "Only these data sets"), "NAME");
  takes(command->add_option("--provider", arguments->providers, "Only notes of these providers"),
        "NAME");
  takes(command->add_option("--model", arguments->models, "Only notes of these models"), "NAME");
  takes(command->add_option("--split-set", arguments->split_set,
                            "imagefolder: whose roles name the folders"),
        "NAME");
  command->add_flag("--pictures", arguments->pictures,
                    "imagefolder: link or copy the pictures too");
  add_global_options(*command, globals);
  add_examples(*command, {"epicrisis notes export -w work -o notes.jsonl",
                          "epicrisis notes export -w work --format imagefolder -o set --pictures"});
  command->callback([arguments, &globals] {
    Workspace workspace = Workspace::open(arguments->workspace);
    NoteExportOptions options;
    options.filter.strategies = expand_note_sets(arguments->strategies);
    options.filter.datasets = arguments->datasets;
    options.filter.providers = arguments->providers;
    options.filter.models = arguments->models;
    options.split_set = arguments->split_set;
    options.pictures = arguments->pictures;
    const NoteExportReport report =
        export_notes(workspace, parse_note_format(arguments->format), arguments->output, options);
    if (globals.json) {
      print_json(report.to_json());
    } else {
      fmt::print("{} notes written to {}, {} skipped\n", report.written, arguments->output,
                 report.skipped);
    }
  });
}

void add_notes_import(CLI::App& notes, Globals& globals) {
  struct Arguments {
    std::string workspace, source;
    NoteImportOptions options;
  };
  CLI::App* command = notes.add_subcommand("import", "Take in notes that were written elsewhere");
  auto arguments = std::make_shared<Arguments>();
  add_workspace_option(*command, arguments->workspace);
  takes(command->add_option("SOURCE", arguments->source,
                            "A .jsonl file, a text tree or an imagefolder"),
        "FILE|DIR")
      ->required();
  takes(command->add_option("--dataset", arguments->options.dataset,
                            "Data set, where the file names none"),
        "NAME");
  takes(command->add_option("--strategy", arguments->options.strategy,
                            "Strategy, where the file names none"),
        "NAME", built_in_strategies);
  takes(command->add_option("--dataset-field", arguments->options.dataset_field,
                            "JSON key of the data set"),
        "KEY");
  takes(command->add_option("--key-field", arguments->options.key_field,
                            "JSON key of the sample's key"),
        "KEY");
  takes(command->add_option("--text-field", arguments->options.text_field, "JSON key of the text"),
        "KEY");
  add_global_options(*command, globals);
  add_examples(*command, {"epicrisis notes import notes.jsonl -w work --strategy mine"});
  command->callback([arguments, command, &globals] {
    Workspace workspace = Workspace::open(arguments->workspace);
    const NoteImportReport report = import_notes(workspace, arguments->source, arguments->options);
    if (report.written + report.unchanged == 0) {
      globals.exit_code = exit_status(ErrorKind::kInput);
    }
    if (globals.json) {
      print_json(report.to_json());
      return;
    }
    fmt::print(
        "{} rows: {} notes written, {} unchanged, {} conflicting, {} without a sample, {} "
        "invalid\n",
        report.rows, report.written, report.unchanged, report.conflicting, report.unmatched,
        report.invalid);
    if (!report.unknown_datasets.empty()) {
      const std::vector<std::string> known = dataset_names(workspace.database());
      fmt::print("  the workspace has no data set {}; it has {}\n",
                 join({report.unknown_datasets.begin(), report.unknown_datasets.end()}, ", "),
                 known.empty() ? "none" : join(known, ", "));
    }
    for (const std::string& example : report.conflicting_examples)
      fmt::print("  another text is there: {}\n", example);
    for (const std::string& example : report.unmatched_examples)
      fmt::print("  no sample: {}\n", example);
    for (const std::string& example : report.invalid_examples)
      fmt::print("  invalid: {}\n", with_options(example, *command));
  });
}

void add_show(CLI::App& notes, Globals& globals) {
  struct Arguments {
    std::string workspace, dataset, key;
  };
  CLI::App* command = notes.add_subcommand("show", "Count the notes, or show those of one sample");
  auto arguments = std::make_shared<Arguments>();
  add_workspace_option(*command, arguments->workspace);
  takes(command->add_option("--dataset", arguments->dataset, "Data set of the sample"), "NAME");
  takes(command->add_option("--key", arguments->key, "Key of the sample"), "KEY")
      ->needs("--dataset");
  add_global_options(*command, globals);
  add_examples(*command, {"epicrisis notes show -w work",
                          "epicrisis notes show -w work --dataset ham10000 --key ISIC_0024306"});
  command->callback([arguments, &globals] {
    Workspace workspace = Workspace::open(arguments->workspace);
    Json list = Json::array();
    if (arguments->key.empty()) {
      for (const NoteCount& count : count_notes(workspace.database())) {
        list.push_back({{"dataset", count.dataset},
                        {"strategy", count.strategy},
                        {"provider", count.provider},
                        {"model", count.model},
                        {"status", note_status_name(count.status)},
                        {"notes", count.notes},
                        {"samples", count.samples}});
        if (globals.json) continue;
        fmt::print("{:<20} {:<6} {:<10} {:<20} {:<10} {:>8} notes of {} samples\n", count.dataset,
                   count.strategy, count.provider, count.model, note_status_name(count.status),
                   count.notes, count.samples);
      }
    } else {
      const auto sample = find_sample(workspace.database(), arguments->dataset, arguments->key);
      if (!sample)
        throw UsageError("no sample {}/{} in {}", arguments->dataset, arguments->key,
                         arguments->workspace);
      NoteFilter filter;
      filter.sample_ids = {sample->id};
      for (const NoteRecord& note : load_notes(workspace.database(), filter)) {
        list.push_back({{"strategy", note.strategy},
                        {"provider", note.provider},
                        {"model", note.model},
                        {"variant", note.variant},
                        {"text", note.text}});
        if (globals.json) continue;
        fmt::print("{} ({}{}{})\n{}\n\n", note.strategy, note.provider,
                   note.model.empty() ? "" : ", ", note.model, note.text);
      }
    }
    if (globals.json) print_json(list);
  });
}

}  // namespace

void add_notes_command(CLI::App& app, Globals& globals) {
  CLI::App* notes = app.add_subcommand("notes", "Write, list, export and import notes");
  notes->require_subcommand(1);
  add_strategies(*notes, globals);
  add_notes_write(*notes, globals);
  add_notes_preview(*notes, globals);
  add_notes_providers(*notes, globals);
  add_notes_failed(*notes, globals);
  add_export(*notes, globals);
  add_notes_import(*notes, globals);
  add_show(*notes, globals);
  add_notes_batch_command(*notes, globals);
}

}  // namespace epicrisis::cli
