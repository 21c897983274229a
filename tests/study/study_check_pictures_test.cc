#include <gmock/gmock.h>

#include <algorithm>
#include <string>

#include "epicrisis/core/strings.h"
#include "study/study_check_fixture.h"
#include "study/study_inputs.h"

namespace epicrisis {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

// A study of data sets as they were imported, whose picture files may be gone by now.
class GonePictures : public test::StudyCheckFixture {
 protected:
  GonePictures() : workspace_(Workspace::create(root())) {
    const Study study = parse_study(study_, "small.toml", corpus());
    study::import_data(workspace_, study, job_);
    set_ = study::assign_roles(workspace_, study, job_);
    for (const std::string& line : split(study_, '\n')) {
      if (line.starts_with("adapter") || line.starts_with("path") || line.starts_with("column_map"))
        continue;
      text_ += line + "\n";
    }
  }
  Study study() const { return parse_study(text_, "small.toml", corpus()); }
  Path picture_of(std::int64_t sample) {
    return sample_by_id(workspace_.database(), sample).image_path;
  }
  std::int64_t a_tested() const {
    return std::ranges::find(set_.cases, Role::kTest, &study::Case::role)->sample_id;
  }

  Workspace workspace_;
  study::CaseSet set_;
  std::string text_;
};

TEST_F(GonePictures, AreCountedAndLeftOut) {
  const StudyCheck before = check(text_, true);
  EXPECT_THAT(lines(before), Not(Contains(HasSubstr("gone"))));
  const Path file = picture_of(a_tested());
  std::filesystem::remove(file);
  const StudyCheck after = check(text_, true);
  EXPECT_TRUE(after.sound()) << testing::PrintToString(lines(after));
  const PlannedData& was = before.plan.data.front();
  const PlannedData& now = after.plan.data.front();
  EXPECT_THAT(lines(after),
              Contains(AllOf(HasSubstr("warning :5: dermoscope_a: the files of 1 of " +
                                       std::to_string(was.samples) + " pictures are gone"),
                             HasSubstr(file.string()))));
  EXPECT_EQ(now.samples, was.samples - 1);
  EXPECT_EQ(now.test, was.test - 1);
  EXPECT_EQ(now.left_out_why.at("whose picture file is gone"), 1);
  EXPECT_EQ(after.plan.pictures, before.plan.pictures - 1);
}

TEST_F(GonePictures, AllOfADataSetAreAnError) {
  std::filesystem::remove_all(corpus() / "phone" / "images");
  StudyCheck found = check(text_, true);
  EXPECT_EQ(found.error(), ErrorKind::kInput);
  EXPECT_THAT(lines(found),
              Contains(AllOf(HasSubstr("error :8: phone: there is no file of any of its "),
                             HasSubstr("phone/images"))));
  EXPECT_THAT(lines(found), Not(Contains(HasSubstr("of the study's classes"))));
  // Of both, and nothing is said of splits and classes, which are as they were.
  std::filesystem::remove_all(corpus() / "dermoscope_a" / "images");
  found = check(text_, true);
  EXPECT_THAT(lines(found), Contains(HasSubstr("error :5: dermoscope_a: there is no file")));
  EXPECT_EQ(std::ranges::count(found.findings, FindingLevel::kError, &StudyFinding::level), 2)
      << testing::PrintToString(lines(found));
  study::CaseSet set = set_;
  try {
    study::load_pictures(workspace_, study(), set, job_);
    FAIL() << "nothing was prepared";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(),
                AllOf(HasSubstr("study 'small': none of its "), HasSubstr("/images"),
                      HasSubstr("files are gone"), Not(HasSubstr("epicrisis prepare"))));
  }
  // What was tried and not found is an error still.
  EXPECT_EQ(check(text_, true).error(), ErrorKind::kInput);
}

TEST_F(GonePictures, AreNotNeededOncePrepared) {
  study::load_pictures(workspace_, study(), set_, job_);
  for (const char* name : {"phone", "dermoscope_a"}) {
    std::filesystem::remove_all(corpus() / name / "images");
  }
  const StudyCheck found = check(text_, true);
  EXPECT_TRUE(found.sound()) << testing::PrintToString(lines(found));
  EXPECT_THAT(lines(found), Not(Contains(HasSubstr("gone"))));
  EXPECT_EQ(found.plan.pictures, 0);
}

}  // namespace
}  // namespace epicrisis
