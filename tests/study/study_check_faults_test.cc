#include <gmock/gmock.h>

#include <algorithm>

#include "epicrisis/store/tables/fields.h"
#include "study/study_check_fixture.h"

// Each of these was told only once the ones before it were mended.
namespace epicrisis {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

class StudyCheckFaults : public test::StudyCheckFixture {};

TEST_F(StudyCheckFaults, AllOfATrainingsSettings) {
  const std::vector<std::string> list =
      lines(check(study_ + "[train]\nepochs = 0\npatience = -1\nlerning = 1\nmode = \"text\"\n"));
  EXPECT_THAT(list,
              AllOf(Contains(HasSubstr("epochs' is 0")), Contains(HasSubstr("patience' is -1")),
                    Contains(HasSubstr("unknown key 'train.lerning'")),
                    Contains(HasSubstr("mode is not set here"))));
}

TEST_F(StudyCheckFaults, AllOfARun) {
  const std::vector<std::string> list =
      lines(check(study_ + "[[run]]\nmode = \"multi\"\nfoo = 1\nnotes = 3\nseeds = [-1]\n"
                           "image_encoder = { model = \"random:mobilenet_v2\", frozen = 1 }\n"
                           "train = { epochs = 0 }\n"));
  EXPECT_THAT(
      list, AllOf(Contains(HasSubstr("missing key 'run[2].name'")), Contains(HasSubstr("'multi'")),
                  Contains(HasSubstr("foo")), Contains(HasSubstr("notes' is")),
                  Contains(HasSubstr("the seed -1 is negative")), Contains(HasSubstr("frozen")),
                  Contains(HasSubstr("epochs' is 0"))));
}

TEST_F(StudyCheckFaults, SeedsThatRunsShareOnce) {
  const std::vector<std::string> list = lines(check("seeds = []\n" + study_));
  const auto told = std::ranges::count_if(list, [](const std::string& line) {
    return line.find("seeds must be") != std::string::npos;
  });
  EXPECT_EQ(told, 1) << testing::PrintToString(list);
}

TEST_F(StudyCheckFaults, NotesBesideADataSet) {
  std::string text = replaced(study_, "role = \"internal\"", "role = \"intern\"");
  text = replaced(text, "role = \"external\"", "role = \"extern\"");
  text = replaced(text, "write = [\"M\"]", "write = [\"Q7\"]");
  EXPECT_THAT(lines(check(text)),
              AllOf(Contains(HasSubstr("'intern'")), Contains(HasSubstr("'extern'")),
                    Contains(HasSubstr("'Q7'"))));
}

// The check works on a copy of the workspace, whose path says nothing to anybody.
TEST_F(StudyCheckFaults, AnotherFieldByTheWorkspaceThatWasNamed) {
  {
    Workspace workspace = Workspace::open_or_create(root());
    settle_field(workspace.database(), Field::load("chest_xray"));
  }
  const std::vector<std::string> list = lines(check(study_, true));
  EXPECT_THAT(list, Contains(AllOf(HasSubstr(root().string()), HasSubstr("chest_xray"))));
  EXPECT_THAT(list, Not(Contains(HasSubstr("epicrisis.db"))));
}

}  // namespace
}  // namespace epicrisis
