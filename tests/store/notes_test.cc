#include "epicrisis/store/tables/notes.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "epicrisis/core/error.h"
#include "support/store_support.h"

namespace epicrisis {
namespace {

using testing::ElementsAre;

class NotesTest : public test::StoreTest {
 protected:
  NotesTest() : workspace_(make()), database_(workspace_.database()) {
    first_ = test::store_sample(database_, "a", test::make_sample("1"));
    second_ = test::store_sample(database_, "b", test::make_sample("2"));
  }

  NoteRecord note(const std::string& key, std::int64_t sample) const {
    NoteRecord record;
    record.key = key;
    record.sample_id = sample;
    record.strategy = "P2";
    record.provider = "openai";
    record.model = "m";
    record.template_version = "v1";
    record.text = "Text of " + key;
    record.parameters = {{"temperature", 0.2}};
    record.origin = "image+metadata";
    record.input_tokens = 100;
    record.output_tokens = 50;
    record.cost = 0.01;
    return record;
  }

  std::vector<std::string> keys(const NoteFilter& filter) {
    std::vector<std::string> list;
    for (const NoteRecord& record : load_notes(database_, filter)) list.push_back(record.key);
    return list;
  }

  Workspace workspace_;
  Database& database_;
  std::int64_t first_ = 0;
  std::int64_t second_ = 0;
};

TEST_F(NotesTest, EveryFieldComesBack) {
  NoteRecord record = note("k", first_);
  record.variant = 3;
  record.text = "Line one.\nLine \"two\".";
  record.created_at = "2026-11-24T00:00:00Z";
  EXPECT_EQ(put_note(database_, record), NoteOutcome::kNew);
  const NoteRecord stored = find_note(database_, "k").value();
  EXPECT_EQ(find_note(database_, stored.id).value().key, "k");
  EXPECT_EQ(stored.sample_id, first_);
  EXPECT_EQ(stored.strategy, "P2");
  EXPECT_EQ(stored.provider, "openai");
  EXPECT_EQ(stored.model, "m");
  EXPECT_EQ(stored.template_version, "v1");
  EXPECT_EQ(stored.variant, 3);
  EXPECT_EQ(stored.text, record.text);
  EXPECT_EQ(stored.status, NoteStatus::kWritten);
  EXPECT_EQ(dump_json(stored.parameters), dump_json(record.parameters));
  EXPECT_EQ(stored.origin, "image+metadata");
  EXPECT_EQ(stored.created_at, record.created_at);
  EXPECT_EQ(stored.input_tokens, 100);
  EXPECT_EQ(stored.output_tokens, 50);
  EXPECT_EQ(stored.cost, 0.01);
  EXPECT_EQ(stored.attempts, 1);
}

TEST_F(NotesTest, WrittenNoteIsNeverLost) {
  put_note(database_, note("k", first_));
  NoteRecord again = note("k", first_);
  again.text = "Another answer";
  EXPECT_EQ(put_note(database_, again), NoteOutcome::kUnchanged);
  again.status = NoteStatus::kFailed;
  again.text = "";
  EXPECT_EQ(put_note(database_, again), NoteOutcome::kUnchanged);
  EXPECT_EQ(find_note(database_, "k").value().text, "Text of k");
}

TEST_F(NotesTest, FailureGivesWayAndItsCostStays) {
  NoteRecord failed = note("k", first_);
  failed.status = NoteStatus::kTruncated;
  failed.reason = "finish_reason length";
  failed.text = "Half a";
  EXPECT_EQ(put_note(database_, failed), NoteOutcome::kNew);
  EXPECT_EQ(note_status(database_, "k"), NoteStatus::kTruncated);
  EXPECT_THAT(keys({}), ElementsAre());
  EXPECT_EQ(put_note(database_, note("k", first_)), NoteOutcome::kReplaced);
  const NoteRecord stored = find_note(database_, "k").value();
  EXPECT_EQ(stored.status, NoteStatus::kWritten);
  EXPECT_EQ(stored.reason, "");
  EXPECT_EQ(stored.attempts, 2);
  EXPECT_EQ(stored.input_tokens, 200);
  EXPECT_DOUBLE_EQ(stored.cost, 0.02);
}

TEST_F(NotesTest, ACostThatIsNotKnownIsNull) {
  NoteRecord unknown = note("k", first_);
  unknown.status = NoteStatus::kFailed;
  unknown.cost = 0;
  unknown.unpriced = 110;
  put_note(database_, unknown);
  EXPECT_TRUE(to_json(find_note(database_, "k").value()).at("cost").is_null());
  EXPECT_TRUE(to_json(count_notes(database_).at(0)).at("cost").is_null());
  // Attempts add up, with and without a price.
  put_note(database_, note("k", first_));
  const NoteRecord stored = find_note(database_, "k").value();
  EXPECT_EQ(stored.unpriced, 110);
  EXPECT_DOUBLE_EQ(stored.cost, 0.01);
  EXPECT_TRUE(to_json(stored).at("cost").is_null());
}

TEST_F(NotesTest, WrongNotesAreRefused) {
  EXPECT_THROW(put_note(database_, note("k", 999)), InputError);
  NoteRecord empty = note("k", first_);
  empty.text = "";
  EXPECT_THROW(put_note(database_, empty), InternalError);
  EXPECT_THROW(put_note(database_, note("", first_)), InternalError);
  EXPECT_FALSE(note_status(database_, "k"));
  EXPECT_THROW(parse_note_status("done"), InternalError);
}

TEST_F(NotesTest, FiltersAndOrder) {
  NoteRecord record = note("b1", second_);
  put_note(database_, record);
  record = note("a1", first_);
  record.variant = 1;
  put_note(database_, record);
  record = note("a0", first_);
  put_note(database_, record);
  record = note("aM", first_);
  record.strategy = "M";
  record.provider = "template";
  record.model = "";
  put_note(database_, record);
  record = note("af", first_);
  record.status = NoteStatus::kRefused;
  put_note(database_, record);

  EXPECT_THAT(keys({}), ElementsAre("aM", "a0", "a1", "b1"));
  EXPECT_THAT(keys({.status = std::nullopt}), ElementsAre("aM", "a0", "af", "a1", "b1"));
  EXPECT_THAT(keys({.sample_ids = {second_}}), ElementsAre("b1"));
  EXPECT_THAT(keys({.datasets = {"a"}, .strategies = {"P2"}}), ElementsAre("a0", "a1"));
  EXPECT_THAT(keys({.providers = {"template"}}), ElementsAre("aM"));
  EXPECT_THAT(keys({.models = {"m"}, .status = NoteStatus::kRefused}), ElementsAre("af"));

  put_audit(database_, {find_note(database_, "a0").value().id, "facts v1", "fail",
                        Json::array({"says malignant"}), ""});
  put_audit(database_, {find_note(database_, "a1").value().id, "facts v1", "warn", {}, ""});
  EXPECT_THAT(keys({.without_failed_audit = true}), ElementsAre("aM", "a1", "b1"));

  const auto counts = count_notes(database_);
  ASSERT_EQ(counts.size(), 4U);
  EXPECT_EQ(counts[1].strategy, "P2");
  EXPECT_EQ(counts[1].status, NoteStatus::kRefused);
  EXPECT_EQ(counts[2].notes, 2);
  EXPECT_EQ(counts[2].samples, 1);
  EXPECT_DOUBLE_EQ(counts[2].cost, 0.02);
}

TEST_F(NotesTest, ManyNotesStreamInPages) {
  {
    Transaction transaction(database_);
    for (int i = 0; i < 1000; ++i) {
      NoteRecord record = note(std::to_string(i), i % 2 == 0 ? first_ : second_);
      record.variant = i % 7;
      put_note(database_, record);
    }
    transaction.commit();
  }
  std::vector<std::tuple<std::int64_t, int, std::int64_t>> seen;
  for_each_note(database_, {}, [&](const NoteRecord& record) {
    seen.emplace_back(record.sample_id, record.variant, record.id);
    return true;
  });
  EXPECT_EQ(seen.size(), 1000U);
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
  EXPECT_EQ(std::adjacent_find(seen.begin(), seen.end()), seen.end());
}

TEST_F(NotesTest, LongListsOfSamplesKeepTheOrder) {
  std::vector<std::int64_t> ids;
  {
    Transaction transaction(database_);
    for (int i = 0; i < 700; ++i) {
      ids.push_back(test::store_sample(database_, "c", test::make_sample(std::to_string(i))));
      put_note(database_, note(std::to_string(i), ids.back()));
    }
    transaction.commit();
  }
  const auto in_order = ids;
  std::reverse(ids.begin(), ids.end());
  ids.push_back(ids.front());  // twice
  ids.push_back(987'654);      // of no sample
  std::vector<std::int64_t> seen;
  for_each_note(database_, {.sample_ids = ids}, [&](const NoteRecord& record) {
    seen.push_back(record.sample_id);
    return true;
  });
  EXPECT_EQ(seen, in_order);
  int count = 0;
  for_each_note(database_, {.sample_ids = ids}, [&](const NoteRecord&) { return ++count < 300; });
  EXPECT_EQ(count, 300);
  EXPECT_EQ(load_notes(database_, {.datasets = {"c"}}).size(), 700U);
}

TEST_F(NotesTest, RevisionKeepsTheOldTextAndDropsTheVerdict) {
  put_note(database_, note("k", first_));
  const std::int64_t id = find_note(database_, "k").value().id;
  put_audit(database_, {id, "v1", "fail", Json::array({1}), "2026-01-01T00:00:00Z"});
  EXPECT_EQ(find_audit(database_, id).value().verdict, "fail");
  revise_note(database_, id, "Repaired.", "names the label");
  EXPECT_EQ(find_note(database_, id).value().text, "Repaired.");
  EXPECT_FALSE(find_audit(database_, id));
  const auto history = note_history(database_, id);
  ASSERT_EQ(history.size(), 1U);
  EXPECT_EQ(history[0].text, "Text of k");
  EXPECT_EQ(history[0].reason, "names the label");
  EXPECT_THROW(revise_note(database_, id + 1, "x", "y"), InputError);
  EXPECT_THROW(revise_note(database_, id, "", "y"), InternalError);
  EXPECT_THROW(put_audit(database_, {id, "v1", "maybe", {}, ""}), InternalError);
}

TEST_F(NotesTest, SampleWithPaidNotesCannotGo) {
  put_note(database_, note("k", first_));
  EXPECT_THROW(database_.execute("DELETE FROM datasets WHERE name = 'a'"), InternalError);
  EXPECT_EQ(count_samples(database_, {}), 2);
}

}  // namespace
}  // namespace epicrisis
