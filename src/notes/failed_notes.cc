#include "epicrisis/notes/failed_notes.h"

#include <algorithm>
#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/store/tables/samples.h"

namespace epicrisis {

Json to_json(const FailedNote& failed) {
  Json json = {{"dataset", failed.dataset}, {"key", failed.key}};
  json.update(to_json(failed.note));
  return json;
}

std::vector<std::string> failed_status_names() {
  std::vector<std::string> names;
  for (const NoteStatus status :
       {NoteStatus::kTruncated, NoteStatus::kRefused, NoteStatus::kFiltered, NoteStatus::kEmpty,
        NoteStatus::kInvalid, NoteStatus::kFailed}) {
    names.emplace_back(note_status_name(status));
  }
  return names;
}

std::vector<FailedNote> list_failed_notes(Database& database,
                                          const std::vector<std::string>& strategies,
                                          const std::vector<std::string>& statuses) {
  const std::vector<std::string> known = failed_status_names();
  for (const std::string& status : statuses) {
    if (std::ranges::find(known, status) == known.end()) {
      throw UsageError("`status`: there is no '{}'; there are {}", clean_text(status, 60),
                       join(known, ", "));
    }
  }
  NoteFilter filter;
  filter.strategies = strategies;
  filter.status.reset();
  std::vector<FailedNote> found;
  for_each_note(database, filter, [&](const NoteRecord& note) {
    if (note.status == NoteStatus::kWritten) return true;
    if (!statuses.empty() &&
        std::ranges::find(statuses, note_status_name(note.status)) == statuses.end()) {
      return true;
    }
    Sample sample = sample_by_id(database, note.sample_id);
    found.push_back({std::move(sample.dataset), std::move(sample.key), note});
    return true;
  });
  return found;
}

}  // namespace epicrisis
