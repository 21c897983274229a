#include "epicrisis/store/tables/derivations.h"

#include "epicrisis/core/error.h"
#include "store/tables/times.h"

namespace epicrisis {

std::optional<Derivation> find_derivation(Database& database, std::int64_t source_id,
                                          std::string_view policy) {
  Statement rows = database.prepare(
      "SELECT source_id, policy, coalesce(note_id, 0), maker, outcome, reason, sentences, asked "
      "FROM derivations WHERE source_id = ? AND policy = ?");
  rows.bind_all(source_id, policy);
  if (!rows.step()) return std::nullopt;
  Derivation found;
  found.source_id = rows.integer(0);
  found.policy = rows.text(1);
  if (rows.integer(2) != 0) found.note_id = rows.integer(2);
  found.maker = rows.text(3);
  found.outcome = rows.text(4);
  found.reason = rows.text(5);
  found.sentences = rows.integer(6);
  found.asked = rows.integer(7);
  return found;
}

namespace {

// In the place of the note of its key, if there is one: what judges said of the same words, and
// what was made of it, stays.
std::int64_t keep_note(Database& database, const NoteRecord& note) {
  const std::optional<NoteRecord> old = find_note(database, note.key);
  if (!old) {
    put_note(database, note);
    return database.query_integer("SELECT id FROM notes WHERE key = ?", note.key).value();
  }
  if (old->text != note.text) {
    database.execute("DELETE FROM audits WHERE note_id = ?", old->id);
  }
  database.execute(
      "UPDATE notes SET sample_id = ?, strategy = ?, provider = ?, model = ?, template_version = ?, "
      "variant = ?, text = ?, status = ?, reason = ?, parameters = ?, origin = ?, created_at = ? "
      "WHERE id = ?",
      note.sample_id, note.strategy, note.provider, note.model, note.template_version, note.variant,
      note.text, note_status_name(note.status), note.reason, dump_json(note.parameters),
      note.origin, or_now(note.created_at), old->id);
  return old->id;
}

}  // namespace

void remove_derived_note(Database& database, std::string_view key) {
  database.execute(
      "WITH RECURSIVE below (id) AS (SELECT id FROM notes WHERE key = ? UNION "
      "SELECT d.note_id FROM derivations d JOIN below b ON d.source_id = b.id "
      "WHERE d.note_id IS NOT NULL) DELETE FROM notes WHERE id IN (SELECT id FROM below)",
      key);
}

void put_derivation(Database& database, const Derivation& derivation, const NoteRecord* note) {
  if ((note == nullptr) != (derivation.outcome == "rejected")) {
    throw InternalError("a derivation is '{}', {} a note", derivation.outcome,
                        note == nullptr ? "without" : "with");
  }
  if (!database.query_integer("SELECT 1 FROM notes WHERE id = ?", derivation.source_id)) {
    throw InputError("cannot keep what was made of note {}: there is none of this number in {}",
                     derivation.source_id, database.path().string());
  }
  const std::optional<std::string> old = database.query_text(
      "SELECT n.key FROM derivations d JOIN notes n ON n.id = d.note_id WHERE d.source_id = ? AND "
      "d.policy = ?",
      derivation.source_id, derivation.policy);
  if (old && (note == nullptr || note->key != *old)) remove_derived_note(database, *old);
  const std::int64_t note_id = note == nullptr ? 0 : keep_note(database, *note);
  database.execute(
      "INSERT OR REPLACE INTO derivations (source_id, policy, note_id, maker, outcome, reason, "
      "sentences, asked) VALUES (?1, ?2, nullif(?3, 0), ?4, ?5, ?6, ?7, ?8)",
      derivation.source_id, derivation.policy, note_id, derivation.maker, derivation.outcome,
      derivation.reason, derivation.sentences, derivation.asked);
}

bool put_note_label(Database& database, const NoteLabel& label) {
  database.execute(
      "INSERT INTO note_labels (note_hash, reader, labels, labelled_at) VALUES (?, ?, ?, ?) "
      "ON CONFLICT (note_hash, reader) DO UPDATE SET labels = excluded.labels, "
      "labelled_at = excluded.labelled_at WHERE labels <> excluded.labels",
      label.note_hash, label.reader, dump_json(label.labels), or_now(label.labelled_at));
  return database.changes() > 0;
}

std::vector<NoteLabel> load_note_labels(Database& database) {
  Statement rows = database.prepare(
      "SELECT note_hash, reader, labels, labelled_at FROM note_labels ORDER BY note_hash, reader");
  std::vector<NoteLabel> labels;
  while (rows.step()) {
    NoteLabel label;
    label.note_hash = rows.text(0);
    label.reader = rows.text(1);
    label.labels =
        parse_json(rows.text_view(2),
                   fmt::format("{}: labels of note {}", database.path().string(), label.note_hash));
    label.labelled_at = rows.text(3);
    labels.push_back(std::move(label));
  }
  return labels;
}

}  // namespace epicrisis
