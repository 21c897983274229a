#pragma once

#include <string>
#include <vector>

#include "epicrisis/core/json.h"
#include "epicrisis/store/tables/notes.h"

namespace epicrisis {

// A request that gave no note.
struct FailedNote {
  std::string dataset;  // of its sample
  std::string key;
  NoteRecord note;
};
// The sample and to_json() of the note.
Json to_json(const FailedNote& failed);

// "truncated", "refused", ...: every status but "written".
std::vector<std::string> failed_status_names();

// Those of these strategies and statuses, of all where none is named; in order of sample. Memory is
// that of the list. UsageError for a status that is none of the above.
std::vector<FailedNote> list_failed_notes(Database& database,
                                          const std::vector<std::string>& strategies = {},
                                          const std::vector<std::string>& statuses = {});

}  // namespace epicrisis
