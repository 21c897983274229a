// Sites of the body: which are known, and what a note says of those of other languages.

#include "data/sites.h"

#include <gmock/gmock.h>

#include "data/read_support.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/core/toml.h"
#include "epicrisis/data/read_remarks.h"

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

TEST(Sites, OfTheFaceAndTheBodyInOtherLanguages) {
  for (const Site& one : {
           Site{"ala nasal", "nasal ala"},
           Site{"Ala nasal izquierda", "left nasal ala"},
           Site{"ala de la nariz", "nasal ala"},
           Site{"asa nasal", "nasal ala"},
           Site{"asa do nariz", "nasal ala"},
           Site{"ala del naso", "nasal ala"},
           Site{"aile du nez", "nasal ala"},
           Site{"Nasenflügel rechts", "right nasal ala"},
           Site{"neusvleugel", "nasal ala"},
           Site{"nasal ala", "nasal ala"},
           Site{"punta nasal", "nasal tip"},
           Site{"ponta do nariz", "nasal tip"},
           Site{"dorso nasal", "nasal bridge"},
           Site{"región nasal", "nose"},
           Site{"surco nasogeniano", "nasolabial fold"},
           Site{"párpados", "eyelid"},
           Site{"pálpebra inferior", "lower eyelid"},
           Site{"lóbulo de la oreja", "earlobe"},
           Site{"lóbulo da orelha", "earlobe"},
           Site{"lobo dell'orecchio", "earlobe"},
           Site{"pabellón auricular derecho", "right auricle"},
           Site{"pómulo", "malar region"},
           Site{"Schläfen", "temple"},
           Site{"región temporal", "temporal region"},
           Site{"behaarte Kopfhaut", "scalp"},
           Site{"sovaco", "axilla"},
           Site{"aisselles", "axilla"},
           Site{"virilhas", "groin"},
           Site{"pliegue inguinal", "inguinal region"},
           Site{"pared abdominal", "abdomen"},
           Site{"región plantar", "sole"},
           Site{"palmas de las manos", "palm"},
           Site{"cotovelos", "elbow"},
           Site{"Kniekehle", "popliteal fossa"},
           Site{"talones", "heel"},
           Site{"uña", "nail"},
           Site{"Nagel", "nail"},
           Site{"uña del pie", "toenail"},
           Site{"unha da mão", "fingernail"},
           Site{"dedo índice", "index finger"},
           Site{"dedo gordo del pie izquierdo", "left big toe"},
           Site{"lecho ungueal", "nail bed"},
       }) {
    EXPECT_EQ(site_in_words(one.cell).value_or(""), one.words) << one.cell;
    EXPECT_EQ(unread_words_of_site(one.cell), "") << one.cell;
  }
}

TEST(Sites, WordsThatAreNotReadBesideAKnownOne) {
  for (const Site& one : {
           Site{"vestíbulo nasal", "vestíbulo"},
           Site{"triângulo genital", "triângulo"},
           Site{"hand vrlxk", "vrlxk"},
           Site{"dorso mano vrlxk", "dorso mano vrlxk"},
           Site{"dorso de la mano", ""},
           Site{"5 cm above the knee", ""},
           Site{"lateral aspect of the left distal forearm", ""},
           Site{"shoulder, left", ""},
           Site{"L forearm", ""},
           Site{"anterior torso", ""},
           Site{"palms/soles", ""},
           Site{"oral/genital", ""},
           Site{"lower extremity (left)", ""},
           Site{"left upper inner thigh", ""},
           Site{"back, nos", ""},
           Site{"back of the hand, 3rd finger", ""},
       }) {
    EXPECT_EQ(unread_words_of_site(one.cell), one.words) << one.cell;
  }
}

// It stayed in Spanish without a word, as "nasal" is English too. All sites are words to paste, in
// one table.
TEST(Sites, ThoseThatAreReadInPartAreWarnedOf) {
  const auto read = [](const std::string& more) {
    DataFolder folder;
    folder.text("columns.toml",
                "table = \"t.csv\"\n[columns]\nid = \"id\"\nsite = \"site\"\n" + more);
    folder.text("t.csv",
                "id,site\n1,ala nasal\n2,vestíbulo nasal\n3,distal forearm\n4,vestíbulo nasal\n"
                "5,Klingon\n");
    AdapterInput input = folder.input();
    input.tables_only = true;
    return read_all("generic_csv", input);
  };
  const ReadResult result = read("");
  std::vector<std::string> sites;
  for (const Sample& sample : result.samples) sites.push_back(finding(sample, "site"));
  EXPECT_THAT(sites, testing::ElementsAre("nasal ala", "vestíbulo nasal", "distal forearm",
                                          "vestíbulo nasal", "klingon"));
  ASSERT_EQ(result.report.warnings.size(), 2U);
  const Tally& tally =
      result.report.warnings.at("site of which a part is not known, and stays as it is written");
  EXPECT_EQ(tally.finding, "site");
  EXPECT_EQ(tally.values, (Counts{{"vestíbulo nasal", 2}}));
  const std::string blocks = words_blocks(result.report);
  EXPECT_THAT(blocks, testing::HasSubstr("vestíbulo nasal"));
  EXPECT_THAT(read(blocks).report.warnings, testing::IsEmpty());
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

// Of a finding it would be a word, of a site it is none.
TEST(Sites, WhatIsNotSeenIsNoSite) {
  DataFolder folder;
  folder.text("columns.toml",
              "table = \"t.csv\"\n[columns]\nid = \"id\"\nsite = \"site\"\n"
              "diagnosis = \"dx\"\n[[finding]]\nname = \"border\"\n");
  folder.text("t.csv",
              "id,site,border,dx\n1,not visible,not visible,none reported\n"
              "2,Nicht sichtbar.,x,not visible\n3,None reported,x,nevus\n4,back,x,scar\n");
  AdapterInput input = folder.input();
  input.tables_only = true;
  const ReadResult result = read_all("generic_csv", input);
  std::vector<std::string> sites;
  for (const Sample& sample : result.samples) sites.push_back(finding(sample, "site"));
  EXPECT_THAT(sites, testing::ElementsAre("", "", "", "back"));
  std::vector<std::string> diagnoses;
  for (const Sample& sample : result.samples) diagnoses.push_back(sample.diagnosis);
  EXPECT_THAT(diagnoses, testing::ElementsAre("", "", "nevus", "scar"));
  EXPECT_EQ(finding(result.samples[0], "border"), "not visible");
  EXPECT_THAT(result.report.warnings, testing::IsEmpty());
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
