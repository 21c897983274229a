#include "epicrisis/study/study.h"

#include <gmock/gmock.h>

#include <string>

#include "epicrisis/core/error.h"
#include "epicrisis/demo/demo_corpus.h"
#include "epicrisis/store/tables/notes.h"
#include "epicrisis/store/tables/runs.h"
#include "study/small_study.h"

namespace epicrisis {
namespace {

TEST(StudyWithoutTorch, DoesAllUpToTheTrainingAndSaysWhatIsMissing) {
  const TemporaryFolder folder;
  Job job;
  write_demo_corpus(folder.path(), job, {.seed = 3, .internal_lesions = 12, .external_lesions = 4});
  const Study study =
      parse_study(test::small_study("small") + "[[run]]\nname = \"image only\"\nmode = \"image\"\n",
                  "small.toml", folder.path());
  Workspace workspace = Workspace::open_or_create(folder.path() / "w");
  try {
    run_study(workspace, study, job);
    FAIL() << "trained without LibTorch";
  } catch (const SystemError& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("this build has no LibTorch"));
    EXPECT_THAT(error.what(), ::testing::HasSubstr("'image only'"));
  }
  EXPECT_FALSE(count_notes(workspace.database()).empty());
  EXPECT_TRUE(list_runs(workspace.database()).empty());
}

}  // namespace
}  // namespace epicrisis
