#pragma once

#include "command.h"
#include "epicrisis/notes/synthesis/preview.h"

namespace epicrisis::cli {

// The subcommands of `notes`, a file each.
void add_notes_audit(CLI::App& notes, Globals& globals);
void add_notes_export(CLI::App& notes, Globals& globals);
void add_notes_failed(CLI::App& notes, Globals& globals);
void add_notes_import(CLI::App& notes, Globals& globals);
void add_notes_judge(CLI::App& notes, Globals& globals);
void add_notes_preview(CLI::App& notes, Globals& globals);
void add_notes_providers(CLI::App& notes, Globals& globals);
void add_notes_repair(CLI::App& notes, Globals& globals);
void add_notes_review(CLI::App& notes, Globals& globals);
void add_notes_show(CLI::App& notes, Globals& globals);
void add_notes_strategies(CLI::App& notes, Globals& globals);
void add_notes_write(CLI::App& notes, Globals& globals);

// What a run would send and cost, as text.
void print_preview(const SynthesisPreview& preview, const std::string& model);

}  // namespace epicrisis::cli
