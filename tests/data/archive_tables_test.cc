// Exports of the ISIC Archive and tables of its challenges: the published tables themselves, with
// counts taken by other means, and small tables in their form.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <re2/re2.h>

#include <fstream>

#include "data/read_support.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/data/taxonomy.h"
#include "support/dermatology.h"

namespace epicrisis::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

ReadResult read_table(const std::string& name, const std::string& folder) {
  AdapterInput input;
  input.path = shared_folder() / "data" / "metadata_only" / folder;
  input.tables_only = true;
  ReadResult result = read_all(name, input);
  EXPECT_EQ(result.report.records, result.report.samples + result.report.skipped_total());
  EXPECT_THAT(result.report.unmapped, IsEmpty());
  return result;
}

Counts classes_of(const AdapterReport& report) {
  Counts counts;
  for (const auto& [label, count] : report.by_label) counts[report.field.at(label).name] = count;
  return counts;
}

TEST(IsicArchive, Bcn20000) {
  EPICRISIS_NEEDS_SHARED_DATA();
  const ReadResult result = read_table("isic_archive", "bcn20000");
  EXPECT_EQ(result.report.samples, 18946U);
  EXPECT_EQ(classes_of(result.report), (Counts{{"NEV", 5647},
                                               {"MEL", 4003 + 633},
                                               {"BCC", 3676},
                                               {"BEK", 1268 + 283},
                                               {"ACK", 1088},
                                               {"SCC", 559},
                                               {"DF", 168},
                                               {"VASC", 151}}));
  EXPECT_EQ(result.report.without_label, 1156U);
  EXPECT_EQ(result.report.no_class, (Counts{{"Scar", 314}}));
  EXPECT_EQ(result.report.by_raw_label.at("Melanoma, NOS"), 4003U);
  EXPECT_THAT(result.groups(), SizeIs(5440));
  EXPECT_THAT(result.report.warnings, IsEmpty());
  for (const Sample& sample : result.samples) EXPECT_EQ(sample.modality, "dermoscopic image");
}

TEST(IsicArchive, SearchesOfAcralPictures) {
  EPICRISIS_NEEDS_SHARED_DATA();
  const ReadResult benign = read_table("isic_archive", "isic_archive/search_acral_benign");
  EXPECT_EQ(classes_of(benign.report), (Counts{{"NEV", 1006}, {"VASC", 8}, {"BEK", 8}}));
  EXPECT_EQ(benign.report.no_class, (Counts{{"Benign", 510}, {"Lentigo NOS", 3}, {"Scar", 21}}));
  EXPECT_THAT(benign.groups(), SizeIs(665 + 1));  // and those of no group
  std::map<std::string, int> modalities;
  for (const Sample& sample : benign.samples) ++modalities[sample.modality];
  EXPECT_EQ(modalities["dermoscopic image"], 1546);
  EXPECT_EQ(modalities["clinical image"], 10);
  const Sample* nevus = benign.find("ISIC_0010656");
  ASSERT_NE(nevus, nullptr);
  EXPECT_EQ(nevus->raw_label, "Nevus, NOS, Junctional");
  EXPECT_EQ(nevus->label, test::kNevus);
  EXPECT_EQ(nevus->subclass, "junctional nevus");
  EXPECT_EQ(finding(*nevus, "site"), "palm or sole");
  EXPECT_EQ(finding(*nevus, "diameter"), "1.5 mm");
  EXPECT_EQ(finding(*nevus, "history"), "melanoma in the family");

  const ReadResult malignant = read_table("isic_archive", "isic_archive/search_acral_malignant");
  EXPECT_EQ(classes_of(malignant.report), (Counts{{"MEL", 502}}));
  EXPECT_THAT(malignant.groups(), SizeIs(92 + 1));
  const ReadResult ids = read_table("isic_archive", "isic_archive/search_acral_ids");
  EXPECT_EQ(classes_of(ids.report), (Counts{{"MEL", 144}, {"NEV", 522}}));
  EXPECT_EQ(finding(*ids.find("ISIC_0074645"), "site"), "sole of foot");
}

// "Nevus, NOS, Junctional" is not what a note would say.
TEST(IsicArchive, SubclassesAreNotTurnedRound) {
  EPICRISIS_NEEDS_SHARED_DATA();
  std::ifstream values(shared_folder() / "data/metadata_only/isic_archive/diagnosis_values.txt");
  std::string table =
      "isic_id,attribution,copyright_license,diagnosis_1,diagnosis_2,diagnosis_3,diagnosis_4,"
      "diagnosis_5\n";
  int number = 0;
  for (std::string line; std::getline(values, line);) {
    std::vector<std::string> levels = split(trim(line), ':');
    levels.resize(5);
    table += fmt::format("I{},a,CC-0", number++);
    for (const std::string& level : levels) table += ",\"" + level + "\"";
    table += "\n";
  }
  EXPECT_EQ(number, 418);
  DataFolder folder;
  folder.text("metadata.csv", table);
  AdapterInput input = folder.input();
  input.tables_only = true;
  int said = 0;
  for (const Sample& sample : read_all("isic_archive", input).samples) {
    if (!sample.label || sample.subclass.empty()) continue;
    ++said;
    EXPECT_FALSE(RE2::PartialMatch(
        sample.subclass,
        "\\bnos\\b|^(nevus|blue nevus|melanoma[a-z ]*|[a-z ]+ carcinoma|hemangioma|"
        "dermatofibroma|[a-z ]+ keratosis), |^melanoma invasive"))
        << sample.subclass;
  }
  EXPECT_GT(said, 90);
}

TEST(IsicArchive, OlderAndNewerColumns) {
  EPICRISIS_NEEDS_SHARED_DATA();
  const ReadResult older = read_table("isic_archive", "isic_archive/excerpt_2023_legacy_dx");
  EXPECT_EQ(older.report.samples, 10U);
  EXPECT_EQ(older.report.without_label, 0U);
  const Sample* melanoma = older.find("ISIC_0020975");
  ASSERT_NE(melanoma, nullptr);
  EXPECT_EQ(melanoma->label, test::kMelanoma);
  EXPECT_EQ(melanoma->subclass, "melanoma in situ");
  EXPECT_EQ(melanoma->grade, "malignant");
  EXPECT_EQ(melanoma->group, "IP_8408166");
  const ReadResult newer = read_table("isic_archive", "isic_archive/excerpt_2026_anatom_levels");
  EXPECT_EQ(classes_of(newer.report),
            (Counts{{"NEV", 9}, {"SCC", 4}, {"BCC", 1}, {"MEL", 2}, {"BEK", 4}}));
  EXPECT_EQ(newer.report.no_class, (Counts{{"Keratoacanthoma", 1},
                                           {"Lentigo NOS", 1},
                                           {"Inflammatory or infectious diseases", 1},
                                           {"Verruca", 1}}));
}

// The folder holds two tables: that of the challenge's validation part, which has the archive's
// columns of both generations, and that of a study.
TEST(IsicArchive, MixedColumnsBesideAnotherTable) {
  EPICRISIS_NEEDS_SHARED_DATA();
  const ReadResult result = read_table("isic_archive", "isic_archive");
  EXPECT_EQ(result.report.samples, 100U);
  EXPECT_EQ(classes_of(result.report),
            (Counts{{"NEV", 69}, {"MEL", 20}, {"BEK", 5}, {"SCC", 1}, {"ACK", 2}}));
  EXPECT_THAT(result.report.no_class, SizeIs(3));
  EXPECT_THAT(result.groups(), SizeIs(82 + 1));
}

TEST(IsicArchive, EveryPathOfItsVocabularyIsKnown) {
  EPICRISIS_NEEDS_SHARED_DATA();
  std::ifstream file(shared_folder() / "data/metadata_only/isic_archive/diagnosis_values.txt");
  DataFolder folder;
  std::string table =
      "isic_id,attribution,copyright_license,diagnosis_1,diagnosis_2,diagnosis_3,"
      "diagnosis_4,diagnosis_5\n";
  std::size_t number = 0;
  for (std::string line; std::getline(file, line); ++number) {
    std::vector<std::string> levels = split(line, ':');
    levels.resize(5);
    table += fmt::format("ISIC_{:07},A,CC-0", number);
    for (const std::string& level : levels) table += ",\"" + level + "\"";
    table += "\n";
  }
  ASSERT_EQ(number, 418U);
  folder.text("metadata.csv", table);
  AdapterInput input = folder.input();
  input.tables_only = true;
  const ReadResult result = read_all("isic_archive", input);
  EXPECT_THAT(result.report.unmapped, IsEmpty());
  EXPECT_EQ(classes_of(result.report), (Counts{{"SCC", 39},
                                               {"NEV", 32},
                                               {"MEL", 29},
                                               {"VASC", 28},
                                               {"BCC", 10},
                                               {"DF", 6},
                                               {"ACK", 6},
                                               {"BEK", 5}}));
}

// The archive writes a tab before what a spreadsheet would run.
constexpr std::string_view kArchive =
    "isic_id,attribution,copyright_license,anatom_site_special,diagnosis_1,diagnosis_2,"
    "diagnosis_3,image_type,lesion_id,patient_id\r\n"
    "ISIC_1,\"\t=Clinic, A\",CC-0,\"\t-\",Benign,Benign epidermal proliferations,"
    "\"\tSeborrheic keratosis\",dermoscopic,IL_1,IP_1\r\n"
    "ISIC_2,A,CC-BY,,Benign,Benign soft tissue proliferations - Vascular,,clinical: close-up,"
    "IL_1,\r\n"
    "ISIC_3,A,CC-BY,,Malignant,Malignant epidermal proliferations,Bowenoid papulosis,RCM: mosaic,"
    "IL_2,\r\n"
    "ISIC_4,A,CC-BY,,Malignant,Malignant adnexal epithelial proliferations - Follicular,Basal cell "
    "carcinoma,TBP tile: close-up,,\r\n"
    "ISIC_5,A,CC-BY,,Benign,Something new,,dermoscopic,,\r\n";

TEST(IsicArchive, GuardsGroupsAndKindsOfPictures) {
  DataFolder folder;
  folder.text("ISIC-images/metadata.csv", kArchive);
  folder.text("ISIC-images/more_metadata_2025-01-01.csv",
              "isic_id,attribution,copyright_license,diagnosis_1\nISIC_5,A,CC-0,Benign\nISIC_6,A,"
              "CC-0,Benign\n");
  folder.text("ISIC-images/notes.csv", "id,text\n1,a\n");
  for (int i = 1; i <= 6; ++i) folder.picture(fmt::format("ISIC-images/ISIC_{}.jpg", i));
  const ReadResult result = read_all("isic_archive", folder.input());
  EXPECT_EQ(result.report.records, 7U);
  EXPECT_EQ(result.report.samples, 5U);
  EXPECT_EQ(result.report.duplicate_ids.count, 1U);
  EXPECT_EQ(result.report.skipped.at("confocal microscopy, not a photograph").count, 1U);
  EXPECT_THAT(result.report.skipped.at("confocal microscopy, not a photograph").examples,
              ElementsAre(HasSubstr("metadata.csv:4: ISIC_3 RCM: mosaic")));
  EXPECT_THAT(result.report.warnings, SizeIs(1));  // the tile
  const Sample* first = result.find("ISIC_1");
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(first->raw_label, "Seborrheic keratosis");
  EXPECT_EQ(first->diagnosis, "seborrheic keratosis");
  EXPECT_EQ(first->metadata.at("attribution"), "=Clinic, A");
  EXPECT_EQ(first->group, "IP_1");
  const Sample* second = result.find("ISIC_2");
  EXPECT_EQ(second->group, "IP_1");  // the case is that patient's by the first row
  EXPECT_EQ(second->label, test::kVascularLesion);
  EXPECT_EQ(second->modality, "clinical image");
  EXPECT_EQ(result.find("ISIC_4")->modality, "tile of a total body photograph");
  const Sample* unknown = result.find("ISIC_5");
  EXPECT_EQ(unknown->label, std::nullopt);
  EXPECT_EQ(unknown->diagnosis, "something new");
  EXPECT_EQ(result.report.no_class, (Counts{{"Benign", 1}, {"Something new", 1}}));
}

TEST(IsicArchive, SaysWhatATableLacks) {
  DataFolder folder;
  folder.text("metadata.csv", "img_id,diagnostic\n1,NEV\n");
  try {
    read_all("isic_archive", folder.input());
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), HasSubstr("metadata.csv lacks the columns isic_id, attribution"));
  }
}

TEST(Isic2016, TablesWithoutHeader) {
  EPICRISIS_NEEDS_SHARED_DATA();
  const ReadResult result = read_table("isic2016", "isic2016");
  EXPECT_EQ(result.report.by_split, (Counts{{"train", 716}, {"test", 302}}));
  EXPECT_EQ(result.report.by_raw_label,
            (Counts{{"benign", 589}, {"malignant", 127}, {"0", 242}, {"1", 60}}));
  EXPECT_EQ(classes_of(result.report), (Counts{{"MEL", 187}}));
  EXPECT_EQ(result.find("ISIC_0000003")->grade, "benign");
}

// What is malignant there is melanoma in the later challenges, as far as they have the picture.
TEST(Isic2016, MalignantIsMelanomaThere) {
  EPICRISIS_NEEDS_SHARED_DATA();
  const ReadResult later = read_table("isic2019", "isic2019");
  std::map<std::string, std::string> known;
  for (const Sample& sample : later.samples) known[sample.key] = sample.raw_label;
  std::map<std::string, int> there;
  for (const Sample& sample : read_table("isic2016", "isic2016").samples) {
    if (sample.label && known.contains(sample.key)) ++there[known[sample.key]];
  }
  EXPECT_EQ(there, (std::map<std::string, int>{{"MEL", 121 + 56}}));
}

TEST(LesionSize2020, OwnTable) {
  EPICRISIS_NEEDS_SHARED_DATA();
  const ReadResult result = read_table("lesion_size_2020", "isic_archive");
  EXPECT_EQ(result.report.samples, 1295U);
  EXPECT_EQ(classes_of(result.report),
            (Counts{{"NEV", 672}, {"MEL", 28 + 68 + 17}, {"BEK", 39 + 28}, {"ACK", 38}}));
  EXPECT_EQ(
      result.report.no_class,
      (Counts{
          {"lentigo", 235}, {"intermediate", 72}, {"benign", 67}, {"epithelial malignant", 31}}));
  std::size_t target = 0;
  for (const Sample& sample : result.samples) {
    const bool is_target = sample.metadata.at("target") == "1";
    EXPECT_EQ(is_target, sample.label == test::kMelanoma) << sample.key;
    target += is_target ? 1 : 0;
  }
  EXPECT_EQ(target, 113U);
}

TEST(Isic2024, TestTable) {
  EPICRISIS_NEEDS_SHARED_DATA();
  const ReadResult result = read_table("isic2024", "isic2024_slice3d");
  EXPECT_EQ(result.report.samples, 3U);
  EXPECT_EQ(result.report.by_split, (Counts{{"test", 3}}));
  EXPECT_EQ(result.report.without_label, 3U);
  const Sample* sample = result.find("ISIC_0015657");
  ASSERT_NE(sample, nullptr);
  EXPECT_EQ(sample->group, "IP_6074337");
  EXPECT_EQ(sample->modality, "tile of a total body photograph");
  EXPECT_EQ(finding(*sample, "diameter"), "2.7 mm");
}

TEST(Isic2024, TrainingTableOfKaggle) {
  DataFolder folder;
  folder.text("train-metadata.csv",
              "isic_id,target,patient_id,age_approx,sex,image_type,tbp_lv_A,attribution,lesion_id,"
              "iddx_full,iddx_1,iddx_2,iddx_3,iddx_4,iddx_5\n"
              "ISIC_1,0,IP_1,60.0,male,TBP tile: close-up,22.8,\"Clinic, B\",,Benign,Benign,,,,\n"
              "ISIC_2,1,IP_1,60.0,male,TBP tile: close-up,8.05E-13,B,IL_7,x,Malignant,Malignant "
              "melanocytic proliferations (Melanoma),Melanoma Invasive,\"Melanoma Invasive, "
              "Superficial spreading\",\n");
  folder.picture("train-image/image/ISIC_1.jpg");
  folder.picture("train-image/image/ISIC_2.jpg");
  const ReadResult result = read_all("isic2024", folder.input());
  ASSERT_THAT(result.samples, SizeIs(2));
  EXPECT_EQ(result.report.by_split, (Counts{{"train", 2}}));
  EXPECT_EQ(result.report.no_class, (Counts{{"Benign", 1}}));
  EXPECT_EQ(result.samples[0].grade, "benign");
  EXPECT_EQ(result.samples[1].label, test::kMelanoma);
  EXPECT_EQ(result.samples[1].subclass, "invasive superficial spreading melanoma");
  EXPECT_EQ(result.samples[1].group, "IP_1");
  // The archive's own adapter leaves such a table alone.
  EXPECT_THROW(read_all("isic_archive", folder.input()), UsageError);
}

TEST(Isic2024, TablesOfTheChallengesSite) {
  DataFolder folder;
  folder.text(
      "ISIC_2024_Training_Input/metadata.csv",
      "isic_id,patient_id,image_type,tbp_lv_A\nISIC_1,IP_1,TBP tile: close-up,1\nISIC_2,IP_2,"
      "TBP tile: close-up,2\n");
  folder.text("ISIC_2024_Training_GroundTruth.csv", "isic_id,malignant\nISIC_1,0.0\nISIC_2,1.0\n");
  folder.text("ISIC_2024_Training_Supplement.csv",
              "isic_id,lesion_id,iddx_1,iddx_2,iddx_3\nISIC_1,,Benign,,\nISIC_2,IL_1,Malignant,"
              "Malignant adnexal epithelial proliferations - Follicular,Basal cell carcinoma\n");
  folder.picture("ISIC_2024_Training_Input/ISIC_1.jpg");
  folder.picture("ISIC_2024_Training_Input/ISIC_2.jpg");
  const ReadResult result = read_all("isic2024", folder.input());
  ASSERT_THAT(result.samples, SizeIs(2));
  EXPECT_EQ(result.samples[1].label, test::kBasalCellCarcinoma);
  EXPECT_EQ(result.samples[1].metadata.at("malignant"), "1.0");
}

}  // namespace
}  // namespace epicrisis::test
