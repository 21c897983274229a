// What cells say, by the lists in taxonomy/values/words.toml and the field's file.

#include "data/values.h"

#include <gmock/gmock.h>

#include <optional>
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

TEST(Values, CellsThatSayNothing) {
  for (const char* cell : {"",
                           " ",
                           "NaN",
                           "nan",
                           "None",
                           "none",
                           "<NA>",
                           "#N/A",
                           "#n/a",
                           "N/A",
                           "n/a",
                           "NA",
                           "NULL",
                           "null",
                           "-",
                           "--",
                           "–",
                           "?",
                           "unknown",
                           "UNK",
                           "Unknown.",
                           "not recorded",
                           "NOT_RECORDED",
                           "missing",
                           "NaT",
                           "-999",
                           "unkown",
                           "not avail.",
                           "N/A (not applicable)",
                           "NA - not available",
                           "none / unknown",
                           "UNKNOWN!",
                           "NULL;",
                           "−",
                           "-inf",
                           "NS/NC",
                           "undetermined",
                           "AGE_UNKNOWN",
                           "NONE_IDENTIFIED",
                           "Err:502",
                           ".nan",
                           "ｎａｎ",
                           "Ｎ／Ａ",
                           "nc",
                           "n/v",
                           "not done",
                           "inconclusive",
                           "nicht zutreffend",
                           "uppgift saknas",
                           "не указано",
                           "未记录",
                           "記載なし",
                           "(none)",
                           "[missing]",
                           "\"nan\"",
                           "'None'",
                           "#DIV/0!",
                           "\\N",
                           "not available",
                           "n.a.",
                           "N.A",
                           "#NV",
                           "k. A.",
                           "Keine Angabe",
                           "Non renseigné",
                           "NON RENSEIGNE",
                           "desconocido",
                           "未知",
                           "\xC2\xA0",
                           "OTHER_OR_UNSPECIFIED",
                           "No age information",
                           "NONE_SELECTED",
                           "..."}) {
    EXPECT_TRUE(is_missing(cell)) << cell;
  }
  for (const char* cell : {"0", "no", "nose", "absent", "nano", "back", "1", "-1", "na1", "nevus",
                           "none of these", "unknown primary"}) {
    EXPECT_FALSE(is_missing(cell)) << cell;
  }
  EXPECT_FALSE(is_missing(std::string(10000, ' ') + "x"));
}

// What is to come or cannot be read, cells that were joined, and texts that say there is none.
TEST(Values, FurtherCellsThatSayNothing) {
  for (const char* cell : {"keine Daten",
                           "sin información",
                           "S.D.",
                           "non rilevato",
                           "neznámé",
                           "None None",
                           "nan nan",
                           "na na",
                           "nan nan nan",
                           "nan None",
                           "NaN, NaN",
                           "Null Value",
                           "#REF",
                           "unspecified site",
                           "unknown site",
                           "not yet known",
                           "nicht beurteilbar",
                           "unleserlich",
                           "illegible",
                           "pending",
                           "to follow",
                           "-none",
                           "?unknown",
                           "unknown?",
                           "1900-01-00",
                           "99999",
                           "∅",
                           "⁇",
                           "no note",
                           "No caption",
                           "No description available.",
                           "no text",
                           "Keine Angabe",
                           "n/a.",
                           "TBD"}) {
    EXPECT_TRUE(is_missing(cell)) << cell;
  }
  for (const char* cell : {"biopsy pending",
                           "kein Befund",
                           "o. B.",
                           "no finding",
                           "no findings",
                           "unremarkable",
                           "none of the lesions",
                           "no no",
                           "very very",
                           "red red",
                           "no border",
                           "no pigment network",
                           "19000",
                           "900-01-00",
                           "follow",
                           "s. d. naevus",
                           "negative",
                           "site unknown to the patient",
                           "?nevus",
                           "nevus?",
                           "no description of the border",
                           "text"}) {
    EXPECT_FALSE(is_missing(cell)) << cell;
  }
}

TEST(Values, YesAndNo) {
  for (const char* cell :
       {"True", "TRUE", "true", "1", "1.0", "yes", "Y", "ja", "Oui", "Sí", "VERO"}) {
    EXPECT_EQ(yes_or_no(cell), true) << cell;
  }
  for (const char* cell : {"False", "0", "0.0", "no", "N", "nein", "Não", "FAUX"}) {
    EXPECT_EQ(yes_or_no(cell), false) << cell;
  }
  for (const char* cell : {"", "2", "-1", "maybe", "10"}) {
    EXPECT_EQ(yes_or_no(cell), std::nullopt) << cell;
  }
}

TEST(Values, Sex) {
  for (const char* cell : {"F", "female", "Female", "w", "weiblich", "FEMME", "mujer", "女"}) {
    EXPECT_EQ(sex_in_words(cell), "female") << cell;
  }
  for (const char* cell : {"M", "MALE", "Mann", "männlich", "hombre", "Homme"}) {
    EXPECT_EQ(sex_in_words(cell), "male") << cell;
  }
  EXPECT_EQ(sex_in_words("other"), "");
  EXPECT_EQ(sex_in_words("1"), std::nullopt);
  EXPECT_EQ(sex_in_words("mal"), std::nullopt);
}

TEST(Values, Ages) {
  struct Case {
    const char* cell;
    std::optional<std::string> words;
  };
  for (const Case& one : std::vector<Case>{
           {"45", "45"},
           {"45.0", "45"},
           {"0", "0"},
           {"0.0", "0"},
           {"45,5", "45.5"},
           {"45 years", "45"},
           {"45y", "45"},
           {"45 y/o", "45"},
           {"45yo", "45"},
           {"45 Jahre", "45"},
           {"45 años", "45"},
           {"45-year-old", "45"},
           {"Age: 45", "45"},
           {"~45", "45"},
           {"ca. 45", "45"},
           {"45 J.", "45"},
           {"85+", "85 or older"},
           {"85 +", "85 or older"},
           {">=85", "85 or older"},
           {"≥85", "85 or older"},
           {"85 and over", "85 or older"},
           {"AGE_80_OR_ABOVE", "80 or older"},
           {">85", "over 85"},
           {"<18", "under 18"},
           {"under 18", "under 18"},
           {"<=18", "18 or younger"},
           {"40-49", "40 to 49"},
           {"40–49", "40 to 49"},
           {"40_49", "40 to 49"},
           {"40 to 49 years", "40 to 49"},
           {"AGE_40_TO_49", "40 to 49"},
           {"[40, 50)", "40 to 50"},
           {"(40, 50]", "40 to 50"},
           {"40s", "40 to 49"},
           {"in his 40s", "40 to 49"},
           {"6 months", "6 months"},
           {"1 month", "1 month"},
           {"30 months", "2"},
           {"3 weeks", "3 weeks"},
           {"6 days", "6 days"},
           {"8 Wochen", "8 weeks"},
           {"18-month-old", "18 months"},
           {"18 month old", "18 months"},
           {"1 year 3 months", "15 months"},
           {"1 Jahr und 3 Monate", "15 months"},
           {"1 año y 3 meses", "15 months"},
           {"3 years 6 months", "3"},
           {"3 months 1 year", std::nullopt},
           {"1 year 13 months", std::nullopt},
           {"6-9 months", "6 to 9 months"},
           {"6–9 months", "6 to 9 months"},
           {"6 to 9 months old", "6 to 9 months"},
           {"0-6 mo", "0 to 6 months"},
           {"6 months - 9 months", "6 to 9 months"},
           {"6-9-month-old", "6 to 9 months"},
           {"6 months to 2 years", "6 to 24 months"},
           {"6 Monate bis 2 Jahre", "6 to 24 months"},
           {"1 year to 18 months", "12 to 18 months"},
           {"24-36 months", "2 to 3"},
           {"18-30 months", "18 to 30 months"},
           {"0-4 weeks", "0 to 4 weeks"},
           {"0-28 days", "0 to 28 days"},
           {"neonate (0-28 days)", "0 to 28 days"},
           {"3 bis 6 Wochen", "3 to 6 weeks"},
           {"6 à 9 mois", "6 to 9 months"},
           {"< 6 months", "under 6 months"},
           {"<1 month", "under 1 month"},
           {"<= 6 months", "6 months or younger"},
           {"≥ 6 months", "6 months or older"},
           {"6+ months", "6 months or older"},
           {"over 6 weeks", "over 6 weeks"},
           {"under 24 months", "under 2"},
           {"9-6 months", std::nullopt},
           {"2 weeks to 3 months", std::nullopt},
           {"6 months 9", std::nullopt},
           {"0-1 years", "0 to 1"},
           {"60-69 y", "60 to 69"},
           {"60-69y", "60 to 69"},
           {"60y-69y", "60 to 69"},
           {"60-69 y.o.", "60 to 69"},
           {"60-69 yrs", "60 to 69"},
           {"60-69 years old", "60 to 69"},
           {"60-69-year-old", "60 to 69"},
           {"60 bis 69 Jahre", "60 to 69"},
           {"60 years to 69 years", "60 to 69"},
           {"<1 year", "under 1"},
           {"85+ years", "85 or older"},
           {"neonate", "0"},
           {"Neonates", "0"},
           {"2 1/2 years", "2.5"},
           {"2 1/2", "2.5"},
           {"2½ years", "2.5"},
           {"2 3/2", std::nullopt},
           {"newborn", "0"},
           {"Neugeborenes", "0"},
           {"recién nacido", "0"},
           {"AGE_UNKNOWN", ""},
           {"49-40", std::nullopt},
           {"121", std::nullopt},
           {"-1", std::nullopt},
           {"1975", std::nullopt},
           {"4 5 6", std::nullopt},
           {"adult", std::nullopt},
           {"45-", std::nullopt},
           {"1,000", std::nullopt},
       }) {
    EXPECT_EQ(age_in_words(one.cell), one.words) << one.cell;
  }
}

TEST(Values, NumbersWithWords) {
  const CodedColumn& column = Field::standard().coded().front();
  struct Case {
    const char* cell;
    std::optional<std::string> words;
  };
  for (const Case& one : std::vector<Case>{
           {"3", "Fitzpatrick III"},
           {"3.0", "Fitzpatrick III"},
           {"III", "Fitzpatrick III"},
           {"iv", "Fitzpatrick IV"},
           {"Fitzpatrick VI", "Fitzpatrick VI"},
           {"FST3", "Fitzpatrick III"},
           {"FST III", "Fitzpatrick III"},
           {"FST_3", "Fitzpatrick III"},
           {"type 3", "Fitzpatrick III"},
           {"Type: II", "Fitzpatrick II"},
           {"Fitzpatrick skin type V", "Fitzpatrick V"},
           {"Skin type 1", "Fitzpatrick I"},
           {"12", "Fitzpatrick I or II"},
           {"34.0", "Fitzpatrick III or IV"},
           {"56", "Fitzpatrick V or VI"},
           {"V-VI", "Fitzpatrick V or VI"},
           {"III/IV", "Fitzpatrick III or IV"},
           {"I–II", "Fitzpatrick I or II"},
           {"FST I-II", "Fitzpatrick I or II"},
           {"3 or 4", "Fitzpatrick III or IV"},
           {"II fair", "Fitzpatrick II"},
           {"ii fair, burns", "Fitzpatrick II"},
           {"III (3)", "Fitzpatrick III"},
           {"type 4: olive", std::nullopt},
           {"Fitz III", "Fitzpatrick III"},
           {"II-III fair", "Fitzpatrick II or III"},
           {"II or darker", std::nullopt},
           {"I do not know", std::nullopt},
           {"II (unknown)", std::nullopt},
           {"VI (V)", std::nullopt},
           {"3 cm", std::nullopt},
           {"-1", ""},
           {"-1.0", ""},
           {"nan", ""},
           {"FST_UNKNOWN", ""},
           {"NONE_SELECTED", ""},
           {"0", std::nullopt},
           {"7", std::nullopt},
           {"-2", std::nullopt},
           {"13", std::nullopt},
           {"I-VI", std::nullopt},
           {"VII", std::nullopt},
           {"light", std::nullopt},
           {"3.5", std::nullopt},
           {"-", ""},
       }) {
    EXPECT_EQ(coded_in_words(column, one.cell), one.words) << one.cell;
  }
}

TEST(Values, DecimalCommas) {
  EXPECT_EQ(parse_decimal("3,5"), 3.5);
  EXPECT_EQ(parse_decimal("0,125"), 0.125);
  EXPECT_EQ(parse_decimal("-3,25"), -3.25);
  EXPECT_EQ(parse_decimal("1,000"), std::nullopt);
  EXPECT_EQ(parse_decimal("1,2,3"), std::nullopt);
  EXPECT_EQ(parse_decimal("3,"), std::nullopt);
}

// ---- in a table ----

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
