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
  const std::int64_t sample = 1;
  database.execute_script(
      "INSERT INTO datasets (name, adapter, source, imported_at) VALUES ('d', 'a', '/', 'now');"
      "INSERT INTO samples (id, dataset_id, key, digest, image_path, raw_label, malignancy, "
      "diagnosis, subclass, findings, group_key, split, published_splits, modality, metadata) "
      "VALUES (1, 1, 'k', '', '', '', '', '', '', '[]', '', '', '[]', '', '{}')");
  NoteRecord note;
  note.key = "key";
  note.sample_id = sample;
  note.strategy = "M";
  note.provider = "template";
  note.text = "old";
  put_note(database, note);
  const std::int64_t id = find_note(database, "key")->id;
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
  note.key = "other";
  note.text = "";
  note.status = NoteStatus::kFiltered;
  EXPECT_EQ(put_note(database, note), NoteOutcome::kNew);
  // The references hold as before.
  database.execute("DELETE FROM notes WHERE id = ?", id);
  EXPECT_TRUE(note_history(database, id).empty());
}

}  // namespace
}  // namespace epicrisis::test
