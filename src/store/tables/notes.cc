#include "epicrisis/store/tables/notes.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "epicrisis/core/cost.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "store/tables/sample_query.h"
#include "store/tables/times.h"

namespace epicrisis {
namespace {

constexpr std::array<std::string_view, 7> kStatusNames = {
    "written", "truncated", "refused", "filtered", "empty", "invalid", "failed"};
constexpr std::int64_t kPage = 256;

constexpr std::string_view kColumns =
    "n.id, n.key, n.sample_id, n.strategy, n.provider, n.model, n.template_version, n.variant, "
    "n.text, n.status, n.reason, n.parameters, n.origin, n.created_at, n.input_tokens, "
    "n.output_tokens, n.cost, n.attempts, n.unpriced";

NoteRecord note_of(const Statement& row, const Path& file) {
  NoteRecord note;
  note.id = row.integer(0);
  note.key = row.text(1);
  note.sample_id = row.integer(2);
  note.strategy = row.text(3);
  note.provider = row.text(4);
  note.model = row.text(5);
  note.template_version = row.text(6);
  note.variant = static_cast<int>(row.integer(7));
  note.text = row.text(8);
  note.status = parse_note_status(row.text_view(9));
  note.reason = row.text(10);
  note.parameters =
      parse_json(row.text_view(11), fmt::format("{}: note {}", file.string(), note.id));
  note.origin = row.text(12);
  note.created_at = row.text(13);
  note.input_tokens = row.integer(14);
  note.output_tokens = row.integer(15);
  note.cost = row.number(16);
  note.attempts = static_cast<int>(row.integer(17));
  note.unpriced = row.integer(18);
  return note;
}

}  // namespace

std::string_view note_status_name(NoteStatus status) {
  return kStatusNames.at(static_cast<std::size_t>(status));
}

NoteStatus parse_note_status(std::string_view name) {
  for (std::size_t i = 0; i < kStatusNames.size(); ++i) {
    if (kStatusNames.at(i) == name) return static_cast<NoteStatus>(i);
  }
  throw InternalError("'{}' is not the status of a note", name);
}

NoteOutcome put_note(Database& database, const NoteRecord& note) {
  Transaction transaction(database);
  const std::optional<NoteStatus> old = note_status(database, note.key);
  if (old == NoteStatus::kWritten) return NoteOutcome::kUnchanged;
  if (!database.query_integer("SELECT 1 FROM samples WHERE id = ?", note.sample_id)) {
    throw InputError("cannot store a note of strategy '{}': there is no sample {} in {}",
                     note.strategy, note.sample_id, database.path().string());
  }
  database.execute(
      "INSERT INTO notes (key, sample_id, strategy, provider, model, template_version, variant, "
      "text, status, reason, parameters, origin, created_at, input_tokens, output_tokens, cost, "
      "attempts, unpriced) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
      // What an attempt cost was paid, whatever came of it.
      "ON CONFLICT (key) DO UPDATE SET text = excluded.text, status = excluded.status, "
      "reason = excluded.reason, parameters = excluded.parameters, origin = excluded.origin, "
      "created_at = excluded.created_at, input_tokens = input_tokens + excluded.input_tokens, "
      "output_tokens = output_tokens + excluded.output_tokens, cost = cost + excluded.cost, "
      "attempts = attempts + excluded.attempts, unpriced = unpriced + excluded.unpriced",
      note.key, note.sample_id, note.strategy, note.provider, note.model, note.template_version,
      note.variant, note.text, note_status_name(note.status), note.reason,
      dump_json(note.parameters), note.origin, or_now(note.created_at), note.input_tokens,
      note.output_tokens, note.cost, note.attempts, note.unpriced);
  transaction.commit();
  return old ? NoteOutcome::kReplaced : NoteOutcome::kNew;
}

void revise_note(Database& database, std::int64_t note_id, std::string_view text,
                 std::string_view reason, std::string_view template_version) {
  if (text.empty()) throw InternalError("note {} cannot be revised to an empty text", note_id);
  Transaction transaction(database);
  database.execute(
      "INSERT INTO note_history (note_id, text, reason, replaced_at) "
      "SELECT id, text, ?, ? FROM notes WHERE id = ? AND status = 'written'",
      reason, utc_now(), note_id);
  if (database.changes() != 1) {
    throw InputError("cannot revise note {}: there is no written note of this number in {}",
                     note_id, database.path().string());
  }
  database.execute(
      "UPDATE notes SET text = ?1, template_version = CASE WHEN ?2 = '' THEN template_version "
      "ELSE ?2 END WHERE id = ?3",
      text, template_version, note_id);
  // The verdict was on the old text.
  database.execute("DELETE FROM audits WHERE note_id = ?", note_id);
  transaction.commit();
}

void set_note_basis(Database& database, std::int64_t note_id, const Json& parameters,
                    std::string_view origin) {
  database.execute("UPDATE notes SET parameters = ?, origin = ? WHERE id = ?",
                   dump_json(parameters), origin, note_id);
}

std::vector<NoteRevision> note_history(Database& database, std::int64_t note_id) {
  Statement rows = database.prepare(
      "SELECT text, reason, replaced_at FROM note_history WHERE note_id = ? ORDER BY id");
  rows.bind(1, note_id);
  std::vector<NoteRevision> revisions;
  while (rows.step()) revisions.push_back({rows.text(0), rows.text(1), rows.text(2)});
  return revisions;
}

namespace {

// The notes of the filter with its sample ids put aside: `sample_ids` are those of this call, or
// all if empty. False if the callback stopped it.
bool for_each_note_of(Database& database, const NoteFilter& filter,
                      std::span<const std::int64_t> sample_ids,
                      const std::function<bool(const NoteRecord&)>& callback) {
  std::string where = "(n.sample_id, n.strategy, n.variant, n.id) > (?, ?, ?, ?)";
  std::vector<std::string> texts;
  // The plus keeps SQLite from an index by which it would have to sort all notes for each page.
  const auto among = [&](std::string_view column, const std::vector<std::string>& values) {
    if (values.empty()) return;
    where += fmt::format(" AND +n.{} IN (SELECT value FROM json_each(?))", column);
    texts.push_back(json_text_of(values));
  };
  if (!sample_ids.empty()) {
    Json list = Json::array();
    for (const std::int64_t id : sample_ids) list.push_back(id);
    where += " AND n.sample_id IN (SELECT value FROM json_each(?))";
    texts.push_back(dump_json(list));
  }
  among("strategy", filter.strategies);
  among("provider", filter.providers);
  among("model", filter.models);
  if (!filter.datasets.empty()) {
    where +=
        " AND EXISTS (SELECT 1 FROM samples s JOIN datasets d ON d.id = s.dataset_id "
        "WHERE s.id = n.sample_id AND d.name IN (SELECT value FROM json_each(?)))";
    texts.push_back(json_text_of(filter.datasets));
  }
  if (filter.status) {
    where += " AND +n.status = ?";
    texts.emplace_back(note_status_name(*filter.status));
  }
  if (filter.without_failed_audit) {
    where +=
        " AND NOT EXISTS (SELECT 1 FROM audits a WHERE a.note_id = n.id AND a.verdict = 'fail')";
  }
  const std::string sql = fmt::format(
      "SELECT {} FROM notes n WHERE {} ORDER BY n.sample_id, n.strategy, n.variant, n.id LIMIT {}",
      kColumns, where, kPage);
  NoteRecord last;
  last.sample_id = -1;
  last.id = -1;
  std::vector<NoteRecord> page;
  for (;;) {
    page.clear();
    {
      Statement rows = database.prepare(sql);
      rows.bind_all(last.sample_id, last.strategy, last.variant, last.id);
      int index = 4;
      for (const std::string& text : texts) rows.bind(++index, text);
      while (rows.step()) page.push_back(note_of(rows, database.path()));
    }
    for (const NoteRecord& note : page) {
      if (!callback(note)) return false;
    }
    if (static_cast<std::int64_t>(page.size()) < kPage) return true;
    last = std::move(page.back());
  }
}

}  // namespace

void for_each_note(Database& database, const NoteFilter& filter,
                   const std::function<bool(const NoteRecord&)>& callback) {
  if (filter.sample_ids.empty()) {
    for_each_note_of(database, filter, {}, callback);
    return;
  }
  std::vector<std::int64_t> ids = filter.sample_ids;
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  // In parts: the list goes into each page's query as a whole.
  constexpr std::size_t kPart = 256;
  for (std::size_t start = 0; start < ids.size(); start += kPart) {
    const auto part =
        std::span<const std::int64_t>(ids).subspan(start, std::min(kPart, ids.size() - start));
    if (!for_each_note_of(database, filter, part, callback)) return;
  }
}

std::vector<NoteRecord> load_notes(Database& database, const NoteFilter& filter) {
  std::vector<NoteRecord> notes;
  for_each_note(database, filter, [&](const NoteRecord& note) {
    notes.push_back(note);
    return true;
  });
  return notes;
}

std::optional<NoteRecord> find_note(Database& database, std::int64_t id) {
  Statement rows = database.prepare(fmt::format("SELECT {} FROM notes n WHERE id = ?", kColumns));
  rows.bind(1, id);
  if (!rows.step()) return std::nullopt;
  return note_of(rows, database.path());
}

std::optional<NoteRecord> find_note(Database& database, std::string_view key) {
  Statement rows = database.prepare(fmt::format("SELECT {} FROM notes n WHERE key = ?", kColumns));
  rows.bind(1, key);
  if (!rows.step()) return std::nullopt;
  return note_of(rows, database.path());
}

std::optional<NoteStatus> note_status(Database& database, std::string_view key) {
  Statement rows = database.prepare("SELECT status FROM notes WHERE key = ?");
  rows.bind(1, key);
  if (!rows.step()) return std::nullopt;
  return parse_note_status(rows.text_view(0));
}

std::map<std::int64_t, std::int64_t> count_variants(Database& database, const AskedOf& of,
                                                    bool written_alone) {
  Statement rows = database.prepare(fmt::format(
      "SELECT sample_id, count(DISTINCT variant) FROM notes WHERE strategy = ? AND provider = ? "
      "AND model = ? AND template_version = ? AND status {} GROUP BY sample_id",
      written_alone ? "= 'written'" : "<> 'failed'"));
  rows.bind_all(of.strategy, of.provider, of.model, of.template_version);
  std::map<std::int64_t, std::int64_t> counts;
  while (rows.step()) counts.emplace(rows.integer(0), rows.integer(1));
  return counts;
}

Json to_json(const NoteRecord& note) {
  return {{"strategy", note.strategy},
          {"provider", note.provider},
          {"model", note.model},
          {"variant", note.variant},
          {"status", note_status_name(note.status)},
          {"reason", note.reason},
          {"text", note.text},
          {"origin", note.origin},
          {"template_version", note.template_version},
          {"parameters", note.parameters},
          {"created_at", note.created_at},
          {"attempts", note.attempts},
          {"input_tokens", note.input_tokens},
          {"output_tokens", note.output_tokens},
          {"cost", cost_json(note.cost, note.unpriced)},
          {"note_key", note.key}};
}

Json to_json(const NoteCount& count) {
  return {{"dataset", count.dataset},
          {"strategy", count.strategy},
          {"provider", count.provider},
          {"model", count.model},
          {"status", note_status_name(count.status)},
          {"notes", count.notes},
          {"samples", count.samples},
          {"cost", cost_json(count.cost, count.unpriced)}};
}

std::vector<NoteCount> count_notes(Database& database) {
  Statement rows = database.prepare(
      "SELECT d.name, n.strategy, n.provider, n.model, n.status, count(*), "
      "count(DISTINCT n.sample_id), sum(n.cost), sum(n.unpriced) FROM notes n "
      "JOIN samples s ON s.id = n.sample_id JOIN datasets d ON d.id = s.dataset_id "
      "GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5");
  std::vector<NoteCount> counts;
  while (rows.step()) {
    counts.push_back({rows.text(0), rows.text(1), rows.text(2), rows.text(3),
                      parse_note_status(rows.text_view(4)), rows.integer(5), rows.integer(6),
                      rows.number(7), rows.integer(8)});
  }
  return counts;
}

void require_strategies(Database& database, const std::vector<std::string>& names) {
  if (names.empty()) return;
  std::vector<std::string> there;
  Statement rows = database.prepare("SELECT DISTINCT strategy FROM notes ORDER BY 1");
  while (rows.step()) there.push_back(rows.text(0));
  for (const std::string& name : names) {
    if (std::ranges::find(there, name) != there.end()) continue;
    throw UsageError("there is no note of strategy '{}'; there are notes of {}", name,
                     there.empty() ? "none" : join(there, ", "));
  }
}

void put_audit(Database& database, const NoteAudit& audit) {
  database.execute(
      "INSERT INTO audits (note_id, auditor, verdict, issues, created_at) VALUES (?, ?, ?, ?, ?) "
      "ON CONFLICT (note_id) DO UPDATE SET auditor = excluded.auditor, verdict = excluded.verdict, "
      "issues = excluded.issues, created_at = excluded.created_at",
      audit.note_id, audit.auditor, audit.verdict, dump_json(audit.issues),
      or_now(audit.created_at));
}

std::string audits_state(Database& database) {
  Statement rows = database.prepare(
      "SELECT count(*), coalesce(max(note_id), 0), count(DISTINCT auditor), coalesce(max(auditor), "
      "''), coalesce(max(created_at), '') FROM audits");
  rows.step();
  return fmt::format("{} {} {} {} {}", rows.integer(0), rows.integer(1), rows.integer(2),
                     rows.text(3), rows.text(4));
}

std::optional<NoteAudit> find_audit(Database& database, std::int64_t note_id) {
  Statement rows = database.prepare(
      "SELECT note_id, auditor, verdict, issues, created_at FROM audits WHERE note_id = ?");
  rows.bind(1, note_id);
  if (!rows.step()) return std::nullopt;
  NoteAudit audit;
  audit.note_id = rows.integer(0);
  audit.auditor = rows.text(1);
  audit.verdict = rows.text(2);
  audit.issues = parse_json(rows.text_view(3),
                            fmt::format("{}: audit of note {}", database.path().string(), note_id));
  audit.created_at = rows.text(4);
  return audit;
}

}  // namespace epicrisis
