#include "epicrisis/notes/failed_notes.h"

#include <gmock/gmock.h>

#include "epicrisis/core/error.h"
#include "support/store_support.h"

namespace epicrisis {
namespace {

using testing::HasSubstr;

class FailedNotesTest : public test::StoreTest {
 protected:
  FailedNotesTest() : workspace_(make()), database_(workspace_.database()) {
    put("a", "1", "P1", NoteStatus::kWritten);
    put("a", "1", "P2", NoteStatus::kRefused);
    put("b", "2", "P2", NoteStatus::kTruncated);
  }
  void put(const std::string& dataset, const std::string& key, const std::string& strategy,
           NoteStatus status) {
    NoteRecord note;
    note.key = key + strategy;
    note.sample_id = test::store_sample(database_, dataset, test::make_sample(key));
    note.strategy = strategy;
    note.provider = "openai";
    note.status = status;
    if (status == NoteStatus::kWritten) note.text = "A mole.";
    note.reason = "why";
    put_note(database_, note);
  }

  Workspace workspace_;
  Database& database_;
};

TEST_F(FailedNotesTest, AreThoseThatAreNotWritten) {
  const std::vector<FailedNote> all = list_failed_notes(database_);
  ASSERT_EQ(all.size(), 2U);
  const Json json = to_json(all[0]);
  EXPECT_EQ(json["dataset"], "a");
  EXPECT_EQ(json["key"], "1");
  EXPECT_EQ(json["status"], "refused");
  EXPECT_EQ(json["reason"], "why");
  EXPECT_EQ(json["attempts"], 1);
  EXPECT_EQ(list_failed_notes(database_, {"P1"}).size(), 0U);
  const std::vector<FailedNote> truncated = list_failed_notes(database_, {"P2"}, {"truncated"});
  ASSERT_EQ(truncated.size(), 1U);
  EXPECT_EQ(truncated[0].dataset, "b");
}

TEST_F(FailedNotesTest, AStatusThatIsNoFailureIsAnError) {
  for (const std::string status : {"written", "lost"}) {
    try {
      list_failed_notes(database_, {}, {status});
      ADD_FAILURE() << status;
    } catch (const UsageError& error) {
      EXPECT_THAT(error.what(), HasSubstr("`status`: there is no '" + status + "'"));
      EXPECT_THAT(error.what(), HasSubstr("truncated, refused"));
    }
  }
}

}  // namespace
}  // namespace epicrisis
