// What the program itself says and answers with where nothing came of a command.

#include <gmock/gmock.h>
#include <sys/wait.h>

#include <cstdlib>

#include "epicrisis/core/files.h"

namespace epicrisis {
namespace {

using testing::HasSubstr;

class ProgramTest : public testing::Test {
 protected:
  // The exit code; what was printed is in `said`.
  int run(const std::string& words) {
    const std::string command = std::string("'") + EPICRISIS_BINARY_DIR + "/epicrisis' " + words +
                                " --quiet > '" + path("said") + "' 2>&1";
    const int status = std::system(command.c_str());
    said = read_file(path("said"));
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
  void ham(std::string_view rows) {
    write_file(path("ham/HAM10000_metadata.csv"),
               "lesion_id,image_id,dx,dx_type,age,sex,localization\n" + std::string(rows));
  }
  int import(const std::string& more = "") {
    return run("import ham10000 '" + path("ham") + "' -w '" + path("w") + "' " + more);
  }

  TemporaryFolder folder_;
  std::string said;
};

TEST_F(ProgramTest, PicturesThatAllFailAreAnInputError) {
  ham("HAM_1,ISIC_0000001,nv,histo,45,male,back\n");
  write_file(path("ham/images/ISIC_0000001.jpg"), "no picture");
  ASSERT_EQ(import(), 0) << said;
  const std::string workspace = " -w '" + path("w") + "'";
  EXPECT_EQ(run("prepare" + workspace), 4) << said;
  EXPECT_THAT(said, HasSubstr("1 failed"));
  EXPECT_EQ(run("prepare --json" + workspace), 4) << said;
  EXPECT_THAT(said, HasSubstr("\"failed\""));
  EXPECT_EQ(run("check" + workspace), 4) << said;
  EXPECT_THAT(said, HasSubstr("1 pictures could not be read"));
  EXPECT_EQ(run("check --no-pictures" + workspace), 0) << said;
}

TEST_F(ProgramTest, RowsOfWhichNoneIsTakenAreAnInputError) {
  ham("HAM_1,ISIC_0000001,nv,histo,45,male,back\n");
  write_file(path("ham/images/other.jpg"), "");
  EXPECT_EQ(import(), 4) << said;
  EXPECT_THAT(said, HasSubstr("1 rows read, 0 samples"));
  write_file(path("ham/images/ISIC_0000001.jpg"), "");
  EXPECT_EQ(import(), 0) << said;
  EXPECT_EQ(import(), 0) << said;  // nothing new is no failure
  ham("");
  EXPECT_EQ(import("--name none"), 0) << said;
}

TEST_F(ProgramTest, AFileIsNoFolder) {
  ham("");
  EXPECT_EQ(
      run("import ham10000 '" + path("ham/HAM10000_metadata.csv") + "' -w '" + path("w") + "'"), 2);
  EXPECT_THAT(said, HasSubstr("is a file; PATH is the folder"));
  EXPECT_EQ(run("import ham10000 '" + path("nowhere") + "' -w '" + path("w") + "'"), 2);
  EXPECT_THAT(said, HasSubstr("there is no folder"));
  EXPECT_FALSE(std::filesystem::exists(path("w")));
}

}  // namespace
}  // namespace epicrisis
