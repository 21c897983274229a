#include "epicrisis/store/tables/ledger.h"

#include <gmock/gmock.h>

#include "epicrisis/core/error.h"
#include "epicrisis/store/tables/notes.h"
#include "store/sql/migrations.h"
#include "support/store_support.h"

namespace epicrisis::test {
namespace {

using testing::ElementsAre;

class LedgerTest : public StoreTest {};

LedgerEntry entry_of(const std::string& key, int attempt) {
  LedgerEntry entry;
  entry.note_key = key;
  entry.sample_id = 7;
  entry.strategy = "P1";
  entry.provider = "openai";
  entry.model = "m";
  entry.endpoint = "https://example.org/v1";
  entry.attempt = attempt;
  entry.sent_at = "2026-01-01T00:00:00Z";
  entry.latency = 0.25;
  entry.http_status = 200;
  entry.outcome = "written";
  entry.input_tokens = 100;
  entry.output_tokens = 20;
  entry.cost = 0.5;
  return entry;
}

TEST_F(LedgerTest, KeepsEveryRequestInOrder) {
  Workspace workspace = make();
  Database& database = workspace.database();
  put_ledger_entry(database, entry_of("a", 1));
  put_ledger_entry(database, entry_of("b", 1));
  put_ledger_entry(database, entry_of("a", 2));
  std::vector<int> attempts;
  for_each_ledger_entry(database, "a", [&](const LedgerEntry& entry) {
    attempts.push_back(entry.attempt);
    EXPECT_EQ(entry.endpoint, "https://example.org/v1");
    EXPECT_EQ(entry.latency, 0.25);
    EXPECT_EQ(entry.http_status, 200);
    return true;
  });
  EXPECT_THAT(attempts, ElementsAre(1, 2));
  const LedgerTotals totals = ledger_totals(database);
  EXPECT_EQ(totals.requests, 3);
  EXPECT_EQ(totals.input_tokens, 300);
  EXPECT_EQ(totals.output_tokens, 60);
  EXPECT_EQ(totals.cost, 1.5);
  EXPECT_EQ(ledger_totals(database, "P2").requests, 0);
}

TEST_F(LedgerTest, TokensWithoutAPriceAreCountedApart) {
  Workspace workspace = make();
  Database& database = workspace.database();
  LedgerEntry unknown = entry_of("a", 1);
  unknown.cost = 0;
  unknown.unpriced = 120;
  put_ledger_entry(database, unknown);
  put_ledger_entry(database, entry_of("b", 1));
  unknown.note_key = "c";
  put_under_way(database, std::vector{unknown});
  EXPECT_EQ(settle_lost(database, "P1").unpriced, 120);
  const LedgerTotals totals = ledger_totals(database);
  EXPECT_EQ(totals.cost, 0.5);
  EXPECT_EQ(totals.unpriced, 240);
  for_each_ledger_entry(database, "c", [&](const LedgerEntry& entry) {
    EXPECT_EQ(entry.unpriced, 120);
    return true;
  });
}

// A layout of before knew a cost of 0 alone, free or not known.
TEST_F(LedgerTest, ACostOfNothingElsewhereWasNotKnown) {
  Workspace made = make();
  Database database(made.root() / "before.db");
  migrate_to(database, 13);
  const auto put = [&](std::string_view key, std::string_view endpoint, double cost) {
    database.execute(
        "INSERT INTO ledger (note_key, sample_id, strategy, provider, model, endpoint, attempt, "
        "sent_at, latency, http_status, outcome, reason, input_tokens, output_tokens, cost) "
        "VALUES (?, 1, 'P1', 'p', 'm', ?, 1, '', 0.0, 200, 'written', '', 5, 2, ?)",
        key, endpoint, cost);
  };
  put("a", "https://example.org/v1", 0);
  put("b", "https://example.org/v1", 0.5);
  put("c", "http://127.0.0.1:8000/v1", 0);
  put("d", "batch:file", 0);
  migrate(database);
  EXPECT_EQ(database.query_text("SELECT group_concat(note_key || unpriced) FROM "
                                "(SELECT * FROM ledger ORDER BY id)"),
            "a7,b0,c0,d7");
}

TEST_F(LedgerTest, SettingsAreReplaced) {
  Workspace workspace = make();
  EXPECT_EQ(find_setting(workspace.database(), "allow-remote"), std::nullopt);
  put_setting(workspace.database(), "allow-remote", "a");
  put_setting(workspace.database(), "allow-remote", "b");
  EXPECT_EQ(find_setting(workspace.database(), "allow-remote"), "b");
}

TEST_F(LedgerTest, TheSecretOfPseudonymsIsMadeOnceForEachWorkspace) {
  Workspace workspace = make();
  const std::string secret = pseudonym_secret(workspace.database());
  EXPECT_EQ(secret.size(), 64u);
  EXPECT_EQ(pseudonym_secret(workspace.database()), secret);
  Workspace other = Workspace::create(folder_.path() / "other");
  EXPECT_NE(pseudonym_secret(other.database()), secret);
}

// The table of notes is made anew on the way to layout 2; what refers to it must live through that.
TEST_F(LedgerTest, NotesWithHistoryAndAuditsSurviveTheWayFromLayout1) {
  Database database(folder_.path() / "old.db");
  migrate_to(database, 1);
  database.execute_script(
      "INSERT INTO datasets (name, adapter, source, imported_at) VALUES ('d', 'a', '/', 'now');"
      "INSERT INTO samples (id, dataset_id, key, digest, image_path, raw_label, malignancy, "
      "diagnosis, subclass, findings, group_key, split, published_splits, modality, metadata) "
      "VALUES (1, 1, 'k', '', '', '', '', '', '', '[]', '', '', '[]', '', '{}')");
  // The program's own columns are newer.
  database.execute(
      "INSERT INTO notes (key, sample_id, strategy, provider, model, template_version, variant, "
      "text, status, reason, parameters, origin, created_at, input_tokens, output_tokens, cost, "
      "attempts) VALUES ('key', 1, 'M', 'template', '', '', 0, 'old', 'written', '', '{}', '', "
      "'now', 0, 0, 0.0, 1)");
  const std::int64_t id = database.last_insert_id();
  revise_note(database, id, "new", "repair");
  NoteAudit audit;
  audit.note_id = id;
  audit.auditor = "a";
  audit.verdict = "pass";
  put_audit(database, audit);

  migrate(database);

  EXPECT_EQ(database.query_integer("PRAGMA user_version"), current_layout_version());
  EXPECT_EQ(database.query_integer("PRAGMA foreign_keys"), 1);
  EXPECT_EQ(find_note(database, "key")->text, "new");
  EXPECT_EQ(note_history(database, id).size(), 1u);
  EXPECT_EQ(find_audit(database, id)->verdict, "pass");
  NoteRecord note;
  note.key = "other";
  note.sample_id = 1;
  note.strategy = "M";
  note.provider = "template";
  note.status = NoteStatus::kFiltered;
  EXPECT_EQ(put_note(database, note), NoteOutcome::kNew);
  // The references hold as before.
  database.execute("DELETE FROM notes WHERE id = ?", id);
  EXPECT_TRUE(note_history(database, id).empty());
}

}  // namespace
}  // namespace epicrisis::test
