// What tells one sample of a table or a folder from another.

#include <gmock/gmock.h>

#include "data/read_support.h"
#include "support/dermatology.h"

namespace epicrisis::test {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

// What spreadsheets and URLs make of names.
TEST(Ids, NumbersAndPercentSignsThatAreNearlyNamesOfFiles) {
  const auto kind = [](const std::string& picture, const std::string& id) {
    DataFolder folder;
    folder.picture("images/" + picture);
    folder.text("cases.csv", "id,dx\n" + id + ",MEL\n");
    folder.text("columns.toml", "table = \"cases.csv\"\n[columns]\nid = \"id\"\n");
    const ReadResult result = read_all("generic_csv", folder.input());
    std::string kinds;
    for (const auto& [name, tally] : result.report.warnings) {
      kinds += name.substr(name.find("in its ") + 7) + ": " + tally.examples.front();
    }
    return kinds;
  };
  EXPECT_THAT(kind("0001.png", "1"), HasSubstr("spelling alone: "));
  EXPECT_THAT(kind("0001.png", "1"), HasSubstr("there is 0001.png"));
  EXPECT_THAT(kind("1.png", "1.0"), HasSubstr("alone: "));
  EXPECT_THAT(kind("0001.png", "'0001"), HasSubstr("spelling alone: "));
  EXPECT_THAT(kind("0001.png", "\"=\"\"0001\"\"\""), HasSubstr("spelling alone: "));
  EXPECT_THAT(kind("1001.png", "\"1,001\""), HasSubstr("spelling alone: "));
  EXPECT_THAT(kind("a b.png", "a%20b"), HasSubstr("spelling alone: "));
  EXPECT_THAT(kind("p1.png", "P1"), HasSubstr("case alone: "));
  EXPECT_THAT(kind("p1.png", "P1.png"), HasSubstr("case alone: "));
  EXPECT_THAT(kind("p1.png", "p1.bmp"), HasSubstr("suffix alone: "));
  EXPECT_THAT(kind("p1.png", "x/p1"), HasSubstr("folder alone: "));
  for (const char* id : {"2", "%", "%2", "%zz", "=", "00000", ",", "99999999999999999999"}) {
    EXPECT_EQ(kind("0001.png", std::string("\"") + id + "\""), "") << id;
  }
}

// Tables alone: the rows tell which pictures there are.
TEST(Ids, TwoRowsThatDifferBySuffixAreTwoSamples) {
  DataFolder folder;
  folder.text("cases.csv",
              "file,dx\nsame.jpg,MEL\nsame.png,NEV\nsame,NEV\nother.jpg,NEV\nother,NEV\n");
  folder.text("columns.toml", "table = \"cases.csv\"\n[columns]\nid = \"file\"\nlabel = \"dx\"\n");
  AdapterInput input = folder.input();
  input.tables_only = true;
  const ReadResult result = read_all("generic_csv", input);
  EXPECT_EQ(result.report.samples, 3U);
  EXPECT_EQ(result.report.duplicate_ids.count, 2U);
  EXPECT_EQ(result.find("same")->raw_label, "MEL");
  EXPECT_EQ(result.find("same.png")->raw_label, "NEV");
  // One of them has no picture: it does not get the other's.
  folder.picture("images/same.jpg");
  input.tables_only = false;
  const ReadResult pictures = read_all("generic_csv", input);
  EXPECT_EQ(pictures.report.samples, 1U);
  EXPECT_EQ(pictures.report.rows_without_picture.count, 2U);
}

// Which of the two is meant by "same" nobody knows; the order of the rows does not matter.
TEST(Ids, ARowWithoutTheSuffixThatTellsItFromOthersIsRefused) {
  for (const char* rows :
       {"same.jpg,MEL\nsame.png,NEV\nsame,NEV\n", "same,NEV\nsame.png,NEV\nsame.jpg,MEL\n"}) {
    for (const bool pictures : {true, false}) {
      DataFolder folder;
      folder.text("cases.csv", std::string("file,dx\n") + rows);
      folder.text("columns.toml",
                  "table = \"cases.csv\"\n[columns]\nid = \"file\"\nlabel = \"dx\"\n");
      if (pictures) folder.picture("images/same.jpg");
      if (pictures) folder.picture("images/same.png");
      AdapterInput input = folder.input();
      input.tables_only = !pictures;
      input.suffix_twins = read_all("generic_csv", input).report.suffix_twins;
      const ReadResult result = read_all("generic_csv", input);
      EXPECT_EQ(result.report.suffix_twins, input.suffix_twins);
      EXPECT_EQ(result.report.samples, 2U);
      EXPECT_EQ(result.find("same.jpg")->raw_label, "MEL");
      EXPECT_EQ(result.find("same.png")->raw_label, "NEV");
      EXPECT_EQ(result.report.skipped_total(), 1U);
      EXPECT_THAT(result.report.skipped.begin()->first, HasSubstr("without the suffix"));
    }
  }
}

// "d.jpg" was taken, and "d.png" said to be hidden by it in another folder.
TEST(Ids, ARowWithoutASuffixIsNoneOfTwoPictures) {
  DataFolder folder;
  for (const char* name : {"a.png", "d.jpg", "d.png"})
    folder.picture(std::string("images/") + name);
  folder.text("cases.csv", "id,dx\na,MEL\nd,NEV\n");
  folder.text("columns.toml", "table = \"cases.csv\"\n[columns]\nid = \"id\"\nlabel = \"dx\"\n");
  AdapterInput input = folder.input();
  const AdapterReport report = read_all("generic_csv", input).report;
  EXPECT_EQ(report.samples, 1U);
  EXPECT_EQ(report.pictures_shadowed.count, 0U);
  EXPECT_EQ(report.pictures_without_row.count, 2U);
  ASSERT_THAT(report.skipped, SizeIs(1));
  EXPECT_THAT(report.skipped.begin()->first, HasSubstr("without the suffix"));
  // It was stored before the other picture came.
  input.stored_picture = [](std::string_view key) { return key == "d" ? "images/d.jpg" : ""; };
  EXPECT_EQ(read_all("generic_csv", input).find("d")->raw_label, "NEV");
}

TEST(Ids, SpellingsOfAPathAreOneId) {
  DataFolder folder;
  folder.picture("images/a/x.png");
  folder.picture("images/b/t.png");
  folder.text("cases.csv",
              "id,dx\na/x.png,MEL\n./a/x.png,NEV\na//x.png,MEL\na\\x,MEL\n/a/x,MEL\n"
              "a/../b/t.png,NEV\n../c,MEL\n");
  folder.text("columns.toml",
              "table = \"cases.csv\"\n[columns]\nid = \"id\"\nlabel = \"dx\"\n"
              "[pictures]\nrecursive = true\n");
  AdapterInput input = folder.input();
  for (const bool tables_only : {false, true}) {
    input.tables_only = tables_only;
    const ReadResult result = read_all("generic_csv", input);
    EXPECT_EQ(result.report.samples, tables_only ? 3U : 2U);
    EXPECT_EQ(result.report.duplicate_ids.count, 4U);
    EXPECT_EQ(result.report.conflicting_labels.count, 1U);
    EXPECT_NE(result.find("a/x"), nullptr);
    EXPECT_NE(result.find("b/t"), nullptr);
  }
}

// SCIN: ids are signed numbers, and paths of the whole archive name the pictures.
TEST(Ids, SignedNumbersAndPathsOfPictures) {
  DataFolder folder;
  folder.picture("dataset/images/-3205.png");
  folder.picture("dataset/images/2243.png");
  folder.text("cases.csv",
              "id,file\n-1000600354148496558,dataset/images/-3205.png\n"
              "18,dataset/images/2243.png\n-77,dataset/images/-9.png\n");
  const std::string map =
      "table = \"cases.csv\"\n[columns]\nid = \"id\"\npicture = \"file\"\n"
      "[pictures]\nfolders = [\".\"]\nrecursive = true\nmatch = ";
  for (const char* match : {"\"path\"\n", "\"stem\"\n"}) {
    folder.text("columns.toml", map + match);
    const ReadResult result = read_all("generic_csv", folder.input());
    EXPECT_EQ(result.report.samples, 2U) << match;
    EXPECT_NE(result.find("-1000600354148496558"), nullptr);
    EXPECT_EQ(result.report.rows_without_picture.count, 1U);
  }
}

// By file name alone two folders may hold the name: what the path says decides.
TEST(Ids, APathInTheTableChoosesAmongPicturesOfOneName) {
  DataFolder folder;
  folder.picture("images/p1/1.jpg");
  folder.picture("images/p2/1.jpg");
  folder.text("cases.csv", "id,file\na,p1/1.jpg\nb,p2/1.jpg\nc,p3/1.jpg\nd,C:\\x\\p2\\1.jpg\n");
  folder.text("columns.toml",
              "table = \"cases.csv\"\n[columns]\nid = \"id\"\npicture = \"file\"\n"
              "[pictures]\nrecursive = true\n");
  const ReadResult result = read_all("generic_csv", folder.input());
  EXPECT_EQ(result.report.samples, 2U);
  EXPECT_THAT(result.find("a")->image_path, HasSubstr("p1/1.jpg"));
  EXPECT_THAT(result.find("b")->image_path, HasSubstr("p2/1.jpg"));
  EXPECT_EQ(result.report.rows_without_picture.count, 2U);
  EXPECT_EQ(result.report.pictures_shadowed.count, 0U);
}

}  // namespace
}  // namespace epicrisis::test
