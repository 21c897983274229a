// What cells of a table say by its column map: words for nothing, malignancy, labels.

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "data/read_support.h"
#include "epicrisis/core/error.h"
#include "epicrisis/data/field.h"
#include "epicrisis/data/taxonomy.h"
#include "support/dermatology.h"

namespace epicrisis::test {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr std::string_view kMap = R"(
table = "t.csv"
modality = "photo"
[columns]
id = "id"
label = "dx"
group = "person"
diagnosis = "text"
subclass = "sub"
modality = "kind"
age = "age"
sex = "sex"
site = "site"
skin_type = "skin"
malignancy = "malignant"
[[finding]]
name = "size"
[[finding]]
name = "itch"
[finding.words.itch]
none = "no itching"
)";

ReadResult read_table_of(std::string_view rows, std::string_view more = "",
                         std::string_view header = "") {
  DataFolder folder;
  folder.text("columns.toml", std::string(more) + std::string(kMap));
  folder.text("t.csv",
              std::string(header.empty() ? "id,dx,person,text,sub,kind,age,sex,site,skin,malignant,"
                                           "size,itch\n"
                                         : header) +
                  std::string(rows));
  AdapterInput input = folder.input();
  input.tables_only = true;
  return read_all("generic_csv", input);
}

TEST(MissingWords, AddNothingInAnyColumn) {
  std::string rows;
  for (const char* word : {"nan", "NaN", "None", "#N/A", "#n/a", "--", "<NA>", "not recorded"}) {
    rows += std::to_string(rows.size()) + ",MEL";
    for (int column = 0; column < 11; ++column) rows += std::string(",") + word;
    rows += "\n";
  }
  const ReadResult result = read_table_of(rows);
  ASSERT_THAT(result.samples, SizeIs(8));
  for (const Sample& sample : result.samples) {
    const std::string which = sample.metadata.dump();
    EXPECT_EQ(sample.group, "") << which;
    EXPECT_EQ(sample.diagnosis, "melanoma") << which;
    EXPECT_EQ(sample.subclass, "") << which;
    EXPECT_EQ(sample.modality, "photo") << which;
    EXPECT_EQ(sample.grade, "malignant") << which;
    EXPECT_EQ(finding(sample, "age") + finding(sample, "sex") + finding(sample, "site") +
                  finding(sample, "skin type") + finding(sample, "size"),
              "")
        << which;
  }
  EXPECT_EQ(finding(result.samples[2], "itch"), "no itching");  // the column map has words for it
  EXPECT_TRUE(result.report.warnings.empty()) << to_json(result.report).dump(1);
}

// They were taken as they stood, as a lesion of 999 mm.
TEST(MissingWords, NumbersThatStandForNoneAreCountedAndLeftOut) {
  const auto read = [](std::string_view more) {
    DataFolder folder;
    folder.text("columns.toml", std::string(more) +
                                    "table = \"t.csv\"\n[columns]\nid = \"id\"\nage = \"age\"\n"
                                    "[[finding]]\nname = \"size\"\nunit = \"mm\"\n"
                                    "[[finding]]\nname = \"note\"\n");
    folder.text("t.csv",
                "id,age,size,note\n1,-1,999,-1\n2,-9,-99,\n3,999,-999.0,\n4,150,4,\n5,-3,99,\n"
                "6,99,-9,\n7,45,nan,\n");
    AdapterInput input = folder.input();
    input.tables_only = true;
    return read_all("generic_csv", input);
  };
  const ReadResult result = read("");
  ASSERT_THAT(result.samples, SizeIs(7));
  std::string said;
  for (const Sample& sample : result.samples) {
    said += finding(sample, "age") + "|" + finding(sample, "size") + "|";
  }
  EXPECT_EQ(said,
            "||||||"
            "|4 mm|"
            "|99 mm|"
            "99||"
            "45||");
  EXPECT_EQ(finding(result.samples[0], "note"), "-1");  // no column of numbers
  const auto values = [&](const std::string& kind) {
    return result.report.warnings.at(kind).values;
  };
  EXPECT_EQ(values("age left out, as the number stands for none"),
            (Counts{{"-1", 1}, {"-9", 1}, {"999", 1}}));
  EXPECT_EQ(values("size left out, as the number stands for none"),
            (Counts{{"999", 1}, {"-99", 1}, {"-999.0", 1}, {"-9", 1}}));
  EXPECT_EQ(values("age left out, as it is not from 0 to 120 years"),
            (Counts{{"150", 1}, {"-3", 1}}));
  EXPECT_EQ(finding(read("keep = [\"999\"]\n").samples[0], "size"), "999 mm");
}

TEST(MissingWords, AreNoLabel) {
  const ReadResult result =
      read_table_of("1,nan,,,,,,,,,,,\n2,None,,,,,,,,,,,\n3,MEL,,,,,,,,,,,\n");
  EXPECT_EQ(result.report.without_label, 2U);
  EXPECT_TRUE(result.report.unmapped.empty());
}

TEST(MissingWords, AColumnMapAddsToThemOrKeepsOne) {
  const ReadResult result = read_table_of("1,MEL,,,,,,,Nil,,,,\n2,MEL,,,,,,,pending,,,,\n",
                                          "missing = [\"Pending\"]\nkeep = [\"nil\"]\n");
  EXPECT_EQ(finding(result.samples[0], "site"), "nil");
  EXPECT_THAT(result.samples[1].findings, SizeIs(0));
}

struct Said {
  const char* cell;
  const char* label;
  const char* grade;
  bool warned;
};

TEST(Malignancy, IsReadAsTablesWriteIt) {
  for (const Said& one : {
           Said{"True", "MEL", "malignant", false},
           Said{"TRUE", "MEL", "malignant", false},
           Said{"1", "MEL", "malignant", false},
           Said{"1.0", "BCC", "malignant", false},
           Said{"yes", "BCC", "malignant", false},
           Said{"malign", "SCC", "malignant", false},
           Said{"Bösartig", "SCC", "malignant", false},
           Said{"False", "NEV", "benign", false},
           Said{"0", "NEV", "benign", false},
           Said{"0.0", "NEV", "benign", false},
           Said{"bénigne", "NEV", "benign", false},
           Said{"gutartig", "NEV", "benign", false},
           Said{"premalignant", "ACK", "pre-cancerous", false},
           // Not malignant, and the class says more.
           Said{"False", "ACK", "pre-cancerous", false},
           // The publisher leaves it open: neither end is said.
           Said{"Indeterminate", "NEV", "", false},
           Said{"undetermined", "NEV", "", false},
           Said{"inconclusive", "NEV", "", false},
           Said{"Indeterminate", "ACK", "pre-cancerous", false},
           // Nothing stands for what was not understood.
           Said{"2", "NEV", "", true},
           Said{"perhaps", "MEL", "", true},
           // Against the class: the table's own word stays, and is listed.
           Said{"1", "NEV", "malignant", true},
           Said{"benign", "MEL", "benign", true},
           Said{"True", "ACK", "malignant", true},
           Said{"", "NEV", "benign", false},
       }) {
    const ReadResult result =
        read_table_of(std::string("1,") + one.label + ",,,,,,,,," + one.cell + ",,\n");
    ASSERT_THAT(result.samples, SizeIs(1)) << one.cell;
    EXPECT_EQ(result.samples[0].grade, one.grade) << one.cell << " " << one.label;
    EXPECT_EQ(!result.report.warnings.empty(), one.warned) << one.cell << " " << one.label;
  }
}

TEST(Malignancy, WhatIsNotUnderstoodIsCountedByValue) {
  const ReadResult result = read_table_of(
      "1,NEV,,,,,,,,,maybe,,\n2,NEV,,,,,,,,,maybe,,\n3,NEV,,,,,,,,,3x,,\n4,NEV,,,,,,,,,1,,\n");
  const Tally& tally = result.report.warnings.at("malignancy that is not understood");
  EXPECT_EQ(tally.count, 3U);
  EXPECT_EQ(tally.values, (Counts{{"3x", 1}, {"maybe", 2}}));
  const Tally& against = result.report.warnings.at("malignancy that is not the class's");
  ASSERT_THAT(against.examples, SizeIs(1));
  EXPECT_THAT(against.examples[0], HasSubstr("4 'NEV' is malignant, the class benign"));
}

TEST(Malignancy, AColumnThatAsksTheOtherWayRoundIsNotGuessed) {
  for (const char* column : {"benign", "is_benign", "malignant_benign"}) {
    DataFolder folder;
    folder.text(
        "columns.toml",
        std::string("table = \"t.csv\"\n[columns]\nid = \"id\"\nlabel = \"dx\"\nmalignancy = \"") +
            column + "\"\n");
    folder.text("t.csv", std::string("id,dx,") + column + "\n1,MEL,False\n2,NEV,benign\n");
    AdapterInput input = folder.input();
    input.tables_only = true;
    const ReadResult result = read_all("generic_csv", input);
    EXPECT_EQ(result.samples[0].grade, "") << column;
    EXPECT_EQ(result.samples[1].grade, "benign") << column;
    EXPECT_EQ(result.report.warnings.at("malignancy that is not understood").count, 1U) << column;
  }
}

// A cross may stand for yes or for "not known" where other cells are words.
TEST(Malignancy, ATickIsAYesBesideEmptyCellsAlone) {
  const ReadResult ticks = read_table_of("1,MEL,,,,,,,,,x,,\n2,NEV,,,,,,,,,,,\n");
  EXPECT_EQ(ticks.samples[0].grade, "malignant");
  EXPECT_TRUE(ticks.report.warnings.empty());
  const ReadResult words = read_table_of("1,NEV,,,,,,,,,X,,\n2,NEV,,,,,,,,,benign,,\n");
  EXPECT_EQ(words.samples[0].grade, "");
  EXPECT_EQ(words.report.warnings.at("malignancy that is not understood").values,
            (Counts{{"X", 1}}));
}

TEST(Malignancy, NumbersOfACodeAreNotYesAndNo) {
  const ReadResult result = read_table_of(
      "1,NEV,,,,,,,,,0,,\n2,ACK,,,,,,,,,1,,\n3,MEL,,,,,,,,,2,,\n4,MEL,,,,,,,,,true,,\n");
  EXPECT_EQ(result.samples[1].grade, "");
  EXPECT_EQ(result.samples[3].grade, "malignant");
  EXPECT_EQ(result.report.warnings.at("malignancy that is not understood").values,
            (Counts{{"0", 1}, {"1", 1}, {"2", 1}}));
}

TEST(Malignancy, AMapHasWordsInAnyLanguage) {
  DataFolder folder;
  folder.text("columns.toml",
              "table = \"t.csv\"\n[columns]\nid = \"id\"\nlabel = \"dx\"\nmalignancy = \"m\"\n"
              "[words.malignancy]\n\"kyllä\" = \"malignant\"\n0 = \"\"\n");
  folder.text("t.csv", "id,dx,m\n1,MEL,kyllä\n2,NEV,0\n");
  AdapterInput input = folder.input();
  input.tables_only = true;
  const ReadResult result = read_all("generic_csv", input);
  EXPECT_EQ(result.samples[0].grade, "malignant");
  EXPECT_EQ(result.samples[1].grade, "benign");
  EXPECT_TRUE(result.report.warnings.empty());
}

// ---- label maps that extend others ----

TEST(ColumnMap, ItsOwnLabelsExtendTheTaxonomy) {
  DataFolder folder;
  const std::string rest = "table = \"t.csv\"\n[columns]\nid = \"id\"\nlabel = \"dx\"\n";
  const std::string own =
      "[[map]]\nraw = [\"wart\"]\nlabel = \"\"\n[[map]]\nraw = [\"df\"]\nlabel = \"BEK\"\n";
  folder.text("t.csv", "id,dx\n1,MEL\n2,wart\n3,DF\n4,nv\n");
  AdapterInput input = folder.input();
  input.tables_only = true;
  folder.text("columns.toml", rest + own);
  ReadResult result = read_all("generic_csv", input);
  EXPECT_TRUE(result.report.unmapped.empty());
  EXPECT_EQ(result.report.no_class, (Counts{{"wart", 1}}));
  EXPECT_EQ(result.find("1")->label, test::kMelanoma);
  EXPECT_EQ(result.find("3")->label, test::kBenignKeratosis);  // its own goes before
  folder.text("columns.toml", "taxonomy = \"ham10000\"\n" + rest + own);
  EXPECT_TRUE(read_all("generic_csv", input).report.unmapped.empty());
  folder.text("columns.toml", "taxonomy = \"\"\n" + rest + own);
  result = read_all("generic_csv", input);
  EXPECT_EQ(result.report.unmapped, (Counts{{"MEL", 1}, {"nv", 1}}));
}

TEST(Taxonomy, AFileExtendsABuiltInOne) {
  const Taxonomy taxonomy = Taxonomy::parse(
      "extends = \"ham10000\"\n[[map]]\nraw = [\"wart\"]\nlabel = \"BEK\"\n", "mine.toml");
  EXPECT_EQ(taxonomy.find("wart")->label, test::kBenignKeratosis);
  EXPECT_EQ(taxonomy.find("nv")->label, test::kNevus);
  EXPECT_EQ(*taxonomy.words("site", "acral"), "acral skin");
  EXPECT_THROW(Taxonomy::parse("extends = \"./mine.toml\"\n", "mine.toml"), UsageError);
}

}  // namespace
}  // namespace epicrisis::test
