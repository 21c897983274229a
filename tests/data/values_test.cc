// What cells say, by the lists in taxonomy/values/words.toml and the field's file.

#include "data/values.h"

#include <gmock/gmock.h>

#include <optional>
#include <string>
#include <vector>

#include "data/read_support.h"
#include "epicrisis/data/field.h"
#include "support/dermatology.h"

namespace epicrisis::test {
namespace {

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

// Of other spellings, languages and programs.
TEST(Values, CellsOfOtherLanguagesAndProgramsThatSayNothing) {
  for (const char* cell : {"Unknown or not reported",
                           "not spec.",
                           "patient refused",
                           "Unclassified",
                           "I don't know",
                           "I don\u2019t know",
                           "inconnu(e)",
                           "Inconnu.e",
                           "non d\u00e9termin\u00e9e",
                           "sin especificar",
                           "Indefinido",
                           "ismeretlen",
                           "nincs adat",
                           "nieokre\u015blono",
                           "\u4e0d\u9002\u7528",
                           "\u65e0\u6570\u636e",
                           "\u0e44\u0e21\u0e48\u0e17\u0e23\u0e32\u0e1a",
                           "kh\u00f4ng r\u00f5",
                           "tidak diketahui",
                           "necunoscut\u0103",
                           "[object Object]"}) {
    EXPECT_TRUE(is_missing(cell)) << cell;
  }
  // Of a border, a history or a lesion they say something.
  for (const char* cell :
       {"unclassified melanoma", "melanoma, unclassified", "not visible", "undiagnosed",
        "no definido", "borde indefinido", "indeterminate", "ind\u00e9termin\u00e9",
        "\u4e0d\u6e05\u695a", "\u4e0d\u786e\u5b9a", "patient refused biopsy",
        "none reported by the mother", "kh\u00f4ng", "unknown primary melanoma", "object"}) {
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
           {"I do not know", ""},
           {"I do not think so", std::nullopt},
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

}  // namespace
}  // namespace epicrisis::test
