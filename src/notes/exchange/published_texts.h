#pragma once

#include <functional>

#include "epicrisis/notes/exchange/exchange.h"
#include "notes/exchange/incoming_note.h"

namespace epicrisis {

// The texts of a table (.csv, .tsv, .tab) or of a JSON list of objects (.json) as notes: by the
// columns that `options` names, else by the form of texts/NAME.toml whose columns the file has.
// Each note's parameters say the data set, who wrote it and on which terms. UsageError for a file
// of no form.
void each_published_text(const Path& file, const NoteImportOptions& options,
                         const std::function<void(const IncomingNote&)>& visit);

// Whether each_published_text() reads files of this name.
bool may_hold_texts(const Path& file);

}  // namespace epicrisis
