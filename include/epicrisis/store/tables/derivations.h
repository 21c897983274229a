#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/store/sql/database.h"
#include "epicrisis/store/tables/notes.h"

namespace epicrisis {

// What became of a note by a policy: a note of its own, or none where it was rejected.
struct Derivation {
  std::int64_t source_id = 0;  // the note that it is made from, which stays as it is
  std::string policy;
  std::optional<std::int64_t> note_id;  // the derived note
  std::string maker;                    // by what it is known to be current
  std::string outcome;                  // "accepted", "stripped", "asked", "fell back", "rejected"
  std::string reason;                   // why it was rejected, or ""
  std::int64_t sentences = 0;           // taken out
  std::int64_t asked = 0;               // times a model was asked again
};
std::optional<Derivation> find_derivation(Database& database, std::int64_t source_id,
                                          std::string_view policy);
// Stores it in the place of the one of its source and policy. `note`: the derived note; it takes
// the place of the note of its key, with another text and what goes with that: what was made of
// that note stays, and so does what judges said of it. Null where there is none: the one that was
// there goes, with all that was made of it. `derivation.note_id` is ignored. One statement after
// the other: use inside a Transaction. InputError if there is no source.
void put_derivation(Database& database, const Derivation& derivation, const NoteRecord* note);
// Deletes the note of this key, if there is one, and all notes that were made of it.
void remove_derived_note(Database& database, std::string_view key);

// What a reader said of a note.
struct NoteLabel {
  std::string note_hash;  // 64 hex digits; of what was read
  std::string reader;
  Json labels = Json::object();
  std::string labelled_at;  // UTC; filled when empty
};
// Takes the place of what the reader said of this note before. True if that changes something.
bool put_note_label(Database& database, const NoteLabel& label);
// By note and reader.
std::vector<NoteLabel> load_note_labels(Database& database);

}  // namespace epicrisis
