#include "epicrisis/store/tables/judgements.h"

#include "epicrisis/core/error.h"
#include "store/tables/times.h"

namespace epicrisis {

void put_judgement(Database& database, const Judgement& judgement) {
  Transaction transaction(database);
  if (judgement_status(database, judgement.key) == NoteStatus::kWritten) return;
  if (!database.query_integer("SELECT 1 FROM notes WHERE id = ?", judgement.note_id)) {
    throw InputError("cannot store a verdict of '{}': there is no note {} in {}", judgement.judge,
                     judgement.note_id, database.path().string());
  }
  database.execute(
      "INSERT INTO judgements (key, note_id, note_sha256, judge, provider, model, "
      "template_version, status, verdicts, reason, parameters, created_at, input_tokens, "
      "output_tokens, cost, attempts, unpriced) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
      // What an attempt cost was paid, whatever came of it.
      "ON CONFLICT (key) DO UPDATE SET note_id = excluded.note_id, "
      "note_sha256 = excluded.note_sha256, status = excluded.status, "
      "verdicts = excluded.verdicts, reason = excluded.reason, parameters = excluded.parameters, "
      "created_at = excluded.created_at, input_tokens = input_tokens + excluded.input_tokens, "
      "output_tokens = output_tokens + excluded.output_tokens, cost = cost + excluded.cost, "
      "attempts = attempts + excluded.attempts, unpriced = unpriced + excluded.unpriced",
      judgement.key, judgement.note_id, judgement.note_sha256, judgement.judge, judgement.provider,
      judgement.model, judgement.template_version, note_status_name(judgement.status),
      dump_json(judgement.verdicts), judgement.reason, dump_json(judgement.parameters),
      or_now(judgement.created_at), judgement.input_tokens, judgement.output_tokens, judgement.cost,
      judgement.attempts, judgement.unpriced);
  transaction.commit();
}

std::optional<NoteStatus> judgement_status(Database& database, std::string_view key) {
  const auto name = database.query_text("SELECT status FROM judgements WHERE key = ?", key);
  if (!name) return std::nullopt;
  return parse_note_status(*name);
}

bool has_judgements(Database& database) {
  return database.query_integer("SELECT 1 FROM judgements LIMIT 1").has_value();
}

std::vector<Judgement> judgements_of(Database& database, std::int64_t note_id,
                                     std::string_view sha256) {
  Statement rows = database.prepare(
      "SELECT key, note_id, note_sha256, judge, provider, model, template_version, verdicts, "
      "parameters, created_at, input_tokens, output_tokens, cost, attempts, unpriced "
      "FROM judgements "
      "WHERE note_id IN (SELECT id FROM notes WHERE sample_id = (SELECT sample_id FROM notes WHERE "
      "id = ?1)) AND (note_id = ?1 OR note_sha256 = ?2) AND status = 'written' ORDER BY id");
  rows.bind_all(note_id, sha256);
  std::vector<Judgement> found;
  while (rows.step()) {
    const std::string place =
        fmt::format("{}: judgement of note {}", database.path().string(), note_id);
    Judgement one;
    one.key = rows.text(0);
    one.note_id = rows.integer(1);
    one.note_sha256 = rows.text(2);
    one.judge = rows.text(3);
    one.provider = rows.text(4);
    one.model = rows.text(5);
    one.template_version = rows.text(6);
    one.verdicts = parse_json(rows.text_view(7), place);
    one.parameters = parse_json(rows.text_view(8), place);
    one.created_at = rows.text(9);
    one.input_tokens = rows.integer(10);
    one.output_tokens = rows.integer(11);
    one.cost = rows.number(12);
    one.attempts = static_cast<int>(rows.integer(13));
    one.unpriced = rows.integer(14);
    found.push_back(std::move(one));
  }
  return found;
}

}  // namespace epicrisis
