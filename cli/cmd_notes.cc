#include "cmd_notes.h"

namespace epicrisis::cli {

void add_notes_command(CLI::App& app, Globals& globals) {
  CLI::App* notes =
      app.add_subcommand("notes", "Write, list, audit, repair, review, export and import notes");
  notes->require_subcommand(1);
  add_notes_strategies(*notes, globals);
  add_notes_write(*notes, globals);
  add_notes_preview(*notes, globals);
  add_notes_providers(*notes, globals);
  add_notes_failed(*notes, globals);
  add_notes_audit(*notes, globals);
  add_notes_judge(*notes, globals);
  add_notes_repair(*notes, globals);
  add_notes_export(*notes, globals);
  add_notes_import(*notes, globals);
  add_notes_show(*notes, globals);
  add_notes_batch_command(*notes, globals);
  add_notes_review(*notes, globals);
}

}  // namespace epicrisis::cli
