#include "epicrisis/core/folder_writer.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <string>
#include <vector>

#include "epicrisis/core/error.h"
#include "support/refusal.h"

namespace epicrisis {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class FolderWriterTest : public testing::Test {
 protected:
  // All files below, hidden ones too, but for the list.
  static std::vector<std::string> files(const Path& folder) {
    std::vector<std::string> names;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      const std::string name = entry.path().lexically_relative(folder).string();
      if (name != kFolderList && !entry.is_directory()) names.push_back(name);
    }
    std::ranges::sort(names);
    return names;
  }
  static void fill(const Path& folder, const std::vector<std::string>& names, bool replace) {
    FolderWriter writer(folder, replace);
    for (const std::string& name : names) writer.write(name, "content of " + name);
    writer.commit();
  }
  static std::string refused(const Path& folder, bool replace) {
    return test::refusal([&] { const FolderWriter writer(folder, replace); });
  }

  TemporaryFolder root_;
  Path folder_ = root_.path() / "out" / "set";
};

TEST_F(FolderWriterTest, AppearsWholeOrNotAtAll) {
  {
    const FolderWriter writer(folder_, false);
    writer.write("a/b.txt", "one");
    EXPECT_FALSE(fs::exists(folder_));
  }
  EXPECT_TRUE(fs::is_empty(root_.path() / "out"));
  fill(folder_, {"a/b.txt", "c.txt"}, false);
  EXPECT_THAT(files(root_.path()),
              ElementsAre("out/set/.epicrisis-files", "out/set/a/b.txt", "out/set/c.txt"));
  EXPECT_EQ(read_file(folder_ / kFolderList), "epicrisis files 1\n18\ta/b.txt\n16\tc.txt\n");
}

TEST_F(FolderWriterTest, TakesAnEmptyFolderByAnyName) {
  fs::create_directories(folder_);
  fs::create_directory_symlink(folder_, root_.path() / "link");
  {
    const FolderWriter writer(root_.path() / "link/", false);
    writer.write("a", "one");
  }
  EXPECT_TRUE(fs::is_empty(folder_));
  fill(root_.path() / "link/", {"a"}, false);
  EXPECT_TRUE(fs::is_symlink(root_.path() / "link"));
  EXPECT_THAT(files(folder_), ElementsAre("a"));
}

TEST_F(FolderWriterTest, TellsWhatIsThereAsItWasWritten) {
  EXPECT_THAT(files_left_as_written(folder_), testing::IsEmpty());
  fill(folder_, {"a/b.txt", "c.txt", "d.txt"}, false);
  write_file(folder_ / "c.txt", "another size");
  write_file(folder_ / "a/other.txt", "one");
  fs::remove(folder_ / "d.txt");
  EXPECT_THAT(files_left_as_written(folder_), ElementsAre("a/b.txt"));
  fs::remove(folder_ / kFolderList);
  EXPECT_THAT(files_left_as_written(folder_), testing::IsEmpty());
}

TEST_F(FolderWriterTest, WhatIsThereIsNotMixedWithWhatComes) {
  fill(folder_, {"train/1", "test/2", "README.md"}, false);
  EXPECT_THAT(refused(folder_, false), AllOf(HasSubstr("set"), HasSubstr("`replace`")));
  fill(folder_, {"train/2", "README.md"}, true);
  EXPECT_THAT(files(folder_), ElementsAre("README.md", "train/2"));
  fill(folder_, {"train/2"}, true);
  EXPECT_THAT(files(folder_), ElementsAre("train/2"));
}

TEST_F(FolderWriterTest, ReplacesNothingOfAnybodyElse) {
  write_file(folder_ / "own.txt", "own");
  EXPECT_THAT(refused(folder_, false), HasSubstr("own.txt"));
  EXPECT_THAT(refused(folder_, true), HasSubstr("own.txt"));
  fs::remove_all(folder_);
  fill(folder_, {"train/1"}, false);
  for (const char* name : {"own.txt", "train/own.txt", "other/deep/own.txt"}) {
    write_file(folder_ / name, "own");
    EXPECT_THAT(refused(folder_, true), HasSubstr(name));
    fs::remove(folder_ / name);
  }
  EXPECT_THAT(refused(folder_, true), HasSubstr("other/deep"));  // an empty folder of theirs
  fs::remove_all(folder_ / "other");
  fs::create_symlink(root_.path(), folder_ / "train/link");
  EXPECT_THAT(refused(folder_, true), HasSubstr("train/link"));
  fs::remove(folder_ / "train/link");
  EXPECT_EQ(refused(folder_, true), "none");
  write_file(folder_ / "train/1", "edited since");
  EXPECT_THAT(refused(folder_, true), HasSubstr("train/1"));
  fs::remove(folder_ / kFolderList);
  EXPECT_THAT(refused(folder_, true), HasSubstr("train"));
  write_file(root_.path() / "file", "");
  EXPECT_THAT(refused(root_.path() / "file", true), HasSubstr("is a file"));
  EXPECT_THAT(refused("", true), HasSubstr("no folder"));
}

// Between the start and the end somebody may have put something there.
TEST_F(FolderWriterTest, LooksAgainBeforeItReplaces) {
  fill(folder_, {"a"}, false);
  {
    FolderWriter writer(folder_, true);
    writer.write("b", "new");
    write_file(folder_ / "own.txt", "own");
    EXPECT_THROW(writer.commit(), UsageError);
  }
  EXPECT_THAT(files(folder_), ElementsAre("a", "own.txt"));
}

TEST_F(FolderWriterTest, CopiesBytesAndSaysWhatCannotBeRead) {
  const Path from = root_.path() / "from";
  const std::string large(std::size_t{1} << 20, 'x');
  write_file(from, large);
  FolderWriter writer(folder_, false);
  EXPECT_EQ(writer.copy(from, "p/large"), "");
  EXPECT_THAT(writer.copy(root_.path() / "none", "q/none"), HasSubstr("No such file"));
  EXPECT_THAT(writer.copy(root_.path(), "q/folder"), HasSubstr("it is a folder; give a file"));
  writer.commit();
  EXPECT_THAT(files(folder_), ElementsAre("p/large"));
  EXPECT_FALSE(fs::exists(folder_ / "q"));
  EXPECT_EQ(read_file(folder_ / "p/large"), large);
  EXPECT_EQ(fs::hard_link_count(folder_ / "p/large"), 1U);
}

}  // namespace
}  // namespace epicrisis
