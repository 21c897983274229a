// What the commands that look after a workspace say, and what they end with.

#include <gmock/gmock.h>

#include "cli/program_fixture.h"
#include "epicrisis/core/json.h"

namespace epicrisis {
namespace {

using testing::HasSubstr;
using testing::Not;

class WorkspaceCommands : public test::ProgramTest {
 protected:
  WorkspaceCommands() {
    std::string rows;
    for (int i = 0; i < 20; ++i) {
      rows += "HAM_" + std::to_string(i / 2) + ",ISIC_00000" + std::to_string(10 + i) +
              (i % 4 < 2 ? ",nv" : ",mel") + ",histo,45,male,back\n";
      write_file(path("ham/images/ISIC_00000" + std::to_string(10 + i) + ".jpg"), "no picture");
    }
    ham(rows);
    EXPECT_EQ(import(), 0) << said;
  }
  int in_workspace(const std::string& words) { return run(words + " -w '" + path("w") + "'"); }
  Json json(const std::string& words) {
    EXPECT_EQ(in_workspace(words + " --json"), 0) << said;
    return parse_json(said, words);
  }
};

TEST_F(WorkspaceCommands, StatusSaysWhatIsThere) {
  EXPECT_EQ(in_workspace("status"), 0) << said;
  EXPECT_THAT(said, HasSubstr("ham10000: 20 samples"));
  EXPECT_THAT(said, HasSubstr("classes: NEV 10, MEL 10"));
  EXPECT_THAT(said, HasSubstr("patients or cases: 10"));
  EXPECT_THAT(said, HasSubstr("What to do next:"));
  EXPECT_EQ(json("status")["datasets"][0]["classes"]["MEL"], 10);
  EXPECT_EQ(run("status -w '" + path("nowhere") + "'"), 2) << said;
}

TEST_F(WorkspaceCommands, SplitWritesWhatItSays) {
  EXPECT_EQ(in_workspace("split --folds 5 -o '" + path("folds.csv") + "'"), 0) << said;
  EXPECT_THAT(said, HasSubstr("fold 5"));
  EXPECT_THAT(
      read_file(path("folds.csv")),
      HasSubstr("dataset,key,group,class,split,fold\nham10000,ISIC_0000010,HAM_0,NEV,train,"));
  EXPECT_EQ(json("split --store main")["split_set"], "main");
  EXPECT_EQ(in_workspace("split --store main"), 2) << said;
  EXPECT_EQ(in_workspace("split --test 0.9"), 2) << said;
  EXPECT_EQ(in_workspace("split --train 0.5"), 2) << said;
  EXPECT_THAT(said,
              HasSubstr("the shares train 0.5, validation 0.15 and test 0.15 (the default, as "
                        "--test is not given) sum to 0.8, not to 1"));
  EXPECT_EQ(in_workspace("split --train 0.9 --validation 0.5"), 2) << said;
  EXPECT_THAT(said, HasSubstr("sum to 1.55, not to 1"));
  EXPECT_THAT(said, Not(HasSubstr("could not be read")));  // the pictures
  EXPECT_EQ(in_workspace("split --validation 0.9"), 2) << said;
  EXPECT_THAT(said, HasSubstr("sum to 1.05, which leaves nothing to train"));
  EXPECT_EQ(in_workspace("split --folds 5 --validation 0.1"), 2) << said;
  EXPECT_THAT(said, HasSubstr("give --test alone"));
  EXPECT_EQ(in_workspace("split --dataset ham1000"), 2) << said;
}

TEST_F(WorkspaceCommands, NothingIsRemovedUnasked) {
  EXPECT_EQ(in_workspace("remove"), 2) << said;
  EXPECT_THAT(said, HasSubstr("--dataset, or a study by --study"));
  EXPECT_EQ(in_workspace("remove --dataset ham10000 --study a"), 2) << said;
  EXPECT_EQ(in_workspace("remove --dataset ham"), 2) << said;
  EXPECT_THAT(said, HasSubstr("ham10000"));
  EXPECT_EQ(in_workspace("remove --dataset ham10000 < /dev/null"), 2) << said;
  EXPECT_THAT(said, HasSubstr("nothing was removed"));
  EXPECT_EQ(json("remove --dataset ham10000 --dry-run")["content"]["samples"], 20);
  EXPECT_EQ(json("status")["datasets"].size(), 1U);
  EXPECT_EQ(in_workspace("remove --dataset ham10000 --yes"), 0) << said;
  EXPECT_THAT(said, HasSubstr("20 samples"));
  EXPECT_THAT(said, HasSubstr("What lies in " + path("ham") + " stays as it is"));
  EXPECT_EQ(json("status")["datasets"].size(), 0U);
  EXPECT_TRUE(std::filesystem::exists(path("ham/images/ISIC_0000010.jpg")));
  EXPECT_THAT(read_file(path("w/epicrisis.db")), Not(HasSubstr("ISIC_0000010")));
  EXPECT_EQ(in_workspace("runs"), 0) << said;
  EXPECT_EQ(in_workspace("runs --prune < /dev/null"), 0) << said;  // there is nothing to ask about
  EXPECT_EQ(json("runs --prune < /dev/null")["runs"], Json::array()) << said;
  EXPECT_EQ(in_workspace("runs --dry-run"), 2) << said;
  EXPECT_EQ(in_workspace("runs --study nope"), 2) << said;
}

TEST_F(WorkspaceCommands, AStudyIsMadeCheckedAndRefused) {
  const std::string file = "'" + path("study.toml") + "'";
  EXPECT_EQ(in_workspace("study init -o " + file), 0) << said;
  EXPECT_EQ(in_workspace("study init -o " + file), 2) << said;
  EXPECT_THAT(said, HasSubstr("--replace"));
  environment = "EPICRISIS_MODELS=/nowhere";
  EXPECT_EQ(in_workspace("study init -o '" + path("bare.toml") + "'"), 0) << said;
  EXPECT_THAT(said, HasSubstr("no image encoder with weights is in /nowhere"));
  environment.clear();
  EXPECT_EQ(in_workspace("study check " + file), 0) << said;
  EXPECT_THAT(said, HasSubstr("to train"));
  EXPECT_EQ(json("study check " + file)["study"], "study");
  // In a workspace of its own there is no such data set.
  EXPECT_EQ(run("study check " + file), 2) << said;
  EXPECT_THAT(said, HasSubstr("study.toml:"));
  EXPECT_THAT(said, HasSubstr("no data set 'ham10000'"));
  EXPECT_EQ(run("study run " + file + " -w '" + path("new") + "'"), 2) << said;
  EXPECT_THAT(said, HasSubstr("Nothing was done"));
  EXPECT_FALSE(std::filesystem::exists(path("new")));
  EXPECT_EQ(run("study check '" + path("none.toml") + "'"), 2) << said;
}

}  // namespace
}  // namespace epicrisis
