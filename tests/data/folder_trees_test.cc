// Where an image folder has its split folders, and what of it are no files.

#include <gmock/gmock.h>

#include <filesystem>

#include "data/read_support.h"
#include "epicrisis/core/error.h"
#include "support/dermatology.h"

namespace epicrisis::test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kElsewhere =
    "pictures in folders that are called as splits and lie deeper than such are looked for, taken "
    "without a split; import each folder that has split folders as a data set, or name their paths "
    "in [splits] of a column map";

using SplitsAndLabels = std::map<std::string, std::string>;

SplitsAndLabels read_splits(const DataFolder& folder, const Path& column_map = {}) {
  AdapterInput input = folder.input();
  input.column_map = column_map;
  SplitsAndLabels found;
  for (const Sample& sample : read_all("imagefolder", input).samples) {
    found[sample.key] = sample.split + " " + sample.raw_label;
  }
  return found;
}

TEST(SplitFolders, LieAtTheEndOfAChainOfSingleFolders) {
  for (const std::string wrapper :
       {"", "data/", "dataset/", "images/", "archive/", "x/y/", "archive/data/", "data/x/",
        "a/b/c/", "test/", "train images/"}) {
    DataFolder folder;
    for (const char* name : {"train/MEL/1.png", "val/NEV/2.png", "test/MEL/part 1/3.png"}) {
      folder.picture(wrapper + name);
    }
    const ReadResult result = read_all("imagefolder", folder.input());
    EXPECT_EQ(result.report.by_split, (Counts{{"train", 1}, {"validation", 1}, {"test", 1}}))
        << wrapper;
    EXPECT_EQ(result.report.by_raw_label, (Counts{{"MEL", 1}, {"NEV", 1}, {"part 1", 1}}))
        << wrapper;
    EXPECT_THAT(result.report.warnings, IsEmpty()) << wrapper;
  }
}

TEST(SplitFolders, KeysStayThePathFromTheTop) {
  DataFolder folder;
  folder.picture("dataset/train/MEL/1.png");
  folder.picture("dataset/test/NEV/2.png");
  EXPECT_EQ(read_splits(folder), (SplitsAndLabels{{"dataset__train__MEL__1", "train MEL"},
                                                  {"dataset__test__NEV__2", "test NEV"}}));
}

TEST(SplitFolders, WithMetadataBelowTheWrapper) {
  DataFolder folder;
  folder.picture("dataset/train/1.png");
  folder.picture("dataset/test/2.png");
  folder.text("dataset/metadata.csv", "file_name,label\ntrain/1.png,MEL\ntest/2.png,NEV\n");
  EXPECT_EQ(read_splits(folder), (SplitsAndLabels{{"dataset__train__1", "train MEL"},
                                                  {"dataset__test__2", "test NEV"}}));
}

TEST(SplitFolders, WhatIsBesideThemInTheWrapperIsTold) {
  DataFolder folder;
  folder.picture("dataset/cover.png");
  folder.picture("dataset/train/MEL/1.png");
  folder.picture("dataset/test/MEL/2.png");
  const ReadResult result = read_all("imagefolder", folder.input());
  EXPECT_EQ(result.find("dataset__cover")->split, "");
  ASSERT_EQ(result.report.warnings.size(), 1U);
  EXPECT_THAT(result.report.warnings.begin()->first, HasSubstr("beside the split folders"));
}

// A class with its parts is not a wrapper.
TEST(SplitFolders, TheFoldersOfAClassLeaveItTheClass) {
  DataFolder folder;
  folder.picture("MEL/train/1.png");
  folder.picture("MEL/test/2.png");
  EXPECT_EQ(read_splits(folder),
            (SplitsAndLabels{{"MEL__train__1", "train MEL"}, {"MEL__test__2", "test MEL"}}));
}

TEST(SplitFolders, InTwoWrappersAreToldByPathAndTakenByTheMap) {
  DataFolder folder;
  folder.picture("a/train/MEL/1.png");
  folder.picture("b/train/NEV/2.png");
  folder.picture("b/Test/NEV/3.png");
  const ReadResult result = read_all("imagefolder", folder.input());
  EXPECT_EQ(result.report.by_split, (Counts{{"", 3}}));
  EXPECT_THAT(
      result.report.warnings.at(kElsewhere).examples,
      ElementsAre(AllOf(HasSubstr("a/train/MEL/1.png"), HasSubstr("\"a/train\" = \"train\"")),
                  HasSubstr("\"b/Test\" = \"test\""), HasSubstr("\"b/train\" = \"train\"")));
  folder.text(
      "map.toml",
      "[splits]\n\"a/train\" = \"train\"\n\"./b/train/\" = \"train\"\n\"b/Test\" = \"test\"\n");
  EXPECT_EQ(read_splits(folder, folder.path() / "map.toml"),
            (SplitsAndLabels{{"a__train__MEL__1", "train MEL"},
                             {"b__train__NEV__2", "train NEV"},
                             {"b__Test__NEV__3", "test NEV"}}));
}

TEST(SplitFolders, RowsThatSayTheirSplitNeedNoFolder) {
  DataFolder folder;
  folder.picture("a/train/1.png");
  folder.picture("b/train/2.png");
  folder.text("metadata.csv",
              "file_name,label,split\na/train/1.png,MEL,test\nb/train/2.png,MEL,\n");
  const ReadResult result = read_all("imagefolder", folder.input());
  EXPECT_EQ(result.report.by_split, (Counts{{"", 1}, {"test", 1}}));
  EXPECT_EQ(result.report.warnings.at(kElsewhere).count, 1U);
}

// Links that lead nowhere.

constexpr const char* kDead = "pictures that are no files";

TEST(DeadLinks, OfPicturesAreCountedAndNamed) {
  DataFolder folder;
  folder.picture("val/MEL/1.png");
  std::filesystem::create_symlink(folder.path() / "gone.png", folder.path() / "val/MEL/dead.png");
  std::filesystem::create_symlink("2.png", folder.path() / "val/MEL/2.png");  // to itself
  std::filesystem::create_symlink("1.png", folder.path() / "val/MEL/3.png");
  std::filesystem::create_directory(folder.path() / "val/MEL/4.png");
  const ReadResult result = read_all("imagefolder", folder.input());
  EXPECT_EQ(result.report.samples, 2U);
  EXPECT_THAT(result.report.warnings.at(kDead).examples,
              ElementsAre(HasSubstr("val/MEL/2.png: a link"), HasSubstr("val/MEL/dead.png")));
}

TEST(DeadLinks, AreToldWhereThereIsNothingElse) {
  DataFolder folder;
  std::filesystem::create_symlink("gone.png", folder.path() / "1.png");
  folder.text("a.csv", "id\n1\n");
  folder.text("columns.toml", "table = \"a.csv\"\n[columns]\nid = \"id\"\n");
  for (const char* adapter : {"imagefolder", "generic_csv"}) {
    try {
      read_all(adapter, folder.input());
      ADD_FAILURE();
    } catch (const UsageError& error) {
      EXPECT_THAT(error.what(), AllOf(HasSubstr("1.png"), HasSubstr("leads nowhere")));
    }
  }
}

TEST(DeadLinks, OfMetadataAreAnError) {
  DataFolder folder;
  folder.picture("MEL/1.png");
  std::filesystem::create_symlink("gone.csv", folder.path() / "metadata.csv");
  EXPECT_THROW(read_all("imagefolder", folder.input()), InputError);
}

}  // namespace
}  // namespace epicrisis::test
