// Findings that are asked with yes and no.

#include <gmock/gmock.h>

#include <optional>
#include <string>

#include "data/read_support.h"
#include "data/values.h"

namespace epicrisis::test {
namespace {

TEST(Values, AnswersOfOtherLanguages) {
  for (const char* cell : {"sí", "Si", "SIM", "oui", "ja", "vero", "да"}) {
    EXPECT_EQ(answer_in_words(cell), "yes") << cell;
  }
  for (const char* cell : {"nein", "non", "Não", "nee", "нет", "no"}) {
    EXPECT_EQ(answer_in_words(cell), "no") << cell;
  }
  EXPECT_EQ(answer_in_words("True"), "true");
  for (const char* cell : {"", "1", "0", "y", "x", "s", "positive", "absent", "leve", "sí, leve"}) {
    EXPECT_EQ(answer_in_words(cell), std::nullopt) << cell;
  }
}

// They stood in notes as "itch: sí". A column that says more is none of yes and no.
TEST(Findings, AnswersAreSaidInEnglish) {
  DataFolder folder;
  folder.text("columns.toml",
              "table = \"t.csv\"\n[columns]\nid = \"id\"\n"
              "[[finding]]\nname = \"itch\"\n[[finding]]\nname = \"bled\"\n"
              "[[finding]]\nname = \"grade\"\n[[finding]]\nname = \"grew\"\n"
              "[finding.words.grew]\nnein = \"not grown\"\n");
  folder.text("t.csv",
              "id,itch,bled,grade,grew\n1,sí,True,si,nein\n2,No,False,low,\n3,unknown,,no,\n"
              "4,SÍ,True,nein,\n");
  AdapterInput input = folder.input();
  input.tables_only = true;
  const ReadResult result = read_all("generic_csv", input);
  std::string said;
  for (const Sample& sample : result.samples) {
    for (const char* name : {"itch", "bled", "grade", "grew"}) said += finding(sample, name) + "|";
  }
  EXPECT_EQ(said,
            "yes|true|si|not grown|"
            "no|false|low||"
            "||no||"
            "yes|true|nein||");
  EXPECT_TRUE(result.report.warnings.empty()) << to_json(result.report).dump(1);
}

}  // namespace
}  // namespace epicrisis::test
