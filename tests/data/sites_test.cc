// Sites of the body: which are known, and what a note says of those of other languages.

#include "data/sites.h"

#include <gmock/gmock.h>

#include "data/read_support.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/core/toml.h"

namespace epicrisis::test {
namespace {

struct Site {
  const char* cell;
  const char* words;  // "": not known
};

TEST(Sites, AreSaidInEnglish) {
  for (const Site& one : {
           Site{"back", "back"},
           Site{"head or neck", "head or neck"},
           Site{"shoulder, left", "shoulder, left"},
           Site{"L forearm", "L forearm"},
           Site{"palm or sole", "palm or sole"},
           Site{"5 cm above the knee", "5 cm above the knee"},
           Site{"Rücken", "back"},
           Site{"ruecken", "back"},
           Site{"RÜCKEN", "back"},
           Site{"im Gesicht", "face"},
           Site{"Kopf/Hals", "head or neck"},
           Site{"Kopf-Hals-Bereich", "head or neck"},
           Site{"Unterarm links", "left forearm"},
           Site{"linker Arm", "left arm"},
           Site{"re. Oberschenkel", "right thigh"},
           Site{"Fußrücken", "dorsum of the foot"},
           Site{"dos", "back"},
           Site{"tête et cou", "head or neck"},
           Site{"avant-bras gauche", "left forearm"},
           Site{"plante du pied", "sole"},
           Site{"lobe de l'oreille", "earlobe"},
           Site{"l'oreille droite", "right ear"},
           Site{"espalda", "back"},
           Site{"cabeza y cuello", "head or neck"},
           Site{"dedo del pie", "toe"},
           Site{"dedo", "finger"},
           Site{"pierna izquierda", "left leg"},
           Site{"costas", "back"},
           Site{"mão direita", "right hand"},
           Site{"couro cabeludo", "scalp"},
           Site{"schiena", "back"},
           Site{"arto inferiore", "lower extremity"},
           Site{"avambraccio destro", "right forearm"},
           Site{"rug", "back"},
           Site{"hoofd/hals", "head or neck"},
           Site{"linker onderbeen", "left lower leg"},
           Site{"Klingon", ""},
           Site{"", ""},
           Site{"links", ""},
           Site{"'", ""},
           Site{"\xff\xfe", ""},
       }) {
    EXPECT_EQ(site_in_words(one.cell).value_or(""), one.words) << one.cell;
  }
}

TEST(Sites, ThoseThatAreNotKnownStayAndAreWarnedOf) {
  DataFolder folder;
  folder.text("columns.toml",
              "table = \"t.csv\"\n[columns]\nid = \"id\"\nsite = \"site\"\n[words.site]\nhere = "
              "\"back\"\n");
  folder.text(
      "t.csv",
      "id,site\n1,Gesicht\n2,Klingon\n3,here\n4,klingon\n5,unknown\n6,Left_Arm\n7,Klingon\n");
  AdapterInput input = folder.input();
  input.tables_only = true;
  const ReadResult result = read_all("generic_csv", input);
  std::vector<std::string> sites;
  for (const Sample& sample : result.samples) sites.push_back(finding(sample, "site"));
  EXPECT_THAT(
      sites, testing::ElementsAre("face", "klingon", "back", "klingon", "", "left arm", "klingon"));
  ASSERT_EQ(result.report.warnings.size(), 1U);
  const Tally& tally = result.report.warnings.begin()->second;
  EXPECT_EQ(tally.count, 3U);
  EXPECT_EQ(tally.finding, "site");
  EXPECT_EQ(tally.values, (Counts{{"Klingon", 2}, {"klingon", 1}}));
}

TEST(Sites, AreListed) {
  const std::string page = read_file(Path(EPICRISIS_SOURCE_DIR) / "docs/formats/values.md");
  const std::string list = page.substr(page.find("## Sites"));
  const std::string folded = join(split(list, '\n'), " ");
  const TomlTable file =
      TomlTable::parse_file(Path(EPICRISIS_SOURCE_DIR) / "taxonomy/values/sites.toml");
  for (const TomlTable& site : file.tables_or_empty("concept")) {
    EXPECT_THAT(folded, testing::ContainsRegex("[ (]" + site.string("id") + "[,.;) ]"));
  }
}

}  // namespace
}  // namespace epicrisis::test
