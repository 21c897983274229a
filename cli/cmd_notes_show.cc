#include <memory>

#include "cmd_notes.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/json_list.h"
#include "epicrisis/store/tables/notes.h"
#include "epicrisis/store/tables/sample_search.h"
#include "epicrisis/store/workspace.h"
#include "output.h"

namespace epicrisis::cli {
namespace {

void print_counts(const std::vector<NoteCount>& counts, const Globals& globals) {
  if (globals.json) return print_json(json_list(counts));
  for (const NoteCount& count : counts) {
    print_line(fmt::format("{:<20} {:<6} {:<10} {:<20} {:<10} {:>8} notes of {} samples",
                           count.dataset, count.strategy, count.provider, count.model,
                           note_status_name(count.status), count.notes, count.samples));
  }
}

void print_notes(const std::vector<NoteRecord>& notes, const Globals& globals) {
  if (globals.json) return print_json(json_list(notes));
  for (const NoteRecord& note : notes) {
    print_line(fmt::format("{} ({}{}{})", note.strategy, note.provider,
                           note.model.empty() ? "" : ", ", note.model));
    print_text(note.text + "\n\n");
  }
}

}  // namespace

void add_notes_show(CLI::App& notes, Globals& globals) {
  struct Arguments {
    std::string workspace, dataset, key;
  };
  CLI::App* command = notes.add_subcommand("show", "Count the notes, or show those of one sample");
  auto arguments = std::make_shared<Arguments>();
  add_workspace_option(*command, arguments->workspace);
  takes(command->add_option("--dataset", arguments->dataset, "Data set of the sample"), "NAME");
  takes(command->add_option("--key", arguments->key, "Key of the sample, with or without .jpg"),
        "KEY")
      ->needs("--dataset");
  add_global_options(*command, globals);
  add_examples(*command, {"epicrisis notes show -w work",
                          "epicrisis notes show -w work --dataset ham10000 --key ISIC_0024306"});
  command->callback([arguments, &globals] {
    Workspace workspace = Workspace::open_to_read(arguments->workspace);
    if (arguments->key.empty()) return print_counts(count_notes(workspace.database()), globals);
    NoteFilter filter;
    filter.sample_ids = {
        sample_by_key(workspace.database(), arguments->key, {arguments->dataset}).id};
    print_notes(load_notes(workspace.database(), filter), globals);
  });
}

}  // namespace epicrisis::cli
