// Folders as people have them: unpacked archives, other cases, a level too high or too low.

#include <gmock/gmock.h>

#include "data/read_support.h"
#include "epicrisis/core/error.h"
#include "support/dermatology.h"

namespace epicrisis::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kHam =
    "lesion_id,image_id,dx,dx_type,age,sex,localization\n"
    "L1,a,nv,histo,40,male,back\n"
    "L2,b,nv,histo,40,male,back\n";

std::string read_error(std::string_view name, const AdapterInput& input) {
  try {
    read_all(name, input);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Layouts, PictureFoldersMayDifferByCaseAndBeParted) {
  for (const std::string parts :
       {"ham10000_images_part_", "images/part_", "Images/HAM10000_images_part_",
        "archive/HAM10000_images_part_"}) {
    DataFolder folder;
    folder.text("HAM10000_metadata.csv", kHam);
    folder.picture(parts + "1/a.jpg");
    folder.picture(parts + "2/b.jpg");
    const ReadResult result = read_all("ham10000", folder.input());
    EXPECT_EQ(result.report.samples, 2U) << parts;
    EXPECT_EQ(result.report.picture_folders.size(), 2U) << parts;
  }
}

TEST(Layouts, NamedPictureFoldersMayBeParted) {
  DataFolder folder;
  folder.text("HAM10000_metadata.csv", kHam);
  folder.picture("photos/one/a.jpg");
  folder.picture("photos/two/b.jpg");
  AdapterInput input = folder.input();
  input.pictures = {"photos"};
  EXPECT_EQ(read_all("ham10000", input).report.samples, 2U);
}

TEST(Layouts, ThePicturesOfTwoArchivesAreNotGuessedAt) {
  DataFolder folder;
  folder.text("HAM10000_metadata.csv", kHam);
  folder.picture("one/images/a.jpg");
  folder.picture("two/images/a.jpg");
  EXPECT_THAT(read_error("ham10000", folder.input()), HasSubstr("`pictures`"));
}

TEST(Layouts, TablesMayLieInTheFolderOfTheirArchive) {
  DataFolder ham;
  ham.text("dataverse_files/HAM10000_metadata", kHam);
  ham.picture("images/a.jpg");
  EXPECT_EQ(read_all("ham10000", ham.input()).report.samples, 1U);

  DataFolder isic;
  const std::string truth = "ISIC_2019_Training_GroundTruth";
  isic.text(truth + "/" + truth + ".csv", "image,MEL,NV\nISIC_0000001,1.0,0.0\n");
  isic.text("old/" + truth + ".csv", "image,MEL,NV\nISIC_0000001,0.0,1.0\n");
  isic.text("ISIC_2019_Training_Metadata/ISIC_2019_Training_Metadata.csv",
            "image,age_approx,anatom_site_general,lesion_id,sex\nISIC_0000001,55,,L1,female\n");
  isic.picture("ISIC_2019_Training_Input/ISIC_0000001.jpg");
  const ReadResult result = read_all("isic2019", isic.input());
  ASSERT_EQ(result.report.samples, 1U);
  EXPECT_EQ(result.samples[0].label, test::kMelanoma);
  EXPECT_EQ(result.samples[0].group, "L1");
}

TEST(Layouts, ATableInTwoFoldersIsNotGuessedAt) {
  DataFolder folder;
  folder.text("one/HAM10000_metadata.csv", kHam);
  folder.text("two/HAM10000_metadata.csv", kHam);
  folder.picture("images/a.jpg");
  EXPECT_THAT(read_error("ham10000", folder.input()), HasSubstr("one, two"));
}

TEST(Layouts, Derm7ptMayBeGivenItsTables) {
  DataFolder folder;
  folder.text("meta/meta.csv", "case_num,diagnosis,clinic,derm\n1,nevus,NEL/1.jpg,NEL/2.jpg\n");
  folder.text("meta/test_indexes.csv", "indexes\n0\n");
  folder.picture("images/NEL/1.jpg");
  folder.picture("images/NEL/2.jpg");
  for (const std::string below : {"", "meta"}) {
    AdapterInput input = folder.input();
    if (!below.empty()) input.path /= below;
    const ReadResult result = read_all("derm7pt", input);
    ASSERT_EQ(result.report.samples, 2U) << below;
    EXPECT_EQ(result.samples[0].split, "test") << below;
  }
}

TEST(Layouts, AFolderOfCsvFoldersNamesThem) {
  DataFolder folder;
  folder.text("A/labels.csv", "x.jpg,1\n");
  folder.text("B/labels.csv", "x.jpg,1\n");
  folder.text("notes/readme.txt", "");
  EXPECT_THAT(read_error("csv_folder", folder.input()),
              AllOf(HasSubstr("A, B"), Not(HasSubstr("notes"))));
  folder.text(".hidden/labels.csv", "x.jpg,1\n");
  EXPECT_THAT(read_error("csv_folder", folder.input()), Not(HasSubstr("hidden")));
}

}  // namespace
}  // namespace epicrisis::test
