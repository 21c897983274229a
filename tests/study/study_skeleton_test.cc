#include "epicrisis/study/study_skeleton.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <set>

#include "epicrisis/store/tables/notes.h"
#include "study/study_check_fixture.h"
#include "study/study_data.h"

namespace epicrisis {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

class StudySkeletonTest : public test::StudyCheckFixture {};

TEST_F(StudySkeletonTest, TheSkeletonOfAWorkspaceIsAcceptedAtOnce) {
  Workspace workspace = Workspace::create(root());
  EXPECT_THROW(study_skeleton(workspace, "mine"), UsageError);
  study::import_data(workspace, parse_study(study_, "small.toml", corpus()), job_);
  const std::string text = study_skeleton(workspace, "mine");
  EXPECT_THROW(study_skeleton(workspace, "../mine"), UsageError);
  const StudyCheck found = check(text, true);
  EXPECT_TRUE(found.sound()) << testing::PrintToString(lines(found)) << text;
  EXPECT_EQ(found.study, "mine");
  EXPECT_THAT(text, AllOf(HasSubstr("\n[prepare]\n"), HasSubstr("\n# remove_hair = true\n")));
  ASSERT_EQ(found.plan.data.size(), 2U);
  EXPECT_FALSE(found.plan.data.front().external);
  EXPECT_EQ(found.plan.runs.size(), 6U);
  // Elsewhere the data sets are not there.
  EXPECT_THAT(lines(check(text)), Contains(HasSubstr("has no data set 'dermoscope_a'")));
}

TEST_F(StudySkeletonTest, TheSkeletonHasARunForAllNotesThatAreThere) {
  Workspace workspace = Workspace::create(root());
  study::import_data(workspace, parse_study(study_, "small.toml", corpus()), job_);
  const std::vector<Sample> samples = load_samples(workspace.database(), {.with_image = true});
  const auto write = [&](const std::string& dataset, const std::string& strategy,
                         const std::string& model, std::size_t most) {
    std::size_t written = 0;
    for (const Sample& sample : samples) {
      if (sample.dataset != dataset || written == most) continue;
      NoteRecord note;
      note.sample_id = sample.id;
      note.strategy = strategy;
      note.provider = model.empty() ? "template" : "imported";
      note.model = model;
      note.key = fmt::format("{}{}{}", strategy, model, sample.id);
      note.text = "A spot.";
      note.status = NoteStatus::kWritten;
      put_note(workspace.database(), note);
      ++written;
    }
  };
  write("dermoscope_a", "P1", "one", 3);
  write("dermoscope_a", "P1", "two", 2);
  write("dermoscope_a", "P3.repair", "one", 1000);
  write("dermoscope_a", "G", "", 1000);
  write("phone", "P2", "one", 2);
  const std::string text = study_skeleton(workspace, "mine");
  const StudyCheck found = check(text, true);
  EXPECT_TRUE(found.sound()) << testing::PrintToString(lines(found)) << text;
  std::set<std::string> runs;
  for (const PlannedRun& run : found.plan.runs) runs.insert(run.name);
  EXPECT_THAT(
      runs, testing::IsSupersetOf({"image only", "with M", "with P1", "with P3.repair", "with G"}));
  EXPECT_FALSE(runs.contains("with P2"));
  EXPECT_THAT(text,
              AllOf(HasSubstr("P1: of 3 of "), HasSubstr("by several models"),
                    HasSubstr("# train_with = [\"P1\"]   # on the 3 of "),
                    Not(HasSubstr("# train_with = [\"G\"]")), HasSubstr("P2: only of phone")));
}

}  // namespace
}  // namespace epicrisis
