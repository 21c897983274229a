#include <gmock/gmock.h>

#include "cli/program_fixture.h"
#include "epicrisis/core/json.h"
#include "epicrisis/image/decode.h"
#include "support/pictures.h"

namespace epicrisis {
namespace {

using test::ProgramTest;
using testing::HasSubstr;

class FindingsCommand : public ProgramTest {
 protected:
  FindingsCommand() {
    std::filesystem::create_directories(path("p"));
    test::save_png(path("p/a.png"), test::draw_picture(1, 240, 200));
    test::save_png(path("p/b.png"), test::draw_picture(2, 240, 200));
    write_file(path("p/broken.jpg"), "no picture");
  }
};

TEST_F(FindingsCommand, MeasuresFilesAndNamesWhatIsBroken) {
  EXPECT_EQ(run("findings '" + path("p") + "' -o '" + path("out.jsonl") + "'"), 0) << said;
  EXPECT_THAT(said, HasSubstr("3 pictures: 2 measured now, 0 before, 1 failed"));
  EXPECT_THAT(said, HasSubstr("broken.jpg"));
  EXPECT_THAT(said, HasSubstr("Taken for: dermoscopic image"));
  const std::string lines = read_file(path("out.jsonl"));
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 3);
  const Json first = parse_json(lines.substr(0, lines.find('\n')), "out");
  EXPECT_THAT(first.at("path").get<std::string>(), HasSubstr("a.png"));
  EXPECT_TRUE(first.at("artefacts").contains("vignette"));
  // A photograph: no structures, nothing confident.
  EXPECT_EQ(run("findings '" + path("p/a.png") + "' --modality photograph --json"), 0) << said;
  const Json json = parse_json(said, "said");
  for (const Json& finding : json.at("findings").at(0).at("findings")) {
    EXPECT_NE(finding.at("kind"), "structures");
    EXPECT_EQ(finding.at("says"), "");
  }
  EXPECT_EQ(run("findings '" + path("p/a.png") + "' --modality Dermatoskopie"), 0) << said;
  EXPECT_THAT(said, HasSubstr("Taken for: dermoscopic image"));
  EXPECT_EQ(run("findings '" + path("p/a.png") + "' --modality dermosocpy"), 0) << said;
  EXPECT_THAT(said, HasSubstr("'dermosocpy' is not known"));
  EXPECT_EQ(run("findings '" + path("p/broken.jpg") + "'"), 4) << said;
}

TEST_F(FindingsCommand, PicturesGoBeforeTheWorkspaceOfTheEnvironment) {
  ham("HAM_1,a,nv,histo,45,male,back\n");
  ASSERT_EQ(import(), 0) << said;
  environment = "EPICRISIS_WORKSPACE='" + path("w") + "'";
  EXPECT_EQ(run("findings '" + path("p") + "'"), 0) << said;
  EXPECT_THAT(said, HasSubstr("3 pictures: 2 measured now"));
  EXPECT_EQ(run("findings"), 0) << said;
  EXPECT_THAT(said, HasSubstr("0 pictures: 0 measured now"));
}

TEST_F(FindingsCommand, DrawsTheEvidence) {
  EXPECT_EQ(run("findings '" + path("p") + "' --preview '" + path("sheet.png") + "'"), 0) << said;
  EXPECT_THAT(said, HasSubstr("2 of 3 pictures"));
  EXPECT_GT(load_image(path("sheet.png")).width, 600);
}

TEST_F(FindingsCommand, OfAWorkspace) {
  ham("HAM_1,a,nv,histo,45,male,back\n");
  std::filesystem::create_directories(path("ham/images"));
  std::filesystem::copy_file(path("p/a.png"), path("ham/images/a.png"));
  ASSERT_EQ(import(), 0) << said;
  const std::string workspace = " -w '" + path("w") + "'";
  EXPECT_EQ(run("findings" + workspace), 0) << said;
  EXPECT_THAT(said, HasSubstr("1 measured now, 0 before"));
  EXPECT_EQ(run("findings" + workspace), 0) << said;
  EXPECT_THAT(said, HasSubstr("0 measured now, 1 before"));
  EXPECT_EQ(run("notes write --strategy G" + workspace), 0) << said;
  EXPECT_EQ(run("notes audit" + workspace), 0) << said;
  EXPECT_THAT(said, HasSubstr("claims with what was measured on pictures: "));
  EXPECT_THAT(said, HasSubstr("notes contradicted: 0 by what is known, 0 by measures"));
  EXPECT_EQ(run("notes show" + workspace), 0) << said;
}

TEST_F(FindingsCommand, RefusesWhatItCannotMean) {
  EXPECT_EQ(run("findings"), 2);
  EXPECT_THAT(said, HasSubstr("nothing to measure"));
  EXPECT_EQ(run("findings '" + path("p/none.png") + "'"), 2);
  EXPECT_THAT(said, HasSubstr("none.png"));
  ASSERT_EQ(run("init '" + path("w") + "'"), 0) << said;
  EXPECT_EQ(run("findings '" + path("p") + "' -w '" + path("w") + "'"), 2);
  EXPECT_EQ(run("findings -w '" + path("w") + "' --dataset none"), 2) << said;
}

}  // namespace
}  // namespace epicrisis
