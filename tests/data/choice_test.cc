// Which adapter reads a folder, and what a person is told of a read.

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "data/read_support.h"
#include "epicrisis/core/error.h"
#include "epicrisis/data/adapter_choice.h"
#include "epicrisis/data/read_remarks.h"
#include "epicrisis/data/taxonomy.h"
#include "support/dermatology.h"

namespace epicrisis::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kHam =
    "lesion_id\timage_id\tdx\tdx_type\tage\tsex\tlocalization\n"
    "\"HAM_1\"\t\"ISIC_1\"\t\"nv\"\t\"histo\"\t0.0\t\"male\"\t\"back\"\n"
    "\"HAM_2\"\t\"ISIC_2\"\t\"mel\"\t\"histo\"\t\t\"unknown\"\t\"unknown\"\n";

std::string refusal(const DataFolder& folder) {
  try {
    return std::string(sure_adapter(folder.input()).name());
  } catch (const UsageError& error) {
    return error.what();
  }
}

TEST(AdapterChoice, TakesTheOnlyOneThatReads) {
  DataFolder folder;
  folder.text("HAM10000_metadata.tab", kHam);
  EXPECT_EQ(sure_adapter(folder.input()).name(), "ham10000");
  folder.picture("images/ISIC_1.jpg");
  EXPECT_EQ(sure_adapter(folder.input()).name(), "ham10000");
}

TEST(AdapterChoice, AColumnMapSaysIt) {
  DataFolder folder;
  folder.text("HAM10000_metadata.csv", kHam);
  folder.text("columns.toml", "table = \"HAM10000_metadata.csv\"\n[columns]\nid = \"image_id\"\n");
  EXPECT_EQ(sure_adapter(folder.input()).name(), "generic_csv");
}

// One that names no table is of an image folder, wherever that has its metadata.
TEST(AdapterChoice, AColumnMapOfAnImageFolderDoesNotMakeATable) {
  const std::string map = "[columns]\ngroup = \"who\"\n";
  for (const char* lines : {"metadata.jsonl", "train/metadata.jsonl", ""}) {
    DataFolder folder;
    folder.picture("train/mel/1.jpg");
    if (*lines != '\0') {
      const std::string below = std::string(lines).starts_with("train") ? "mel" : "train/mel";
      folder.text(lines, "{\"file_name\": \"" + below + "/1.jpg\", \"who\": \"p1\"}\n");
    }
    folder.text("columns.toml", map);
    EXPECT_EQ(sure_adapter(folder.input()).name(), "imagefolder") << lines;
    folder.text("elsewhere/map.toml", map);
    AdapterInput input = folder.input();
    input.column_map = folder.path() / "elsewhere" / "map.toml";
    EXPECT_EQ(sure_adapter(input).name(), "imagefolder") << lines;
  }
  // Without a picture its own adapter says what is missing.
  DataFolder table;
  table.text("cases.csv", "case,dx\n1,MEL\n");
  table.text("columns.toml", map);
  EXPECT_EQ(sure_adapter(table.input()).name(), "generic_csv");
  table.picture("images/1.jpg");
  EXPECT_EQ(sure_adapter(table.input()).name(), "generic_csv");
}

TEST(AdapterChoice, FoldersOfKnownClassesAreAnImageFolder) {
  DataFolder folder;
  folder.picture("mel/1.jpg");
  folder.picture("nv/2.jpg");
  EXPECT_EQ(sure_adapter(folder.input()).name(), "imagefolder");
}

TEST(AdapterChoice, FoldersOfDiseasesAreNoPublishedSet) {
  for (const char* before : {"", "images/", "train/"}) {
    DataFolder folder;
    for (const char* name : {"Basal_Cell_Carcinoma", "Malignant_Melanoma", "Nevus"}) {
      folder.picture(fmt::format("{}{}/1.jpg", before, name));
    }
    EXPECT_EQ(sure_adapter(folder.input()).name(), "imagefolder") << before;
  }
  DataFolder dermnet;
  dermnet.picture("train/Melanoma Skin Cancer Nevi and Moles/malignant-melanoma-12.jpg");
  dermnet.picture("test/Acne and Rosacea Photos/07Acne081101.jpg");
  EXPECT_EQ(sure_adapter(dermnet.input()).name(), "dermnet");
}

TEST(AdapterChoice, WhatIsNotSureIsNamed) {
  DataFolder folder;
  folder.text("cases.csv", "case,dx\n1,MEL\n");
  EXPECT_THAT(refusal(folder), AllOf(HasSubstr("no data set that is known"), HasSubstr("`guess`")));
  // Folders that name no class are no better way to read it.
  folder.picture("stuff/1.jpg");
  EXPECT_THAT(refusal(folder), AllOf(HasSubstr("cases.csv is a table of 1 row, "),
                                     HasSubstr("`guess`"), Not(HasSubstr("imagefolder"))));
  DataFolder pictures;
  pictures.picture("stuff/1.jpg");
  EXPECT_THAT(refusal(pictures), HasSubstr("imagefolder (0 of the first 1 sample with a class"));
}

TEST(AdapterChoice, WithoutAColumnMapTheTableIsNamed) {
  DataFolder folder;
  folder.text("cases.csv", "case;dx\n1;MEL\n2;NV\n");
  folder.text("notes.txt", "only prose\n");
  try {
    read_all("generic_csv", folder.input());
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(),
                AllOf(HasSubstr("no columns.toml"), HasSubstr("cases.csv is a table of 2 rows"),
                      HasSubstr("`guess`"), Not(HasSubstr("notes.txt"))));
  }
  folder.picture("photos/1.jpg");
  const ReadResult result = read_all("imagefolder", folder.input());
  ASSERT_EQ(result.report.warnings.size(), 1U);
  EXPECT_THAT(result.report.warnings.begin()->second.examples,
              testing::ElementsAre(
                  HasSubstr("cases.csv: a table of 2 rows, which a column map can explain")));
}

std::vector<std::string> texts_of(const AdapterReport& report, bool warning) {
  std::vector<std::string> texts;
  for (const ReadRemark& remark : remarks_on(report)) {
    if (remark.warning == warning) texts.push_back(remark.text);
  }
  return texts;
}

// Reads a table t.csv by a column map.
ReadResult read_table(std::string_view map, std::string_view table) {
  DataFolder folder;
  folder.text("columns.toml", map);
  folder.text("t.csv", table);
  AdapterInput input = folder.input();
  input.tables_only = true;
  return read_all("generic_csv", input);
}

ReadResult read_cases(std::string_view rows, std::string_view header = "id;dx;sex;malignant\n") {
  return read_table(
      "table = \"t.csv\"\n[columns]\nid = \"id\"\nlabel = \"dx\"\nsex = \"sex\"\n"
      "malignancy = \"malignant\"\n",
      std::string(header) + std::string(rows));
}

TEST(ReadRemarks, NameWhatWasLeftOutAndHowOften) {
  const ReadResult result = read_cases(
      "1;MEL;x;1\n2;wart;x;0\n3;wart;y;0\n4;NV;f;1\n4;NV;f;0\n;NV;f;0\n5;\"a \"\"b\"\"\";f;0\n");
  EXPECT_THAT(texts_of(result.report, false), testing::Contains("t.csv is separated by ';'"));
  const std::vector<std::string> warnings = texts_of(result.report, true);
  EXPECT_THAT(warnings, testing::Contains("3 sex of an unknown spelling: 'x' (2), 'y' (1)"));
  EXPECT_THAT(warnings, testing::Contains("1 malignancy that is not the class's"));
  EXPECT_THAT(warnings, testing::Contains("1 skipped: ids met before"));
  EXPECT_THAT(warnings, testing::Contains("1 skipped: no id"));
  EXPECT_THAT(warnings, testing::Contains(
                            "labels that the label map does not know: 'wart' (2), 'a \"b\"' (1)"));
}

TEST(ReadRemarks, UnknownLabelsAreBlocksToPaste) {
  const ReadResult result = read_cases("1;wart;;\n2;wart;;\n3;\"a \"\"b\"\"\";;\n");
  const std::string blocks = map_blocks(result.report);
  const std::string diagnosis =
      "# diagnosis = \"\"  # what notes say, where the class's own words are too coarse\n";
  EXPECT_EQ(blocks, "[[map]]\nraw = [\"wart\"]  # 2 samples\nlabel = \"?\"\n" + diagnosis +
                        "[[map]]\nraw = [\"a \\\"b\\\"\"]  # 1 sample\nlabel = \"?\"\n" +
                        diagnosis);
  EXPECT_THAT(classes_in_words(Field::standard()), HasSubstr("DF dermatofibroma, NEV "));
  const Taxonomy taxonomy = Taxonomy::parse("extends = \"common\"\n" + blocks, "mine.toml");
  EXPECT_NE(taxonomy.find("a \"b\""), nullptr);
  EXPECT_EQ(map_blocks(read_cases("1;MEL;;\n").report), "");
}

// A block that is pasted and not completed must not pass for a decision.
TEST(ReadRemarks, ALabelThatIsLeftOpenIsAskedFor) {
  const std::string_view table = "id,dx\n1,wart\n2,scar\n3,unk\n4,MEL\n";
  const std::string map =
      "table = \"t.csv\"\ntaxonomy = \"isic2019\"\n[columns]\nid = \"id\"\nlabel = \"dx\"\n"
      "[[map]]\nraw = [\"scar\"]\nlabel = \"\"\ndiagnosis = \"scar\"\n";
  const std::string blocks = map_blocks(read_table(map, table).report);
  const AdapterReport report = read_table(map + blocks, table).report;
  EXPECT_EQ(report.left_open, (Counts{{"wart", 1}}));
  EXPECT_EQ(report.no_class, (Counts{{"wart", 1}, {"scar", 1}, {"unk", 1}}));
  EXPECT_THAT(texts_of(report, true),
              testing::Contains(AllOf(HasSubstr("still \"?\""), HasSubstr("'wart' (1)"))));
  EXPECT_THAT(texts_of(report, false), testing::Contains("known labels of none of the classes: "
                                                         "'scar' (1), 'unk' (1)"));
}

// It was asked for again at each import, though the empty label is the way to say so.
TEST(ReadRemarks, ALabelThatIsEmptyOnPurposeIsNotAskedFor) {
  const std::string_view table = "id,dx\n1,wart\n2,MEL\n";
  const std::string map =
      "table = \"t.csv\"\n[columns]\nid = \"id\"\nlabel = \"dx\"\n"
      "[[map]]\nraw = [\"wart\"]\nlabel = \"\"\n";
  const AdapterReport report = read_table(map, table).report;
  EXPECT_TRUE(report.left_open.empty());
  EXPECT_TRUE(report.unmapped.empty());
  EXPECT_EQ(report.no_class, (Counts{{"wart", 1}}));
  for (const std::string& warning : texts_of(report, true)) {
    EXPECT_THAT(warning, Not(HasSubstr("wart")));
  }
  EXPECT_EQ(map_blocks(report), "");
}

// The name of a column that is "" was looked for in the table.
TEST(ReadRemarks, ColumnsThatAreAbsentOnPurposeAreNotAskedFor) {
  const std::string absent =
      "table = \"t.csv\"\n[columns]\nid = \"id\"\nlabel = \"\"\ngroup = \"\"\nsplit = \"\"\n"
      "age = \"\"\nsex = [\"\"]\nsite = \"\"\nmalignancy = \"\"\nskin_type = \"\"\n";
  const AdapterReport report = read_table(absent, "id,dx\n1,MEL\n2,NV\n").report;
  EXPECT_EQ(report.samples, 2U);
  EXPECT_TRUE(report.said_without_label);
  EXPECT_TRUE(report.said_without_group);
  for (const std::string& warning : texts_of(report, true)) {
    EXPECT_THAT(warning, Not(HasSubstr("label")));
  }
  const std::vector<std::string> told = texts_of(report, false);
  EXPECT_THAT(told, testing::Contains("2 samples without a label, as the column map says"));
  EXPECT_THAT(told, testing::Contains("no sample has a group, as the column map says"));
  EXPECT_THAT(told, Not(testing::Contains(HasSubstr("import again"))));
}

TEST(ReadRemarks, ASplitThatIsNoneOnPurposeIsNotAskedFor) {
  const AdapterReport report =
      read_table(
          "table = \"t.csv\"\n[columns]\nid = \"id\"\nlabel = \"dx\"\nsplit = \"fold\"\n"
          "[splits]\n\"9\" = \"\"\n\"1\" = \"train\"\n",
          "id,dx,fold\n1,MEL,9\n2,NV,1\n3,NV,no\n")
          .report;
  EXPECT_EQ(report.by_split, (Counts{{"", 2}, {"train", 1}}));
  for (const std::string& warning : texts_of(report, true)) {
    EXPECT_THAT(warning, Not(HasSubstr("split")));
  }
}

TEST(ReadRemarks, AMapThatNamesNoLabelColumnIsTold) {
  const AdapterReport report =
      read_table("table = \"t.csv\"\n[columns]\nid = \"id\"\n", "id,dx\n1,MEL\n2,NV\n").report;
  EXPECT_THAT(
      texts_of(report, true),
      testing::Contains("2 samples without a label: the column map names no `label` column"));
  EXPECT_EQ(to_json(report).at("no_label_column"), true);
}

// Two pictures of one person in training and test were told by nobody.
TEST(ReadRemarks, ATableThatSaysNoPatientIsTold) {
  const std::string_view table = "id,dx,who\n1,MEL,\n2,NV,unknown\n3,NV,\n";
  const std::string map = "table = \"t.csv\"\n[columns]\nid = \"id\"\nlabel = \"dx\"\n";
  const auto told = testing::Contains(HasSubstr("no sample says its patient or case"));
  const AdapterReport report = read_table(map, table).report;
  EXPECT_THAT(texts_of(report, false), told);
  EXPECT_EQ(to_json(report).at("without_group"), 3);
  EXPECT_THAT(texts_of(read_table(map + "group = \"who\"\n", table).report, false), told);
  const AdapterReport grouped =
      read_table(map + "group = \"who\"\n", "id,dx,who\n1,MEL,p1\n2,NV,\n").report;
  EXPECT_THAT(texts_of(grouped, false), Not(told));
  EXPECT_EQ(grouped.without_group, 1U);
  EXPECT_THAT(texts_of(read_table(map, "id,dx\n1,MEL\n").report, false), Not(told));
}

// What is pasted as it is changes no sample, and is warned of no more.
TEST(ReadRemarks, ValuesThatAreNotUnderstoodAreWordsToPaste) {
  const std::string_view table =
      "id,age,sex,site,fst\n1,old,x,Klingon,f\n2,old,x,\"say \"\"q\"\"\",9\n3,4,f,back,3\n";
  const std::string map =
      "table = \"t.csv\"\n[columns]\nid = \"id\"\nage = \"age\"\nsex = \"sex\"\nsite = \"site\"\n"
      "skin_type = \"fst\"\n";
  const ReadResult before = read_table(map, table);
  const std::string blocks = words_blocks(before.report);
  for (const char* block :
       {"[words.age]\n\"old\" = \"\"  # 2 samples\n", "[words.sex]\n\"x\" = \"\"  # 2 samples\n",
        "[words.site]\n\"Klingon\" = \"klingon\"  # 1 sample\n", "[words.\"skin type\"]\n"}) {
    EXPECT_THAT(blocks, HasSubstr(block));
  }
  const ReadResult after = read_table(map + blocks, table);
  EXPECT_THAT(after.report.warnings, testing::IsEmpty());
  EXPECT_EQ(words_blocks(after.report), "");
  for (std::size_t i = 0; i < before.samples.size(); ++i) {
    EXPECT_EQ(finding(after.samples[i], "site"), finding(before.samples[i], "site"));
    EXPECT_EQ(after.samples[i].findings.size(), before.samples[i].findings.size());
  }
}

}  // namespace
}  // namespace epicrisis::test
