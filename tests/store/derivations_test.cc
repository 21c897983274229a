#include "epicrisis/store/tables/derivations.h"

#include <gtest/gtest.h>

#include "epicrisis/core/error.h"
#include "epicrisis/store/tables/judgements.h"
#include "store/sql/migrations.h"
#include "support/store_support.h"

namespace epicrisis {
namespace {

class DerivationsTest : public test::StoreTest {
 protected:
  DerivationsTest() : workspace_(make()) {}
  Database& database() { return workspace_.database(); }

  std::int64_t add_note(const std::string& key) {
    put_note(database(), note(key, "P3", "A melanoma. A sharp border."));
    return find_note(database(), key)->id;
  }
  NoteRecord note(const std::string& key, const std::string& strategy, const std::string& text) {
    NoteRecord record;
    record.key = key;
    record.sample_id = test::store_sample(database(), "set", test::make_sample("a"));
    record.strategy = strategy;
    record.provider = "import";
    record.text = text;
    return record;
  }
  static Derivation derivation(std::int64_t source, const std::string& outcome) {
    Derivation one;
    one.source_id = source;
    one.policy = "repair";
    one.maker = "rules 1";
    one.outcome = outcome;
    if (outcome == "rejected") one.reason = "nothing left";
    return one;
  }

  Workspace workspace_;
};

TEST_F(DerivationsTest, TakesThePlaceOfTheLast) {
  const std::int64_t source = add_note("source");
  EXPECT_FALSE(find_derivation(database(), source, "repair"));
  const NoteRecord first = note("derived", "P3.repair", "A sharp border.");
  put_derivation(database(), derivation(source, "stripped"), &first);
  const auto found = find_derivation(database(), source, "repair");
  ASSERT_TRUE(found);
  EXPECT_EQ(find_note(database(), *found->note_id)->text, "A sharp border.");
  EXPECT_FALSE(find_derivation(database(), source, "other"));

  const NoteRecord second = note("derived", "P3.repair", "A border.");
  put_derivation(database(), derivation(source, "stripped"), &second);
  EXPECT_EQ(find_note(database(), "derived")->text, "A border.");

  put_derivation(database(), derivation(source, "rejected"), nullptr);
  EXPECT_FALSE(find_note(database(), "derived"));
  EXPECT_EQ(find_derivation(database(), source, "repair")->reason, "nothing left");
  EXPECT_EQ(find_note(database(), "source")->text, "A melanoma. A sharp border.");
}

TEST_F(DerivationsTest, WhatWasMadeOfADerivedNoteStaysWithItAndGoesWithIt) {
  const std::int64_t source = add_note("source");
  NoteRecord first = note("derived", "P3.repair", "A sharp border.");
  put_derivation(database(), derivation(source, "stripped"), &first);
  const std::int64_t id = find_note(database(), "derived")->id;
  const NoteRecord below = note("below", "P3.repair.repair", "A border.");
  put_derivation(database(), derivation(id, "stripped"), &below);
  Judgement judgement;
  judgement.key = "said";
  judgement.note_id = id;
  judgement.judge = "judge";
  put_judgement(database(), judgement);
  put_audit(database(), {id, "rules", "pass", Json::object(), ""});

  first.parameters = {{"derived", 1}};
  put_derivation(database(), derivation(source, "stripped"), &first);
  EXPECT_EQ(find_note(database(), "derived")->id, id);
  EXPECT_EQ(find_note(database(), "derived")->parameters.at("derived"), 1);
  EXPECT_TRUE(find_audit(database(), id));  // the same text
  first.text = "A border, sharp.";
  put_derivation(database(), derivation(source, "stripped"), &first);
  EXPECT_FALSE(find_audit(database(), id));
  EXPECT_EQ(judgement_status(database(), "said"), NoteStatus::kWritten);
  EXPECT_TRUE(find_derivation(database(), id, "repair"));

  put_derivation(database(), derivation(source, "rejected"), nullptr);
  EXPECT_FALSE(find_note(database(), "derived"));
  EXPECT_FALSE(find_note(database(), "below"));
  EXPECT_TRUE(find_note(database(), "source"));
}

TEST_F(DerivationsTest, TakesTheNoteOfItsKeyFromElsewhere) {
  const std::int64_t source = add_note("source");
  const NoteRecord made = note("derived", "P3.repair", "A sharp border.");
  put_note(database(), made);  // as an import leaves it: without a derivation
  put_derivation(database(), derivation(source, "stripped"), &made);
  EXPECT_EQ(find_derivation(database(), source, "repair")->note_id,
            find_note(database(), "derived")->id);
}

TEST_F(DerivationsTest, GoesWithItsNotes) {
  const std::int64_t source = add_note("source");
  const NoteRecord made = note("derived", "P3.repair", "A sharp border.");
  put_derivation(database(), derivation(source, "stripped"), &made);
  database().execute("DELETE FROM notes WHERE key = 'derived'");
  EXPECT_FALSE(find_derivation(database(), source, "repair"));
  put_derivation(database(), derivation(source, "rejected"), nullptr);
  database().execute("DELETE FROM notes");
  EXPECT_EQ(database().query_integer("SELECT count(*) FROM derivations"), 0);
  EXPECT_THROW(put_derivation(database(), derivation(source, "rejected"), nullptr), InputError);
}

TEST_F(DerivationsTest, LabelsOutliveNotes) {
  NoteLabel label;
  label.note_hash = std::string(64, 'a');
  label.reader = "reader 1";
  label.labels = {{"diagnosis", "MEL"}};
  EXPECT_TRUE(put_note_label(database(), label));
  EXPECT_FALSE(put_note_label(database(), label));
  label.labels = {{"diagnosis", "NEV"}};
  EXPECT_TRUE(put_note_label(database(), label));
  database().execute("DELETE FROM notes");
  const std::vector<NoteLabel> labels = load_note_labels(database());
  ASSERT_EQ(labels.size(), 1U);
  EXPECT_EQ(labels[0].labels.at("diagnosis"), "NEV");
  EXPECT_FALSE(labels[0].labelled_at.empty());
}

TEST(Derivations, LayoutBeforeIsBroughtUpToDate) {
  const TemporaryFolder folder;
  {
    Database database(folder.path() / "epicrisis.db");
    migrate_to(database, 7);
    EXPECT_EQ(
        database.query_integer("SELECT count(*) FROM sqlite_schema WHERE name = 'derivations'"), 0);
  }
  Workspace workspace = Workspace::open(folder.path());
  EXPECT_EQ(workspace.database().query_integer("PRAGMA user_version"), current_layout_version());
  EXPECT_EQ(workspace.database().query_integer("SELECT count(*) FROM derivations"), 0);
  EXPECT_TRUE(load_note_labels(workspace.database()).empty());
}

}  // namespace
}  // namespace epicrisis
