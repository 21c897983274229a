#include <gmock/gmock.h>

#include "epicrisis/core/error.h"
#include "epicrisis/core/job.h"
#include "epicrisis/store/tables/fields.h"
#include "epicrisis/study/study.h"
#include "study/chest_study.h"
#include "support/chest_corpus.h"

namespace epicrisis {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// A field of three classes without a grade, from the table to the report.
TEST(FieldStudy, AnotherFieldGoesThroughToTheReport) {
  const TemporaryFolder folder;
  test::write_chest_corpus(folder.path() / "chest", 10);
  Job job;
  Workspace workspace = Workspace::create(folder.path() / "w");
  const Study study = parse_study(test::kChestStudy, "chest.toml", folder.path() / "chest");
  EXPECT_FALSE(study.prepare.remove_hair);
  EXPECT_TRUE(study.prepare.crop_border);
  const StudyOutcome outcome = run_study(workspace, study, job);
  EXPECT_EQ(outcome.trained, 1U);
  EXPECT_FALSE(outcome.rows.empty());
  EXPECT_EQ(workspace_field(workspace.database()).name(), "chest_xray");
  const Path report = outcome.report;
  const std::string page = read_file(report);
  EXPECT_THAT(page,
              AllOf(HasSubstr("pleural effusion"), HasSubstr("PNEU"), HasSubstr("The image shows"),
                    Not(HasSubstr("lesion")), Not(HasSubstr("malignan"))));
  const Study again = load_study(workspace);
  EXPECT_EQ(again.field.name(), "chest_xray");
  EXPECT_EQ(run_study(workspace, again, job).trained, 0U);
}

TEST(FieldStudy, DoesNotGoIntoAWorkspaceOfAnotherField) {
  const TemporaryFolder folder;
  Job job;
  Workspace workspace = Workspace::create(folder.path() / "w");
  settle_field(workspace.database(), Field::standard());
  try {
    run_study(workspace, parse_study(test::kChestStudy, "chest.toml", folder.path()), job);
    FAIL() << "nothing was thrown";
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("'dermatology'"), HasSubstr("'chest_xray'")));
  }
}

}  // namespace
}  // namespace epicrisis
