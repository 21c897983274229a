#include <algorithm>
#include <memory>

#include "cmd_notes.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/json_list.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/notes/note_examples.h"
#include "epicrisis/notes/strategy/strategy.h"
#include "epicrisis/store/tables/fields.h"
#include "epicrisis/store/tables/notes.h"
#include "epicrisis/store/tables/sample_search.h"
#include "epicrisis/store/tables/samples.h"
#include "epicrisis/store/workspace.h"
#include "output.h"

namespace epicrisis::cli {
namespace {

void print_counts(const std::vector<NoteCount>& counts) {
  for (const NoteCount& count : counts) {
    print_line(fmt::format("{:<20} {:<6} {:<10} {:<20} {:<10} {:>8} {} of {}", count.dataset,
                           count.strategy, count.provider, count.model,
                           note_status_name(count.status), count.notes,
                           count.notes == 1 ? "note" : "notes", counted(count.samples, "sample")));
  }
}

void print_note(const NoteRecord& note) {
  print_line(fmt::format("{} ({}{}{})", note.strategy, note.provider,
                         note.model.empty() ? "" : ", ", note.model));
  print_text(note.text + "\n\n");
}

void print_notes(const std::vector<NoteRecord>& notes, const Globals& globals) {
  if (globals.json) return print_json(json_list(notes));
  for (const NoteRecord& note : notes) print_note(note);
}

// The counts, and some of the notes whole.
void print_overview(Database& database, const NoteFilter& filter, std::size_t examples,
                    const Globals& globals) {
  require_datasets(database, filter.datasets);
  std::vector<std::string> others =
      filter.strategies;  // without notes, those of the program may be
  std::erase_if(others, [own = built_in_strategies()](const std::string& name) {
    return std::ranges::find(own, name) != own.end();
  });
  require_strategies(database, others);
  std::vector<NoteCount> counts = count_notes(database);
  std::erase_if(counts, [&](const NoteCount& count) {
    const auto left_out = [](const std::vector<std::string>& names, const std::string& name) {
      return !names.empty() && std::ranges::find(names, name) == names.end();
    };
    return left_out(filter.datasets, count.dataset) || left_out(filter.strategies, count.strategy);
  });
  const Field field = workspace_field(database);
  const std::vector<SampleNotes> shown = note_examples(database, filter, examples);
  if (globals.json) {
    Json list = Json::array();
    for (const SampleNotes& example : shown) list.push_back(to_json(example, field));
    return print_json({{"counts", json_list(counts)}, {"examples", std::move(list)}});
  }
  print_counts(counts);
  if (counts.empty()) print_line("no notes");
  for (const SampleNotes& example : shown) {
    print_line("");
    print_line(fmt::format("{}/{}: {}", example.sample.dataset, example.sample.key,
                           facts_in_words(example.sample, field)));
    for (const NoteRecord& note : example.notes) print_note(note);
  }
}

}  // namespace

void add_notes_show(CLI::App& notes, Globals& globals) {
  struct Arguments {
    std::string workspace, key;
    std::vector<std::string> datasets, strategies;
    std::size_t examples = 2;
  };
  CLI::App* command = notes.add_subcommand(
      "show", "Count the notes and show a few with what is known of their sample");
  auto arguments = std::make_shared<Arguments>();
  add_workspace_option(*command, arguments->workspace);
  takes(command->add_option("--dataset", arguments->datasets, "Only these data sets"), "NAME");
  takes(command->add_option("--strategy", arguments->strategies, "Only these strategies"), "NAME",
        [] { return built_in_strategies(); });
  takes(command->add_option(
            "--examples", arguments->examples,
            "So many samples whose notes are shown, spread over all; 0: counts alone"),
        "N")
      ->check(between(0, 1000))
      ->capture_default_str();
  takes(command->add_option("--key", arguments->key,
                            "All notes of the sample of this key, with or without .jpg"),
        "KEY");
  add_global_options(*command, globals);
  add_examples(*command, {"epicrisis notes show -w work --strategy P1 --examples 5",
                          "epicrisis notes show -w work --dataset ham10000 --key ISIC_0024306"});
  command->callback([arguments, &globals] {
    Workspace workspace = Workspace::open_to_read(arguments->workspace);
    NoteFilter filter;
    filter.datasets = arguments->datasets;
    filter.strategies = expand_note_sets(arguments->strategies);
    if (arguments->key.empty()) {
      return print_overview(workspace.database(), filter, arguments->examples, globals);
    }
    filter.sample_ids = {
        sample_by_key(workspace.database(), arguments->key, arguments->datasets).id};
    print_notes(load_notes(workspace.database(), filter), globals);
  });
}

}  // namespace epicrisis::cli
