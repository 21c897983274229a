// Tables as they come from outside: broken, double, or made to do harm.

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "data/read_support.h"
#include "epicrisis/core/error.h"
#include "support/dermatology.h"

namespace epicrisis::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::string_view kHeader = "lesion_id,image_id,dx,dx_type,age,sex,localization\n";

ReadResult read_ham(std::string_view rows, bool tables_only = true) {
  DataFolder folder;
  folder.text("HAM10000_metadata.csv", std::string(kHeader) + std::string(rows));
  AdapterInput input = folder.input();
  input.tables_only = tables_only;
  return read_all("ham10000", input);
}

std::string read_error(std::string_view name, const AdapterInput& input) {
  try {
    read_all(name, input);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

constexpr const char* kBadPicture =
    "picture name that leads out of the folder, has a control character or is no UTF-8";
constexpr const char* kUnseenId =
    "id with a control character, one that is not seen, or bytes that are no UTF-8 (rename it or "
    "take the ids of another column)";

TEST(HostileTable, PicturesAreNotLookedForWhereTheTablesAreTaken) {
  DataFolder folder;
  folder.text("HAM10000_metadata.csv", std::string(kHeader) + "L1,I1,nv,histo,40,male,back\n");
  folder.picture("scans/I1.tif");
  AdapterInput input = folder.input();
  input.tables_only = true;
  EXPECT_THAT(read_all("ham10000", input).report.warnings, IsEmpty());
  input.tables_only = false;
  EXPECT_THAT(read_error("ham10000", input), HasSubstr("I1.tif is of another format"));
}

TEST(HostileTable, AnyTextThatIsSeenIsAnId) {
  const ReadResult result = read_ham(
      "L1,../../etc/passwd,nv,histo,40,male,back\n"
      "L2,/etc/passwd,nv,histo,40,male,back\n"
      "L3,=cmd()|' /C calc'!A0,nv,histo,40,male,back\n"
      "L4,.hidden,nv,histo,40,male,back\n"
      "L5,-1000600354148496558,nv,histo,40,male,back\n"
      "L6,a\\b,nv,histo,40,male,back\n"
      "L7,\"M\u00fcller, n\u00e6vus's (1) & 2+1 50% #3\",nv,histo,40,male,back\n"
      "L8,\u75c5\u53d801,nv,histo,40,male,back\n");
  EXPECT_EQ(result.report.samples, 8U);
  EXPECT_NE(result.find("../../etc/passwd"), nullptr);
  EXPECT_NE(result.find("M\u00fcller, n\u00e6vus's (1) & 2+1 50% #3"), nullptr);
}

TEST(HostileTable, UnseenIdsAreRefusedWithTheirPlaceAndTheRule) {
  const ReadResult result = read_ham(
      "L1,\"ISIC\x01_1\",nv,histo,40,male,back\n"
      "L2,ISIC\u200b_1,nv,histo,40,male,back\n"
      "L3,ISIC\u202e_1,nv,histo,40,male,back\n"
      "L4,,nv,histo,40,male,back\n"
      "L5," +
      std::string(513, 'x') +
      ",nv,histo,40,male,back\n"
      "L6,good,nv,histo,40,male,back\n");
  EXPECT_EQ(result.report.records, 6U);
  EXPECT_EQ(result.report.samples, 1U);
  EXPECT_EQ(result.report.skipped.at("no id").count, 1U);
  const std::vector<std::string>& examples = result.report.skipped.at(kUnseenId).examples;
  EXPECT_THAT(examples, ElementsAre(HasSubstr("HAM10000_metadata.csv:2: ISIC<U+0001>_1"),
                                    HasSubstr("ISIC<U+200B>_1"), HasSubstr("ISIC<U+202E>_1")));
  EXPECT_EQ(result.report.skipped
                .at("id of more than 512 bytes (shorten it or take the ids of another column)")
                .count,
            1U);
}

// One letter, or e and an accent; a space that does not break: no sample is taken for another.
TEST(HostileTable, IdsThatLookAlikeAreNotMixedUp) {
  const ReadResult result = read_ham(
      "L1,caf\u00e9,nv,histo,40,male,back\n"
      "L2,cafe\u0301,mel,histo,40,male,back\n"
      "L3,a b,nv,histo,40,male,back\n"
      "L4,a\u00a0b,nv,histo,40,male,back\n"
      "L5,nin\u0303o,nv,histo,40,male,back\n");
  EXPECT_EQ(result.report.samples, 3U);
  EXPECT_EQ(result.find("caf\u00e9")->raw_label, "nv");
  EXPECT_NE(result.find("ni\u00f1o"), nullptr);  // one spelling is stored
  const Tally& alike = result.report.skipped.at(
      "id that looks like another and is spelled in other characters (rename one of the two)");
  EXPECT_EQ(alike.count, 2U);
}

TEST(HostileTable, AnIdNeverLeadsOutOfThePictureFolder) {
  DataFolder folder;
  folder.picture("secret.jpg");
  folder.picture("images/a.jpg");
  folder.text("HAM10000_metadata.csv", std::string(kHeader) +
                                           "L1,../secret,nv,histo,40,male,back\n"
                                           "L2,a,nv,histo,40,male,back\n");
  const ReadResult result = read_all("ham10000", folder.input());
  ASSERT_THAT(result.samples, SizeIs(1));
  EXPECT_EQ(result.samples[0].key, "a");
}

TEST(HostileTable, RowsThatLackTheirLastFieldsAreReadAndTold) {
  const ReadResult result = read_ham(
      "L1,a,nv,histo,40,male,back\n"
      "L2,b,nv,histo\n"
      "L3,c,nv,histo,50,male,5\" above the knee\n");
  EXPECT_EQ(result.report.samples, 3U);
  const Tally& told =
      result.report.warnings.at("rows without their last fields, which are taken as empty");
  EXPECT_EQ(told.count, 1U);
  EXPECT_THAT(told.examples, ElementsAre(HasSubstr("HAM10000_metadata.csv:3: 4 of 7 fields")));
  EXPECT_EQ(finding(*result.find("b"), "age"), "");
  EXPECT_EQ(finding(*result.find("c"), "site"), "5\" above the knee");
}

TEST(HostileTable, Derm7ptPathsStayBelowThePictures) {
  DataFolder folder;
  folder.picture("outside.jpg");
  folder.picture("images/NEL/Nel026.jpg");
  folder.picture("images/NEL/NEL025.JPG");
  std::string header = "case_num,diagnosis,sex,location,clinic,derm\n";
  folder.text("meta.csv", header +
                              "1,blue nevus,female,back,NEL/NEL025.JPG,NEL/Nel026.jpg\n"
                              "2,blue nevus,female,back,../outside.jpg,NEL/../../outside.jpg\n"
                              "3,blue nevus,female,back,/etc/x.jpg,NEL//Nel026.jpg\n");
  const ReadResult result = read_all("derm7pt", folder.input());
  EXPECT_EQ(result.report.samples, 2U);
  EXPECT_EQ(result.report.records, 6U);
  EXPECT_EQ(result.report.skipped.at(kBadPicture).count, 2U);
  EXPECT_EQ(result.report.rows_without_picture.count, 1U);
  EXPECT_EQ(result.report.duplicate_ids.count, 1U);  // "NEL//Nel026.jpg" is "NEL/Nel026.jpg"
  EXPECT_EQ(result.samples[0].key, "Nel026");
  EXPECT_EQ(result.samples[0].modality, "dermoscopic image");
  EXPECT_EQ(result.samples[1].key, "NEL025");
}

TEST(HostileTable, TheFirstOfAnIdStaysAndConflictsAreTold) {
  const ReadResult result = read_ham(
      "L1,a,nv,histo,40,male,back\n"
      "L1,a,nv,histo,50,male,back\n"
      "L1,a.jpg,mel,histo,40,male,back\n"
      "L2,A,mel,histo,40,male,back\n");
  EXPECT_EQ(result.report.samples, 2U);  // ids keep their case
  EXPECT_EQ(result.report.duplicate_ids.count, 2U);
  EXPECT_EQ(result.report.conflicting_labels.count, 1U);
  EXPECT_THAT(result.report.conflicting_labels.examples[0], HasSubstr(".csv:4: a is also 'mel'"));
  EXPECT_EQ(result.find("a")->raw_label, "nv");
  EXPECT_EQ(finding(*result.find("a"), "age"), "40");
}

TEST(HostileTable, UnmappedLabelsAreNamedNeverGuessed) {
  const ReadResult result = read_ham(
      "L1,a,nevus,histo,40,male,back\n"
      "L2,b,NV ,histo,40,male,back\n"
      "L3,c,,histo,40,male,back\n"
      "L4,d,nvx,histo,40,male,back\n");
  EXPECT_EQ(result.report.samples, 4U);
  EXPECT_EQ(result.report.unmapped, (Counts{{"nevus", 1}, {"nvx", 1}}));
  EXPECT_EQ(result.report.without_label, 1U);
  EXPECT_EQ(result.find("a")->label, std::nullopt);
  EXPECT_EQ(result.find("b")->label, test::kNevus);
}

TEST(HostileTable, MetadataIsCleanedAndCapped) {
  const std::string row =
      "\"L\u202e1\",a,nv,\"histo\x07 \n x\",40,male," + std::string(5000, 'y') + "\n";
  const ReadResult result = read_ham(row);
  ASSERT_THAT(result.samples, SizeIs(1));
  const Sample& sample = result.samples[0];
  EXPECT_EQ(sample.group, "L1");
  EXPECT_EQ(sample.metadata.at("dx_type"), "histo x");
  EXPECT_LE(sample.metadata.at("localization").get<std::string>().size(), 500U);
  EXPECT_LE(finding(sample, "site").size(), 200U);
}

TEST(HostileTable, OddValuesAddNoFinding) {
  const ReadResult result = read_ham(
      "L1,a,nv,histo,400,male,unknown\n"
      "L2,b,nv,histo,-1,femal,UNK\n"
      "L3,c,nv,histo,abc,M,NA\n"
      "unknown,d,nv,histo,0.0,F,back\n");
  EXPECT_EQ(finding(*result.find("a"), "age"), "");
  EXPECT_EQ(finding(*result.find("a"), "site"), "");
  EXPECT_EQ(finding(*result.find("b"), "sex"), "");
  EXPECT_EQ(finding(*result.find("c"), "sex"), "male");
  EXPECT_EQ(finding(*result.find("d"), "age"), "0");
  EXPECT_EQ(result.find("d")->group, "");  // "unknown" is no lesion that samples share
  EXPECT_EQ(result.report.warnings.at("age that is no number of years").count, 1U);
  EXPECT_EQ(result.report.warnings.at("age left out, as it is not from 0 to 120 years").count, 1U);
  EXPECT_EQ(result.report.warnings.at("age left out, as the number stands for none").count, 1U);
  EXPECT_EQ(result.report.warnings.at("sex of an unknown spelling").count, 1U);
}

TEST(HostileTable, ByteOrderMarkCrLfAndQuotesRead) {
  DataFolder folder;
  folder.text("HAM10000_metadata.csv",
              "\xEF\xBB\xBFlesion_id,image_id,dx,dx_type,age,sex,localization\r\n"
              "\"L,1\",\"a\",\"nv\",\"his\"\"to\",40,male,back\r\n\r\n");
  AdapterInput input = folder.input();
  input.tables_only = true;
  const ReadResult result = read_all("ham10000", input);
  ASSERT_THAT(result.samples, SizeIs(1));
  EXPECT_EQ(result.samples[0].group, "L,1");
  EXPECT_EQ(result.samples[0].metadata.at("dx_type"), "his\"to");
}

TEST(HostileTable, BrokenFilesAreNamedWithTheLine) {
  DataFolder folder;
  AdapterInput input = folder.input();
  input.tables_only = true;
  EXPECT_THAT(read_error("ham10000", input), HasSubstr("HAM10000_metadata.csv"));
  folder.text("HAM10000_metadata.csv", "lesion_id,image_id\nL1,a\n");
  EXPECT_THAT(read_error("ham10000", input), HasSubstr("dx"));
  folder.text("HAM10000_metadata.csv", std::string(kHeader) + "L1\n");
  EXPECT_THAT(read_error("ham10000", input), HasSubstr("HAM10000_metadata.csv:2"));
  folder.text("HAM10000_metadata.csv", "");
  EXPECT_THAT(read_error("ham10000", input), HasSubstr("HAM10000_metadata.csv"));
  input.path = folder.path() / "nowhere";
  EXPECT_THAT(read_error("ham10000", input), HasSubstr("nowhere"));
}

TEST(HostileTable, AMissingFolderIsToldFromAMissingTable) {
  const DataFolder folder;
  AdapterInput input = folder.input();
  EXPECT_THAT(read_error("ham10000", input), HasSubstr("has no HAM10000_metadata.csv"));
  input.path /= "nowhere";
  EXPECT_THAT(read_error("ham10000", input),
              AllOf(HasSubstr("there is no folder"), HasSubstr("nowhere")));
}

TEST(HostileTable, TablesWithoutAnyPictureAreTakenWhereThatIsAllowed) {
  DataFolder folder;
  folder.text(
      "HAM10000_metadata.csv",
      std::string(kHeader) + "L1,one,nv,histo,40,male,back\nL2,two,mel,histo,40,male,back\n");
  AdapterInput input = folder.input();
  EXPECT_THAT(read_error("ham10000", input), HasSubstr("`tables_only`"));
  input.tables_if_no_pictures = true;
  const ReadResult without = read_all("ham10000", input);
  EXPECT_EQ(without.report.samples, 2U);
  const auto& warning = without.report.warnings.begin()->second;
  EXPECT_EQ(warning.count, 2U);
  EXPECT_THAT(warning.examples[0], HasSubstr("HAM10000_metadata.csv:2: one"));
  // With a single picture the other row is one that lacks its own.
  folder.picture("images/two.jpg");
  const ReadResult with = read_all("ham10000", input);
  EXPECT_EQ(with.report.samples, 1U);
  EXPECT_EQ(with.report.rows_without_picture.count, 1U);
}

TEST(HostileTable, RowsAndPicturesThatLackEachOtherAreListed) {
  DataFolder folder;
  folder.picture("images/a.jpg");
  folder.picture("images/b.JPEG");
  folder.picture("images/b.png");
  folder.picture("images/orphan.webp");
  folder.picture("images/._a.jpg");  // left by macOS
  folder.text("images/readme.txt", "");
  folder.text("HAM10000_metadata.csv", std::string(kHeader) +
                                           "L1,a,nv,histo,40,male,back\n"
                                           "L2,b,nv,histo,40,male,back\n"
                                           "L3,c,nv,histo,40,male,back\n"
                                           "L4,A,nv,histo,40,male,back\n"
                                           "L5,orph,nv,histo,40,male,back\n");
  AdapterInput input = folder.input();
  const ReadResult result = read_all("ham10000", input);
  EXPECT_EQ(result.report.samples, 1U);
  EXPECT_EQ(result.report.rows_without_picture.count, 3U);
  EXPECT_THAT(result.report.rows_without_picture.examples[0], HasSubstr(".csv:4: c"));
  // Which of its two pictures is b's nobody knows.
  EXPECT_EQ(result.report.skipped_total(), 4U);
  EXPECT_THAT(result.report.skipped.begin()->first, HasSubstr("differ by suffix"));
  EXPECT_EQ(result.report.pictures_without_row.count, 3U);
  EXPECT_THAT(result.report.pictures_without_row.examples[2], HasSubstr("orphan.webp"));
  EXPECT_EQ(result.report.pictures_shadowed.count, 0U);
  input.tables_only = true;
  const ReadResult tables = read_all("ham10000", input);
  EXPECT_EQ(tables.report.samples, 4U);
  EXPECT_THAT(tables.find("a")->image_path, HasSubstr("a.jpg"));
  EXPECT_EQ(tables.find("c")->image_path, "");
  input.pictures = {"no_such_folder"};
  EXPECT_THAT(read_error("ham10000", input), HasSubstr("no_such_folder"));
}

TEST(HostileTable, ListsAreCappedAndCountsAreNot) {
  std::string rows;
  for (int i = 0; i < 5000; ++i) rows += fmt::format("L,a\u200b{},label{},x,1,male,back\n", i, i);
  for (int i = 0; i < 5000; ++i) rows += fmt::format("L,b{},label{},x,1,male,back\n", i, i);
  const ReadResult result = read_ham(rows);
  EXPECT_EQ(result.report.skipped.at(kUnseenId).count, 5000U);
  EXPECT_THAT(result.report.skipped.at(kUnseenId).examples, SizeIs(100));
  EXPECT_LE(result.report.unmapped.size(), 2001U);
  std::uint64_t total = 0;
  for (const auto& [name, count] : result.report.unmapped) total += count;
  EXPECT_EQ(total, 5000U);
}

TEST(HostileTable, OneHotRowsMustMarkOneClass) {
  DataFolder folder;
  folder.text("ISIC2018_Task3_Test_GroundTruth.csv",
              "image,MEL,NV,BCC,AKIEC,BKL,DF,VASC\n"
              "a,1,0,0,0,0,0,0\n"
              "b,1,1,0,0,0,0,0\n"
              "c,0,0,0,0,0,0,0\n"
              "d,0.5,0.5,0,0,0,0,0\n"
              "e,x,0,0,0,0,0,0\n");
  AdapterInput input = folder.input();
  input.tables_only = true;
  const ReadResult result = read_all("isic2018", input);
  EXPECT_EQ(result.report.rows, 5U);
  EXPECT_EQ(result.report.samples, 2U);
  EXPECT_EQ(result.report.skipped.at("more than one class").count, 1U);
  EXPECT_EQ(result.report.skipped.at("class column that is neither 0 nor 1").count, 2U);
  EXPECT_EQ(result.report.without_label, 1U);
  EXPECT_EQ(result.report.warnings.at("no class marked").count, 1U);
}

TEST(HostileTable, Isic2017MarksAtMostOneClass) {
  DataFolder folder;
  folder.text("ISIC-2017_Test_v2_Part3_GroundTruth.csv",
              "image_id,melanoma,seborrheic_keratosis\na,0.0,0.0\nb,1.0,1.0\nc,0.0,1.0\n");
  AdapterInput input = folder.input();
  input.tables_only = true;
  const ReadResult result = read_all("isic2017", input);
  EXPECT_EQ(result.report.by_raw_label, (Counts{{"nevus", 1}, {"seborrheic_keratosis", 1}}));
  EXPECT_EQ(result.report.skipped.at("more than one class").count, 1U);
}

TEST(HostileTable, Isic2019FindsPicturesOfEitherName) {
  DataFolder folder;
  folder.picture("ISIC_2019_Training_Input/ISIC_1_downsampled.jpg");
  folder.picture("ISIC_2019_Training_Input/ISIC_2.jpg");
  folder.text("ISIC_2019_Training_GroundTruth.csv",
              "image,MEL,NV\nISIC_1_downsampled,1,0\nISIC_2_downsampled,0,1\n");
  folder.text("ISIC_2019_Training_Metadata.csv",
              "image,age_approx,anatom_site_general,lesion_id,sex\nISIC_1,40,head/neck,L1,male\n");
  const ReadResult result = read_all("isic2019", folder.input());
  ASSERT_THAT(result.samples, SizeIs(2));
  EXPECT_EQ(result.samples[0].key, "ISIC_1");
  EXPECT_THAT(result.samples[0].image_path, HasSubstr("ISIC_1_downsampled.jpg"));
  EXPECT_EQ(result.samples[0].group, "L1");
  EXPECT_EQ(finding(result.samples[0], "site"), "head or neck");
  EXPECT_EQ(result.samples[1].key, "ISIC_2");
  EXPECT_THAT(result.samples[1].image_path, HasSubstr("ISIC_2.jpg"));
}

TEST(HostileTable, CsvFolderListsMustAgree) {
  DataFolder folder;
  folder.text("labels.csv", "a.jpg,2\nb.jpg,6\nc.jpg,9\n");
  folder.text("labels_train.csv", "a.jpg,2\nstranger.jpg,1\n");
  folder.text("labels_test.csv", "a.jpg,2\nb.jpg,6\n");
  folder.text("classes_subclasses_metadata_mapping.csv",
              "a,2,benign,nevus- congenital,nevus- congenital,-,melanocytic / benign nevus,x\n"
              "b,5,malignant,melanoma,melanoma,-,melanoma,melanoma\n");
  AdapterInput input = folder.input();
  input.tables_only = true;
  const ReadResult result = read_all("csv_folder", input);
  EXPECT_EQ(result.report.samples, 3U);
  EXPECT_EQ(result.report.unmapped, (Counts{{"9", 1}}));
  EXPECT_EQ(result.report.skipped.at("in a split but not in labels.csv").count, 1U);
  EXPECT_EQ(result.report.warnings.at("class number differs from the mapping").count, 1U);
  EXPECT_EQ(result.report.warnings.at("no row in the mapping").count, 1U);
  EXPECT_THAT(result.find("a")->published_splits, ElementsAre("train", "test"));
  EXPECT_EQ(result.find("a")->split, "test");
  EXPECT_EQ(result.find("a")->diagnosis, "nevus, congenital");
  EXPECT_EQ(result.find("a")->subclass, "");
  folder.text("labels.csv", "a.jpg\n");
  EXPECT_THAT(read_error("csv_folder", input), HasSubstr("labels.csv:1"));
}

TEST(HostileTable, CsvFolderListsAreMatchedHoweverTheyAreSpelled) {
  DataFolder folder;
  folder.text("labels.csv", "sub/a.jpg,2\nsub/R\u00f6ntgen.jpg,6\n");
  folder.text("labels_train.csv", "./sub//a,2\n");
  folder.text("labels_test.csv", "sub\\Ro\u0308ntgen.jpg,6\n");
  folder.text("classes_subclasses_metadata_mapping.csv",
              "/sub/a,2,benign,nevus- congenital,nevus- congenital,-,melanocytic / nevus,x\n");
  AdapterInput input = folder.input();
  input.tables_only = true;
  const ReadResult result = read_all("csv_folder", input);
  EXPECT_THAT(result.report.skipped, IsEmpty());
  EXPECT_EQ(result.find("sub/a")->split, "train");
  EXPECT_EQ(result.find("sub/a")->diagnosis, "nevus, congenital");
  EXPECT_EQ(result.find("sub/R\u00f6ntgen")->split, "test");
}

TEST(HostileTable, WhatTheSinkThrowsPassesThrough) {
  DataFolder folder;
  folder.text("HAM10000_metadata.csv", std::string(kHeader) + "L1,a,nv,histo,40,male,back\n");
  AdapterInput input = folder.input();
  input.tables_only = true;
  EXPECT_THROW(adapter("ham10000").read(input, [](Sample&&) { throw Interrupted(); }), Interrupted);
}

TEST(Registry, NamesAreDistinctAndFound) {
  std::set<std::string> names;
  for (const Adapter* one : adapters()) {
    names.emplace(one->name());
    EXPECT_EQ(&adapter(one->name()), one);
    EXPECT_FALSE(one->describe().empty());
    EXPECT_THAT(one->expected_files(), Not(IsEmpty()));
  }
  EXPECT_THAT(names, SizeIs(adapters().size()));
  EXPECT_THROW(adapter("ham"), UsageError);
}

TEST(AdapterReportJson, HoldsEveryCount) {
  const ReadResult result =
      read_ham("L1,a,nv,histo,40,male,back\nL1,b\u200bc,xx,histo,40,male,back\n");
  const Json json = to_json(result.report);
  EXPECT_EQ(json.at("records"), 2);
  EXPECT_EQ(json.at("samples"), 1);
  EXPECT_EQ(json.at("by_label").at("NEV"), 1);
  EXPECT_EQ(json.at("skipped").at(kUnseenId).at("count"), 1);
  EXPECT_EQ(json.at("by_split").at(""), 1);
}

}  // namespace
}  // namespace epicrisis::test
