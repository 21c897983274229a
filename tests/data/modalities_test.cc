// How pictures were taken: what of it is known, and what a note says.

#include "epicrisis/data/modalities.h"

#include <gmock/gmock.h>

#include "data/read_support.h"
#include "epicrisis/core/toml.h"
#include "epicrisis/data/read_remarks.h"
#include "epicrisis/data/taxonomy.h"

namespace epicrisis::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Cell {
  const char* cell;
  const char* words;  // "": not known
};

TEST(Modalities, AreSaidInEnglish) {
  const Field& field = Field::standard();
  for (const Cell& one : {
           // English stays: notes and their keys hang on it.
           Cell{"dermoscopic image", "dermoscopic image"},
           Cell{"Dermoscopy, polarised", "Dermoscopy, polarised"},
           Cell{"clinical: close-up", "clinical: close-up"},
           Cell{"photo", "photo"},
           Cell{"non-polarized dermoscopy", "non-polarized dermoscopy"},
           Cell{"tile of a total body photograph", "tile of a total body photograph"},
           Cell{"Dermatoskopie", "dermoscopic image"},
           Cell{"dermatoskopisch 20x", "dermoscopic image"},
           Cell{"Auflichtmikroskopie", "dermoscopic image"},
           Cell{"dermoscopie", "dermoscopic image"},
           Cell{"Dermatoscopía", "dermoscopic image"},
           Cell{"dermoscópica", "dermoscopic image"},
           Cell{"dermatoscopia digital", "dermoscopic image"},
           Cell{"imagem dermatoscópica", "dermoscopic image"},
           Cell{"dermoscopisch", "dermoscopic image"},
           Cell{"dermatoskopi", "dermoscopic image"},
           Cell{"дерматоскопия", "dermoscopic image"},
           Cell{"皮肤镜", "dermoscopic image"},
           Cell{"DERM", "dermoscopic image"},
           Cell{"klinisches Foto", "clinical image"},
           Cell{"Übersichtsaufnahme", "clinical image"},
           Cell{"clínica", "clinical image"},
           Cell{"Foto clínica", "clinical image"},
           Cell{"clinique", "clinical image"},
           Cell{"fotografia", "clinical image"},
           Cell{"TBP tile: close-up", "tile of a total body photograph"},
           Cell{"Fluoreszenz", "fluorescence image"},
           Cell{"ecografía", "ultrasound image"},
           Cell{"RCM", "confocal microscopy image"},
           // Several, denied, none.
           Cell{"clinical and dermoscopic", ""},
           Cell{"without dermoscopy", ""},
           Cell{"keine Dermatoskopie", ""},
           Cell{"image", ""},
           Cell{"derma", ""},
           Cell{"x", ""},
           Cell{"", ""},
       }) {
    EXPECT_EQ(modality_in_words(field, one.cell).value_or(""), one.words) << one.cell;
  }
  const Field chest = Field::load("chest_xray");
  for (const Cell& one :
       {Cell{"chest radiograph", "chest radiograph"}, Cell{"Röntgen", "radiograph"},
        Cell{"DX", "radiograph"}, Cell{"radiografía de tórax", "radiograph"},
        Cell{"Computertomographie", "computed tomography image"}, Cell{"dermoscopy", ""}}) {
    EXPECT_EQ(modality_in_words(chest, one.cell).value_or(""), one.words) << one.cell;
  }
}

// What the words of a modality are must be known as that one.
TEST(Modalities, OfAFieldAreKnownByTheirOwnWords) {
  for (const std::string& name : Field::names()) {
    const Field field = Field::load(name);
    for (const FieldModality& one : field.modalities()) {
      EXPECT_EQ(modality_in_words(field, one.words), one.words) << name;
      for (const std::string& pattern : one.also) {
        std::string cell = pattern;
        std::erase_if(cell, [](char c) { return c == '*' || c == '='; });
        EXPECT_EQ(modality_in_words(field, cell), one.words) << name << ": " << pattern;
      }
    }
  }
}

// Those of data sets go before the list, and are in it.
TEST(Modalities, OfPublishedDataSetsAreKnown) {
  for (const std::string& name : Taxonomy::names()) {
    const Taxonomy taxonomy = Taxonomy::load(name);
    for (const char* cell : {"dermoscopic", "clinical: close-up", "dscope", "6in", "CLI", "FLUO"}) {
      const std::string* words = taxonomy.words("modality", cell);
      if (words == nullptr) continue;
      EXPECT_EQ(modality_in_words(taxonomy.field(), *words), *words) << name << ": " << cell;
    }
  }
}

ReadResult read_kinds(const std::string& map, std::string_view rows,
                      const std::string& given = "") {
  DataFolder folder;
  folder.text("columns.toml", "table = \"t.csv\"\n" + map);
  folder.text("t.csv", "id,kind\n" + std::string(rows));
  AdapterInput input = folder.input();
  input.tables_only = true;
  input.modality = given;
  return read_all("generic_csv", input);
}

// They were stored as they stood, and no rule knew them.
TEST(Modalities, ThatAreNotKnownAreCountedAndCanBePutInWords) {
  const std::string columns = "[columns]\nid = \"id\"\nmodality = \"kind\"\n";
  const std::string_view rows =
      "1,Dermatoskopie\n2,Stereolupe\n3,Stereolupe\n4,unknown\n5,dermoscopy\n";
  const ReadResult before = read_kinds(columns, rows);
  EXPECT_EQ(before.samples[0].modality, "dermoscopic image");
  EXPECT_EQ(before.samples[1].modality, "Stereolupe");
  EXPECT_EQ(before.samples[3].modality, "");
  EXPECT_EQ(before.samples[4].modality, "dermoscopy");
  const Tally& tally =
      before.report.warnings.at("modality that is not known, and stays as it is written");
  EXPECT_EQ(tally.count, 2U);
  EXPECT_EQ(tally.values, (Counts{{"Stereolupe", 2}}));
  const std::string blocks = words_blocks(before.report);
  EXPECT_EQ(blocks, "[words.modality]\n\"Stereolupe\" = \"Stereolupe\"  # 2 samples\n");
  const ReadResult after = read_kinds(columns + blocks, rows);
  EXPECT_THAT(after.report.warnings, IsEmpty());
  EXPECT_EQ(after.samples[1].modality, "Stereolupe");
  // Also what a person says of all pictures.
  EXPECT_EQ(read_kinds("modality = \"dermoscopía\"\n[columns]\nid = \"id\"\n", "1,\n")
                .samples[0]
                .modality,
            "dermoscopic image");
  const ReadResult given = read_kinds("[columns]\nid = \"id\"\n", "1,\n2,\n", "dermosocpy");
  EXPECT_EQ(given.samples[0].modality, "dermosocpy");
  EXPECT_EQ(given.report.warnings.size(), 1U);
}

TEST(Modalities, OfAFieldThatListsNoneAreTakenAsTheyAre) {
  const Field field = Field::parse(
      "name = \"mine\"\nclass_prompt = \"It is {class}.\"\n[[class]]\nname = \"A\"\nwords = \"a one\"\n"
      "[[class]]\nname = \"B\"\nwords = \"b one\"\n",
      "mine.toml");
  EXPECT_EQ(modality_in_words(field, "dermoscopy"), std::nullopt);
  EXPECT_EQ(modalities_in_words(field), "");
  DataFolder folder;
  folder.text("columns.toml",
              "table = \"t.csv\"\ntaxonomy = \"\"\n[columns]\nid = \"id\"\nmodality = \"kind\"\n");
  folder.text("t.csv", "id,kind\n1,lens\n");
  AdapterInput input = folder.input();
  input.tables_only = true;
  input.field = field;
  const ReadResult result = read_all("generic_csv", input);
  EXPECT_EQ(result.samples.at(0).modality, "lens");
  EXPECT_THAT(result.report.warnings, IsEmpty());
}

}  // namespace
}  // namespace epicrisis::test
