// Which adapter reads a folder, what a person is told of a read, and the column map that is
// proposed.

#include <gmock/gmock.h>

#include "data/read_support.h"
#include "epicrisis/core/error.h"
#include "epicrisis/data/adapter_choice.h"
#include "epicrisis/data/column_proposal.h"
#include "epicrisis/data/read_remarks.h"
#include "epicrisis/data/taxonomy.h"
#include "support/dermatology.h"

namespace epicrisis::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

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

TEST(AdapterChoice, FoldersOfKnownClassesAreAnImageFolder) {
  DataFolder folder;
  folder.picture("mel/1.jpg");
  folder.picture("nv/2.jpg");
  EXPECT_EQ(sure_adapter(folder.input()).name(), "imagefolder");
}

TEST(AdapterChoice, WhatIsNotSureIsNamed) {
  DataFolder folder;
  folder.text("cases.csv", "case,dx\n1,MEL\n");
  EXPECT_THAT(refusal(folder), AllOf(HasSubstr("no data set that is known"), HasSubstr("`guess`")));
  folder.picture("stuff/1.jpg");
  EXPECT_THAT(refusal(folder), HasSubstr("imagefolder (0 of the first 1 samples have a class"));
}

std::vector<std::string> texts_of(const AdapterReport& report, bool warning) {
  std::vector<std::string> texts;
  for (const ReadRemark& remark : remarks_on(report)) {
    if (remark.warning == warning) texts.push_back(remark.text);
  }
  return texts;
}

ReadResult read_cases(std::string_view rows, std::string_view header = "id;dx;sex;malignant\n") {
  DataFolder folder;
  folder.text("columns.toml",
              "table = \"t.csv\"\n[columns]\nid = \"id\"\nlabel = \"dx\"\nsex = \"sex\"\n"
              "malignancy = \"malignant\"\n");
  folder.text("t.csv", std::string(header) + std::string(rows));
  AdapterInput input = folder.input();
  input.tables_only = true;
  return read_all("generic_csv", input);
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
  EXPECT_EQ(blocks,
            "[[map]]\nraw = [\"wart\"]  # 2 samples\nlabel = \"\"\n"
            "[[map]]\nraw = [\"a \\\"b\\\"\"]  # 1 sample\nlabel = \"\"\n");
  const Taxonomy taxonomy = Taxonomy::parse("extends = \"common\"\n" + blocks, "mine.toml");
  EXPECT_NE(taxonomy.find("a \"b\""), nullptr);
  EXPECT_EQ(map_blocks(read_cases("1;MEL;;\n").report), "");
}

constexpr std::string_view kMine =
    "Nr;Bild;Diagnosis;Patient ID;Alter;Geschlecht;Fitzpatrick;Malignant;Fold;Itch;Note\n"
    "1;a.jpg;MEL;p1;45,5;w;III;True;0;yes;\n"
    "2;b.jpg;NV;p1;85+;m;IV;False;1;no;\n"
    "3;c.jpg;wart;p2;old;m;12;False;1;no;\n";

TEST(ColumnProposal, IsAColumnMapThatReads) {
  DataFolder folder;
  folder.text("cases.csv", kMine);
  folder.text("readme.txt", "nothing\n");
  for (const char* name : {"a", "b", "c"}) folder.picture(std::string("photos/") + name + ".jpg");
  const std::string map = propose_column_map(folder.path(), Field::standard());
  for (const char* line :
       {"table = \"cases.csv\"", "separator = \";\"", "\nid = \"Nr\"", "\npicture = \"Bild\"",
        "\nlabel = \"Diagnosis\"", "\ngroup = \"Patient ID\"", "\nage = \"Alter\"",
        "not understood: old (1)", "\nsex = \"Geschlecht\"", "\nskin_type = \"Fitzpatrick\"",
        "\nmalignancy = \"Malignant\"", "\nsplit = \"Fold\"", "folders = [\"photos\"]",
        "# \"0\" = \"train\"", "# raw = [\"wart\"]", "# columns = [\"Itch\"]",
        "# Other tables: readme.txt"}) {
    EXPECT_THAT(map, HasSubstr(line));
  }
  folder.text("columns.toml", map);
  const ReadResult result = read_all("generic_csv", folder.input());
  ASSERT_THAT(result.samples, SizeIs(3));
  EXPECT_EQ(result.samples[0].label, test::kMelanoma);
  EXPECT_EQ(finding(result.samples[0], "age"), "45.5");
  EXPECT_EQ(finding(result.samples[0], "sex"), "female");
  EXPECT_EQ(finding(result.samples[2], "skin type"), "Fitzpatrick I or II");
  EXPECT_EQ(result.samples[0].group, "p1");
  EXPECT_THAT(result.samples[0].image_path, HasSubstr("photos/a.jpg"));
}

TEST(ColumnProposal, HostileNamesAndValuesStayInTheirPlace) {
  DataFolder folder;
  folder.text(
      "x.csv",
      "\"a\"\"b\\\",\"dx\nid = \"\"evil\"\"\",photo\n1,\"MEL\n[columns]\",p.jpg\n2,\"\"\"\"\"\",q.jpg\n");
  const std::string map = propose_column_map(folder.path() / "x.csv", Field::standard());
  folder.text("columns.toml", map);
  AdapterInput input = folder.input();
  input.tables_only = true;
  EXPECT_THAT(read_all("generic_csv", input).samples, SizeIs(2)) << map;
  EXPECT_THAT(map, Not(HasSubstr("\nid = \"evil\"")));
}

TEST(ColumnProposal, SaysWhereThereIsNoTable) {
  DataFolder folder;
  EXPECT_THROW(propose_column_map(folder.path(), Field::standard()), UsageError);
  EXPECT_THROW(propose_column_map(folder.path() / "none", Field::standard()), UsageError);
  folder.text("a.csv", "");
  EXPECT_THROW(propose_column_map(folder.path(), Field::standard()), InputError);
}

}  // namespace
}  // namespace epicrisis::test
