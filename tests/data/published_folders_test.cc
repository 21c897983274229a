// Folders and file names as public reports of bugs have them.

#include <gmock/gmock.h>

#include "data/read_support.h"
#include "epicrisis/core/error.h"

namespace epicrisis::test {
namespace {

using ::testing::HasSubstr;

// Reads ../shared/cases/PATH.
ReadResult read_case(std::string_view adapter_name, const std::string& path) {
  AdapterInput input;
  input.path = shared_folder() / "cases" / path;
  return read_all(adapter_name, input);
}

class PublishedFolders : public ::testing::Test {
 protected:
  void SetUp() override {
    if (shared_folder().empty() || !std::filesystem::is_directory(shared_folder() / "cases")) {
      GTEST_SKIP() << "needs ../shared/cases";
    }
  }
};

TEST_F(PublishedFolders, IdsThatAreSignedNumbers) {
  const ReadResult result = read_case("generic_csv", "02-scin");
  EXPECT_EQ(result.report.samples, 2U);
  EXPECT_NE(result.find("-1000600354148496558"), nullptr);
  EXPECT_EQ(result.report.rows_without_picture.count, 1U);
}

TEST_F(PublishedFolders, NamesThatAreNearlyThoseOfTheFiles) {
  const ReadResult result = read_case("imagefolder", "07-imagefolder-paths");
  EXPECT_EQ(result.report.rows, 11U);
  EXPECT_EQ(result.report.samples, 5U);
  EXPECT_EQ(result.report.rows_without_picture.count, 6U);
  EXPECT_EQ(result.report.warnings.size(), 3U);
  EXPECT_EQ(result.report.pictures_without_row.count, 6U);
}

TEST_F(PublishedFolders, MetadataLinesAsPeopleWriteThem) {
  const std::string folder = "08-imagefolder-jsonl/";
  EXPECT_EQ(read_case("imagefolder", folder + "nan").report.samples, 3U);
  EXPECT_EQ(read_case("imagefolder", folder + "one-broken-line").report.samples, 2U);
  EXPECT_THROW(read_case("imagefolder", folder + "all-on-one-line"), InputError);
  EXPECT_THROW(read_case("imagefolder", folder + "array"), InputError);
  const ReadResult other = read_case("imagefolder", folder + "other-name-for-it");
  EXPECT_EQ(other.report.samples, 0U);
  EXPECT_THAT(other.report.skipped.at("no file_name").examples.at(0), HasSubstr("image, label"));
  const ReadResult root = read_case("imagefolder", folder + "path-from-the-root");
  EXPECT_EQ(root.report.samples, 0U);
  EXPECT_THAT(root.report.rows_without_picture.examples.at(0), HasSubstr("train/train/1.jpg"));
  const ReadResult lists = read_case("imagefolder", folder + "numbers-and-lists");
  EXPECT_EQ(finding(lists.samples.at(0), "site"), "back, arm");
  EXPECT_EQ(finding(lists.samples.at(1), "site"), "");
  EXPECT_EQ(read_case("imagefolder", folder + "misspelt").report.warnings.size(), 1U);
}

TEST_F(PublishedFolders, FoldersOfSplits) {
  for (const char* folder :
       {"09-imagefolder-splits/with-metadata", "09-imagefolder-splits/class-folders"}) {
    const ReadResult result = read_case("imagefolder", folder);
    EXPECT_EQ(result.report.samples, 12U);
    EXPECT_EQ(result.report.by_split,
              (Counts{{"", 2}, {"train", 2}, {"validation", 2}, {"test", 6}}));
  }
}

TEST_F(PublishedFolders, FileNamesOfCamerasAndBrowsers) {
  EXPECT_EQ(read_case("imagefolder", "10-file-names/class-folders").report.samples, 17U);
  EXPECT_EQ(read_case("generic_csv", "10-file-names/table").report.samples, 17U);
}

}  // namespace
}  // namespace epicrisis::test
